"""The lamp's language: what an eye that sees no colour can still tell apart, on every kind of lamp."""

import itertools

import pytest

from device.core.lamp import LampKind, LampState, LampView, frames

STEADY = ("steady",)


def length(on: bool, ms: int) -> str:
    """How long an eye takes a light or a pause to be. There must be daylight between the classes."""
    if on:
        assert ms <= 300 or 500 <= ms <= 1000 or ms >= 1500, f"{ms} ms of light is neither short nor long"
        return "short" if ms <= 300 else "long" if ms <= 1000 else "very long"
    assert ms <= 350 or 500 <= ms <= 1300 or ms >= 2500, f"{ms} ms of dark is neither a gap nor a pause"
    return "gap" if ms <= 350 else "pause" if ms <= 1300 else "sleep"


def reading(kind: LampKind, view: LampView) -> tuple[str, ...]:
    """What is seen without colour, wherever one begins to look."""
    steps = [(any(lights), ms) for lights, ms in frames(kind, view)]
    if len(steps) == 1:
        return STEADY
    words = [length(on, ms) for on, ms in steps]
    assert all(first[0] is not second[0] for first, second in itertools.pairwise([*steps, steps[0]]))
    return min(tuple(words[place:] + words[:place]) for place in range(len(words)))


@pytest.mark.parametrize("kind", list(LampKind))
def test_no_two_states_look_the_same_even_to_an_eye_that_sees_no_colour(kind: LampKind) -> None:
    fresh = [LampView(state) for state in LampState]
    stale = [LampView(state, stale=True) for state in LampState if state.startswith("call_") and state != "call_lost"]
    seen: dict[tuple[str, ...], LampView] = {}
    for view in fresh + stale:
        twin = seen.setdefault(reading(kind, view), view)
        assert twin is view, f"{view} looks like {twin}"


@pytest.mark.parametrize("kind", list(LampKind))
def test_every_state_is_lit_at_some_time_and_none_flashes_more_than_three_times_a_second(kind: LampKind) -> None:
    for state in LampState:
        steps = [(any(lights), ms) for lights, ms in frames(kind, LampView(state))]
        assert any(on for on, _ in steps)
        if len(steps) > 1:
            begins = list(itertools.accumulate((ms for _, ms in steps * 3), initial=0))
            flashes = [begin for begin, (on, _) in zip(begins, steps * 3, strict=False) if on]
            for at in flashes[: len(steps)]:
                assert sum(1 for flash in flashes if at <= flash < at + 1000) <= 3, state  # WCAG 2.3.1


@pytest.mark.parametrize("kind", list(LampKind))
def test_a_call_does_not_fade_with_the_link_and_the_lost_link_is_shown_beside_it(kind: LampKind) -> None:
    call = frames(kind, LampView(LampState.CALL_EMERGENCY))
    stale = frames(kind, LampView(LampState.CALL_EMERGENCY, stale=True))
    lost = frames(kind, LampView(LampState.LINK_LOST))
    assert stale[: len(call)] == call
    assert stale[-len(lost) :] == lost
    assert sum(ms for _, ms in stale[: -len(lost)]) > 2 * sum(ms for _, ms in lost)  # mostly the call


def test_words_and_numbers_do_not_change_what_the_lamp_plays() -> None:
    plain = frames(LampKind.RGB, LampView(LampState.COMING))
    assert frames(LampKind.RGB, LampView(LampState.COMING, "佐藤", "2026-000001", True, ("camera",))) == plain
