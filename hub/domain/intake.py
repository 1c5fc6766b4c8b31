"""What a batch of events from the boxes means: which rows follow, which receipts, what is set aside.

Pure: facts in, rows out. `hub.store.intake` reads the facts and writes the rows in one transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from contract.evidence import Verify
from contract.messages import (
    AlarmRaised,
    AlarmRepeated,
    AnyEvent,
    BareAlarm,
    BareEvent,
    BoxStarted,
    ClockState,
    Event,
    FaultCleared,
    FaultRaised,
    IdSource,
    Level,
    RecordingClosed,
    RecordingStarted,
    SegmentSealed,
    UnknownBody,
)
from hub.domain import drill as drills
from hub.domain import escalation, practice
from hub.domain.chain import Chains, Doubtful, Witness
from hub.domain.incident import ALARMING, NOBODY, State
from hub.domain.intake_facts import JAPAN as JAPAN
from hub.domain.intake_facts import Known as Known
from hub.domain.intake_facts import KnownBox as KnownBox
from hub.domain.intake_facts import KnownEvent as KnownEvent
from hub.domain.intake_facts import LiveIncident as LiveIncident
from hub.domain.intake_facts import Receipted as Receipted
from hub.domain.intake_facts import Refused as Refused
from hub.domain.intake_facts import Row as Row
from hub.domain.intake_facts import Rules as Rules
from hub.domain.nearness import nearby

SKEW: Final = timedelta(seconds=2)
"""A box's clock that is off by more than this is noted in the timeline."""

UNMET: Final = timedelta(seconds=60)
"""Who presses again so long after the answer has nobody there, or needs more people: all are asked anew (our choice).
Sooner it is the same hand that pressed first, still shaking.
"""

BELIEVED: Final = timedelta(days=20 * 365)
"""A time further away than this is a broken clock, not a late event; databases and calendars would choke on it."""


class Intake:
    """One batch. Feed every event to `take`, alarms first; then `finish`, and read the public fields. One thread."""

    def __init__(self, known: Known, rules: Rules, now: datetime, new_id: IdSource, verify: Verify) -> None:
        self._known, self._rules, self.now, self._new_id = known, rules, now, new_id
        self.events: list[Row] = []
        self.incidents: dict[str, LiveIncident] = dict(known.incidents)
        self.timeline: list[Row] = []
        self.alerts: list[Row] = []
        self.anew: list[str] = []  # calls that were raised anew: their ladder begins at its foot
        self.unmet: list[str] = []  # calls to which nobody came who had answered: their ladder climbs on
        self.unaware: list[str] = []  # calls whose box must hear anew how they stand
        self.boxes: dict[str, Row] = {}
        self.recordings: dict[str, Row] = {}
        self.receipts: list[Receipted] = []
        self.notes: list[tuple[str, str]] = []  # (event id, reason): stored, receipted, but something is wrong
        self.changes: dict[tuple[str, str | None, str | None], None] = {}
        self.duplicates = 0
        self._events = dict(known.events)
        self._places = dict(known.places)
        self._chains = Chains(known.segments, known.closes, now, verify)
        self._to_alert: dict[str, str] = {}  # incident -> level

    def take(self, event: AnyEvent, payload: str) -> None:
        """Add what follows from `event`.

        Raises:
            Refused: unknown box, a replay, or somebody else's incident. Nothing was added.
        """
        box = self._known.boxes.get(event.box)
        if box is None:
            raise Refused("unknown or revoked box")
        event = _plausible(event, self.now)
        known = self._events.get(event.id)
        if known is not None:
            if known.box != event.box:
                raise Refused("the event id belongs to another box")
            self.duplicates += 1
            self.receipts.append(Receipted(event.box, event.id, known.incident, self._chains.again(event)))
            return
        place = (event.box, event.boot, event.seq) if isinstance(event, Event) else (event.box, event.id, 0)
        replayed = place in self._places
        owner = self.incidents.get(event.incident) if event.incident else None
        if owner is not None and owner.box != event.box:
            raise Refused("the incident belongs to another box")
        self._places[place] = event.id
        kind = "alarm.bare" if isinstance(event, BareAlarm) else event.type
        self._events[event.id] = KnownEvent(event.box, kind, event.incident)
        self.events.append(
            {
                "id": event.id,
                "box": event.box,
                "boot": place[1],
                "seq": place[2],
                "type": kind,
                "incident": event.incident,
                "at": event.at or self.now,
                "received_at": self.now,
                "payload": payload,
            }
        )
        if replayed:  # a replay, or a box that miscounts: shown to the operator, but a call for help is never refused
            self.notes.append((event.id, "this place in the box's sequence was taken by another event"))
            self._change("box", None, event.box)
        witness = self._apply(event, box)
        self.receipts.append(Receipted(event.box, event.id, event.incident, witness))

    @property
    def segments(self) -> Mapping[tuple[str, int], Row]:
        """Segment rows to add; `leaf` is the place in `leaves`."""
        return self._chains.segments

    @property
    def leaves(self) -> Sequence[Row]:
        """Leaves to add to the log, in order."""
        return self._chains.leaves

    def finish(self) -> None:
        """Alert for every call that is new or was raised, once, at the level it has at the end of the batch."""
        for incident, level in self._to_alert.items():
            live = self.incidents[incident]
            contacts = nearby(self._rules.contacts, live.box)
            found = escalation.first(self._rules.alert, incident, level, contacts, live.reach)
            if found:
                self.alerts += escalation.alert_rows(found, self._new_id, self.now)
                self.timeline.append(escalation.alerted_entry(incident, found, self.now, self._rules.profile_digest))

    def _apply(self, event: AnyEvent, box: KnownBox) -> Witness | None:
        if isinstance(event, BareAlarm):
            self._raise(event, box, event.level, ClockState.UNSYNCED, event.at or self.now, False, {"bare": True})
            return None
        if isinstance(event, BareEvent):
            self._note(event, "an event of an unknown major version that is no call: kept as it came")
            return None
        body = event.body
        match body:
            case AlarmRaised():
                self._raise(event, box, body.level, event.clock, event.at, body.drill, {"gesture": body.gesture.value})
            case SegmentSealed():
                return self._seal(event, body, box)
            case RecordingClosed():
                self._on_incident(event, self.now)
                return self._close(event, body)
            case RecordingStarted():
                # What was delivered is told once; what came before the alarm is kept for it as well.
                row = {"pre_roll_ms": body.pre_roll_ms, "video": body.video, "audio": body.audio}
                self._recording(event, body.incident, row)
                self._on_incident(event, self.now)
            case FaultRaised() | FaultCleared():
                self._fault(event, body, box)
            case BoxStarted():
                self._start(event, body, box)
            case UnknownBody():
                self._note(event, f"unknown event type {event.type[:60]!r}: kept as it came")
            case _:
                self._on_incident(event, self.now)
                if event.incident is None:
                    self._change("box", None, event.box)
        return None

    # --- alarms --------------------------------------------------------------------------------------------------

    def _raise(
        self,
        event: AnyEvent,
        box: KnownBox,
        level: Level,
        clock: ClockState,
        at: datetime,
        drill: bool,
        data: Row,
    ) -> None:
        incident = event.incident
        if incident is None:
            raise Refused("an alarm without an incident")
        live = self.incidents.get(incident)
        if live is not None:  # raised a second time under the same id: the same call, pressed again
            again = self._press_again(incident, live, level, at, clock)
            self._entry(incident, event, at, self.now, data | {"level": level.value, "again": True} | again)
            return
        row: Row = {
            "id": incident,
            "box": event.box,
            "counter": box.counter,
            "level": level.value,
            "state": State.RAISED.value,
            "drill": drill,
            "presses": 1,
            "pressed_at": at,
            "clock": clock.value,
            "received_at": self.now,
            "raised_at": self.now,
            **NOBODY,
            "profile_id": self._rules.profile_id,
            "profile_digest": self._rules.profile_digest,
            "changed_at": self.now,
            **drills.columns(drill, box.drill, practice.is_practice(event.box), self.now),
        }
        live = self.incidents[incident] = LiveIncident(event.box, level.value, 1, None, row["reach"], row)
        self._entry(incident, event, at, self.now, data | {"level": level.value, "drill": drill})
        for early, received_at in self._known.earlier.get(incident, ()):
            if early.box == event.box:
                self._on_incident(early, received_at)
        self._to_alert[incident] = live.level
        self._change("incident", incident, event.box)

    def _press_again(self, incident: str, live: LiveIncident, level: str, at: datetime, clock: ClockState) -> Row:
        """What is said of it beside the press.

        Who saw a call for assistance has not seen the emergency: everybody is asked again, and so when somebody presses
        on long after the answer. A box that was cut off may not know that people ended the call under which somebody
        presses anew: then it is open again.
        """
        over, synced = live.state not in ALARMING, clock is ClockState.SYNCED
        # A drill stays over: whoever means it holds on, which is a call of its own (decision 0016).
        reopened = over and live.reach is None and (live.over_at is None or not synced or at > live.over_at)
        pressed_at = at if synced else self.now
        unmet = not over and live.answered_at is not None and pressed_at > live.answered_at + UNMET
        risen = level == Level.EMERGENCY and live.level != Level.EMERGENCY
        live.presses += 1
        live.row |= {"presses": live.presses, "changed_at": self.now}
        if risen:
            live.level = Level.EMERGENCY.value
        if risen or reopened:
            live.row |= {"level": live.level, "raised_at": self.now}
            self._to_alert[incident] = live.level
        if reopened or unmet or (risen and not over):
            live.row |= {"state": State.RAISED.value, **NOBODY}
            live.answered_at = None
            (self.anew if risen or reopened else self.unmet).append(incident)
        elif level == Level.EMERGENCY and not over:  # the box may have risen later than people did at a page
            self.unaware.append(incident)
        if reopened:
            live.row |= {"contact_ended_at": None, "closed_at": None, "outcome": None}
            live.state, live.over_at, live.reopened = State.RAISED.value, None, True
        self._change("incident", incident, live.box)
        return {"reopened": True} if reopened else {}

    def _on_incident(self, event: Event, received_at: datetime) -> None:
        """The effects on the event's incident, when it is known; otherwise the event waits for its alarm."""
        live = self.incidents.get(event.incident) if event.incident else None
        if live is None or event.incident is None:
            return
        body = event.body
        if isinstance(body, SegmentSealed):
            return
        again: Row = {}
        if isinstance(body, AlarmRepeated):
            again = self._press_again(event.incident, live, body.level, event.at, event.clock)
        self._entry(event.incident, event, event.at, received_at, _plain(event) | again)
        self._change("incident", event.incident, event.box)

    def _entry(self, incident: str, event: AnyEvent, at: datetime, received_at: datetime, data: Row) -> None:
        kind = "alarm.raised" if isinstance(event, BareAlarm) else event.type
        data = data | {"event": event.id}
        if abs(received_at - at) > SKEW:
            data = data | {"skew_ms": round((received_at - at) / timedelta(milliseconds=1))}
        if isinstance(event, Event) and event.clock is ClockState.UNSYNCED:
            data = data | {"clock": event.clock.value}
        self.timeline.append(
            {
                "incident": incident,
                "at": at,
                "recorded_at": self.now,
                "kind": kind,
                "source": "box",
                "text": "",
                "data": data,
                "profile_digest": self._rules.profile_digest,
            }
        )

    # --- the box itself ------------------------------------------------------------------------------------------

    def _start(self, event: Event, body: BoxStarted, box: KnownBox) -> None:
        row = self.boxes.setdefault(event.box, {})
        row |= {"boot": event.boot, "software": body.software}
        if body.evidence_key:
            self._bind(event, body.evidence_key, box)
        self._change("box", None, event.box)

    def _bind(self, event: Event, key: str, box: KnownBox) -> bool:
        """Whether `key` is the box's evidence key; the first one seen becomes it."""
        row = self.boxes.setdefault(event.box, {})
        bound = row.get("evidence_key") or box.evidence_key
        if bound is None:
            row["evidence_key"] = key
            return True
        if bound != key:
            self._note(event, "the box shows another evidence key than the one it was bound to")
        return bool(bound == key)

    def _fault(self, event: Event, body: FaultRaised | FaultCleared, box: KnownBox) -> None:
        row = self.boxes.setdefault(event.box, {})
        faults = [fault for fault in row.get("faults", box.faults) if fault != body.fault]
        if isinstance(body, FaultRaised):
            faults.append(body.fault)
        row["faults"] = faults
        for incident in self._alarming(event.box):
            self._entry(incident, event, event.at, self.now, _plain(event))
            self._change("incident", incident, event.box)
        self._change("box", None, event.box)

    def _alarming(self, box: str) -> list[str]:
        fresh = [id for id, live in self.incidents.items() if live.number is None and live.box == box]
        return [*self._known.alarming.get(box, ()), *fresh]

    # --- evidence ------------------------------------------------------------------------------------------------

    def _seal(self, event: Event, body: SegmentSealed, box: KnownBox) -> Witness | None:
        """Record a signed segment. What does not hold is stored and receipted without a witness, and noted."""
        try:
            record = self._chains.check(event, body)
            if not self._bind(event, record.device_key, box):
                return None
            witness = self._chains.add(event, body, record)
        except Doubtful as error:
            self._note(event, str(error))
            return None
        self._change("incident", body.incident, event.box)
        return witness

    def _close(self, event: Event, body: RecordingClosed) -> Witness | None:
        try:
            witness, row = self._chains.close(event, body)
        except Doubtful as error:
            self._note(event, str(error))
            return None
        self._recording(event, body.incident, row)
        return witness

    def _recording(self, event: Event, incident: str, row: Row) -> None:
        known = self.recordings.setdefault(incident, {"incident": incident, "box": event.box})
        known |= row
        self._change("incident", incident, event.box)

    # --- small things --------------------------------------------------------------------------------------------

    def _note(self, event: AnyEvent, reason: str) -> None:
        self.notes.append((event.id, reason))
        self._change("box", None, event.box)

    def _change(self, kind: str, incident: str | None, box: str | None) -> None:
        self.changes[kind, incident, box] = None


def _plausible(event: AnyEvent, now: datetime) -> AnyEvent:
    """The event, at the hub's time when the box's own cannot be true; the payload keeps what it said."""
    if event.at is None or abs(event.at - now) <= BELIEVED:
        return event
    changed = {"at": now, "clock": ClockState.UNSYNCED} if isinstance(event, Event) else {"at": None}
    return event.model_copy(update=changed)


def incident_year(now: datetime) -> int:
    """The calendar year in Japan by which incidents are numbered."""
    return now.astimezone(JAPAN).year


def _plain(event: Event) -> Row:
    """The body as it is shown in the timeline; the incident is said by the row itself."""
    return {name: value for name, value in event.body.to_wire().items() if name != "incident"}
