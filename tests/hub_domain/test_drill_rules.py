"""A drill: whom it reaches, when it ends by itself, until when it can still be called real (decision 0016)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.drill import DEFAULT_MINUTES, MINUTES, Ended, Held, Reach, can_turn_real, closing, columns, ending

NOW = datetime(2026, 12, 31, 14, 50, tzinfo=UTC)
seconds = st.integers(-7200, 7200)


def after(number: float) -> datetime:
    return NOW + timedelta(seconds=number)


# --- whom a press reaches --------------------------------------------------------------------------------------------


@given(st.none() | st.builds(Held, st.just("d"), st.sampled_from(Reach).map(str), seconds.map(after)), st.booleans())
def test_a_call_in_earnest_is_no_drill_whatever_goes_on_at_its_box(held: Held | None, practice: bool) -> None:
    assert columns(False, held, practice, NOW) == {"reach": None, "drill_ends_at": None}


@given(st.none() | st.builds(Held, st.just("d"), st.sampled_from(Reach).map(str), seconds.map(after)), st.booleans())
def test_every_drill_has_an_end_that_lies_ahead_and_at_most_as_far_as_somebody_said(
    held: Held | None, practice: bool
) -> None:
    found = columns(True, held, practice, NOW)
    assert NOW < found["drill_ends_at"] <= after(7200)
    if practice:
        assert found == {"reach": "nobody", "drill_ends_at": after(3600)}
    elif held is not None and held.ends_at > NOW:
        assert found == {"reach": held.reach, "drill_ends_at": held.ends_at}
    else:
        assert found == {"reach": "first", "drill_ends_at": after(15 * 60)}, "nobody outside hears of it"


def test_a_drill_that_is_just_over_lends_its_reach_to_no_press() -> None:
    assert columns(True, Held("d", "everybody", NOW), False, NOW)["reach"] == "first"
    assert columns(True, Held("d", "everybody", after(0.001)), False, NOW)["reach"] == "everybody"


# --- when it ends ----------------------------------------------------------------------------------------------------


@given(st.booleans(), st.none() | seconds, st.integers(1, 3600), st.lists(st.integers(0, 600), min_size=1))
def test_a_drill_that_is_over_stays_over_and_every_drill_is_over_at_its_time(
    confirmed: bool, real_s: int | None, length_s: int, looks: list[int]
) -> None:
    """Looked at again and again, as the engine does; what comes in earnest comes at its moment."""
    now_s, over = 0, False
    for wait_s in looks:
        now_s += wait_s
        real_at = after(real_s) if real_s is not None and real_s <= now_s else None
        why = ending(NOW, after(length_s), confirmed, real_at, after(now_s))
        assert why is not None or not over
        over = why is not None
        assert over or now_s < length_s
        if real_at is not None and real_at >= NOW:
            assert why is Ended.REAL, "whatever else: a call in earnest comes first"
        elif real_at is None:
            assert why is not Ended.REAL


@pytest.mark.parametrize(
    ("now_s", "confirmed", "real_s", "why"),
    [
        (0, True, None, None),
        (299, True, None, None),
        (300, True, None, Ended.TIME),
        (30, False, None, None),
        (60, False, None, None),
        (60.001, False, None, Ended.RESTART),
        (300, False, None, Ended.TIME),
        (10, True, 0, Ended.REAL),
        (10, True, -0.001, None),
        (300, True, 5, Ended.REAL),
    ],
)
def test_a_drill_ends_at_its_time_or_when_its_box_knows_of_none_or_when_somebody_calls_in_earnest(
    now_s: float, confirmed: bool, real_s: float | None, why: Ended | None
) -> None:
    real_at = None if real_s is None else after(real_s)
    assert ending(NOW, after(300), confirmed, real_at, after(now_s)) is why


@pytest.mark.parametrize("why", Ended)
def test_an_incident_that_ends_as_a_drill_says_so_and_asks_for_nothing_more(why: Ended) -> None:
    updates, kind, data = closing(NOW, why)
    assert updates == {
        "state": "closed", "closed_at": NOW, "outcome": "drill", "changed_at": NOW, "drill_ends_at": None,
    }  # fmt: skip
    assert (kind, data) == ("drill.ended", {"outcome": "drill", "why": why.value})
    assert closing(NOW)[2]["why"] == "time"


# --- when it is none -------------------------------------------------------------------------------------------------


@given(st.none() | seconds)
def test_for_an_hour_after_its_end_a_drill_can_be_called_real_and_a_real_call_never(closed_s: int | None) -> None:
    closed_at = None if closed_s is None else after(-closed_s)
    assert can_turn_real(True, closed_at, NOW) is (closed_s is None or closed_s <= 3600)
    assert not can_turn_real(False, closed_at, NOW)
    assert can_turn_real(True, after(-3600), NOW)
    assert not can_turn_real(True, after(-3600.001), NOW)


def test_the_words_and_lengths_of_drills() -> None:
    """Programs and pages rely on them."""
    assert [one.value for one in Reach] == ["first", "everybody", "nobody"]
    assert [one.value for one in Ended] == ["time", "person", "real", "restart"]
    assert (MINUTES, DEFAULT_MINUTES) == ((5, 10, 15, 30, 60), 15)
    assert DEFAULT_MINUTES in MINUTES
