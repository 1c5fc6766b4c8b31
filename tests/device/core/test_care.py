"""The daily self-test and the weekly press, whatever the clock does."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from contract.messages import ClockState
from device.core.care import AGAIN_MS, DAY_MS, HOUR_MS, SETTLED_MS, Care, CareRecord, CareRules
from device.core.events import FaultGone, FaultSeen, Instant, SelftestDue

RULES = CareRules(selftest_minute=7 * 60 + 30, press_every_ms=7 * DAY_MS)
MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)


class Life:
    """A box's days. The wall clock runs with the monotonic one unless `jump` says otherwise."""

    def __init__(self, record: CareRecord | None = None, *, hour: float = 9, clock: ClockState = ClockState.SYNCED):
        self.ms, self.clock = 5_000, clock
        self.wall = MIDNIGHT + timedelta(hours=hour)
        self.up_from_ms = self.ms
        self.care = Care(RULES, record, self.now())
        self.faults: set[str] = set()
        self.tests: list[datetime] = []

    def now(self) -> Instant:
        return Instant(self.ms, self.wall, self.clock)

    def jump(self, by: timedelta) -> None:
        self.wall += by

    def live(self, hours: float, *, answer: bool = True) -> None:
        """Look every quarter of an hour, and let each self-test succeed."""
        for _ in range(round(hours * 4)):
            self.ms += HOUR_MS // 4
            self.wall += timedelta(minutes=15)
            minute = self.wall.hour * 60 + self.wall.minute
            for news in self.care.look(self.now(), minute, self.ms - self.up_from_ms):
                match news:
                    case FaultSeen(fault, _):
                        assert fault not in self.faults
                        self.faults.add(fault)
                    case FaultGone(fault):
                        self.faults.remove(fault)
                    case SelftestDue():
                        self.tests.append(self.wall)
                        if answer:
                            self.care.selftested(self.now(), ok=True)

    def restart(
        self, off: timedelta, *, clock: ClockState = ClockState.SYNCED, shown: timedelta | None = None
    ) -> "Life":
        """The box was off for `off`; its clock says that it was `shown`."""
        after = Life(self.care.record(self.now()), clock=clock)
        after.wall = self.wall + (off if shown is None else shown)
        after.care = Care(RULES, self.care.record(self.now()), after.now())
        return after


def test_a_self_test_runs_once_a_day_at_its_time() -> None:
    life = Life()
    life.live(5 * 24)
    assert [(test.day, test.hour, test.minute) for test in life.tests] == [(day, 7, 30) for day in range(21, 26)]
    assert life.faults == set()


def test_a_box_that_is_off_at_night_tests_itself_after_the_start() -> None:
    life = Life(hour=8)
    life.live(10)
    assert life.tests == []
    next_day = life.restart(timedelta(hours=14))
    next_day.live(1)
    assert len(next_day.tests) == 1


def test_nothing_is_tested_while_the_box_still_comes_up() -> None:
    stale = CareRecord(at=MIDNIGHT, clock=ClockState.SYNCED, selftest_ago_ms=3 * DAY_MS)
    care = Care(RULES, stale, Instant(0, MIDNIGHT, ClockState.SYNCED))
    assert care.look(Instant(SETTLED_MS - 1, MIDNIGHT, ClockState.SYNCED), 540, SETTLED_MS - 1) == []
    assert care.look(Instant(SETTLED_MS, MIDNIGHT, ClockState.SYNCED), 540, SETTLED_MS) == [SelftestDue()]


def test_a_self_test_that_an_alarm_ended_is_asked_for_again() -> None:
    life = Life()
    life.live(24, answer=False)
    assert len(life.tests) > 2
    assert life.tests[1] - life.tests[0] >= timedelta(milliseconds=AGAIN_MS)


def test_a_self_test_that_never_ends_becomes_overdue_and_one_that_ends_takes_it_back() -> None:
    life = Life()
    life.live(49, answer=False)
    assert life.faults == {"selftest_overdue"}
    life.live(1)
    assert life.faults == set()


def test_a_week_without_a_press_is_shown_until_somebody_presses() -> None:
    life = Life()
    life.live(7 * 24)
    assert life.faults == set()
    life.live(1)
    assert life.faults == {"press_overdue"}
    life.care.pressed(life.now())
    life.live(1)
    assert life.faults == set()
    assert life.care.record(life.now()).pressed_at == life.wall - timedelta(hours=1)


def test_the_count_goes_on_across_a_restart() -> None:
    life = Life()
    life.live(4 * 24)
    after = life.restart(timedelta(days=4))
    after.live(1)
    assert after.faults == {"press_overdue"}


def test_d23_a_clock_jump_neither_hides_nor_invents_an_overdue_press() -> None:
    for jump in (timedelta(hours=1), timedelta(hours=-1), timedelta(days=365), timedelta(days=-365)):
        life = Life()
        life.live(3 * 24)
        life.jump(jump)
        life.live(3 * 24)
        assert life.faults == set(), jump
        life.live(2 * 24)
        assert life.faults == {"press_overdue"}, jump


def test_d22_off_time_is_counted_only_when_the_clock_was_right_on_both_sides() -> None:
    life = Life()
    life.live(24)
    lost = life.restart(timedelta(days=1), clock=ClockState.UNSYNCED, shown=timedelta(days=400))
    lost.live(24)
    assert lost.faults == set()  # a year on a clock that nobody set is no year
    lost.jump(timedelta(days=-399))
    lost.clock = ClockState.SYNCED  # now it is known: a day off, two days on
    lost.live(4 * 24)
    assert lost.faults == set()
    lost.live(24)
    assert lost.faults == {"press_overdue"}


@given(st.lists(st.tuples(st.sampled_from(["live", "jump", "press"]), st.integers(-400 * 24, 400 * 24)), max_size=12))
def test_overdue_is_exactly_a_week_of_running_without_a_press(deeds: list[tuple[str, int]]) -> None:
    life, quiet_h = Life(), 0.0
    for deed, amount in deeds:
        if deed == "live":
            hours = abs(amount) % 100
            life.live(hours)
            quiet_h += hours
        elif deed == "jump":
            life.jump(timedelta(hours=amount))
        else:
            life.care.pressed(life.now())
            quiet_h = 0
        life.live(0.25)
        quiet_h += 0.25
        assert ("press_overdue" in life.faults) == (quiet_h > 7 * 24)
        assert "selftest_overdue" not in life.faults
