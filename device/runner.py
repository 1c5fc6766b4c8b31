"""The one loop: event queue -> core -> effects. Whatever fails on the way becomes an event; the loop does not end."""

import logging
import queue
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from contract.codec import MalformedMessage, decode_alarm, encode
from contract.messages import CommandType, Event, Message, SegmentSealed
from device.adapters.spool_sqlite import SpoolWriter, is_urgent
from device.adapters.wire_unix import Mailbox
from device.announcer import NOTICE, Announcer
from device.core.box import Box
from device.core.effects import (
    AllowSound,
    Buzz,
    Effect,
    KeepRecording,
    Persist,
    PlayCue,
    PlayNotice,
    PublishAlarm,
    RunSelftest,
    Send,
    ShowLamp,
    StopRecording,
    WakeAt,
)
from device.core.events import (
    AlarmFollowed,
    CommandArrived,
    FaultSeen,
    Happening,
    LinkChanged,
    ReceiptArrived,
    Woken,
)
from device.ports import Buzzer, Clock, Lamp, PortError, Recorder

log = logging.getLogger("madomori.box")

_BEAT_MS: Final = 1_000
_MAIL_PAUSE_S: Final = 0.2
QUEUE_MAX: Final = 10_000


class Runner:
    """Owns the core. `post` is safe from any thread; everything else happens on the thread that calls `run`."""

    def __init__(
        self,
        *,
        box: Box,
        clock: Clock,
        lamp: Lamp,
        buzzer: Buzzer | None = None,
        announcer: Announcer,
        spool: SpoolWriter,
        mail: Mailbox,
        pulse: Callable[[str], Callable[[], None]] = lambda _: lambda: None,
    ) -> None:
        """`pulse` gives for each loop's name what it calls each time around."""
        self._box = box
        self._clock = clock
        self._lamp = lamp
        self._buzzer = buzzer
        self._announcer = announcer
        self._spool = spool
        self._mail = mail
        self._beat = pulse("loop")
        self._mail_beat = pulse("mail")
        self._recorder: Recorder | None = None
        self._queue: queue.Queue[Happening | None] = queue.Queue(maxsize=QUEUE_MAX)
        self._wake_ms: int | None = None
        self._follows: set[str] = set()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._read_mail, name="mail", daemon=True)
        self.selftest: Callable[[], None] = lambda: None
        """Begins a self-test; set by whoever has one."""
        self.sent_watchers: list[Callable[[tuple[Event, ...]], None]] = []
        """Called on the runner's thread with events handed to the uplink; must not block."""

    def post(self, event: Happening) -> None:
        """Put an event on the queue; never blocks."""
        try:
            self._queue.put_nowait(event)
        except queue.Full:
            log.error("event dropped, the loop is behind: %s", type(event).__name__)

    def run(self, recorder: Recorder | None) -> None:
        """Work until `stop`. `recorder` may be absent: a call for help needs none."""
        self._recorder = recorder
        self._thread.start()
        self._do(self._box.start(self._clock.now()))
        self._mail.send({"t": "hello"})
        while True:
            event = self._next()
            if event is None:
                break
            self._do(self._box.handle(self._clock.now(), event))

    def finish(self) -> None:
        """Handle what the closing recorder still had to say. Call after `run` ended and the recorder was closed."""
        self._stopped.set()
        while not self._queue.empty():
            event = self._queue.get_nowait()
            if event is not None:
                self._do(self._box.handle(self._clock.now(), event))
        if self._thread.is_alive():
            self._thread.join()
        self._mail.close()

    def stop(self) -> None:
        """End `run` after what is queued. Safe from any thread and from a signal handler."""
        self._queue.put(None)

    @property
    def box(self) -> Box:
        """The core, for looking at; only the runner's thread may feed it."""
        return self._box

    # --- in ---------------------------------------------------------------------------------------------------------

    def _next(self) -> Happening | None:
        while True:
            self._beat()
            left_ms = _BEAT_MS if self._wake_ms is None else max(0, self._wake_ms - self._clock.now().mono_ms)
            try:
                return self._queue.get(timeout=min(left_ms, _BEAT_MS) / 1000)
            except queue.Empty:
                if self._wake_ms is not None and self._clock.now().mono_ms >= self._wake_ms:
                    self._wake_ms = None
                    return Woken()

    def _read_mail(self) -> None:
        while not self._stopped.is_set():
            self._mail_beat()
            try:
                mail = self._mail.receive(timeout_s=0.5)
                if mail is not None:
                    self._mail_came(mail)
            except (KeyError, ValueError, TypeError, OSError) as error:  # of another version; the next may be sound
                log.error("mail not understood: %r", error)
                self._stopped.wait(_MAIL_PAUSE_S)

    def _mail_came(self, mail: dict[str, Any]) -> None:
        match mail.get("t"):
            case "receipt":
                ids = tuple(mail["ids"])
                self._spool.receipted(ids, mail["incident"], mail["number"])
                self.post(ReceiptArrived(ids, mail["incident"], mail["number"]))
            case "command":
                at = mail.get("at")
                self.post(
                    CommandArrived(
                        CommandType(mail["type"]),
                        mail["incident"],
                        mail["name"],
                        datetime.fromisoformat(at) if at else None,
                        mail.get("minutes"),
                    )
                )
            case "link":
                self.post(LinkChanged(mail["listening"], mail["responders"], mail["connected"], mail.get("rules")))
            case "followed":
                self._followed(mail["box"], mail["payload"])
            case "following":  # whoever is not named has no alarm any more
                for box in self._follows - set(mail["boxes"]):
                    self._followed(box, "")
            case "hello":
                self._mail.send({"t": "hello"})
                self._mail.send({"t": "alarm", "payload": _text(self._box.alarm_state(self._clock.now()))})
            case "uploaded":
                pass  # kept on the box until space is short
            case other:
                log.warning("unknown mail %r", other)

    def _followed(self, box: str, payload: str) -> None:
        """The retained alarm of another box; no payload when it was taken away."""
        try:
            alarm = decode_alarm(payload.encode(), box) if payload else None
        except MalformedMessage as error:
            log.warning("alarm of %s refused: %s", box, error)  # what it last said stays
            return
        (self._follows.discard if alarm is None else self._follows.add)(box)
        self.post(AlarmFollowed(box, alarm))

    # --- out --------------------------------------------------------------------------------------------------------

    def _do(self, effects: list[Effect]) -> None:
        for effect in effects:
            try:
                self._perform(effect)
            except PortError as error:
                log.error("%s: %s", error.fault, error)
                self.post(FaultSeen(error.fault, str(error)))
            except Exception as error:  # a mistake in one part must not silence the others
                log.exception("%s", type(effect).__name__)
                self.post(FaultSeen("program", repr(error)))

    def _perform(self, effect: Effect) -> None:
        match effect:
            case ShowLamp(view):
                self._lamp.show(view)
            case Buzz(buzzing):
                if self._buzzer is not None:
                    self._buzzer.buzz(buzzing)
            case Persist(event):
                self._spool.persist(event)
            case Send(events, kept):
                self._send(events, kept)
            case PublishAlarm(alarm):
                self._mail.send({"t": "alarm", "payload": _text(alarm)})
            case PlayNotice(incident):
                self._announcer.say(incident, NOTICE)
            case PlayCue(incident, cue):
                self._announcer.say(incident, cue.value)
            case KeepRecording(incident, sound) if self._recorder is not None:
                self._recorder.keep(incident, sound)
            case AllowSound(incident, from_ms) if self._recorder is not None:
                self._recorder.allow_sound(incident, from_ms)
            case StopRecording(incident) if self._recorder is not None:
                self._recorder.stop(incident)
            case KeepRecording() | AllowSound() | StopRecording():
                pass  # no recorder at this box: the call for help stands alone
            case RunSelftest():
                self.selftest()
            case WakeAt(mono_ms):
                self._wake_ms = mono_ms

    def _send(self, events: tuple[Event, ...], kept: bool) -> None:
        for event in events:
            mail = {
                "t": "event",
                "id": event.id,
                "payload": _text(event),
                "urgent": is_urgent(event),
                "unkept": not kept,
            }
            self._mail.send(mail)
            if isinstance(event.body, SegmentSealed):
                self._mail.send({"t": "segment"})
        for watcher in list(self.sent_watchers):
            watcher(events)


def _text(message: Message) -> str:
    return encode(message).decode()
