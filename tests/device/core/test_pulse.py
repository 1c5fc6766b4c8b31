"""Who is stuck, as a pure matter of times."""

from hypothesis import given
from hypothesis import strategies as st

from device.core.pulse import Pulses


def test_a_loop_that_beats_in_time_is_never_stuck_and_one_that_does_not_is_named() -> None:
    pulses = Pulses()
    pulses.watch("loop", 1_000, 0)
    pulses.watch("spool", 5_000, 0)
    assert pulses.stuck(1_000) == ()
    assert pulses.stuck(1_001) == ("loop",)
    pulses.beat("loop", 5_000)
    assert pulses.stuck(5_500) == ("spool",)
    assert pulses.stuck(20_000) == ("spool", "loop")  # the one that is furthest over its limit first
    pulses.beat("spool", 20_000)
    pulses.beat("loop", 20_000)
    assert pulses.stuck(20_001) == ()


def test_a_loop_is_watched_from_its_start() -> None:
    pulses = Pulses()
    pulses.watch("loop", 1_000, 50_000)
    assert pulses.stuck(51_000) == ()
    assert pulses.stuck(51_001) == ("loop",)


def test_nothing_is_stuck_when_the_program_ends() -> None:
    pulses = Pulses()
    pulses.watch("loop", 1_000, 0)
    pulses.let_go()
    pulses.beat("loop", 5)
    assert pulses.stuck(10**9) == ()


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 10_000))), st.integers(0, 20_000))
def test_stuck_is_exactly_who_was_silent_too_long(beats: list[tuple[str, int]], now_ms: int) -> None:
    pulses = Pulses()
    for name in "ab":  # "c" beats without being watched
        pulses.watch(name, 1_000, 0)
    for name, at_ms in beats:
        pulses.beat(name, at_ms)
    last = {name: max([0, *(at_ms for who, at_ms in beats if who == name)]) for name in "ab"}
    assert set(pulses.stuck(now_ms)) == {name for name in "ab" if now_ms - last[name] > 1_000}
