"""The one loop: event queue -> core -> effects. Whatever fails on the way becomes an event; the loop does not end."""

import logging
import queue
import shutil
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from contract.codec import encode
from contract.messages import CommandType, Event, Health, Message, RecordingState, SegmentSealed
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
    Send,
    ShowLamp,
    StopRecording,
    WakeAt,
)
from device.core.events import (
    CommandArrived,
    FaultSeen,
    Happening,
    LinkChanged,
    ReceiptArrived,
    Woken,
)
from device.core.scribe import Identity
from device.ports import Buzzer, Clock, Lamp, PortError, Recorder

log = logging.getLogger("madomori.box")

HEALTH_S: Final = 5.0
QUEUE_MAX: Final = 10_000


class Runner:
    """Owns the core. `post` is safe from any thread; everything else happens on the thread that calls `run`."""

    def __init__(
        self,
        *,
        box: Box,
        identity: Identity,
        clock: Clock,
        lamp: Lamp,
        buzzer: Buzzer | None = None,
        announcer: Announcer,
        spool: SpoolWriter,
        mail: Mailbox,
        state: Path,
        make_room: Callable[[], object],
    ) -> None:
        self._box = box
        self._identity = identity
        self._clock = clock
        self._lamp = lamp
        self._buzzer = buzzer
        self._announcer = announcer
        self._spool = spool
        self._mail = mail
        self._state = state
        self._make_room = make_room
        self._recorder: Recorder | None = None
        self._queue: queue.Queue[Happening | None] = queue.Queue(maxsize=QUEUE_MAX)
        self._wake_ms: int | None = None
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._read_mail, name="mail", daemon=True),
            threading.Thread(target=self._tell_health, name="health", daemon=True),
        ]
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
        for thread in self._threads:
            thread.start()
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
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
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
        timeout_s = None if self._wake_ms is None else max(0, self._wake_ms - self._clock.now().mono_ms) / 1000
        try:
            return self._queue.get(timeout=timeout_s)
        except queue.Empty:
            self._wake_ms = None
            return Woken()

    def _read_mail(self) -> None:
        while not self._stopped.is_set():
            mail = self._mail.receive(timeout_s=0.5)
            if mail is None:
                continue
            match mail.get("t"):
                case "receipt":
                    ids = tuple(mail["ids"])
                    self._spool.receipted(ids, mail["incident"], mail["number"])
                    self.post(ReceiptArrived(ids, mail["incident"], mail["number"]))
                case "command":
                    self.post(CommandArrived(CommandType(mail["type"]), mail["incident"], mail["name"]))
                case "link":
                    self.post(LinkChanged(mail["listening"], mail["responders"]))
                case "hello":
                    self._mail.send({"t": "hello"})
                    self._mail.send({"t": "alarm", "payload": _text(self._box.alarm_state(self._clock.now()))})
                case "uploaded":
                    pass  # kept on the box until space is short
                case other:
                    log.warning("unknown mail %r", other)

    # --- out --------------------------------------------------------------------------------------------------------

    def _do(self, effects: list[Effect]) -> None:
        for effect in effects:
            try:
                self._perform(effect)
            except PortError as error:
                log.error("%s: %s", error.fault, error)
                self.post(FaultSeen(error.fault, str(error)))

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

    def _tell_health(self) -> None:
        while not self._stopped.wait(HEALTH_S):
            try:
                self._mail.send({"t": "health", "payload": _text(self._health())})
                self._make_room()
            except (OSError, sqlite3.Error, PortError) as error:
                log.error("health could not be told: %s", error)

    def _health(self) -> Health:
        now, identity, standing = self._clock.now(), self._identity, self._box.standing
        return Health(
            box=identity.box,
            boot=identity.boot,
            at=now.wall,
            mono_ms=now.mono_ms,
            clock=now.clock,
            profile=identity.profile,
            recording=self._recorder.state() if self._recorder is not None else RecordingState.OFF,
            incident=standing.incident if standing is not None else None,
            faults=self._box.faults,
            spool_depth=self._spool.depth(),
            disk_free_bytes=shutil.disk_usage(self._state).free,
            temperature_c=_temperature_c(),
        )


def _text(message: Message) -> str:
    return encode(message).decode()


def _temperature_c() -> float | None:
    try:
        return int(Path("/sys/class/thermal/thermal_zone0/temp").read_text("ascii")) / 1000
    except (OSError, ValueError):
        return None  # not every machine has a thermometer there
