"""Random lives of a box: crashes, lost and repeated receipts, a spool that refuses, hands that press at any time.

The real core runs against a model disk and a model hub. Whatever happens: no press is lost, nothing goes out before it
was persisted or refused, one run of presses is one incident, and the lamp never claims what is not so.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from support.desk import IDENTITY, RULES, Desk, counted_ids

from contract.messages import AlarmEnded, AlarmRaised, AlarmRepeated, CommandType, Event
from device.core.alarm import AlarmIs
from device.core.effects import Effect, KeepRecording, Persist, PlayNotice, Send
from device.core.events import ButtonName, CommandArrived, LinkChanged, Persisted, PersistFailed, ReceiptArrived
from device.core.head_start import HEAD_START_MS
from device.core.lamp import LampState
from device.core.standing import Standing

CLAIMS_DURABLE = {LampState.RECEIVED, LampState.VERIFIED, LampState.CALL_LOST}
OWN, OTHER = IDENTITY.profile.digest, "sha256:" + "a" * 64
CLAIMS_HUB = {LampState.HUB_HAS, LampState.SEEN, LampState.COMING}


class Lives(RuleBasedStateMachine):
    @initialize()
    def born(self) -> None:
        self.ids = counted_ids()
        self.disk: dict[str, Event] = {}
        self.hub: dict[str, Event] = {}
        self.writing: list[Event] = []
        self.shown: list[Event] = []
        self.refused: set[str] = set()
        self.air: dict[str, Event] = {}
        self.desk = Desk(RULES, None, self.ids)
        self.seen_effects = 0
        self.absorb()

    def absorb(self) -> None:
        fresh, self.seen_effects = self.desk.effects[self.seen_effects :], len(self.desk.effects)
        for effect in fresh:
            self.obey(effect)

    def obey(self, effect: Effect) -> None:
        if isinstance(effect, Persist):
            self.writing.append(effect.event)
        if isinstance(effect, Send):
            for event in effect.events:
                assert event.id in self.disk or (event.id in self.refused and not effect.kept)
                self.air[event.id] = event
        if isinstance(effect, KeepRecording) and not effect.sound:
            order = [type(item) for item in self.desk.effects]
            assert PlayNotice in order[: order.index(KeepRecording)]

    @rule(button=st.sampled_from(ButtonName), hold_ms=st.sampled_from([30, 120, 2_500]))
    def press(self, button: ButtonName, hold_ms: int) -> None:
        before = len(self.desk.events())
        self.desk.edge(True, button)
        self.desk.wait(hold_ms)
        self.desk.edge(False, button)
        self.desk.wait(100)
        made = [e for e in self.desk.events()[before:] if isinstance(e.body, AlarmRaised | AlarmRepeated)]
        assert made, "a press left no trace"
        self.absorb()

    @rule()
    def disk_writes(self) -> None:
        batch, self.writing = self.writing, []
        for event in batch:
            self.disk[event.id] = event
        if batch:
            self.desk.feed(Persisted(tuple(event.id for event in batch)))
            self.absorb()

    @rule()
    def disk_refuses(self) -> None:
        ids = tuple(event.id for event in self.writing)
        if ids:
            self.refused.update(ids)
            self.desk.feed(PersistFailed(ids, "disk full"))
            self.absorb()

    @rule(copies=st.integers(1, 3), told=st.booleans())
    def hub_receives(self, copies: int, told: bool) -> None:
        for event in list(self.air.values()):
            self.hub[event.id] = event
            for _ in range(copies if told else 0):
                self.desk.feed(ReceiptArrived((event.id,), event.incident, "2026-000001"))
                self.disk.pop(event.id, None)
        if told:
            self.air.clear()
        self.absorb()

    @rule(command=st.sampled_from([CommandType.SEEN, CommandType.RESPONDER_COMING, CommandType.RECORDING_STOP]))
    def people_speak(self, command: CommandType) -> None:
        standing = self.desk.box.standing
        known = {event.incident for event in self.hub.values()}
        if standing is not None and standing.incident in known:
            self.desk.feed(CommandArrived(command, standing.incident, "佐藤"))
            self.absorb()

    @rule(listening=st.booleans(), responders=st.integers(0, 2), rules=st.sampled_from([None, OWN, OTHER]))
    def link(self, listening: bool, responders: int, rules: str | None) -> None:
        self.desk.feed(LinkChanged(listening, responders, rules=rules if listening else None))
        self.absorb()

    @rule(ms=st.integers(0, 400_000))
    def time_passes(self, ms: int) -> None:
        self.desk.wait(ms)
        self.absorb()

    @rule()
    def crash(self) -> None:
        """Power is cut: only the disk is left, and the uplink reads it again."""
        survivors = {e.id for e in self.desk.events()} & (set(self.disk) | set(self.hub))
        kept = [e for e in self.desk.events() if e.id in survivors]
        standing = self.remembered(kept)
        self.writing, self.refused = [], set()
        self.air = dict(self.disk)
        self.desk = Desk(RULES, standing, self.ids)
        self.seen_effects = 0
        self.absorb()

    def remembered(self, kept: list[Event]) -> Standing | None:
        standing = self.resumed_from_before()
        for event in kept:
            match event.body:
                case AlarmRaised(incident=incident, level=level, drill=drill):
                    standing = Standing(incident, AlarmIs(level.value), event.at, drill, event.id, kept=True)
                case AlarmEnded():
                    standing = None
                case _:
                    pass
        return standing

    def resumed_from_before(self) -> Standing | None:
        first = self.desk.events()[0]
        assert first.type == "box.started"
        standing = self.desk.box.standing
        raised_here = {e.incident for e in self.desk.events() if isinstance(e.body, AlarmRaised)}
        return standing if standing is not None and standing.incident not in raised_here else None

    @invariant()
    def no_event_is_forgotten(self) -> None:
        for event in self.desk.events():
            somewhere = event.id in self.disk or event.id in self.hub or event in self.writing
            assert somewhere, f"{event.type} {event.id} is nowhere"

    @invariant()
    def every_call_is_recorded(self) -> None:
        recorded = {effect.incident for effect in self.desk.effects if isinstance(effect, KeepRecording)}
        for event in self.desk.events():
            if isinstance(event.body, AlarmRaised) and event.mono_ms + HEAD_START_MS <= self.desk.ms:
                assert event.incident in recorded

    @invariant()
    def lamp_is_honest(self) -> None:
        standing = self.desk.box.standing
        if standing is None:
            return
        state = self.desk.box.view().state
        at_hub = any(event.incident == standing.incident for event in self.hub.values())
        durable = standing.raised_event in self.disk or at_hub
        assert state not in CLAIMS_DURABLE or durable
        assert state not in CLAIMS_HUB or at_hub

    @invariant()
    def numbers_have_no_gap(self) -> None:
        assert [event.seq for event in self.desk.events()] == list(range(len(self.desk.events())))


Lives.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestLives = Lives.TestCase
