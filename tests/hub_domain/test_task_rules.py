"""What is left to do, and on which mornings: said exactly, and for any day on which something may begin."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.profile import PolicyProfile
from hub.domain.course import Course, Happened
from hub.domain.incident import Entry, Origin, Outcome, State
from hub.domain.tasks import CARERS, OFFICE, WATCH_WEEKS, Kind, Over, Task, morning_of, tasks, watch_dates
from tests.hub_domain.life import PROFILES

SHINAGAWA, NEUTRAL, YURIHONJO = PROFILES["shinagawa"], PROFILES["default"], PROFILES["yurihonjo"]
SETAGAYA = PROFILES["setagaya"]
NOON = datetime(2026, 12, 25, 3, 0, tzinfo=UTC)  # the last Friday of the year
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")

moments = st.integers(0, 12 * 366 * 24 * 60).map(
    lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def city(profile: PolicyProfile, **sections: dict[str, Any]) -> PolicyProfile:
    changed = {name: getattr(profile, name).model_copy(update=values) for name, values in sections.items()}
    return profile.model_copy(update=changed)


def over(**known: Any) -> Over:
    usual: dict[str, Any] = {"state": State.CONTACT_ENDED, "drill": False, "false_press": False, "ended_at": NOON}
    return Over(id="i", **(usual | known))


def course(*entries: tuple[Entry, datetime, dict[str, Any]]) -> Course:
    return Course(entries=tuple(Happened(kind.value, at, data) for kind, at, data in entries))


def post(at: datetime = NOON) -> tuple[Entry, datetime, dict[str, Any]]:
    return Entry.MARKED, at, {"mark": "act", "act": "online"}


# --- the days on which posts are looked for --------------------------------------------------------------------------


@given(moments, st.integers(0, 14), st.sampled_from([None, *WEEKDAYS]))
def test_set_20_posts_are_looked_for_each_morning_and_then_each_week_on_the_citys_day(
    found_at: datetime, daily: int, weekday: str | None
) -> None:
    """Across months, years and leap days, from any minute of a day on."""
    dates = watch_dates(city(NEUTRAL, sns={"watch_days": daily, "watch_weekday": weekday}), found_at)
    local = [moment.astimezone(OFFICE) for moment in dates]
    assert {moment.timetz().replace(tzinfo=None).isoformat() for moment in local} <= {"09:00:00"}
    days = [moment.date() for moment in local]
    found_on = found_at.astimezone(OFFICE).date()
    assert days[:daily] == [found_on + timedelta(days=one) for one in range(1, daily + 1)]
    weekly = days[daily:]
    assert len(weekly) == (0 if weekday is None else WATCH_WEEKS)
    for earlier, later in pairwise(weekly):
        assert later - earlier == timedelta(days=7)
    if weekday is not None:
        assert {day.weekday() for day in weekly} == {WEEKDAYS.index(weekday)}
        assert 1 <= (weekly[0] - found_on).days - daily <= 7, "no week is left out after the first days"
    assert all(moment > found_at and moment.tzinfo is UTC for moment in dates)


def test_set_20_the_new_year_and_a_holiday_on_a_monday_move_no_look() -> None:
    """A post spreads on holidays too; who is on duty then is another matter."""
    days = [moment.astimezone(OFFICE).date().isoformat() for moment in watch_dates(NEUTRAL, NOON)]
    assert days[:7] == [
        "2026-12-26", "2026-12-27", "2026-12-28", "2026-12-29", "2026-12-30", "2026-12-31", "2027-01-01",
    ]  # fmt: skip
    assert days[7:] == [
        "2027-01-04", "2027-01-11", "2027-01-18", "2027-01-25", "2027-02-01", "2027-02-08", "2027-02-15",
        "2027-02-22",
    ]  # fmt: skip


@given(moments)
def test_set_20_a_look_is_named_by_its_day_whatever_the_hour_at_which_the_post_was_seen(seen_at: datetime) -> None:
    found = [one for one in tasks(NEUTRAL, over(ended_at=seen_at), course(post(seen_at))) if one.kind == "sns_watch"]
    on = seen_at.astimezone(OFFICE).date()
    looks = watch_dates(NEUTRAL, seen_at)
    assert [one.due_at for one in found] == looks
    assert [one.days for one in found] == [(look.astimezone(OFFICE).date() - on).days for look in looks]
    assert [one.days for one in found[:7]] == [1, 2, 3, 4, 5, 6, 7]
    assert [one.id for one in found] == [f"sns_watch:{one.days}" for one in found]


def test_set_20_further_posts_move_no_look_that_is_known_already() -> None:
    later = post(NOON + timedelta(days=3))
    both = city(NEUTRAL, sns={"recipients": ("警察",)})
    assert tasks(both, over(), course(post(), later)) == tasks(both, over(), course(post()))


def did(task: str, at: datetime) -> tuple[Entry, datetime, dict[str, Any]]:
    return Entry.TASK_DONE, at, {"task": task}


@given(st.lists(st.integers(0, 60), max_size=12).map(sorted))
def test_set_20_the_weekly_look_goes_on_for_as_long_as_people_look(weeks: list[int]) -> None:
    """Eight weeks ahead of the last look, each Monday once, for years; nothing of it ends by itself. A look that was
    missed is not asked for any more once somebody has looked.
    """
    looks = [(NOON + timedelta(weeks=one), 10 + 7 * one) for one in weeks]
    found = tasks(NEUTRAL, over(), course(post(), *(did(f"sns_watch:{days}", at) for at, days in looks)))
    weekly = sorted(one.days for one in found if one.kind == "sns_watch" and one.days > 7)
    last = max([7, *(7 * one for one in weeks)])
    asked = {days for days in range(10, last + 7 * WATCH_WEEKS + 1, 7) if days > 7 * max(weeks, default=0)}
    assert weekly == sorted({*asked, *(days for _, days in looks)})
    assert len({one.id for one in found}) == len(found)


def test_set_20_people_are_asked_to_end_the_watch_and_a_new_post_begins_it_anew() -> None:
    asked = next(one for one in tasks(NEUTRAL, over(), course(post())) if one.kind == "watch_end")
    assert (asked.id, asked.done_at) == ("watch_end:0", None)
    assert asked.due_at == morning_of(NOON.astimezone(OFFICE).date() + timedelta(days=7 + 7 * WATCH_WEEKS))
    ended = (post(), did("sns_watch:1", NOON + timedelta(days=1)), did("watch_end:0", NOON + timedelta(days=20)))
    twice = (*ended, did("watch_end:0", NOON + timedelta(days=21)))
    for said in (ended, twice):
        found = [one for one in tasks(NEUTRAL, over(), course(*said)) if one.kind in ("sns_watch", "watch_end")]
        assert [one.id for one in found] == ["sns_watch:1", "watch_end:0"], "what was not looked for is not asked for"
        assert all(one.done_at for one in found)
    anew = tasks(NEUTRAL, over(), course(*twice, post(NOON + timedelta(days=30))))
    open_ = [one for one in anew if one.done_at is None and one.kind in ("sns_watch", "watch_end")]
    assert [one.id for one in open_][:2] == ["sns_watch:31", "sns_watch:32"]
    assert open_[-1].id == "watch_end:1"


# --- everything else -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", [date(2026, 12, 31), date(2027, 1, 1), date(2028, 2, 29)])
def test_an_office_begins_its_day_at_nine_in_japan(day: date) -> None:
    assert morning_of(day) == datetime(day.year, day.month, day.day, 0, 0, tzinfo=UTC)
    assert morning_of(day).tzinfo is UTC


def test_what_a_contact_leaves_is_told_in_order_with_who_may_see_it() -> None:
    with_report = city(
        NEUTRAL, aftercare={"immediate": ("休憩",), "checks": (3, 7)}, report={"deadline_days": 5, "to": ("総務課",)},
        sns={"watch_days": 1, "watch_weekday": None, "recipients": ("警察",)},
    )  # fmt: skip
    found = tasks(with_report, over(), course(post()))
    nine = [morning_of(date(2026, 12, 25) + timedelta(days=one)) for one in range(8)]
    assert found == [
        Task("police_report:0", "i", "police_report", NOON, 0, None, ""),
        Task("rest:0", "i", "rest", NOON, 0, None, ""),
        Task("sns_watch:1", "i", "sns_watch", nine[1], 1, None, ""),
        Task("care_check:3", "i", "care_check", nine[3], 3, None, ""),
        Task("report:5", "i", "report", nine[5], 5, None, ""),
        Task("care_check:7", "i", "care_check", nine[7], 7, None, ""),
    ]
    assert [one.kind for one in found if one.private] == ["rest", "care_check", "care_check"]
    assert sorted(CARERS) == ["general_affairs", "section_head", "supervisor"]


def test_every_kind_of_task_comes_of_something_that_happened() -> None:
    everything = city(
        NEUTRAL, report={"deadline_days": 5, "to": ("総務課",)},
        sns={"recipients": ("警察", "秘書課"), "watch_days": 1}, aftercare={"immediate": ("break", "health_desk")},
    )  # fmt: skip
    said = course(
        post(), (Entry.OPENED, NOON, {"why": "trouble"}), (Entry.MEETING_ASKED, NOON, {}),
        (Entry.PROMISED, NOON, {"task": "answer:1", "what": "answer", "on": "2027-01-04"}),
        (Entry.PROMISED, NOON, {"task": "consult:2", "what": "consult", "on": "2027-01-04"}),
    )  # fmt: skip
    found = (tasks(everything, over(origin=origin), said) for origin in (Origin.COUNTER, Origin.POST))
    assert {one.kind for some in found for one in some} == set(get_args(Kind))


def test_yur_05_set_19_what_was_sent_to_the_police_is_the_report_to_them_and_each_office_has_its_own() -> None:
    sent = (Entry.POST_SENT, NOON + timedelta(hours=1), {"to": ["警察", "秘書課"]})
    both = city(NEUTRAL, sns={"recipients": ("警察", "秘書課", "総務課")})
    found = tasks(both, over(origin=Origin.POST), course(post(), sent))
    done = {one.id for one in found if one.done_at is not None}
    assert done == {"police_report:0", "first_report:秘書課"}
    assert "first_report:総務課" in {one.id for one in found}
    assert "first_report:警察" not in {one.id for one in found}


def test_of_a_post_nobody_comes_out_of_a_hard_contact_but_the_checks_stay() -> None:
    kinds = [one.kind for one in tasks(SHINAGAWA, over(origin=Origin.POST), Course())]
    assert kinds == ["care_check"] * 3 + ["report"]
    nothing = city(SHINAGAWA, aftercare={"immediate": (), "checks": ()}, report={"to": ()})
    assert tasks(nothing, over(), Course()) == []


@pytest.mark.parametrize("profile", [PROFILES[name] for name in ("shinagawa", "setagaya", "sapporo", "default")])
def test_set_13_a_report_is_left_to_do_without_a_day_where_the_papers_name_an_office_and_no_day(
    profile: PolicyProfile,
) -> None:
    """All of them do; Yurihonjo's names neither."""
    assert profile.report.deadline_days is None
    [report] = [one for one in tasks(profile, over(), Course()) if one.kind == "report"]
    assert (report.id, report.due_at, report.private) == ("report:0", None, False)
    assert report.is_for_now(NOON)
    assert not [one for one in tasks(YURIHONJO, over(), Course()) if one.kind == "report"]
    assert not [one for one in tasks(profile, over(ended_at=None), Course()) if one.kind == "report"]


@pytest.mark.parametrize("days", [None, 5])
def test_set_13_a_report_that_was_written_down_is_done_and_none_is_asked_for_what_was_no_harassment(
    days: int | None,
) -> None:
    rules = city(SETAGAYA, report={"deadline_days": days})

    def done(outcome: Outcome | None = None, *said: tuple[Entry, datetime, dict[str, Any]]) -> list[datetime | None]:
        return [one.done_at for one in tasks(rules, over(outcome=outcome), course(*said)) if one.kind == "report"]

    later = NOON + timedelta(hours=1)
    reports = [(Entry.REPORTED, at, {"to": ["総務課"]}) for at in (NOON, later)]
    assert done() == done(Outcome.HARASSMENT) == done(Outcome.NEAR_MISS) == [None]
    assert done(None, *reports) == [NOON], "the first report counts"
    assert done(None, (Entry.TASK_DONE, later, {"task": f"report:{days or 0}"})) == [later]
    assert done(None, (Entry.TASK_DONE, later, {"task": "report:30"})) == [later], "the city had other days then"
    assert done(Outcome.NOT_HARASSMENT) == []
    assert done(Outcome.NOT_HARASSMENT, *reports) == [NOON]


def test_while_a_contact_goes_on_only_what_was_promised_and_trouble_on_a_visit_ask_for_something() -> None:
    said = course(
        (Entry.OPENED, NOON, {"why": "trouble"}),
        (Entry.PROMISED, NOON, {"task": "answer:1", "what": "answer", "on": "2027-01-04"}),
        (Entry.PROMISED, NOON, {"task": "consult:2", "what": "consult", "on": "2026-12-28", "unit": "弁護士"}),
        (Entry.MEETING_ASKED, NOON, {}),
        (Entry.MEETING_ASKED, NOON + timedelta(hours=1), {}),
        (Entry.TASK_DONE, NOON + timedelta(hours=2), {"task": "consult:2"}),
        (Entry.TASK_DONE, NOON + timedelta(hours=3), {"task": "meeting:2"}),
        post(),
    )
    assert tasks(SHINAGAWA, over(ended_at=None), said) == [
        Task("debrief:0", "i", "debrief", NOON, 0, None),
        Task("meeting:1", "i", "meeting", NOON, 1, None),
        Task("recall:0", "i", "recall", NOON, 0, None),
        Task("meeting:2", "i", "meeting", NOON + timedelta(hours=1), 2, NOON + timedelta(hours=3)),
        Task("consult:2", "i", "consult", morning_of(date(2026, 12, 28)), 0, NOON + timedelta(hours=2), "弁護士"),
        Task("answer:1", "i", "answer", morning_of(date(2027, 1, 4)), 0, None, ""),
    ]
    assert tasks(SHINAGAWA, over(ended_at=None), course((Entry.OPENED, NOON, {"why": "missed"}))) == []
    for nothing in ("drill", "false_press"):
        assert tasks(SHINAGAWA, over(**{nothing: True}), said) == []


def test_yur_05_the_police_step_of_a_post_is_the_report_and_later_words_of_the_task_count() -> None:
    with_police = city(YURIHONJO, sns={"recipients": ("警察",)})

    def done(*more: tuple[Entry, datetime, dict[str, Any]]) -> datetime | None:
        said = course(post(), *more)
        return next(one.done_at for one in tasks(with_police, over(), said) if one.kind == "police_report")

    later = NOON + timedelta(hours=1)
    assert done() is None
    for step in ("verify", "preserve", "lawyer"):
        assert done((Entry.POST_STEP, NOON, {"step": step})) is None
    steps = [(Entry.POST_STEP, at, {"step": "police"}) for at in (NOON, later)]
    assert done(*steps) == NOON, "the first time counts"
    assert done(*steps, (Entry.TASK_DONE, later, {"task": "police_report:0"})) == later
    for act in ("abuse", "threat", "violence"):
        other = tasks(with_police, over(), course((Entry.MARKED, NOON, {"mark": "act", "act": act})))
        assert "police_report" not in {one.kind for one in other}
