"""The watchdog is fed while every loop moves, and starves when one hangs."""

from datetime import UTC, datetime, timedelta

from contract.messages import ClockState
from device.core.events import Instant
from device.guard import LIMITS_S, Guard


class HandClock:
    def __init__(self) -> None:
        self.s = 0.0

    def now(self) -> Instant:
        start = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
        return Instant(round(self.s * 1000), start + timedelta(seconds=self.s), ClockState.SYNCED)


class Notes:
    """The `Watchdog` port that remembers."""

    def __init__(self) -> None:
        self.fed = 0
        self.told: list[str] = []

    def ready(self) -> None: ...

    def feed(self) -> None:
        self.fed += 1

    def tell(self, state: str) -> None:
        self.told.append(state)


def test_fed_only_when_every_loop_moved_and_the_status_names_the_one_that_hangs() -> None:
    clock, notes = HandClock(), Notes()
    guard = Guard(notes, clock, lambda: "待機中 / armed")
    beats = {name: guard.pulse(name) for name in ("loop", "spool", "camera")}
    for _ in range(30):  # all is well for five minutes
        clock.s += 10
        for beat in beats.values():
            beat()
        assert guard.look()
    assert notes.fed == 30
    assert set(notes.told) == {"待機中 / armed"}
    while clock.s < 300 + LIMITS_S["spool"] + 10:  # the spool hangs, the others go on
        clock.s += 10
        beats["loop"]()
        beats["camera"]()
        guard.look()
    fed = notes.fed
    assert fed == 30 + LIMITS_S["spool"] // 10
    assert not guard.look()
    assert notes.fed == fed
    assert notes.told[-1].endswith("restarted: spool")
    beats["spool"]()  # it comes back before the manager has lost its patience
    assert guard.look()
    assert notes.fed == fed + 1
    assert notes.told[-1] == "待機中 / armed"


def test_a_loop_that_never_began_is_noticed() -> None:
    clock, notes = HandClock(), Notes()
    guard = Guard(notes, clock)
    guard.pulse("mail")
    assert guard.look()
    clock.s += LIMITS_S["mail"] + 1
    assert not guard.look()


def test_the_end_may_take_its_time() -> None:
    clock, notes = HandClock(), Notes()
    guard = Guard(notes, clock)
    guard.pulse("recorder")
    guard.let_go()
    clock.s += 1_000
    assert guard.look()
