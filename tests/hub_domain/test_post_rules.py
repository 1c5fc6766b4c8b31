"""What is said about a post on the internet, word for word (Setagaya's SNS procedure)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain import posts
from hub.domain.course import Course, Happened
from hub.domain.deed import Decision, DeedRefused, Facts, Person
from hub.domain.incident import Entry, NotPossible, Origin, State
from hub.domain.marks import Notice
from hub.domain.notices import Why
from hub.domain.post_saying import Evidence, FirstReport, Found, KeptEvidence, MeetingAsked, PostSaid, PostStep
from hub.domain.posts import STEPS, Stand
from tests.hub_domain.life import PROFILES

NOW = datetime(2027, 1, 4, 0, 0, tzinfo=UTC)
SETAGAYA = PROFILES["setagaya"]
SATO = Person("7", "佐藤", "section_head")


def ago(minutes: float) -> str:
    return (NOW - timedelta(minutes=minutes)).isoformat()


def happened(kind: Entry, **data: Any) -> Happened:
    return Happened(kind.value, NOW - timedelta(hours=1), data)


def evidence(*numbers: int) -> tuple[Happened, ...]:
    return tuple(happened(Entry.EVIDENCE_KEPT, number=one) for one in numbers)


def does(said: Any, *before: Happened, state: State = State.CONTACT_ENDED, profile: Any = SETAGAYA) -> Decision:
    facts = Facts(state, False, NOW, course=Course(entries=before), origin=Origin.POST)
    return posts.decide(facts, said, SATO, NOW, profile)


def refused(said: Any, *before: Happened) -> list[str]:
    with pytest.raises(DeedRefused) as refusal:
        does(said, *before)
    return [one.field for one in refusal.value.problems]


def step(name: str, **said: Any) -> PostStep:
    return PostStep.model_validate({"step": name, **said})


def test_what_is_no_word_about_a_post_is_refused_loudly_and_of_a_call_nobody_says_any() -> None:
    with pytest.raises(TypeError, match="PostSaid is not about a post"):
        does(PostSaid())
    for origin in (Origin.COUNTER, Origin.VISIT):
        facts = Facts(State.CONTACT_ENDED, False, NOW, origin=origin)
        with pytest.raises(DeedRefused) as refusal:
            posts.decide(facts, step("verify"), SATO, NOW, SETAGAYA)
        assert [one.field for one in refusal.value.problems] == ["incident"]


@pytest.mark.parametrize(
    ("found", "occurred", "fields"),
    [(-1, None, []), (-1.1, None, ["found_at"]), (5, 5, []), (5, 4.9, ["occurred_at"]),
     (-2, -3, ["found_at", "occurred_at"])],
)  # fmt: skip
def test_a_post_was_there_before_it_was_found(found: float, occurred: float | None, fields: list[str]) -> None:
    said = {"found_at": ago(found), "service": "x", "box": "b", "situation": "拡散中"}
    more = {} if occurred is None else {"occurred_at": ago(occurred)}
    assert [one.field for one in posts.found_problems(Found.model_validate(said | more), NOW)] == fields


def test_set_19_the_first_report_keeps_the_fields_that_were_said_and_asks_for_one() -> None:
    parts: dict[str, Any] = {
        "staff_unit": "市民課", "staff_name": "田中", "course": "窓口で", "situation": "拡散中",
        "first_response": "見守り", "other": "なし", "unit": "総務課", "person_in_charge": "佐藤", "contact": "内線 12",
    }  # fmt: skip
    said = FirstReport.model_validate(parts | {"occurred_at": ago(90), "reported_at": ago(0)})
    for state in State:
        kept = does(said, state=state)
        assert kept == Decision(
            state, Entry.POST_DESCRIBED, NOW, "",
            {"sns": parts | {"occurred_at": "2027-01-03T22:30:00Z", "reported_at": "2027-01-04T00:00:00Z"}},
        )  # fmt: skip
        assert posts.form_fields(said) == kept.data["sns"]
    assert does(FirstReport(other="x")).data == {"sns": {"other": "x"}}
    assert refused(FirstReport()) == ["situation"]


def test_set_21_evidence_is_numbered_and_witnessed_and_says_who_copied_what_and_when() -> None:
    whole = Evidence.model_validate(
        {"address": "https://x.example/1", "provider": "相談窓口", "verbatim": "「無能」", "taken_at": ago(5),
         "taken_by": "田中", "text": "写し"}
    )  # fmt: skip
    kept = does(whole, *evidence(1, 2), state=State.CLOSED)
    assert kept == Decision(
        State.CLOSED, Entry.EVIDENCE_KEPT, NOW, "写し",
        {"number": 3, "address": "https://x.example/1", "provider": "相談窓口", "verbatim": "「無能」",
         "taken_at": ago(5), "taken_by": "田中"},
        witnessed=True,
    )  # fmt: skip
    bare = {"number": 1, "taken_at": NOW.isoformat(), "taken_by": "佐藤"}
    assert does(Evidence(verbatim="「無能」")).data == {**bare, "verbatim": "「無能」"}
    file = {"kind": "png", "bytes": 9, "sha256": "sha256:a", "sealed": "sha256:b", "sealed_bytes": 99}
    copy = KeptEvidence.model_validate(file | {"taken_at": ago(-0.5)})
    assert does(copy).data == {**bare, "file": file}
    assert does(copy).witnessed
    assert refused(Evidence(text="x")) == ["address"]
    assert refused(Evidence.model_validate({"address": "x", "taken_at": ago(-1.1)})) == ["taken_at"]
    assert does(copy, *evidence(*range(1, 200))).data["number"] == 200
    assert refused(Evidence.model_validate({"taken_at": ago(-2)}), *evidence(*range(1, 201))) == [
        "evidence", "taken_at", "address",
    ]  # fmt: skip


def test_set_21_a_step_is_kept_with_what_was_left_out_before_it() -> None:
    before = (*evidence(1, 2), happened(Entry.POST_STEP, step="verify"), happened(Entry.POST_STEP, step="police"))
    again = step("police", words="届けた", evidence=[2, 1, 2], damage_report="filed")
    assert does(again, *before) == Decision(
        State.CONTACT_ENDED, Entry.POST_STEP, NOW, "届けた",
        {"step": "police", "count": 2, "left_out": ["preserve"], "evidence": [1, 2], "damage_report": "filed"},
    )  # fmt: skip
    assert does(step("verify"), *evidence(1)).data == {"step": "verify", "count": 1}
    lawyer = does(step("lawyer", reason="急ぐ"), *before).data
    assert lawyer == {"step": "lawyer", "count": 1, "reason": "急ぐ", "left_out": ["preserve"]}
    assert refused(step("lawyer"), *before) == ["reason"]
    assert refused(step("preserve")) == ["reason", "reason"], "nothing was verified, and nothing is kept"
    assert refused(step("police", evidence=[1, 3]), *evidence(1)) == ["evidence"]
    assert refused(step("verify", damage_report="later")) == ["step"]
    assert refused(step("verify", evidence=[1]), *evidence(1)) == ["step"]
    with pytest.raises(NotPossible):
        does(step("verify"), state=State.CLOSED)


@given(st.lists(st.sampled_from(STEPS), max_size=8))
def test_set_21_the_four_steps_stand_in_their_order_with_what_comes_before_and_is_not_done(taken: list[Any]) -> None:
    course = Course(entries=tuple(happened(Entry.POST_STEP, step=one, place=place) for place, one in enumerate(taken)))
    found = posts.stands(course)
    assert [one.step for one in found] == ["verify", "preserve", "police", "lawyer"]
    for place, one in enumerate(found):
        mine = [entry for entry in course.entries if entry.data["step"] == one.step]
        before = tuple(name for name in STEPS[:place] if name not in taken)
        assert one == Stand(one.step, len(mine), mine[-1] if mine else None, before)


def test_set_21_the_meeting_is_asked_for_where_the_city_says_who_calls_it() -> None:
    said = MeetingAsked(text="対応方針", wanted="明日の朝", persons=("課長 佐藤", "係長 田中"))
    found = does(said, happened(Entry.MEETING_ASKED))
    office, role = posts.meeting_office(SETAGAYA)
    assert (office, role) == (next(iter(SETAGAYA.routing["hard_case"])), "general_affairs")
    assert found == Decision(
        State.CONTACT_ENDED, Entry.MEETING_ASKED, NOW, "対応方針",
        {"count": 2, "office": office, "wanted": "明日の朝", "persons": ["課長 佐藤", "係長 田中"]},
        notices=(Notice(Why.MEETING, ("general_affairs",), occasion=2),),
    )  # fmt: skip
    silent = SETAGAYA.model_copy(update={"routing": {}})
    assert does(MeetingAsked(text="x"), profile=silent).data == {"count": 1}
    elsewhere = SETAGAYA.model_copy(
        update={
            "routing": {"hard_case": ("所属長", "総務課")},
            "roles": {"所属長": "section_head", "総務課": "general_affairs"},
        }
    )
    assert posts.meeting_office(elsewhere) == ("総務課", "general_affairs")
