"""A timeline with repeated alerts is told shortly, and nothing of it gets lost."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hub.domain.course import Happened
from hub.domain.repeats import ALERTED, FEW, folded

AT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
PEOPLE = (["chief"], ["chief", "head"], ["guard"])
PARTS = ["acknowledged", "noted", "alarm.repeated"]


def timeline(*kinds: tuple[str, dict[str, Any]]) -> list[Happened]:
    return [Happened(kind, AT + timedelta(seconds=30 * place), data) for place, (kind, data) in enumerate(kinds)]


def alerted(*contacts: str, **data: Any) -> tuple[str, dict[str, Any]]:
    return ALERTED, {"stage_s": 0, "contacts": list(contacts), "roles": [], **data}


entries = st.one_of(
    st.builds(
        lambda contacts, late_ms: alerted(*contacts, **({"late_ms": late_ms} if late_ms else {})),
        st.sampled_from(PEOPLE),
        st.sampled_from([0, 0, 2500]),
    ),
    st.sampled_from([*PARTS, "segment.sealed", "segment.sealed"]).map(lambda kind: (kind, {})),
)


@given(st.lists(entries, max_size=80))
def test_what_is_folded_and_what_stands_by_itself_are_the_whole_timeline_in_its_order(
    kinds: list[tuple[str, dict[str, Any]]],
) -> None:
    whole = timeline(*kinds)
    told = folded(whole)
    stands = [one for one, _ in told]
    repeats = [one for _, one in told if one is not None]
    assert stands == sorted(stands, key=lambda one: one.at)
    assert [one for one in stands if one.kind != ALERTED] == [one for one in whole if one.kind != ALERTED]
    assert len(stands) + sum(one.count for one in repeats) == len(whole)
    late = [one for one in whole if "late_ms" in one.data]
    assert len([one for one in stands if "late_ms" in one.data]) + sum(one.late for one in repeats) == len(late)
    parts = 1 + sum(one.kind in PARTS for one in whole)
    assert len([one for one in stands if one.kind == ALERTED]) <= parts * (len(PEOPLE) + FEW + 1)


def test_the_first_to_each_and_the_newest_stand_and_the_rest_is_a_number_with_how_late_it_was() -> None:
    rounds = [alerted("chief"), alerted("chief", "guard"), *[alerted("chief", "guard")] * 9]
    rounds[5] = alerted("chief", "guard", late_ms=4000)
    whole = timeline(*rounds)
    told = folded(whole)
    assert [one for one, _ in told] == [whole[0], whole[1], whole[10]]
    repeats = told[-1][1]
    assert repeats is not None
    assert (repeats.count, repeats.since_at, repeats.late, repeats.late_ms) == (8, whole[2].at, 1, 4000)


def test_an_ordinary_call_is_told_round_by_round_and_so_is_what_came_between() -> None:
    few = [alerted("chief")] * (FEW + 2)
    whole = timeline(*few, ("acknowledged", {}), *few)
    assert folded(whole) == [(one, None) for one in whole]


def test_segments_of_a_recording_part_no_alerts() -> None:
    kinds = [one for _ in range(20) for one in (alerted("chief"), ("segment.sealed", {}))]
    assert [one.count for _, one in folded(timeline(*kinds)) if one] == [18]
