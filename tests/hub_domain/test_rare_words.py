"""What is said rarely and must hold all the same: a city that leaves something open, a form with everything in it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contract.problems import Refused
from contract.profile import PolicyProfile
from hub.domain import deciding, findings, ladder, marks, report, saying, scenario
from hub.domain.course import Course, Happened
from hub.domain.deed import DeedRefused, Facts, Person, decide
from hub.domain.form import Case, GapFact, Look, Moment, RecordingFact, Row, Rules, Table, Told, Words
from hub.domain.incident import Entry, NotPossible, Outcome, State
from hub.domain.response import Asked, shares
from hub.domain.tasks import Over, tasks, watch_dates
from tests.hub_domain.life import PROFILES

NOON = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
SHINAGAWA, SAPPORO, YURIHONJO = PROFILES["shinagawa"], PROFILES["sapporo"], PROFILES["yurihonjo"]
SATO = Person("1", "佐藤", "section_head")


def with_section(profile: PolicyProfile, section: str, **changed: Any) -> PolicyProfile:
    return profile.model_copy(update={section: getattr(profile, section).model_copy(update=changed)})


# --- deeds -----------------------------------------------------------------------------------------------------------


def said_now(said: saying.Said, profile: PolicyProfile = SHINAGAWA, **facts: Any) -> Any:
    return decide(Facts(facts.pop("state", State.ATTENDED), False, NOON, **facts), said, SATO, NOON, profile)


def fields(error: DeedRefused) -> list[str]:
    return [problem.field for problem in error.problems]


def test_what_is_no_deed_is_refused_loudly() -> None:
    with pytest.raises(TypeError, match="Said is no deed"):
        said_now(saying.Said())


def test_shi_19_the_police_are_called_past_a_ladder_that_does_not_name_them_and_what_was_left_out_is_kept() -> None:
    assert "police" not in YURIHONJO.ladder.steps
    asked_for = tuple(step for step in YURIHONJO.ladder.steps if step != "ask_leave")  # which is optional (YUR-08)
    written = said_now(saying.StepTaken(step="police", reason="殴られた"), YURIHONJO)
    assert written.data["skipped"] == list(asked_for)
    assert ladder.skipped(YURIHONJO, Course(), "police") == asked_for
    assert "skipped" not in said_now(saying.StepTaken(step="police"), YURIHONJO).data


def test_shi_35_the_units_line_needs_a_case_and_is_kept_with_its_number() -> None:
    with pytest.raises(DeedRefused) as refusal:
        said_now(saying.CaseNote(text="三人で会う"))
    assert fields(refusal.value) == ["case"]
    written = said_now(saying.CaseNote(text="三人で会う"), case_number="R8-1", state=State.CLOSED)
    assert (written.entry, written.text, written.data, written.updates) == (
        Entry.CASE_NOTED, "三人で会う", {"case": "R8-1"}, {},
    )  # fmt: skip
    linked = said_now(saying.Link.model_validate({"case": "R8-2"}), case_number="R8-1")
    assert (linked.data, linked.updates) == ({"case": "R8-2", "before": "R8-1"}, {"case_number": "R8-2"})


def test_a_task_that_the_incident_does_not_have_is_refused_before_and_after_its_end() -> None:
    moments: tuple[dict[str, Any], ...] = ({}, {"contact_ended_at": NOON})
    for facts in moments:
        with pytest.raises(DeedRefused) as refusal:
            said_now(saying.TaskDone(task="care_check:99"), **facts)
        assert fields(refusal.value) == ["task"]
    written = said_now(saying.TaskDone(task="rest:0"), contact_ended_at=NOON)
    assert written.data == {"task": "rest:0", "kind": "rest", "private": True, "first": True}
    closed = said_now(saying.TaskDone(task="rest:0"), state=State.CLOSED, course=Course(ended_at=NOON))
    assert closed.state is State.CLOSED


def test_a_second_answer_is_written_down_and_does_not_replace_the_first() -> None:
    seen = said_now(saying.Acknowledge(), seen_by="7", seen_name="田中")
    assert (seen.data, seen.updates, seen.commands) == ({"first": False, "seen_by": "7", "seen_name": "田中"}, {}, ())
    coming = said_now(saying.Respond(), responder="7", responder_name="田中")
    assert coming.data == {"first": False, "responder": "7", "responder_name": "田中"}
    assert (coming.updates, coming.commands) == ({}, ())


@pytest.mark.parametrize(
    ("ago_s", "field"),
    [(-61, "at"), (-60, None), (0, None), (24 * 3600, None), (24 * 3600 + 1, "at")],
)
def test_a_time_may_lie_a_minute_ahead_and_a_day_before_the_press_and_no_further(ago_s: int, field: str | None) -> None:
    at = (NOON - timedelta(seconds=ago_s)).isoformat()
    contact = saying.Contact.model_validate({"action": "started", "at": at})
    if field:
        with pytest.raises(DeedRefused) as refusal:
            said_now(contact)
        assert fields(refusal.value) == [field]
        return
    assert said_now(contact).at == min(NOON, NOON - timedelta(seconds=ago_s))


def contact(what: str, minutes: float | None = None) -> saying.Contact:
    at = None if minutes is None else (NOON + timedelta(minutes=minutes)).isoformat()
    return saying.Contact.model_validate({"action": what, "at": at})


def test_a_contact_ends_after_it_began_and_each_of_both_once() -> None:
    at_ten, at_twenty = NOON - timedelta(minutes=50), NOON - timedelta(minutes=40)
    with pytest.raises(DeedRefused):
        said_now(contact("ended", -51), contact_started_at=at_ten)
    with pytest.raises(DeedRefused):
        said_now(contact("started", -39), contact_ended_at=at_twenty)
    assert said_now(contact("started", -40), contact_ended_at=at_twenty).updates == {"contact_started_at": at_twenty}
    assert said_now(contact("ended", -50), contact_started_at=at_ten).updates == {"contact_ended_at": at_ten}
    again = said_now(contact("ended"), contact_ended_at=at_twenty)
    assert (again.data, again.updates, again.commands) == ({"first": False}, {}, ())
    known = said_now(contact("started"), contact_started_at=at_ten)
    assert (known.data, known.updates) == ({"first": False}, {})
    mended = said_now(contact("started", -55), contact_started_at=at_ten)
    assert (mended.data, mended.updates) == ({"first": False}, {"contact_started_at": NOON - timedelta(minutes=55)})


def test_a_closed_incident_takes_no_second_close_and_no_contact() -> None:
    said = saying.Close.model_validate({"outcome": "not_harassment", "text": "x"})
    closed = said_now(said, state=State.CLOSED, outcome=Outcome.NOT_HARASSMENT)
    assert (closed.data["first"], closed.updates, closed.text) == (False, {}, "x")
    with pytest.raises(NotPossible):
        said_now(contact("ended"), state=State.CLOSED)


# --- what a mark, a decision and a judgement ask ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mark", "act", "profile", "roles"),
    [
        ("urgent", None, SHINAGAWA, ("supervisor", "section_head", "building_manager", "general_affairs")),
        ("cease_refused", None, SHINAGAWA, ("building_manager",)),
        ("filming", None, SHINAGAWA, ("building_manager",)),
        ("permit_none", None, SHINAGAWA, ("building_manager",)),
        ("permit_none", None, with_section(SHINAGAWA, "visitor_recording", rule="none"), None),
        ("filming", None, with_section(SHINAGAWA, "visitor_recording", rule="none"), None),
        ("act", "violence", SHINAGAWA, ("guard", "building_manager")),
        ("act", "violence", with_section(SHINAGAWA, "guards", alert_types=()), None),
        ("act_named", "violence", SHINAGAWA, None),
        ("stalemate", None, SHINAGAWA, None),
    ],
)
def test_set_15_shi_16_shi_20_who_must_hear_of_a_mark_at_once(
    mark: Any, act: Any, profile: PolicyProfile, roles: tuple[str, ...] | None
) -> None:
    found = marks.notices(saying.Mark(mark=mark, act=act), profile, Course(), "main")
    assert [notice.roles for notice in found] == ([] if roles is None else [roles])


def limit(profile: PolicyProfile, **said: Any) -> list[str]:
    return [one.field for one in deciding.problems(saying.Decide(about="limit", **said), profile)]


def test_set_04_where_the_city_lets_no_case_differ_no_limit_is_set_otherwise() -> None:
    whole = {"clock": "stalemate", "minutes": 45, "text": "通訳を待つ"}
    assert limit(SHINAGAWA, **whole) == []
    assert limit(with_section(SHINAGAWA, "clock", case_adjustable=False), **whole) == ["clock"]
    assert limit(SHINAGAWA) == ["clock", "minutes", "text"]


def test_shi_03_harassment_is_an_act_that_somebody_names() -> None:
    grounds: dict[str, Any] = {"content": "x", "manner": "x", "time": "x", "environment": "x", "average_employee": True}
    said = {"finding": "harassment", "persons": ("所属長 鈴木", "係長級 佐藤"), "dropped": False, **grounds}
    assert [one.field for one in findings.problems(saying.Judgement(**said), SHINAGAWA)] == ["acts"]


@pytest.mark.parametrize("element", ["nuisance", "harm"])
@pytest.mark.parametrize("found", [None, False])
def test_set_02_both_elements_must_be_found(element: str, found: bool | None) -> None:
    grounds: dict[str, Any] = {"nuisance": True, "harm": True, "manner": "x", "content": "x", "time": "x"}
    said = saying.Judgement(
        finding="harassment", acts=("abuse",), persons=("所属長 鈴木",), **(grounds | {element: found})
    )
    assert [one.field for one in findings.problems(said, PROFILES["setagaya"])] == [element]


# --- afterwards ------------------------------------------------------------------------------------------------------

POSTED = Happened(Entry.MARKED.value, NOON, {"mark": "act", "act": "online"})


def test_yur_05_a_post_is_told_to_the_police_where_the_city_says_so() -> None:
    over, course = Over("1", State.CONTACT_ENDED, False, False, NOON), Course(entries=(POSTED,))
    with_police = with_section(YURIHONJO, "sns", recipients=("警察",))
    (told,) = [task for task in tasks(with_police, over, course) if task.kind == "police_report"]
    assert (told.id, told.due_at, told.private) == ("police_report:0", NOON, False)
    without = with_section(YURIHONJO, "sns", recipients=("総務課",))
    assert [task.kind for task in tasks(without, over, course) if task.kind == "police_report"] == []


def test_set_20_without_a_day_of_the_week_a_post_is_looked_for_only_in_the_first_days() -> None:
    assert len(watch_dates(with_section(SAPPORO, "sns", watch_days=3, watch_weekday=None), NOON)) == 3
    assert watch_dates(with_section(SAPPORO, "sns", watch_days=None, watch_weekday="friday"), NOON) == []


def test_set_13_a_report_with_a_day_is_a_task_for_that_morning_where_somebody_gets_it() -> None:
    over = Over("1", State.CONTACT_ENDED, False, False, NOON)
    for to, found in ((("総務課",), ["report:3"]), ((), [])):
        city = with_section(SHINAGAWA, "report", deadline_days=3, to=to)
        due = [task for task in tasks(city, over, Course()) if task.kind == "report"]
        assert [task.id for task in due] == found
        assert all(task.due_at == datetime(2026, 11, 23, 0, 0, tzinfo=UTC) for task in due)  # 9 o'clock in the office


def test_a_level_that_no_figure_is_made_for_is_counted_in_none() -> None:
    known: dict[str, Any] = dict.fromkeys(Asked.__slots__)
    odd = Asked(**(known | {"level": "whatever", "drill": False, "raised_at": NOON}))
    assert [share.calls for share in shares([odd], NOON)] == [0, 0, 0, 0]


# --- a form with everything in it ------------------------------------------------------------------------------------

GAP = GapFact("picture", "lost", 1000, 3000)
KEPT = RecordingFact(True, False, 8000, 60_000, 30, 29, 1, (GAP,))


def told(kind: str, **data: Any) -> Told:
    return Told(NOON, kind, "person", "佐藤", "supervisor", "自分で出た", data)


CASE = Case(
    "2026-000123", "市民課", "assist", False, 1, NOON, "synced", NOON, None, "", None, "", None, None, None, None,
    (told("marked", mark="visitor_left"), told("marked", mark="recording_refused")), (), KEPT,
    (Look(NOON, "田中", "報告書"),), Rules("品川区", "sha256:0"), sns={"occurred_at": NOON}, whereabouts="left",
)  # fmt: skip


def police_parts(case: Case) -> dict[str, Row | Table]:
    return {part.name: part for section in report.police(case, NOON).sections for part in section.parts}


def test_officers_read_what_is_on_the_recording_what_it_lacks_and_that_the_visitor_left() -> None:
    found = police_parts(CASE)
    assert found["visitor_left"].values[1:] == (Moment(NOON), Words("自分で出た"))  # type: ignore[union-attr]
    assert [type(value).__name__ for value in found["recording"].values] == ["Term", "Length"]  # type: ignore[union-attr]
    assert found["refused"].values == (Moment(NOON),)  # type: ignore[union-attr]
    assert len(found["parts"].values) == 3, "a damaged part is said"  # type: ignore[union-attr]
    assert "pre_roll" in found
    assert isinstance(found["gaps"], Table)
    assert len(found["gaps"].rows) == 1
    assert "looks" not in found, "who looked is not for officers"


def test_a_whole_recording_says_that_nothing_is_missing_and_none_says_that_there_is_none() -> None:
    whole = police_parts(replace(CASE, recording=replace(KEPT, damaged=0, gaps=(), pre_roll_ms=0)))
    assert len(whole["parts"].values) == 2  # type: ignore[union-attr]
    assert isinstance(whole["gaps"], Row)
    assert "pre_roll" not in whole
    without = police_parts(replace(CASE, recording=None, told=(), whereabouts="unsaid"))
    assert without["visitor_left"].values == ()  # type: ignore[union-attr]
    assert not {"gaps", "parts", "refused"} & set(without)


def test_the_first_report_of_a_post_says_when_it_was_seen() -> None:
    found = {part.name: part for section in report.sns(CASE, NOON).sections for part in section.parts}
    assert found["occurred_at"].values == (Moment(NOON),)  # type: ignore[union-attr]


# --- scenarios --------------------------------------------------------------------------------------------------------


def scenario_text(scenes: tuple[str, ...], choices: tuple[str, ...], press: str = 'press = "assist"') -> str:
    words = '{ja = "場面", en = "A scene"}'
    told = [f'id = "made"\nprofile = "shinagawa"\ntitle = {words}\nabout = {words}\nminutes = 5']
    for scene in scenes:
        told.append(f'[[scenes]]\nid = "{scene}"\ntitle = {words}\nhappens = {words}\nask = {words}\nwhy = {words}')
        told.append('wants = {kind = "alarm.raised"}')
        told += [f'[[scenes.choices]]\nid = "{choice}"\nlabel = {words}\n{press}' for choice in choices]
    return "\n".join(told)


def test_a_scenario_whose_names_come_twice_or_that_nobody_can_begin_is_refused() -> None:
    made = scenario.load(scenario_text(("a", "b"), ("x", "y")), "made.toml")
    assert made.scene("b") is made.scenes[1]
    assert made.scene("c") is None
    for text in (
        scenario_text(("a", "a"), ("x",)), scenario_text(("a", "b"), ("x", "x")), scenario_text(("a", "b"), ("x",), ""),
    ):  # fmt: skip
        with pytest.raises(Refused):
            scenario.load(text, "made.toml")
