"""What a box does for itself, put together: health, calendar, self-test, and what it answers on its control socket."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from contract.messages import AlarmRaised, Event
from device.adapters import sealer_age
from device.adapters.board_linux import LinuxBoard
from device.adapters.control_unix import Answer
from device.adapters.spool_sqlite import SpoolWriter
from device.announcer import Announcer
from device.config import Bundle
from device.core.box import Box
from device.core.care import DAY_MS, CareRules
from device.core.events import SelftestDue
from device.core.scribe import Identity
from device.guard import Guard
from device.ports import Clock, PortError, Recorder
from device.recorder.sealer import load_or_make_key
from device.runner import Runner
from device.selftest import Check, Plan, Selftest
from device.tending import CareBook, Tender
from device.wording import lamp_words

_COMMIT_PATIENCE_S: Final = 10.0
_DISK_LEAST_BYTES: Final = 512 * 1024 * 1024


@dataclass(slots=True)
class SelfCare:
    """The parts, started and closed together."""

    tender: Tender
    selftest: Selftest
    answers: dict[str, Answer]

    def start(self) -> None:
        """Begin."""
        self.tender.start()

    def close(self) -> None:
        """End; a self-test that runs is given up."""
        self.selftest.abort()
        self.tender.close()


def self_care(
    bundle: Bundle,
    *,
    runner: Runner,
    identity: Identity,
    recorder: Recorder | None,
    camera: bool,
    microphone: bool,
    frames_per_second: int,
    announcer: Announcer,
    spool: SpoolWriter,
    clock: Clock,
    guard: Guard,
    tell: Callable[[str], object],
    make_room: Callable[[], object],
) -> SelfCare:
    """Everything a box does for itself. `tell` gets each health message, as the wire has it."""
    settings = bundle.settings
    hour, minute = map(int, settings.care.selftest_at.split(":"))
    pressed_here = settings.role.kind == "counter"  # a beacon has no button
    press_every_ms = settings.care.press_every_days * DAY_MS if pressed_here else None
    care = CareBook(bundle.state, CareRules(hour * 60 + minute, press_every_ms), clock)
    board = LinuxBoard(bundle.state)
    plan = Plan(
        pre_roll_ms=bundle.profile.recording.pre_roll_seconds * 1000,
        camera=camera,
        microphone=microphone,
        frames_per_second=frames_per_second,
        tone=settings.care.selftest_tone,
    )
    others = _Others(bundle, runner, spool, board, clock)
    selftest = Selftest(plan, recorder, announcer, others, clock, runner.post)
    runner.selftest = selftest.start
    runner.sent_watchers.append(lambda events: _made(events, care, selftest))
    tender = Tender(
        box=runner.box,
        identity=identity,
        recorder=lambda: recorder,
        spool_depth=spool.depth,
        care=care,
        board=board,
        clock=clock,
        post=runner.post,
        tell=tell,
        make_room=make_room,
        beat=guard.pulse("health"),
    )
    answers: dict[str, Answer] = {
        "selftest": lambda call: _selftest_asked(call, runner, selftest),
        "state": lambda _: _state(runner.box),
    }
    return SelfCare(tender, selftest, answers)


def said(box: Box) -> str:
    """One line about what the box does now, for whoever looks at the service."""
    view = box.view()
    headline, _ = lamp_words(view.state, view.name, "ja")
    english, _ = lamp_words(view.state, view.name, "en")
    faults = f" [{', '.join(view.faults)}]" if view.faults else ""
    return f"{headline} / {english}{', 録画中 / recording' if view.recording else ''}{faults}"


def _state(box: Box) -> dict[str, Any]:
    view = box.view()
    return {"ok": True, "lamp": view.state.value, "recorder": box.recorder.value, "faults": list(view.faults)}


def _made(events: tuple[Event, ...], care: CareBook, selftest: Selftest) -> None:
    for event in events:
        care.saw(event)
        if isinstance(event.body, AlarmRaised):
            selftest.abort()


def _selftest_asked(call: dict[str, Any], runner: Runner, selftest: Selftest) -> dict[str, Any]:
    if runner.box.standing is not None:
        return {"ok": False, "aborted": True, "took_ms": 0, "checks": []}
    return selftest.ask(lambda: runner.post(SelftestDue()), float(call["timeout_s"]))


class _Others:
    """The checks that need no recorder."""

    def __init__(self, bundle: Bundle, runner: Runner, spool: SpoolWriter, board: LinuxBoard, clock: Clock) -> None:
        self._bundle = bundle
        self._runner = runner
        self._spool = spool
        self._board = board
        self._clock = clock

    def __call__(self) -> list[Check]:
        synced = self._clock.now().clock.value == "synced"
        return [
            Check(
                "spool",
                self._spool.try_out(_COMMIT_PATIENCE_S),
                "通報を保存できません。SD カードを確かめてください",
                "calls cannot be stored; look at the SD card",
            ),
            *self._keys(),
            self._disk(),
            Check("clock", synced, "時計が合っていません", "the clock is not set", needed=False),
            Check(
                "link", self._runner.box.listening, "ハブにつながりません", "the hub cannot be reached", needed=False
            ),
        ]

    def _keys(self) -> list[Check]:
        if self._bundle.settings.role.kind != "counter":
            return []
        try:
            _, fault = load_or_make_key(self._bundle.state / "evidence.key")
        except PortError as error:
            fault = str(error)
        _, seal_fault = sealer_age.choose(self._bundle.settings.evidence)
        return [_check("key", fault), _check("recipients", seal_fault)]

    def _disk(self) -> Check:
        try:
            free = self._board.read().disk_free_bytes
        except OSError as error:
            return Check("disk", False, "保存場所を調べられません", f"the storage cannot be asked: {error.strerror}")
        mebibytes = free // 2**20
        return Check(
            "disk",
            free >= _DISK_LEAST_BYTES,
            f"空きが {mebibytes} MiB しかありません",
            f"only {mebibytes} MiB are free",
        )


def _check(name: str, fault: str | None) -> Check:
    ja, _, en = (fault or "").partition(" / ")
    return Check(name, fault is None, ja, en)
