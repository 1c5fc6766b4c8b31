"""A box's core with hands, clock and ids of the test's own."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from contract.messages import ClockState, Event, ProfileRef
from device.core.box import Box
from device.core.effects import Effect, Persist, Send, ShowLamp, WakeAt
from device.core.events import ButtonName, EdgeSeen, Happening, Instant, Persisted, Woken
from device.core.follow import Following
from device.core.lamp import LampView
from device.core.recording import RecordingRules
from device.core.scribe import Identity
from device.core.standing import Standing

START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)

IDENTITY = Identity(
    site="kita",
    box="counter-01",
    counter="2階 住民票 3番",
    boot="01938f00-0000-7000-8000-000000000001",
    profile=ProfileRef(id="default", digest="sha256:" + "0" * 64),
    software="test",
    evidence_key=None,
)

RULES = RecordingRules(keep=True, pre_roll_sound=False, notice=True, emergency_silent=False)


def counted_ids() -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"01938f2e-0000-7000-8000-{number:012d}"


class Desk:
    """Drives one core: time moves only when told, and wake-ups that were asked for are delivered on the way."""

    def __init__(
        self,
        rules: RecordingRules = RULES,
        resumed: Standing | None = None,
        ids: Iterator[str] | None = None,
        following: Following | None = None,
    ):
        source = ids if ids is not None else counted_ids()
        new_id: Callable[[], str] = lambda: next(source)  # noqa: E731
        self.ms = 10_000
        self.box = Box(IDENTITY, rules, new_id, resumed, following)
        self.effects: list[Effect] = []
        self.wake_ms: int | None = None
        self._take(self.box.start(self.now()))

    def now(self) -> Instant:
        return Instant(self.ms, START + timedelta(milliseconds=self.ms), ClockState.SYNCED)

    def feed(self, event: Happening) -> list[Effect]:
        effects = self.box.handle(self.now(), event)
        self._take(effects)
        return effects

    def wait(self, ms: int) -> None:
        until = self.ms + ms
        while self.wake_ms is not None and self.wake_ms <= until:
            self.ms, self.wake_ms = max(self.ms, self.wake_ms), None
            self.feed(Woken())
        self.ms = until

    def edge(self, pressed: bool, button: ButtonName = ButtonName.MAIN) -> list[Effect]:
        return self.feed(EdgeSeen(button, pressed, self.ms))

    def tap(self, button: ButtonName = ButtonName.MAIN) -> None:
        self.edge(True, button)
        self.wait(120)
        self.edge(False, button)
        self.wait(200)

    def persist_all(self) -> list[Effect]:
        return self.feed(Persisted(tuple(event.id for event in self.events())))

    def events(self) -> list[Event]:
        return [effect.event for effect in self.effects if isinstance(effect, Persist)]

    def types(self) -> list[str]:
        return [event.type for event in self.events() if event.type != "box.started"]

    def sent(self) -> set[str]:
        return {event.id for effect in self.effects if isinstance(effect, Send) for event in effect.events}

    def lamp(self) -> LampView:
        return [effect.view for effect in self.effects if isinstance(effect, ShowLamp)][-1]

    def _take(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, WakeAt):
                self.wake_ms = effect.mono_ms
        self.effects += effects
