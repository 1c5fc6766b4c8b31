"""What is left to do after a contact: on the right days, once, and for the right eyes only."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import profile as policy
from hub.domain.course import Course, Happened
from hub.domain.incident import Entry, State
from hub.domain.tasks import OFFICE, Over, tasks, watch_dates

FOLDER = Path(policy.__file__).parent / "profiles"
PROFILES = {path.stem: policy.load(path.read_text("utf-8"), path.name) for path in FOLDER.glob("*.toml")}
SHINAGAWA, NEUTRAL = PROFILES["shinagawa"], PROFILES["default"]
ENDED = datetime(2026, 11, 20, 2, 41, tzinfo=UTC)  # a Friday, 11:41 in the office
POST = Happened(Entry.MARKED.value, ENDED, {"mark": "act", "act": "online"})


def over(**changed: object) -> Over:
    given = {"id": "1", "state": State.CONTACT_ENDED, "drill": False, "false_press": False, "ended_at": ENDED}
    return Over(**(given | changed))  # type: ignore[arg-type]


def test_shi_39_rest_at_once_and_checks_after_some_days_a_week_and_a_month() -> None:
    found = tasks(SHINAGAWA, over(), Course())
    assert [(task.kind, task.days) for task in found] == [
        ("rest", 0), ("care_check", 3), ("care_check", 7), ("care_check", 30), ("report", 0)
    ]  # fmt: skip
    assert found[0].due_at == ENDED
    assert found[1].due_at is not None
    assert found[1].due_at.astimezone(OFFICE) == datetime(2026, 11, 23, 9, 0, tzinfo=OFFICE)
    assert all(task.private for task in found if task.kind != "report")


def test_a_task_that_was_done_says_when() -> None:
    entry = Happened(Entry.TASK_DONE.value, ENDED + timedelta(hours=1), {"task": "care_check:3"})
    found = {task.id: task.done_at for task in tasks(SHINAGAWA, over(), Course(entries=(entry,)))}
    assert found["care_check:3"] == ENDED + timedelta(hours=1)
    assert found["care_check:7"] is None


@pytest.mark.parametrize("what", ["drill", "false_press"])
def test_a_drill_and_a_false_press_leave_nothing_to_do(what: str) -> None:
    assert tasks(SHINAGAWA, over(**{what: True}), Course()) == []


def test_set_20_posts_are_looked_for_daily_for_a_week_and_then_on_mondays() -> None:
    dates = [date.astimezone(OFFICE).date() for date in watch_dates(NEUTRAL, ENDED)]
    assert [date.day for date in dates[:7]] == [21, 22, 23, 24, 25, 26, 27]
    assert {date.weekday() for date in dates[7:]} == {0}
    assert dates[7].isoformat() == "2026-11-30"
    assert [later - earlier for earlier, later in pairwise(dates[7:])] == [timedelta(days=7)] * 7


def test_posts_are_watched_only_when_somebody_saw_one() -> None:
    assert {task.kind for task in tasks(NEUTRAL, over(), Course())} == {"rest", "care_check", "report"}
    assert "sns_watch" in {task.kind for task in tasks(NEUTRAL, over(), Course(entries=(POST,)))}


@given(st.timedeltas(timedelta(0), timedelta(days=1500)), st.sampled_from(sorted(PROFILES)))
def test_every_task_has_a_name_of_its_own_and_none_is_due_before_the_end(later: timedelta, name: str) -> None:
    ended = ENDED + later
    found = tasks(PROFILES[name], over(ended_at=ended), Course(entries=(Happened("marked", ended, POST.data),)))
    assert len({task.id for task in found}) == len(found)
    days = [task.due_at for task in found if task.due_at is not None]
    assert all(day >= ended for day in days)
    assert [task.due_at for task in found] == [*sorted(days), *[None] * (len(found) - len(days))]
