"""The end-to-end self-test: records, decodes, looks and listens, tries disk and keys, and drops what it recorded.

Nothing of it reaches a disk. An alarm ends it at once: whoever presses has the whole box.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

from device.announcer import Announcer
from device.core.events import SelftestEnded
from device.ports import Clock, PortError, Post, Recorder, SpeakerError, Vitals
from device.sounds import Announcement
from device.tone import LENGTH_MS, melody
from device.watched import Watched, watch

log = logging.getLogger("madomori.selftest")

LOOK_MS: Final = 4_000
"""How much is decoded: enough for the melody and a hundred pictures, a few seconds of work on the smallest board."""
LOOK_LEAST_MS: Final = 2_500
"""A shorter look may hold only half of the melody."""
GOP_MS: Final = 1_000
SLACK_MS: Final = 250
PICTURES_LEAST: Final = 0.8
FRESH_MS: Final = 3_000
TONE_PATIENCE_S: Final = 90.0
"""An announcement that is being said may last a minute; the melody waits for it."""
HEARD_MS: Final = 600
"""What was played last is still on its way to the encoder."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried. What is not `needed` has a sign of its own on the lamp and does not fail the test."""

    name: str
    ok: bool
    ja: str = ""
    en: str = ""
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """What this box should be able to do."""

    pre_roll_ms: int
    camera: bool
    microphone: bool
    frames_per_second: int
    tone: bool


class Aborted(Exception):
    """An alarm came."""


class Selftest:
    """Runs on a thread of its own, one at a time. `start`, `abort` and `ask` are safe from any thread.

    `others` are checks that need no recorder (spool, keys, recipients, disk, clock, link); they may raise nothing.
    """

    def __init__(
        self,
        plan: Plan,
        recorder: Recorder | None,
        announcer: Announcer,
        others: Callable[[], list[Check]],
        clock: Clock,
        post: Post,
    ) -> None:
        self._plan = plan
        self._recorder = recorder
        self._announcer = announcer
        self._others = others
        self._clock = clock
        self._post = post
        self._changed = threading.Condition()
        self._running = False
        self._count = 0
        self._last: dict[str, Any] = {}
        self._abort = threading.Event()
        self._born_ms = clock.now().mono_ms

    def start(self) -> None:
        """Begin, unless one runs already. Returns at once; the answer is `SelftestEnded`, or nothing after `abort`."""
        with self._changed:
            if self._running:
                return
            self._running = True
            self._abort.clear()
        threading.Thread(target=self._run, name="selftest", daemon=True).start()

    def abort(self) -> None:
        """An alarm was raised."""
        self._abort.set()

    def ask(self, begin: Callable[[], object], timeout_s: float) -> dict[str, Any]:
        """Let `begin` cause a self-test and wait for its report: `ok`, `aborted`, `took_ms`, `checks`."""
        with self._changed:
            before = self._count
            begin()
            if not self._changed.wait_for(lambda: self._count > before, timeout_s):
                return {"ok": False, "aborted": True, "took_ms": 0, "checks": []}
            return self._last

    def _run(self) -> None:
        begun_ms = self._clock.now().mono_ms
        aborted, checks = False, list[Check]()
        try:
            checks = [*self._others(), *self._of_recorder()]
        except Aborted:
            aborted = True
            log.info("self-test ended by an alarm")
        except Exception as error:  # a bug in the test is a failed test, and the box goes on
            log.exception("self-test")
            checks = [Check("selftest", False, "自己診断が動きません", f"the self-test itself failed: {error!r}")]
        ok = not aborted and all(check.ok or not check.needed for check in checks)
        if not aborted:
            self._post(SelftestEnded(ok, _told(checks)))
        report = {
            "ok": ok,
            "aborted": aborted,
            "took_ms": self._clock.now().mono_ms - begun_ms,
            "checks": [asdict(check) for check in checks],
        }
        with self._changed:
            self._running, self._last = False, report
            self._count += 1
            self._changed.notify_all()

    def _of_recorder(self) -> list[Check]:
        if self._recorder is None:
            return []
        speaker = self._play() if self._plan.tone else None
        self._go_on(HEARD_MS / 1000)
        checks = [] if speaker is None else [speaker]
        try:
            sample = self._recorder.sample(LOOK_MS)
            seen = watch(sample.segment, self._abort.is_set)
            self._go_on(0)
            checks += self._judged(seen, self._recorder.vitals(), listen=speaker is not None and speaker.ok)
            checks.append(self._pre_roll(sample.pre_roll_ms))
        except PortError as error:
            checks.append(_from_error("recording", error))
        return checks

    def _judged(self, seen: Watched, vitals: Vitals, *, listen: bool) -> list[Check]:
        # The ring keeps what came last, however long ago that was: the ages say whether it is of now.
        checks = []
        if self._plan.camera:
            least = int(seen.length_ms * self._plan.frames_per_second * PICTURES_LEAST / 1000)
            # Of the camera's own pictures: an encoder spends its bits otherwise each time, so that decoded ones differ.
            frozen = not seen.dark and (vitals.picture_still_ms or 0) >= LOOK_LEAST_MS
            checks += [
                Check(
                    "camera", _is_fresh(vitals.camera_age_ms), "カメラの映像が来ません", "the camera gives no picture"
                ),
                Check(
                    "picture",
                    seen.pictures >= max(1, least),
                    f"映像が {seen.pictures} 枚しかありません（{least} 枚以上が正常）",
                    f"only {seen.pictures} pictures; {least} or more are right",
                ),
                Check("picture_black", not seen.dark, "映像が真っ暗です。レンズを見てください", "the picture is black"),
                Check("picture_frozen", not frozen, "映像が止まっています", "the picture stands still"),
            ]
        if self._plan.microphone:
            heard = seen.samples > 0 and not seen.silent and _is_fresh(vitals.sound_age_ms)
            checks.append(Check("sound", heard, "音が録れていません。マイクを見てください", "no sound is recorded"))
            if listen and seen.length_ms >= LOOK_LEAST_MS:
                checks.append(
                    Check(
                        "speaker_heard",
                        seen.melody_found,
                        "流した音がマイクに入りません。スピーカーの電源と音量を見てください",
                        "what the speaker played is not heard; look at its power and volume",
                    )
                )
        return checks

    def _pre_roll(self, got_ms: int) -> Check:
        up_ms = self._clock.now().mono_ms - self._born_ms
        least_ms = min(self._plan.pre_roll_ms, up_ms - 2 * GOP_MS) - SLACK_MS
        most_ms = max(self._plan.pre_roll_ms, GOP_MS) + GOP_MS + SLACK_MS
        return Check(
            "pre_roll",
            least_ms <= got_ms <= most_ms,
            f"押す前の録画が {got_ms / 1000:.1f} 秒です（{self._plan.pre_roll_ms / 1000:.0f} 秒のはず）",
            f"the pre-roll is {got_ms / 1000:.1f} s, {self._plan.pre_roll_ms / 1000:.0f} s are asked for",
        )

    def _play(self) -> Check:
        answers: list[SpeakerError | None] = []
        answered = threading.Event()

        def answer(error: SpeakerError | None) -> None:
            answers.append(error)
            answered.set()

        self._announcer.sound(Announcement("selftest", melody(), LENGTH_MS), answer)
        until_ms = self._clock.now().mono_ms + TONE_PATIENCE_S * 1000
        while not answered.wait(0.05) and self._clock.now().mono_ms < until_ms:
            self._go_on(0)
        error = answers[0] if answers else SpeakerError("スピーカーが応答しません / the speaker does not answer")
        return Check("speaker", True) if error is None else _from_error("speaker", error)

    def _go_on(self, wait_s: float) -> None:
        if self._abort.wait(wait_s):
            raise Aborted


def _is_fresh(age_ms: int | None) -> bool:
    return age_ms is not None and age_ms < FRESH_MS


def _from_error(name: str, error: PortError) -> Check:
    ja, _, en = str(error).partition(" / ")
    return Check(name, False, ja, en or ja)


def _told(checks: list[Check]) -> str:
    """What was found wanting, for the event log (200 characters)."""
    return "; ".join(f"{check.name}: {check.ja} / {check.en}" for check in checks if not check.ok)
