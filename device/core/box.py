"""The box's core: one total function from events to effects. No event can make it raise, none is left unanswered."""

from dataclasses import replace

from contract.messages import (
    AlarmEnded,
    AlarmRaised,
    AlarmRepeated,
    AlarmState,
    AlarmTurned,
    Body,
    BoxStarted,
    CommandType,
    Gesture,
    IdSource,
    Level,
    NoticePlayed,
    RecordingClosed,
    RecordingStarted,
    RecordingState,
    SegmentSealed,
    SelftestFinished,
)
from device.core import events
from device.core.alarm import INPUT_OF, TABLE, AlarmAct, AlarmInput, AlarmIs, level_of
from device.core.buzz import Buzzing, buzzing_for
from device.core.drill import DrillMode
from device.core.effects import (
    AllowSound,
    Buzz,
    Cue,
    Effect,
    PlayCue,
    PublishAlarm,
    RunSelftest,
    ShowLamp,
    StopRecording,
    WakeAt,
)
from device.core.events import ButtonName, Happening, Instant
from device.core.follow import Following
from device.core.head_start import HeadStart
from device.core.health import Faults
from device.core.lamp import LampState, LampView
from device.core.outbox import Outbox
from device.core.press import ButtonFreed, ButtonStuck, Contact, GestureMade, PressNews
from device.core.recording import RecordingRules, begin
from device.core.reminder import Reminder
from device.core.scribe import Identity, Scribe
from device.core.standing import Standing, lamp_state, published


class Box:
    """Holds the state. Used from the runner's thread only.

    `resumed` is the alarm that stood when the program last died; it goes on under the same incident. With `following`
    it is a beacon or wall lamp: it shows the calls of others and makes none.
    """

    def __init__(
        self,
        identity: Identity,
        rules: RecordingRules,
        new_id: IdSource,
        resumed: Standing | None = None,
        following: Following | None = None,
    ) -> None:
        self._scribe = Scribe(identity, new_id)
        self._rules = rules
        self._following = following
        self._standing = resumed if following is None else None
        self._contacts = {name: Contact(name) for name in ButtonName}
        self._outbox = Outbox()
        self._faults = Faults()
        self._recorder = RecordingState.OFF
        self._listening = False
        self._responders = 0
        self._drill = DrillMode()
        self._drilling = False
        self._reminder = Reminder(rules.reminder_ms)
        self._head_start = HeadStart()
        self._shown: LampView | None = None

    def start(self, now: Instant) -> list[Effect]:
        """The first effects of a boot: announce it, and go on with an alarm that stood."""
        identity = self._scribe.identity
        started = BoxStarted(software=identity.software, evidence_key=identity.evidence_key)
        effects: list[Effect] = [self._wire(now, started), self._publish(now)]
        effects += self._end_drill(now)
        if self._standing is not None:
            effects += begin(self._rules, self._standing.incident, level_of(self._standing.alarm), now.mono_ms)
        return [*effects, *self._show()]

    def handle(self, now: Instant, event: Happening) -> list[Effect]:
        """What `event` asks for, in the order in which it is to be done."""
        effects = self._answer(now, event)
        effects += self._end_drill(now)
        effects += [
            news for contact in self._contacts.values() for news in self._pressed(now, contact.look(now.mono_ms))
        ]
        effects += self._head_start.over(now.mono_ms)
        effects += self._remind(now)
        self._drilling = self._in_drill(now)
        wake = self._wake_at(now)
        return [*effects, *self._show(), *([WakeAt(wake)] if wake is not None else [])]

    @property
    def standing(self) -> Standing | None:
        """The alarm that stands now."""
        return self._standing

    @property
    def faults(self) -> tuple[str, ...]:
        """Names of the standing faults."""
        return self._faults.names

    @property
    def listening(self) -> bool:
        """Whether somebody listens at the hub."""
        return self._listening

    @property
    def recorder(self) -> RecordingState:
        """What the recorder last said it does."""
        return self._recorder

    def view(self) -> LampView:
        """What the lamp says now."""
        if self._following is not None:
            return self._following.view(self._faults.names)
        standing = self._standing
        recording = self._recorder is RecordingState.RECORDING
        if standing is None:
            state = self._idle_state()
            return LampView(state, recording=recording, faults=self._faults.names, drill=state is LampState.DRILL)
        state = lamp_state(standing, self._listening)
        faults = self._faults.names
        return LampView(state, standing.coming, standing.number, recording, faults, drill=standing.drill)

    def drill_left_s(self, now: Instant) -> int | None:
        """Seconds of drill mode that are left, begun ones counted; None outside a drill."""
        return -(-self._drill.left_ms(now) // 1000) or None

    def alarm_state(self, now: Instant) -> AlarmState:
        """The retained alarm as it stands now."""
        return published(self._standing, self._scribe.identity.counter, now.wall)

    # --- one answer per event -------------------------------------------------------------------------------------

    def _answer(self, now: Instant, event: Happening) -> list[Effect]:
        match event:
            case events.EdgeSeen() if self._following is not None:
                return []  # nobody is called from a beacon
            case events.EdgeSeen():
                return self._pressed(now.back_at(event.mono_ms), self._contacts[event.button].edge(event))
            case events.Woken():
                return []  # time is looked at after every event
            case events.Persisted(ids):
                return self._persisted(now, ids)
            case events.PersistFailed(ids, reason):
                begun = self._head_start.take() if self._raised_in(ids) else []
                return [*self._outbox.refused(ids), *begun, *self._fault(now, "spool", reason)]
            case events.ReceiptArrived():
                return self._receipted(now, event)
            case events.CommandArrived():
                return self._commanded(now, event)
            case events.LinkChanged(listening, responders, connected):
                self._listening, self._responders = listening, responders
                if self._following is not None:
                    self._following.link(connected=connected, listening=listening)
                return []
            case events.NoticeStarted(incident, mono_ms):
                return [AllowSound(incident, mono_ms)]
            case events.NoticeEnded():
                return self._notice_ended(now, event)
            case events.SelftestDue():
                return self._selftest()
            case events.SelftestEnded(ok, detail):
                return self._selftested(now, ok, detail)
            case events.AlarmFollowed(box, alarm):
                if self._following is not None:  # a counter's own lamp speaks of its own calls
                    self._following.heard(box, alarm)
                return []
            case events.RecorderChanged(state):
                self._recorder = state
                return []
            case events.RecordingBegan():
                return self._recording_began(now, event)
            case events.SegmentWritten(incident, _, record, signature, _):
                return [self._wire(now, SegmentSealed(incident=incident, record=record, signature=signature))]
            case events.RecordingEnded(incident, count, head):
                return [self._wire(now, RecordingClosed(incident=incident, count=count, head=head))]
            case events.FaultSeen(fault, detail):
                return self._fault(now, fault, detail)
            case events.FaultGone(fault):
                return self._wires(now, self._faults.gone(fault))

    def _pressed(self, now: Instant, news: list[PressNews]) -> list[Effect]:
        effects: list[Effect] = []
        for item in news:
            match item:
                case GestureMade(gesture):
                    effects += self._gesture(now, gesture)
                case ButtonStuck(button):
                    effects += self._fault(now, f"button_{button}_stuck", "")
                case ButtonFreed(button):
                    effects += self._wires(now, self._faults.gone(f"button_{button}_stuck"))
        return effects

    def _gesture(self, now: Instant, gesture: Gesture) -> list[Effect]:
        move = TABLE[self._alarm_is, INPUT_OF[gesture]]
        match move.act:
            case AlarmAct.RAISE:
                return self._raise(now, gesture, move.to)
            case AlarmAct.REPEAT | AlarmAct.ESCALATE:
                return self._repeat(now, gesture, move.to)
            case AlarmAct.END | AlarmAct.IGNORE:
                return []  # no gesture ends an alarm; the table's `because` says why one is ignored

    def _raise(self, now: Instant, gesture: Gesture, to: AlarmIs) -> list[Effect]:
        drill = self._in_drill(now) and to is AlarmIs.ASSIST
        if not drill:  # whoever needs help in earnest ends the drill, so that the next press is heard as well
            self._drill.end()
        incident = self._scribe.new_id()
        self._standing = Standing(incident, to, now.wall, drill)
        raised = self._scribe.event(
            now, AlarmRaised(incident=incident, level=level_of(to), gesture=gesture, drill=drill)
        )
        self._standing = replace(self._standing, raised_event=raised.id)
        earlier = self._head_start.take()
        self._head_start.wait(begin(self._rules, incident, level_of(to), now.mono_ms), now.mono_ms)
        return [*self._show(), self._outbox.add(raised), self._publish(now), *earlier]

    def _repeat(self, now: Instant, gesture: Gesture, to: AlarmIs) -> list[Effect]:
        standing = self._standing
        assert standing is not None  # noqa: S101 - the table repeats only what stands
        real = standing.drill and to is AlarmIs.EMERGENCY
        if real:  # whoever presses for an emergency during a drill means it: a real incident of its own
            return [*self._raise(now, gesture, to), *self._over(now, standing)]
        risen = to is not standing.alarm
        if risen:
            self._standing = standing.risen(to)
        wire = self._wire(now, AlarmRepeated(incident=standing.incident, level=level_of(to), gesture=gesture))
        return [wire, self._publish(now)] if risen else [wire]

    def _persisted(self, now: Instant, ids: tuple[str, ...]) -> list[Effect]:
        if self._standing is not None and self._raised_in(ids):
            self._standing = replace(self._standing, kept=True)
            self._head_start.kept(now.mono_ms)
        return [*self._outbox.persisted(ids), *self._wires(now, self._faults.gone("spool"))]

    def _raised_in(self, ids: tuple[str, ...]) -> bool:
        return self._standing is not None and self._standing.raised_event in ids

    def _receipted(self, now: Instant, event: events.ReceiptArrived) -> list[Effect]:
        self._outbox.receipted(event.event_ids)
        standing = self._standing
        if standing is not None and (standing.raised_event in event.event_ids or event.incident == standing.incident):
            self._standing = replace(standing, hub_has=True, number=event.number or standing.number)
            return [] if standing.hub_has else [self._publish(now)]
        return []

    def _commanded(self, now: Instant, event: events.CommandArrived) -> list[Effect]:
        if event.command is CommandType.DRILL:
            self._drill.begin(now, event)
            return []
        if event.command in (CommandType.DRILL_END, CommandType.DRILL_REAL):
            self._drill.end()
        if event.command is CommandType.SELFTEST:
            return self._selftest()
        standing = self._standing
        if standing is None or event.incident != standing.incident:
            return []  # said of an alarm that no longer stands
        match event.command:
            case CommandType.SEEN | CommandType.RESPONDER_COMING:
                named = event.command is CommandType.RESPONDER_COMING
                self._standing = standing.answered(event.name if named else standing.coming)
                return [] if standing.seen else [self._publish(now)]
            case CommandType.NOBODY_AVAILABLE:
                self._standing = standing.unanswered()
                return [self._publish(now)] if standing.seen else []
            case CommandType.TIME_LIMIT_REACHED:
                return self._time_limit(standing)
            case CommandType.DRILL_REAL:
                return self._turn_real(now, standing)
            case CommandType.DRILL_END:
                return []  # the mode is over; a drill that stands ends with it
            case CommandType.RECORDING_STOP:
                return self._end(now, standing)

    def _turn_real(self, now: Instant, standing: Standing) -> list[Effect]:
        """People say that what began as a drill is none: the call stands on in earnest, and nobody has answered it."""
        if not standing.drill:
            return []
        self._standing = standing.in_earnest()
        turned = AlarmTurned(incident=standing.incident, level=Level.EMERGENCY, drill=False)
        return [self._publish(now), self._wire(now, turned)]

    def _in_drill(self, now: Instant) -> bool:
        """Whether a press is a drill. Not while the hub is lost: the lamp says so, and nobody would tell it apart."""
        return self._drill.left_ms(now) > 0 and self._listening

    def _end_drill(self, now: Instant) -> list[Effect]:
        """End the drill that stands when its mode is over: the one alarm that a clock may end (decision 0016)."""
        standing = self._standing
        if standing is None or not standing.drill or self._drill.left_ms(now):
            return []
        return self._end(now, standing)

    def _time_limit(self, standing: Standing) -> list[Effect]:
        self._standing = replace(standing, time_limit=True)
        if standing.time_limit or not self._rules.time_limit_cue or self._rules.silent(level_of(standing.alarm)):
            return []
        return [PlayCue(standing.incident, Cue.TIME_LIMIT)]

    def _remind(self, now: Instant) -> list[Effect]:
        standing, recording = self._standing, self._recorder is RecordingState.RECORDING
        audible = standing is not None and not self._rules.silent(level_of(standing.alarm))
        if not self._reminder.due(now.mono_ms, wanted=recording and audible) or standing is None:
            return []
        return [PlayCue(standing.incident, Cue.REMINDER)]

    def _selftest(self) -> list[Effect]:
        return [RunSelftest()] if self._standing is None else []  # not while an alarm stands

    def _selftested(self, now: Instant, ok: bool, detail: str) -> list[Effect]:
        finished = self._wire(now, SelftestFinished(ok=ok, detail=detail[:200]))
        news = self._faults.gone("selftest") if ok else self._faults.seen("selftest", detail)
        return [finished, *self._wires(now, news)]

    def _end(self, now: Instant, standing: Standing) -> list[Effect]:
        move = TABLE[standing.alarm, AlarmInput.ENDED_BY_HUB]
        if move.act is not AlarmAct.END:
            return []
        self._standing = None
        return [*self._head_start.take(), *self._over(now, standing), self._publish(now)]

    def _over(self, now: Instant, standing: Standing) -> list[Effect]:
        """It stands no more. The hub ends an alarm, also where it said beforehand when a drill ends."""
        ended = self._wire(now, AlarmEnded(incident=standing.incident, by="hub"))
        return [ended, StopRecording(standing.incident)]

    def _notice_ended(self, now: Instant, event: events.NoticeEnded) -> list[Effect]:
        body = NoticePlayed(incident=event.incident, notice=event.notice, ok=event.ok, duration_ms=event.duration_ms)
        effects: list[Effect] = [self._wire(now, body)]
        if event.ok:
            return [*effects, *self._wires(now, self._faults.gone("speaker"))]
        # The lamp still announces the recording; the worker's protection does not depend on a loudspeaker.
        return [*effects, AllowSound(event.incident, now.mono_ms), *self._fault(now, "speaker", "")]

    def _recording_began(self, now: Instant, event: events.RecordingBegan) -> list[Effect]:
        if self._standing is not None and self._standing.incident == event.incident:
            self._standing = replace(self._standing, verified=True)
        body = RecordingStarted(
            incident=event.incident, pre_roll_ms=event.pre_roll_ms, video=event.video, audio=event.audio
        )
        return [self._wire(now, body)]

    def _fault(self, now: Instant, fault: str, detail: str) -> list[Effect]:
        return self._wires(now, self._faults.seen(fault, detail))

    # --- the same in every answer -----------------------------------------------------------------------------------

    @property
    def _alarm_is(self) -> AlarmIs:
        return AlarmIs.QUIET if self._standing is None else self._standing.alarm

    def _wire(self, now: Instant, body: Body) -> Effect:
        return self._outbox.add(self._scribe.event(now, body))

    def _wires(self, now: Instant, body: Body | None) -> list[Effect]:
        return [] if body is None else [self._wire(now, body)]

    def _publish(self, now: Instant) -> Effect:
        return PublishAlarm(self.alarm_state(now))

    def _show(self) -> list[Effect]:
        view = self.view()
        if view == self._shown:
            return []
        changed = self._shown is None or view.state is not self._shown.state
        self._shown = view
        buzzing = self._buzzing(view.state) if changed else None
        return [ShowLamp(view), *([Buzz(buzzing)] if buzzing is not None else [])]

    def _buzzing(self, state: LampState) -> Buzzing | None:
        if self._following is not None:
            return self._following.buzzing(state)
        quiet = self._standing is not None and self._rules.silent(level_of(self._standing.alarm))
        return buzzing_for(state, quiet=quiet)

    def _idle_state(self) -> LampState:
        if not self._listening:
            return LampState.HUB_LOST
        if self._drilling:  # before a fault: who presses now must know that it is a drill
            return LampState.DRILL
        if self._faults.names:
            return LampState.FAULT
        return LampState.NOBODY if self._responders == 0 else LampState.READY

    def _wake_at(self, now: Instant) -> int | None:
        due = [contact.next_ms for contact in self._contacts.values()]
        due += [self._drill.next_ms(now), self._reminder.next_ms, self._head_start.next_ms]
        return min((at_ms for at_ms in due if at_ms is not None), default=None)
