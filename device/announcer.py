"""The box's voice: one thing at a time, the notice before any cue. A speaker that hangs never holds up anything."""

import itertools
import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from device.core.events import NoticeEnded, NoticeStarted
from device.ports import Clock, Post, Speaker, SpeakerError
from device.sounds import Announcement

log = logging.getLogger("madomori.announcer")

NOTICE: Final = "notice"
_START_MS: Final = 5_000
"""A speaker that has not begun by then will not: the recording must not wait longer for its sound."""
_OVERRUN_MS: Final = 10_000
_BEAT_S: Final = 1.0
_FIRST, _NEXT, _LAST = 0, 1, 2


@dataclass(frozen=True, slots=True)
class _Begun:
    """It is audible."""


@dataclass(frozen=True, slots=True)
class _Ended:
    error: SpeakerError | None


@dataclass(order=True, slots=True)
class _Order:
    rank: int
    number: int
    sound: Announcement = field(compare=False)
    incident: str | None = field(compare=False, default=None)
    """None: nobody is told; the self-test listens for itself."""
    answered: Callable[[SpeakerError | None], None] = field(compare=False, default=lambda _: None)


class Announcer:
    """Plays on threads of its own. `say`, `sound` and `close` are safe from any thread and never block.

    Posts `NoticeStarted` when the notice becomes audible, and `NoticeEnded` for the notice and for each cue. `beat` is
    called at least once a second while it is alive.
    """

    def __init__(
        self,
        speaker: Speaker,
        announcements: dict[str, Announcement],
        clock: Clock,
        post: Post,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._speaker = speaker
        self._announcements = announcements
        self._clock = clock
        self._post = post
        self._beat = beat
        self._orders: queue.PriorityQueue[_Order] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._closing = threading.Event()
        self._player: threading.Thread | None = None
        self._thread = threading.Thread(target=self._run, name="announcer", daemon=True)

    @property
    def notice(self) -> Announcement:
        """What is said before anything is kept."""
        return self._announcements[NOTICE]

    def start(self) -> None:
        """Begin to serve what was ordered."""
        self._thread.start()

    def say(self, incident: str, kind: str) -> None:
        """Say the notice or a cue (`Cue`) of `incident`."""
        rank = _FIRST if kind == NOTICE else _NEXT
        self._orders.put(_Order(rank, next(self._numbers), self._announcements[kind], incident))

    def sound(self, sound: Announcement, answered: Callable[[SpeakerError | None], None]) -> None:
        """Play something that is no announcement, when nothing else waits; `answered` is called on a thread of ours."""
        self._orders.put(_Order(_LAST, next(self._numbers), sound, answered=answered))

    def close(self) -> None:
        """Interrupt what is said and say nothing more."""
        self._closing.set()
        self._speaker.close()
        for thread in (self._player, self._thread):
            if thread is not None and thread.is_alive():
                thread.join(2 * _BEAT_S)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._beat()
            try:
                order = self._orders.get(timeout=_BEAT_S)
            except queue.Empty:
                continue
            self._serve(order)

    def _serve(self, order: _Order) -> None:
        begun_ms = self._clock.now().mono_ms
        error = self._played(order)
        took_ms = self._clock.now().mono_ms - begun_ms
        order.answered(error)
        if order.incident is None:
            return
        if error is not None:
            log.error("%s could not be played: %s", order.sound.name, error)
        duration_ms = order.sound.duration_ms if error is None else took_ms
        self._post(NoticeEnded(order.incident, order.sound.name, ok=error is None, duration_ms=duration_ms))

    def _played(self, order: _Order) -> SpeakerError | None:
        """Play on a thread that can be left behind; what went wrong."""
        if self._player is not None and self._player.is_alive():
            return SpeakerError(
                "スピーカーが応答しません。抜き差ししてください"
                " / the speaker does not answer, unplug it and plug it in again"
            )
        news: queue.SimpleQueue[_Begun | _Ended] = queue.SimpleQueue()
        self._player = threading.Thread(target=self._play, args=(order, news), name="speaker", daemon=True)
        self._player.start()
        until_ms = self._clock.now().mono_ms + _START_MS
        while not self._closing.is_set():
            self._beat()
            left_ms = until_ms - self._clock.now().mono_ms
            if left_ms <= 0:
                break
            try:
                match news.get(timeout=min(left_ms / 1000, _BEAT_S)):
                    case _Ended(error):
                        return error
                    case _Begun():
                        until_ms = self._clock.now().mono_ms + order.sound.duration_ms + _OVERRUN_MS
            except queue.Empty:
                continue
        return SpeakerError("スピーカーが応答しません / the speaker does not answer")

    def _play(self, order: _Order, news: "queue.SimpleQueue[_Begun | _Ended]") -> None:
        def begun(mono_ms: int) -> None:
            news.put(_Begun())
            if order.incident is not None and order.rank == _FIRST:
                self._post(NoticeStarted(order.incident, mono_ms))

        try:
            self._speaker.play(order.sound.wav, begun)
        except SpeakerError as error:
            news.put(_Ended(error))
        except Exception as error:  # noqa: BLE001 - whatever a driver raises: not heard, and the voice lives on
            news.put(_Ended(SpeakerError(f"予期しない誤り / unexpected: {error!r}")))
        else:
            news.put(_Ended(None))
