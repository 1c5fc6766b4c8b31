"""How incidents end, are called anew, and how what was wrongly said of an end is put right: by a further entry."""

from datetime import timedelta
from typing import Any

import pytest

from contract.messages import CommandType
from hub.domain import saying
from hub.domain.course import Course
from hub.domain.decision import Person
from hub.domain.incident import ALARMING, NOBODY, Entry, NotPossible, Origin, Outcome, State
from tests.hub_domain.test_what_is_written import NOW, PRESSED, ago, does, happened, refused

KAKARI = Person("9", "田中", "staff")
NOBODY_COMES = ((CommandType.NOBODY_AVAILABLE, ""),)


def mark(name: str, **said: Any) -> saying.Mark:
    return saying.Mark.model_validate({"mark": name, **said})


def close(outcome: Outcome, **said: Any) -> saying.Close:
    return saying.Close.model_validate(
        {"outcome": outcome, "prevention": "二人で出る", "not_shared": "係内で済む", **said}
    )


def judged(*findings: str, **more: Any) -> dict[str, Any]:
    entries = [happened(Entry.JUDGED, 9 - place, finding=one) for place, one in enumerate(findings)]
    return {"course": Course(entries=tuple(entries)), **more}


# --- a judgement is not undone by one person -------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.JUDGED, State.REPORTED, State.CLOSED])
@pytest.mark.parametrize("said", [mark("false_press"), close(Outcome.FALSE_PRESS)])
def test_shi_01_what_several_people_judged_is_no_false_press(state: State, said: saying.Said) -> None:
    for known in (judged("harassment"), {"course": Course(entries=(happened(Entry.REPORTED, to=["総務課"]),))}):
        outcome = Outcome.HARASSMENT if state is State.CLOSED else None
        assert refused(said, state, outcome=outcome, **known) == ["mark" if said == mark("false_press") else "outcome"]


@pytest.mark.parametrize("outcome", [Outcome.HARASSMENT, Outcome.NEAR_MISS, Outcome.NOT_HARASSMENT])
def test_shi_01_an_incident_ends_as_the_last_judgement_says(outcome: Outcome) -> None:
    others = [one for one in (Outcome.HARASSMENT, Outcome.NEAR_MISS, Outcome.NOT_HARASSMENT) if one is not outcome]
    for state, known in ((State.JUDGED, None), (State.CLOSED, others[0])):
        facts = judged(others[0].value, outcome.value, outcome=known)
        assert does(close(outcome), state, **facts).updates["outcome"] == outcome.value
        for other in others:
            if other is not known:
                assert refused(close(other), state, **facts) == ["outcome"]


def test_after_the_contact_only_who_may_close_it_says_that_it_was_pressed_by_mistake() -> None:
    for state in ALARMING:
        assert does(mark("false_press"), state, who=KAKARI).state is State.CLOSED
    assert refused(mark("false_press"), State.CONTACT_ENDED, who=KAKARI) == ["mark"]
    assert does(mark("false_press"), State.CONTACT_ENDED).state is State.CLOSED


def test_nobody_pressed_for_a_post() -> None:
    for said, field in ((mark("false_press"), "mark"), (close(Outcome.FALSE_PRESS), "outcome")):
        assert refused(said, State.CONTACT_ENDED, origin=Origin.POST) == [field]


# --- what was wrong is put right by a further entry ------------------------------------------------------------------


def test_a_wrong_outcome_is_corrected_by_a_further_close_that_says_what_stood_before() -> None:
    again = does(close(Outcome.NEAR_MISS, text="聞き直した"), State.CLOSED, outcome=Outcome.NOT_HARASSMENT)
    assert (again.state, again.updates) == (State.CLOSED, {"outcome": "near_miss"})
    assert again.data == {
        "outcome": "near_miss", "prevention": "二人で出る", "not_shared": "係内で済む", "first": False,
        "before": "not_harassment",
    }  # fmt: skip
    assert refused(close(Outcome.NEAR_MISS), State.CLOSED, outcome=Outcome.DRILL, drill=True) == ["outcome"]
    assert refused(mark("false_press"), State.CLOSED, outcome=Outcome.NEAR_MISS) == ["mark"]


def test_a_press_that_was_called_false_by_mistake_is_open_again() -> None:
    closed_at = NOW - timedelta(minutes=3)
    again = does(mark("real_call", text="押し間違えた"), State.CLOSED, outcome=Outcome.FALSE_PRESS, closed_at=closed_at)
    assert (again.state, again.data, again.text) == (State.CONTACT_ENDED, {"mark": "real_call"}, "押し間違えた")
    assert again.updates == {"closed_at": None, "outcome": None, "contact_ended_at": closed_at}
    earlier = closed_at - timedelta(minutes=5)
    known = does(mark("real_call"), State.CLOSED, outcome=Outcome.FALSE_PRESS, contact_ended_at=earlier)
    assert known.updates["contact_ended_at"] == earlier
    assert refused(close(Outcome.NEAR_MISS), State.CLOSED, outcome=Outcome.FALSE_PRESS) == ["outcome"]
    for outcome, state in ((Outcome.NEAR_MISS, State.CLOSED), (None, State.ATTENDED)):
        assert refused(mark("real_call"), state, outcome=outcome) == ["mark"]


def test_a_wrong_end_of_the_contact_is_corrected_and_none_lies_before_the_press() -> None:
    def ended(minutes: float) -> saying.Contact:
        return saying.Contact.model_validate({"action": "ended", "at": ago(minutes)})

    wrong = NOW - timedelta(minutes=28)
    right = does(ended(5), State.CONTACT_ENDED, contact_ended_at=wrong)
    corrected = {"first": False, "before": wrong.isoformat()}
    assert (right.at, right.data, right.commands) == (NOW - timedelta(minutes=5), corrected, ())
    assert right.updates == {"contact_ended_at": NOW - timedelta(minutes=5)}
    assert NOW - timedelta(minutes=30) == PRESSED
    assert does(ended(30)).updates == {"contact_ended_at": PRESSED}
    assert refused(ended(30.1)) == ["at"]
    assert does(ended(30.1), origin=Origin.VISIT).updates["contact_ended_at"] < PRESSED
    believed = Course(pressed_at=NOW - timedelta(minutes=10))
    assert refused(ended(11), course=believed) == ["at"]
    ahead = Course(pressed_at=NOW + timedelta(hours=2))  # the hub's clock was set back meanwhile
    plain = saying.Contact.model_validate({"action": "ended"})
    assert does(plain, course=ahead).updates == {"contact_ended_at": NOW + timedelta(hours=2)}


# --- calling anew ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "answer"),
    [("assist", {"seen_by": "1"}), ("assist", {"responder": "1"}), ("emergency", {"responder": "1"})],
)
def test_who_was_to_come_and_does_not_is_no_answer_any_more(level: str, answer: dict[str, Any]) -> None:
    again = does(mark("call_again", text="会議から出られない"), course=Course(level=level), **answer)
    assert (again.state, again.entry) == (State.RAISED, Entry.MARKED)
    assert again.updates == NOBODY, "it goes on from where the ladder stood"
    assert again.asks_again
    assert again.data == {"mark": "call_again", "calls": level}
    assert again.commands == NOBODY_COMES


@pytest.mark.parametrize(("level", "known"), [("assist", {}), ("emergency", {"seen_by": "1"})])
def test_a_call_that_nobody_has_answered_climbs_on_and_does_not_begin_again(level: str, known: dict[str, Any]) -> None:
    again = does(mark("call_again"), State.RAISED, course=Course(level=level), **known)
    assert (again.state, again.updates, again.commands) == (State.RAISED, {}, ())


@pytest.mark.parametrize("known", [{}, {"responder": "1"}])
def test_nobody_is_called_anew_when_the_contact_is_over(known: dict[str, Any]) -> None:
    with pytest.raises(NotPossible):
        does(mark("call_again"), State.CONTACT_ENDED, **known)


@pytest.mark.parametrize("act", ["danger", "violence", "confine"])
@pytest.mark.parametrize("state", ALARMING)
def test_shi_19_who_marks_that_somebody_is_in_danger_calls_as_by_the_button(act: str, state: State) -> None:
    called = does(mark("act", act=act), state, who=KAKARI, course=Course(), responder="1", seen_by="1")
    assert called.state is State.RAISED
    assert called.updates == {**NOBODY, "level": "emergency", "raised_at": NOW}
    assert called.data == {"mark": "act", "act": act, "calls": "emergency"}
    assert called.commands == NOBODY_COMES


def test_shi_19_what_is_over_or_is_called_for_already_or_endangers_nobody_calls_nobody() -> None:
    for said, state, level in (
        (mark("act", act="danger"), State.CONTACT_ENDED, "assist"),
        (mark("act", act="danger", at=ago(0.5)), State.ATTENDED, "emergency"),
        (mark("act", act="danger"), State.ATTENDED, "emergency"),
        (mark("act", act="danger", at=ago(2)), State.ATTENDED, "assist"),
        (mark("act", act="abuse"), State.ATTENDED, "assist"),
    ):
        found = does(said, state, course=Course(level=level), responder="1")
        assert (found.state, found.updates, found.commands) == (state, {}, ()), said


def test_shi_19_what_is_written_down_when_the_visitor_has_gone_calls_nobody() -> None:
    gone = Course(entries=(happened(Entry.MARKED, 5, mark="visitor_left"),))
    found = does(mark("act", act="violence"), course=gone, responder="1")
    assert (found.state, found.updates) == (State.ATTENDED, {})


def test_a_judgement_of_a_closed_incident_can_be_put_right_by_judging_anew() -> None:
    said = saying.Judgement.model_validate(
        {"finding": "near_miss", "persons": ["所属長 佐藤", "係長級 田中"], "text": "聞き直した"}
    )
    again = does(said, State.CLOSED, outcome=Outcome.HARASSMENT, **judged("harassment"))
    assert (again.state, again.entry, again.updates) == (State.CLOSED, Entry.JUDGED, {})
    closed = does(
        close(Outcome.NEAR_MISS), State.CLOSED, outcome=Outcome.HARASSMENT, **judged("harassment", "near_miss")
    )
    assert closed.updates == {"outcome": "near_miss"}


def test_a_false_press_is_taken_back_by_who_may_say_it_and_never_in_a_drill() -> None:
    known: dict[str, Any] = {"outcome": Outcome.FALSE_PRESS, "closed_at": NOW}
    assert does(mark("real_call"), State.CLOSED, who=KAKARI, **known).state is State.CONTACT_ENDED
    over = {**known, "contact_ended_at": NOW}
    assert refused(mark("real_call"), State.CLOSED, who=KAKARI, **over) == ["mark"]
    assert refused(mark("real_call"), State.CLOSED, drill=True, **known) == ["mark"]
