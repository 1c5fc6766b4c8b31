"""The city's forms as data: what they hold, and that nothing is made up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain import report
from hub.domain.course import Course, Happened
from hub.domain.form import Case, Count, Form, Look, Moment, Person, Row, Rules, Table, Term, Told, Words

AT = datetime(2026, 11, 20, 2, 41, 36, tzinfo=UTC)
RULES = Rules(
    "品川区", "sha256:0", ("コンプライアンス推進担当",), ("総務課", "秘書課", "広報広聴課"), ("age", "disability")
)


def told(kind: str, minutes: float = 0, text: str = "", name: str = "佐藤", **data: object) -> Told:
    source = "person" if name else "box"
    return Told(AT + timedelta(minutes=minutes), kind, source, name, "supervisor" if name else "", text, data)


EMPTY = Case(
    "2026-000123", "市民課 1番", "assist", False, 1, AT, "synced", AT, None, "", None, "", None, None, None, None, (),
    (), None, (), RULES,
)  # fmt: skip

STORY = replace(
    EMPTY,
    level="emergency",
    contact_started_at=AT - timedelta(minutes=5),
    contact_ended_at=AT + timedelta(minutes=40),
    outcome="harassment",
    closed_at=AT + timedelta(minutes=60),
    told=(
        told("alarm.raised", name="", level="emergency"),
        told("notice.played", 0.01, name=""),
        told("noted", 2, "机をたたいた"),
        told("step.taken", 20, "お帰りください", step="leave", count=1, ground="weapon_or_dangerous_item"),
        told("step.taken", 26, step="leave", count=2),
        told("step.taken", 30, "110 番", name="田中", step="police", count=1),
        told("marked", 35, mark="police_arrived"),
        told("judged", 50, "続いたため", finding="harassment", acts=["violence", "hold"], persons=["田中", "佐藤"]),
    ),
    looks=(Look(AT, "田中", "報告書"),),
)


def row(form: Form, name: str) -> Row:
    return next(one for one in form.rows() if one.name == name)


def table(form: Form, name: str) -> Table:
    return next(
        part for section in form.sections for part in section.parts if isinstance(part, Table) and part.name == name
    )


def test_shi_28_the_record_has_when_where_who_how_words_and_note_taker() -> None:
    form = report.record(STORY, AT)
    names = [one.name for one in form.rows()]
    for name in (
        "pressed_at", "contact_started_at", "contact_ended_at", "counter", "place_kind", "means", "staff", "note_taker",
        "who", "how", "words",
    ):  # fmt: skip
        assert name in names
    assert [choice.name for choice in row(form, "place_kind").choices if isinstance(choice, Term)] == [
        "open_space", "room", "offsite", "phone",
    ]  # fmt: skip


def test_shi_28_an_empty_field_for_the_words_warns_and_a_filled_one_does_not() -> None:
    assert row(report.record(STORY, AT), "words") == Row("words", (), 3, (), "no_words")
    for filled in (
        replace(STORY, record={"words": ["「出せ」"]}),
        replace(STORY, told=(told("noted", 1, "大声", spoken="「出せ」"),)),
    ):
        assert row(report.record(filled, AT), "words").values == (Words("「出せ」"),)
        assert row(report.record(filled, AT), "words").warning == ""
    assert row(report.record(replace(STORY, record={"words": "  "}), AT), "words").warning == "no_words"


def test_set_11_the_record_has_time_staff_content_course_and_words() -> None:
    form = report.record(replace(STORY, record={"words": "「出せ」", "how": "大声"}), AT)
    assert row(form, "staff").values == (Person("佐藤", "supervisor"), Person("田中", "supervisor"))
    assert row(form, "how").values == (Words("大声"),)
    course = table(form, "course").rows
    assert [line[0] for line in course] == [(Moment(one.at),) for one in STORY.told]
    assert course[3][1] == (
        Term("ENTRIES", "step.taken"), Term("STEPS", "leave"), Term("GROUNDS", "weapon_or_dangerous_item"),
        Count(1, "nth"),
    )  # fmt: skip
    assert course[3][3] == (Words("お帰りください"),)


def test_set_13_the_report_has_circumstances_outcome_and_course_and_goes_where_the_rules_say() -> None:
    form = report.report(STORY, AT)
    assert {"circumstances", "outcome", "course"} <= {section.name for section in form.sections}
    assert form.to == ("コンプライアンス推進担当",)
    assert row(form, "outcome").values == (Term("OUTCOMES", "harassment"), Moment(STORY.closed_at or AT))
    assert row(form, "weighed").choices == (Term("CIRCUMSTANCES", "age"), Term("CIRCUMSTANCES", "disability"))


def test_shi_37_a_near_miss_is_reported_as_one() -> None:
    form = report.report(replace(STORY, outcome="near_miss"), AT)
    assert row(form, "outcome").values[0] == Term("OUTCOMES", "near_miss")
    assert form.to == ("コンプライアンス推進担当",)


def test_steps_are_counted_with_their_times_and_who_said_them() -> None:
    leave, police = table(report.record(STORY, AT), "steps").rows
    assert leave[1:3] == ((Count(2, "times"),), (Moment(STORY.told[3].at), Moment(STORY.told[4].at)))
    assert police[3] == (Person("田中", "supervisor"),)


def test_officers_are_told_the_danger_and_nothing_of_who_looked_or_who_the_visitor_is() -> None:
    form = report.police(STORY, AT)
    assert row(form, "danger").values == (
        Term("LEVELS", "emergency"), Term("ACTS", "violence"), Term("GROUNDS", "weapon_or_dangerous_item"),
    )  # fmt: skip
    assert row(form, "who").values == ()
    assert row(form, "police_called").values == (Moment(STORY.told[5].at), Words("110 番"))
    assert "looks" not in str(form)
    assert "報告書" not in str(form)
    assert "looks" in str(report.record(STORY, AT))


def test_set_19_form_1_has_all_its_fields_and_three_recipients() -> None:
    filled = {name: f"内容 {name}" for name in report.SNS_FIELDS}
    form = report.sns(replace(EMPTY, sns=filled), AT)
    assert [one.name for one in form.rows()][1:] == list(report.SNS_FIELDS)
    assert [one.values for one in form.rows()][1:] == [(Words(text),) for text in filled.values()]
    assert form.to == ("総務課", "秘書課", "広報広聴課")
    empty = report.sns(EMPTY, AT)
    assert all(not one.values and one.lines >= 1 for one in list(empty.rows())[1:])


def test_a_time_of_a_clock_that_may_be_wrong_says_so() -> None:
    form = report.record(replace(EMPTY, clock="unsynced"), AT)
    assert row(form, "pressed_at").warning == "clock_unsure"
    assert row(form, "received_at").values == (Moment(AT),)


def test_of_an_incident_that_nobody_wrote_about_nothing_is_invented() -> None:
    """What is said is only what the hub itself knows: the press, the counter, the rules."""
    known = {"number", "pressed_at", "counter", "rules", "judgement", "outcome", "recording", "looks"}
    for make in report.FORMS.values():
        assert {one.name for one in make(EMPTY, AT).rows() if one.values} <= known


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@given(
    st.dictionaries(st.sampled_from(["words", "place_kind", "visitors", "removal", "circumstances", "who", "x"]), junk),
    st.dictionaries(st.sampled_from([*report.SNS_FIELDS, "x"]), junk),
    st.dictionaries(
        st.sampled_from(["mark", "step", "count", "finding", "outcome", "ground", "spoken", "circumstances"]), junk
    ),
    st.sampled_from(["noted", "step.taken", "marked", "closed", "of.a.newer.box"]),
)
def test_no_form_falls_over_what_stands_in_an_entry(record: dict, sns: dict, data: dict, kind: str) -> None:  # type: ignore[type-arg]
    case = replace(STORY, record=record, sns=sns, told=(*STORY.told, told(kind, 9, "x", **data)))
    for make in report.FORMS.values():
        assert list(make(case, AT).rows())


def test_the_course_says_which_clock_act_and_decision_each_entry_is_about() -> None:
    happened = (
        told("marked", 1, mark="act", act="abuse"),
        replace(told("clock.due", 15, name=""), data={"clock": "stalemate", "minutes": 15}),
        told("decided", 16, about="stop", outcome="stop", persons=["所属長 鈴木"]),
        told("notified", 17, name="", why="guards"),
        told("reported", 60, to=["総務課"], circumstances="窓口で", course="大声", outcome="帰った"),
    )
    cells = [line[1] for line in table(report.record(replace(STORY, told=happened), AT), "course").rows]
    assert [cell[1] for cell in cells] == [
        Term("MARKS", "act"), Term("CLOCKS", "stalemate"), Term("DECISIONS", "stop"), Term("WHYS", "guards"),
        Words("総務課"),
    ]  # fmt: skip
    assert Term("ACTS", "abuse") in cells[0]
    assert Count(15, "minutes") in cells[1]
    assert cells[2][2:] == (Term("DECISION_OUTCOMES", "stop"), Words("所属長 鈴木"))


def test_set_07_set_08_the_course_says_whom_nobody_could_tell_and_what_was_left_out() -> None:
    happened = (
        told("notified", 1, name="", why="guards", roles=["guard"], nobody=["building_manager"]),
        told("step.taken", 2, step="police", count=1, skipped=["leave"]),
    )
    cells = [line[1] for line in table(report.record(replace(STORY, told=happened), AT), "course").rows]
    assert cells[0][2:] == (Term("ROLES", "guard"), Term("NOTICES", "nobody"), Term("ROLES", "building_manager"))
    assert cells[1][-2:] == (Term("NOTICES", "skipped"), Term("STEPS", "leave"))


def test_shi_03_every_viewpoint_of_the_judgement_stands_on_paper() -> None:
    judged = told("judged", 50, "続いた", finding="harassment", acts=["abuse"], content="理由がない", dropped=False)
    form = report.record(replace(STORY, told=(judged,)), AT)
    assert row(form, "judged_content").values == (Words("理由がない"),)
    assert row(form, "judged_dropped").values == (Term("ANSWERS", "no"),)
    assert row(form, "reasons").values == (Words("続いた"),)


def test_the_course_says_what_an_entry_put_right_whom_a_mark_called_and_why_nothing_was_shared() -> None:
    happened = (
        told("marked", 1, mark="act", act="danger", calls="emergency"),
        told("contact.ended", 30, first=False, before=AT.isoformat()),
        told(
            "closed",
            60,
            "聞き直した",
            outcome="near_miss",
            before="not_harassment",
            not_shared="係内で済む",
            first=False,
        ),
    )
    act, ended, closed = table(report.record(replace(STORY, told=happened), AT), "course").rows
    assert Term("NOTICES", "calls") in act[1]
    assert ended[1][-2:] == (Term("NOTICES", "before"), Moment(AT))
    assert (Term("NOTICES", "before"), Term("OUTCOMES", "not_harassment")) == closed[1][-2:]
    assert closed[3] == (Words("聞き直した"), Term("NOTICES", "not_shared"), Words("係内で済む"))


def test_set_13_what_was_reported_stands_in_the_report() -> None:
    said = told("reported", 60, to=["総務課"], circumstances="窓口で", course="大声", outcome="帰った")
    form = report.report(replace(STORY, told=(said,)), AT)
    for part, words in (("circumstances", "窓口で"), ("course", "大声"), ("outcome", "帰った")):
        assert row(form, f"reported_{part}").values == (Words(words),)


def test_shi_22_officers_read_what_was_seen_before_anybody_has_judged() -> None:
    seen = (told("marked", 1, mark="act", act="violence"), told("notified", 1, name="", why="guards"))
    form = report.police(replace(EMPTY, told=seen), AT)
    assert row(form, "seen_acts").values == (Term("ACTS", "violence"),)
    assert Term("ACTS", "violence") in row(form, "danger").values
    assert row(form, "guards_called").values == (Moment(AT + timedelta(minutes=1)),)


def test_shi_15_an_order_to_leave_stands_with_the_office_that_gave_it() -> None:
    order = told("step.taken", 20, step="leave", count=1, issuer="庁舎管理者", issuer_name="高橋")
    assert table(report.record(replace(STORY, told=(order,)), AT), "steps").rows[0][3] == (Words("庁舎管理者 高橋"),)


def at_counter(*told_marks: tuple[float, str], ended: bool = False, **changed: Any) -> Course:
    marks = tuple(Happened("marked", AT + timedelta(minutes=m), {"mark": mark}) for m, mark in told_marks)
    return Course(None, AT + timedelta(hours=1) if ended else None, marks, **changed)


@pytest.mark.parametrize(("course", "where"), [
    (at_counter(), "here"),
    (at_counter((36, "visitor_left")), "left"),
    (at_counter((36, "visitor_left"), (38, "visitor_back")), "here"),
    (at_counter(ended=True), "unsaid"),
    (at_counter((36, "visitor_left"), ended=True), "left"),
    (at_counter(origin="post"), None),
    (at_counter(origin="visit"), None),
])  # fmt: skip
def test_shi_22_officers_are_told_where_the_person_is_only_as_far_as_it_was_written(course: Course, where: Any) -> None:
    assert report.whereabouts(course) == where


def test_shi_22_who_came_back_is_here_and_silence_is_left_to_tick() -> None:
    marks = (told("marked", 36, mark="visitor_left"), told("marked", 38, mark="visitor_back"))
    here = row(report.police(replace(EMPTY, told=marks, whereabouts="here"), AT), "visitor_left")
    assert here.values == (Term("WHEREABOUTS", "here"), Moment(marks[1].at))
    left = row(report.police(replace(EMPTY, told=marks[:1], whereabouts="left"), AT), "visitor_left")
    assert left.values == (Term("WHEREABOUTS", "left"), Moment(marks[0].at))
    unsaid = row(report.police(replace(EMPTY, contact_ended_at=AT, whereabouts="unsaid"), AT), "visitor_left")
    assert (unsaid.values, unsaid.warning, len(unsaid.choices)) == ((), "unsaid", 2)


def test_shi_22_the_sheet_about_a_post_has_no_press_no_contact_and_nobody_who_is_still_there() -> None:
    names = {one.name for one in report.police(replace(EMPTY, of_post=True), AT).rows()}
    assert "found_at" in names
    assert not names & {"pressed_at", "contact_started_at", "contact_ended_at", "visitor_left", "place_kind"}
