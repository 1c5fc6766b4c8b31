"""How soon people answer, as figures."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hub.domain.response import MARKS_S, Asked, shares

AT = datetime(2026, 11, 20, 2, 41, 36, tzinfo=UTC)
NOW = AT + timedelta(days=1)


def asked(answer_s: float | None = None, level: str = "assist", **facts: Any) -> Asked:
    seen = None if answer_s is None else AT + timedelta(seconds=answer_s)
    known: dict[str, Any] = {
        "level": level,
        "drill": False,
        "state": "closed",
        "outcome": "harassment",
        "raised_at": AT,
        "seen_at": seen,
        "responding_at": seen if level == "emergency" else None,
    }
    return Asked(**(known | facts))


def figure(found: list[Asked], level: str = "assist", drill: bool = False, now: datetime = NOW) -> Any:
    (one,) = [one for one in shares(found, now) if (one.level, one.drill) == (level, drill)]
    return one


def test_shi_33_answers_within_10_s_and_40_s_are_counted_to_the_second() -> None:
    share = figure([asked(9.9), asked(10), asked(10.1), asked(40), asked(41), asked(None)])
    assert (share.calls, share.answered, share.within) == (6, 5, {10: 2, 40: 4})
    assert (share.percent(10), share.percent(40)) == (33, 66)
    assert share.median_s == 10.1


def test_a_share_is_never_rounded_up_to_all() -> None:
    assert figure([asked(1)] * 199 + [asked(300)]).percent(10) == 99
    assert figure([]).percent(10) is None


def test_an_emergency_is_answered_only_by_somebody_who_is_coming() -> None:
    seen_only = asked(3, "emergency", responding_at=None)
    coming = asked(3, "emergency", responding_at=AT + timedelta(seconds=39))
    share = figure([seen_only, coming], "emergency")
    assert (share.calls, share.answered, share.within) == (2, 1, {10: 0, 40: 1})
    quick = asked(30, responding_at=AT + timedelta(seconds=5))
    assert figure([quick]).within[10] == 1, "going there is seeing it"


def test_who_was_on_the_way_before_the_raise_answered_at_once() -> None:
    share = figure([asked(-20, "emergency")], "emergency")
    assert share.median_s == 0.0


def test_drills_mistakes_and_calls_that_may_still_be_in_time_are_apart() -> None:
    found = [
        asked(5, drill=True),
        asked(7, outcome="drill"),
        asked(None, outcome="false_press"),
        asked(4, outcome="false_press"),
        asked(None, state="raised", outcome=None),
    ]
    share = figure(found, now=AT + timedelta(seconds=20))
    assert (share.calls, share.mistaken, share.running) == (1, 1, 1)
    assert figure(found, drill=True).calls == 2
    late = figure(found, now=AT + timedelta(seconds=41))
    assert (late.calls, late.answered, late.running) == (2, 1, 0)


_asked = st.builds(
    Asked,
    level=st.sampled_from(["assist", "emergency"]),
    drill=st.booleans(),
    state=st.sampled_from(["raised", "seen", "attended", "closed"]),
    outcome=st.sampled_from([None, "harassment", "false_press", "drill"]),
    raised_at=st.floats(0, 10**6).map(lambda back: NOW - timedelta(seconds=back)),
    seen_at=st.none() | st.floats(-100, 500).map(lambda on: NOW + timedelta(seconds=on)),
    responding_at=st.none() | st.floats(-100, 500).map(lambda on: NOW + timedelta(seconds=on)),
)


@given(st.lists(_asked))
def test_every_call_is_counted_in_exactly_one_place(found: list[Asked]) -> None:
    figures = shares(found, NOW)
    assert sum(one.calls + one.running + one.mistaken for one in figures) == len(found)
    for one in figures:
        assert one.within[MARKS_S[0]] <= one.within[MARKS_S[1]] <= one.answered <= one.calls
