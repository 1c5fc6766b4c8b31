"""What a judgement must look at, and who must be there, in each city."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contract import profile as policy
from contract.profile import PolicyProfile
from hub.domain import findings
from hub.domain.course import Course, Happened
from hub.domain.deed import Decision, DeedRefused, Facts, Person, decide
from hub.domain.incident import Entry, Outcome, State
from hub.domain.saying import Account, Close, Contact, Judgement, Report
from hub.domain.sharing import shared

NOW = datetime(2026, 11, 20, 2, 41, 36, tzinfo=UTC)
FOLDER = Path(policy.__file__).parent / "profiles"
PROFILES = {path.stem: policy.load(path.read_text("utf-8"), path.name) for path in FOLDER.glob("*.toml")}
SHINAGAWA = PROFILES["shinagawa"]
SATO = Person("1", "佐藤", "section_head")
BOTH = ("所属長 鈴木", "係長級 佐藤")
LOOKED_AT = {"content": "求めに理由がない", "manner": "大声", "time": "三度目", "means": "机をたたいた"}
TESTS = {"environment": "窓口が止まった", "average_employee": True, "dropped": False}
ELEMENTS = {"nuisance": True, "harm": True}
FOUND: dict[str, Any] = {"finding": "harassment", "acts": ("abuse",), "persons": BOTH, **LOOKED_AT, **TESTS, **ELEMENTS}


def lacking(profile: PolicyProfile = SHINAGAWA, **changed: Any) -> set[str]:
    return {problem.field for problem in findings.problems(Judgement(**{**FOUND, **changed}), profile)}


def found(outcome: Outcome, *more: Happened) -> Course:
    """The course of what was judged so."""
    return Course(entries=(Happened("judged", NOW, {"finding": outcome.value}), *more))


FOUND_SO = found(Outcome.HARASSMENT)


def decided(
    said: Any, state: State = State.CONTACT_ENDED, profile: PolicyProfile = SHINAGAWA, course: Course | None = None
) -> Decision:
    return decide(Facts(state, False, NOW, course=course or Course()), said, SATO, NOW, profile)


def test_shi_01_a_judgement_needs_several_persons_and_one_of_them_the_head() -> None:
    assert lacking() == set()
    assert lacking(persons=BOTH[:1]) == {"persons"}
    assert lacking(persons=("係長級 佐藤", "主任 田中")) == {"persons"}
    assert lacking(persons=("所属長 鈴木", "所属長 鈴木")) == {"persons"}
    assert lacking(persons=("施設長 鈴木", "主任 田中")) == set()


def test_shi_02_deputies_suffice_only_when_the_head_is_said_to_be_absent() -> None:
    deputies = ("庶務担当係長 佐藤", "主任 田中")
    assert lacking(persons=deputies) == {"persons"}
    assert lacking(persons=deputies, head_absent=True) == set()
    assert lacking(persons=deputies[:1], head_absent=True) == {"persons"}


@pytest.mark.parametrize("field", ["content", "manner", "time"])
def test_shi_03_every_viewpoint_is_looked_at_in_words(field: str) -> None:
    assert lacking(SHINAGAWA, **{field: ""}) == {field}


@pytest.mark.parametrize(("field", "nothing"), [("environment", ""), ("average_employee", None), ("dropped", None)])
def test_shi_03_the_effect_on_the_work_is_asked_and_stored(field: str, nothing: Any) -> None:
    assert lacking(**{field: nothing}) == {field}
    stored = decided(Judgement(**FOUND)).data
    assert (stored["average_employee"], stored["dropped"], stored["environment"]) == (True, False, "窓口が止まった")


@pytest.mark.parametrize("finding", ["near_miss", "not_harassment"])
def test_shi_03_what_is_found_to_be_no_harassment_has_a_ground_in_words(finding: str) -> None:
    none: dict[str, Any] = {"finding": finding, "acts": (), **dict.fromkeys(LOOKED_AT, ""), "environment": ""}
    assert lacking(**none) == {"text"}
    assert lacking(**none, text="言い方は強いが、求めには理由がある") == set()
    for viewpoint in (*LOOKED_AT, "environment"):
        assert lacking(**{**none, viewpoint: "強い言い方ではなかった"}) == set()


@pytest.mark.parametrize("state", [State.RAISED, State.SEEN, State.ATTENDED])
def test_shi_04_a_judgement_is_open_from_the_first_minute_and_the_contact_goes_on(state: State) -> None:
    assert decided(Judgement(**{**FOUND, "acts": ("discrim",)})).state is State.JUDGED
    early = decided(Judgement(**{**FOUND, "acts": ("discrim",)}), state)
    assert (early.state, early.entry, early.commands) == (state, Entry.JUDGED, ())
    late = decided(Judgement(**FOUND), State.CLOSED)
    assert (late.state, late.entry, late.updates) == (State.CLOSED, Entry.JUDGED, {}), "what was found can be put right"


def test_shi_28_a_record_without_the_words_as_spoken_is_kept_with_a_warning() -> None:
    assert decided(Account(kind="record", how="机をたたいた")).data["no_verbatim"] is True
    full = decided(Account(kind="record", verbatim="「出てこい」", note_taker="田中")).data
    assert "no_verbatim" not in full
    assert full["note_taker"] == "田中"
    assert decided(Account(kind="record")).data["note_taker"] == "佐藤"


def test_sug_02_the_account_of_who_was_harmed_is_an_entry_of_its_own() -> None:
    assert decided(Account(kind="statement", how="怖かった")).data["kind"] == "statement"


def test_set_13_a_report_has_circumstances_outcome_and_course_and_moves_the_incident_on() -> None:
    said = Report(to=("総務課",), circumstances="窓口で", outcome="帰った", course="大声")
    decision = decided(said, State.JUDGED)
    assert decision.state is State.REPORTED
    assert {"to", "circumstances", "outcome", "course"} <= set(decision.data)
    for missing in ("circumstances", "outcome", "course"):
        with pytest.raises(ValueError, match=missing):
            Report.model_validate({**said.model_dump(), missing: ""})


@pytest.mark.parametrize("outcome", [Outcome.HARASSMENT, Outcome.NEAR_MISS])
def test_sug_05_a_case_is_closed_with_what_will_prevent_the_next(outcome: Outcome) -> None:
    with pytest.raises(DeedRefused) as refusal:
        decided(Close(outcome=outcome), State.REPORTED, course=found(outcome))
    assert [problem.field for problem in refusal.value.problems] == ["prevention", "shared_with"]
    ended = decided(
        Close(outcome=outcome, prevention="二人で出る", shared_with=("総務課",)), State.REPORTED, course=found(outcome)
    )
    assert ended.state is State.CLOSED


SHARED = {
    "a report": Happened("reported", NOW, {"to": ["総務課", "所属長"]}),
    "an office that was told": Happened("marked", NOW, {"mark": "referred", "unit": "広報広聴課"}),
    "the urgent word": Happened("notice.sent", NOW, {"why": "urgent", "contacts": ["affairs"]}),
}


@pytest.mark.parametrize("outcome", [Outcome.HARASSMENT, Outcome.NEAR_MISS])
@pytest.mark.parametrize("how", SHARED)
def test_sug_05_whoever_heard_of_a_case_is_known_at_its_close_and_nothing_more_is_asked(
    how: str, outcome: Outcome
) -> None:
    course = found(outcome, SHARED[how])
    ended = decided(Close(outcome=outcome, prevention="二人で出る"), State.REPORTED, course=course)
    assert ended.state is State.CLOSED
    assert {"shared_with", "not_shared"}.isdisjoint(ended.data)
    assert shared(course)
    assert all(one.whom is not None or how == "the urgent word" for one in shared(course))


@pytest.mark.parametrize("entry", [
    Happened("notified", NOW, {"why": "urgent", "contacts": ["affairs"]}),
    Happened("marked", NOW, {"mark": "referred"}),
    Happened("notice.sent", NOW, {"why": "filming", "contacts": ["desk"]}),
])  # fmt: skip
def test_sug_05_what_reached_nobody_was_not_shared(entry: Happened) -> None:
    course = found(Outcome.NEAR_MISS, entry)
    with pytest.raises(DeedRefused) as refusal:
        decided(Close(outcome=Outcome.NEAR_MISS, prevention="二人で出る"), State.REPORTED, course=course)
    assert [problem.field for problem in refusal.value.problems] == ["shared_with"]
    why = decided(
        Close(outcome=Outcome.NEAR_MISS, prevention="二人で出る", not_shared="係の中で話した"), State.REPORTED,
        course=course,
    )  # fmt: skip
    assert why.data["not_shared"] == "係の中で話した"
    none = found(Outcome.NOT_HARASSMENT, entry)
    assert decided(Close(outcome=Outcome.NOT_HARASSMENT), State.REPORTED, course=none).state is State.CLOSED


@pytest.mark.parametrize("findings", [(), ("near_miss",), ("harassment", "not_harassment")])
def test_shi_01_nobody_calls_it_harassment_that_was_not_judged_so(findings: tuple[str, ...]) -> None:
    course = Course(entries=tuple(Happened("judged", NOW, {"finding": finding}) for finding in findings))
    with pytest.raises(DeedRefused) as refusal:
        decided(
            Close(outcome=Outcome.HARASSMENT, prevention="二人で出る", not_shared="x"), State.REPORTED, course=course
        )
    assert [problem.field for problem in refusal.value.problems] == ["outcome"]


def test_shi_04_what_was_judged_early_counts_from_the_end_of_the_contact() -> None:
    ended = Contact.model_validate({"action": "ended"})
    assert decided(ended, State.ATTENDED).state is State.CONTACT_ENDED
    assert decided(ended, State.ATTENDED, course=FOUND_SO).state is State.JUDGED


def test_set_03_that_the_act_was_named_to_the_person_is_kept_with_its_time() -> None:
    said = Judgement.model_validate({**FOUND, "act_named_at": "2026-11-20T11:30:00+09:00"})
    assert decided(said).data["act_named_at"] == "2026-11-20T02:30:00+00:00"
