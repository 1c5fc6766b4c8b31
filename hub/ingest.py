"""MQTT to contract to store: one writer thread, one transaction per batch, receipts only after its commit."""

import base64
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from contract import topics
from contract.codec import MalformedMessage, decode, decode_event
from contract.messages import AlarmRaised, AlarmRepeated, AnyEvent, BareAlarm, Event, Health, Level, Presence
from contract.topics import Kind
from hub.alerts.unwritten import Call, Unwritten
from hub.clock import now_utc
from hub.config import HubConfig, SiteProfile
from hub.domain.intake import Intake, Refused, Rules
from hub.domain.presence import Doubles
from hub.link import Incoming, Link
from hub.poke import poke
from hub.receipts import Signer
from hub.store import absences, beats, changes, quarantine, signs
from hub.store import intake as store
from hub.store.engine import begin_write
from hub.store.ids import new_id
from hub.store.intake import Durable
from hub.store.signs import Sign

_log = structlog.get_logger()

BATCH_MAX: Final = 200
BEAT_S: Final = 1.0
STUCK_S: Final = 10.0
"""A writer that has not finished a round for so long does not listen any more."""
RETRY_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0)


@dataclass(slots=True)
class Sorted:
    """A batch, sorted by what must be done with each message."""

    events: list[tuple[Incoming, AnyEvent]] = field(default_factory=list)
    signs: list[tuple[Incoming, Sign]] = field(default_factory=list)
    refused: list[tuple[Incoming, str]] = field(default_factory=list)


@dataclass(slots=True)
class Written:
    """What to do after the commit."""

    durable: list[Durable] = field(default_factory=list)
    changed: bool = False
    alerts: bool = False
    commands: bool = False
    retained: list[str] = field(default_factory=list)  # topics with a retained event to clear


class Ingest:
    """The writer. `heard` maps a box to the monotonic second of its last sign of life; others only read it."""

    def __init__(
        self,
        config: HubConfig,
        profile: SiteProfile,
        database: Engine,
        signer: Signer,
        wake: Callable[[], None],
        alert: Callable[[], None],
    ) -> None:
        self._config, self._database, self._signer = config, database, signer
        self._wake, self._alert = wake, alert  # the engine; the channels
        self._rules = Rules(profile.rules.alert, config.contacts, profile.rules.meta.id, profile.digest)
        self.inbox: queue.Queue[Incoming] = queue.Queue()  # bounded by the link: see INBOX_MAX
        self.heard: dict[str, float] = {}
        self.doubles = Doubles()
        self._unwritten = Unwritten(config, profile.rules.alert, database)
        self._link: Link | None = None
        self._stop = threading.Event()
        self._committed = False
        self._round_at = time.monotonic()
        self._beat_at = 0.0
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def start(self, link: Link) -> None:
        """Begin to write what `link` brings."""
        self._link = link
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """End after the current batch. What stays in the inbox is not acknowledged and comes again."""
        self._stop.set()
        self._thread.join(timeout_s)
        self._unwritten.stop()

    @property
    def listening(self) -> bool:
        """Whether a press would be stored: the writer runs and its last commit worked. Any thread."""
        return self._committed and self._thread.is_alive() and time.monotonic() - self._round_at < STUCK_S

    def _run(self) -> None:
        while not self._stop.is_set():
            batch = self._drain()
            try:
                self._until_written(batch)
            except Exception:  # noqa: BLE001 - a dead writer would be a deaf hub
                self._committed = False
                _log.exception("ingest.round_failed", messages=len(batch))
                self._stop.wait(1.0)
            self._round_at = time.monotonic()

    def _drain(self) -> list[Incoming]:
        batch: list[Incoming] = []
        try:
            batch.append(self.inbox.get(timeout=max(0.01, self._beat_at + BEAT_S - time.monotonic())))
            while len(batch) < BATCH_MAX:
                batch.append(self.inbox.get_nowait())
        except queue.Empty:
            pass
        return batch

    def _until_written(self, batch: list[Incoming]) -> None:
        """Write the batch; while the database refuses, hold it and try again. Nothing is acknowledged meanwhile.

        Then the boxes keep their calls and show "hub lost", because `hub/presence` turns to offline, and people are
        alerted from memory (faults, H03).
        """
        failures, since = 0, time.monotonic()
        while not self._stop.is_set():
            try:
                self._write(batch)
            except (IntegrityError, DataError) as error:
                self._one_by_one(batch, error)
                return
            except DBAPIError as error:
                self._committed = False
                self._wake()
                wait_s = RETRY_S[min(failures, len(RETRY_S) - 1)]
                failures += 1
                _log.error("ingest.database_refuses", reason=str(error.orig), retry_in_s=wait_s, messages=len(batch))
                self._wait_refused(batch, since, wait_s)
            except Exception as error:  # noqa: BLE001 - poison: one message must not stop the others
                self._one_by_one(batch, error)
                return
            else:
                if failures:
                    self._unwritten.over()
                return

    def _wait_refused(self, batch: Sequence[Incoming], since_s: float, wait_s: float) -> None:
        """Wait for the next try; from the second refusal on, alert for calls in the batch and for those behind it."""
        until_s = time.monotonic() + wait_s
        while not self._stop.is_set():
            now_s = self._round_at = time.monotonic()
            if now_s >= until_s:
                return
            if now_s - since_s >= RETRY_S[0]:
                with self.inbox.mutex:
                    behind = list(self.inbox.queue)
                self._unwritten.call(_calls(event for _, event in self._sort([*batch, *behind]).events))
            self._stop.wait(min(RETRY_S[0], until_s - now_s))

    def _one_by_one(self, batch: list[Incoming], error: Exception) -> None:
        """A batch that cannot be written as a whole: find the message that cannot, and set it aside."""
        _log.error("ingest.batch_split", messages=len(batch), error=type(error).__name__, exc_info=error)
        if len(batch) > 1:
            for message in batch:
                self._until_written([message])
        elif batch:
            with begin_write(self._database) as connection:
                reason = f"cannot be stored: {type(error).__name__}"
                self._set_aside(connection, [(batch[0], reason)], now_utc())
            self._acknowledge(batch)

    def _write(self, batch: list[Incoming]) -> None:
        now = now_utc()
        sorted_ = self._sort(batch)
        beats_now = time.monotonic() - self._beat_at >= BEAT_S
        if not batch and not beats_now:
            return
        with begin_write(self._database) as connection:
            written = self._in_transaction(connection, sorted_, now)
            if beats_now:
                self._beat(connection, now)
        listened, self._committed = self._committed, True
        if beats_now:
            self._beat_at = time.monotonic()
        # Whoever waits comes first: the box, the dashboards, then the broker, and last what keeps this process busy.
        self._send_receipts(written.durable, now)
        if written.changed:
            poke(self._config.places.directory, "web")
        self._acknowledge(batch)
        self._clear(written.retained)
        for message, (box, sign) in sorted_.signs:
            if isinstance(sign, Presence) and sign.state == "online" and not message.retain:
                self.doubles.born(box, sign.session, time.monotonic())
        if written.alerts:
            self._alert()
        if written.commands or not listened:
            self._wake()

    def _sort(self, batch: Sequence[Incoming]) -> Sorted:
        """Decode outside the transaction, so that it is held for as short as can be."""
        sorted_ = Sorted()
        for message in batch:
            address = topics.parse(message.topic)
            if address is None or address.box is None or address.site != self._config.site:
                sorted_.refused.append((message, "unknown topic"))
                continue
            if message.retain and not message.payload:
                continue  # the clearing of a retained message
            try:
                self._sort_one(message, address.box, address.kind, sorted_)
            except MalformedMessage as error:
                sorted_.refused.append((message, str(error)))
                continue
            if not message.retain:
                self.heard[address.box] = time.monotonic()
        # A close may come before its open in one batch as well (faults, W04).
        sorted_.events.sort(key=lambda pair: not _raises(pair[1]))
        return sorted_

    def _sort_one(self, message: Incoming, box: str, kind: Kind, sorted_: Sorted) -> None:
        if kind is Kind.EVENT:
            if message.retain:
                raise MalformedMessage("an event must not be retained")
            event = decode_event(message.payload)
            if (event.site, event.box) != (self._config.site, box):
                raise MalformedMessage("site or box differ from the topic")
            sorted_.events.append((message, event))
        elif kind is Kind.PRESENCE:
            sorted_.signs.append((message, (box, decode(Presence, message.payload))))
        elif kind is Kind.HEALTH:
            health = decode(Health, message.payload)
            if health.box != box:
                raise MalformedMessage("box differs from the topic")
            sorted_.signs.append((message, (box, health)))
        else:
            raise MalformedMessage(f"unexpected topic {kind}")

    def _in_transaction(self, connection: Connection, sorted_: Sorted, now: datetime) -> Written:
        written = Written(retained=[one.topic for one, _ in sorted_.refused if one.retain])
        refused = list(sorted_.refused)
        if sorted_.events:
            self._take_events(connection, sorted_.events, refused, written, now)
        if sorted_.signs:
            outcome = signs.apply(connection, [sign for _, sign in sorted_.signs], now)
            changes.add(connection, outcome.changes, now)
            written.changed |= bool(outcome.changes)
            written.commands |= outcome.commands
            refused += [
                (message, "unknown or revoked box")
                for message, (box, _) in sorted_.signs
                if box in outcome.strangers and not message.retain
            ]
        if refused:
            self._set_aside(connection, refused, now)
            written.changed = True
        return written

    def _take_events(
        self,
        connection: Connection,
        events: Sequence[tuple[Incoming, AnyEvent]],
        refused: list[tuple[Incoming, str]],
        written: Written,
        now: datetime,
    ) -> None:
        facts = store.known(connection, [event for _, event in events])
        intake = Intake(facts, self._rules_now(connection, now), now, new_id, signature_holds)
        by_event = {event.id: message for message, event in events}
        for message, event in events:
            try:
                intake.take(event, message.payload.decode())
            except Refused as error:
                refused.append((message, str(error)))
        intake.finish()
        written.durable = store.write(connection, intake)
        store.note_changes(connection, intake)
        written.changed = bool(intake.changes)
        written.alerts = bool(intake.alerts)
        refused += [(by_event[event], reason) for event, reason in intake.notes]

    def _rules_now(self, connection: Connection, now: datetime) -> Rules:
        """The site's rules, with the contacts that are on duty."""
        return replace(self._rules, contacts=absences.duty(connection, self._config.roster, now).called)

    def _set_aside(self, connection: Connection, refused: Sequence[tuple[Incoming, str]], now: datetime) -> None:
        rows: list[dict[str, Any]] = []
        boxes: dict[str | None, None] = {}
        for message, reason in refused:
            address = topics.parse(message.topic)
            box = address.box if address else None
            rows.append(quarantine.row(message.topic, box, reason, message.payload, now))
            boxes[box] = None
            _log.warning("ingest.set_aside", box=box, reason=reason[:200], size_bytes=len(message.payload))
        quarantine.add(connection, rows)
        changes.add(connection, [("box", None, box) for box in boxes], now)

    def _beat(self, connection: Connection, now: datetime) -> None:
        link = self._link
        beats.put(connection, "worker", now, {"waiting": self.inbox.qsize()})
        if link is not None:
            connected = link.connected and link.alive
            beats.put(connection, "mqtt", now, {"connected": connected, "overflowed": link.overflowed})

    def _acknowledge(self, batch: Sequence[Incoming]) -> None:
        if self._link is not None:
            self._link.ack(batch)

    def _send_receipts(self, durable: Sequence[Durable], now: datetime) -> None:
        """One receipt per box and incident, and one per witness."""
        if self._link is None:
            return
        groups: dict[tuple[Any, ...], list[Durable]] = {}
        for place, one in enumerate(durable):
            key = (one.box, one.incident) if one.witness is None else (one.box, one.incident, place)
            groups.setdefault(key, []).append(one)
        for members in groups.values():
            first = members[0]
            ids = list(dict.fromkeys(one.event for one in members))
            payload = self._signer.receipt(ids, now, first.incident, first.witness)
            self._link.publish(topics.box_topic(self._config.site, first.box, Kind.RECEIPT), payload)

    def _clear(self, retained: Sequence[str]) -> None:
        """Take retained events out of the broker, or they would come again at each connect."""
        if self._link is not None:
            for topic in dict.fromkeys(retained):
                self._link.publish(topic, b"", retain=True)


def signature_holds(public_key: str, message: bytes, signature: str) -> bool:
    """Whether `signature` over `message` is by the Ed25519 key (both base64)."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(signature, validate=True), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _raises(event: AnyEvent) -> bool:
    return isinstance(event, BareAlarm) or (isinstance(event, Event) and isinstance(event.body, AlarmRaised))


def _calls(events: Iterable[AnyEvent]) -> Iterator[Call]:
    """The presses among `events`, as far as an alert speaks of them."""
    for event in events:
        body = event.body if isinstance(event, Event) else None
        if isinstance(event, BareAlarm):
            yield Call(event.incident, event.box, event.level.value, event.at or now_utc(), False)
        elif isinstance(body, AlarmRaised):
            yield Call(body.incident, event.box, body.level.value, event.at or now_utc(), body.drill)
        elif isinstance(body, AlarmRepeated) and body.level is Level.EMERGENCY:
            # Of a drill no press makes an emergency: that raises a call of its own.
            yield Call(body.incident, event.box, body.level.value, event.at or now_utc(), False)
