"""The calendar feed: what other programs read in it, and what it never says."""

from datetime import UTC, datetime, timedelta, timezone

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.ical import Task, calendar

NOW = datetime(2026, 11, 20, 2, 41, 36, tzinfo=UTC)
TASK = Task("t-1", "一週間後の様子の確認", NOW + timedelta(days=7), "https://hub.example/tasks/t-1")
plain = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=120)


def test_a_task_is_an_event_at_its_time_with_a_reminder() -> None:
    feed = icalendar.Calendar.from_ical(calendar("窓守", "kita", [TASK], NOW))
    [event] = feed.walk("VEVENT")
    assert event["SUMMARY"] == TASK.title
    assert event["URL"] == TASK.url
    assert event.decoded("DTSTART") == TASK.due_at
    assert event["UID"] == "t-1@kita.madomori"
    assert len(feed.walk("VALARM")) == 1


def test_the_same_task_keeps_its_uid_so_that_calendars_move_it() -> None:
    moved = Task(TASK.id, TASK.title, NOW + timedelta(days=8), TASK.url)
    uids = [
        icalendar.Calendar.from_ical(calendar("x", "kita", [task], NOW)).walk("VEVENT")[0]["UID"]
        for task in (TASK, moved)
    ]
    assert uids[0] == uids[1]


def test_set_13_what_has_no_day_is_a_to_do_without_one_and_no_event() -> None:
    soon = Task("t-0", "担当課への報告", None, "https://hub.example/tasks/t-0")
    feed = icalendar.Calendar.from_ical(calendar("窓守", "kita", [soon, TASK], NOW))
    [todo], [event] = feed.walk("VTODO"), feed.walk("VEVENT")
    assert (todo["UID"], todo["SUMMARY"], todo["URL"]) == ("t-0@kita.madomori", soon.title, soon.url)
    assert not {"DUE", "DTSTART", "DURATION"} & set(todo)
    assert todo["STATUS"] == "NEEDS-ACTION"
    assert event["UID"] == "t-1@kita.madomori"


@given(st.lists(st.builds(Task, plain, st.text(max_size=200), st.sampled_from([TASK.due_at, None]), plain), max_size=4))
def test_every_line_is_at_most_75_bytes_and_no_text_begins_a_line_of_its_own(tasks: list[Task]) -> None:
    text = calendar("窓守の仕事", "kita", tasks, NOW)
    assert text.endswith("END:VCALENDAR\r\n")
    lines = text.encode("utf-8").split(b"\r\n")
    assert max(len(line) for line in lines) <= 75
    assert b"\n" not in b"".join(lines)
    unfolded = text.replace("\r\n ", "").split("\r\n")
    assert sum(line in ("BEGIN:VEVENT", "BEGIN:VTODO") for line in unfolded) == len(tasks)
    assert {line.split(":")[0].split(";")[0] for line in unfolded if line} <= {
        "BEGIN", "END", "VERSION", "PRODID", "CALSCALE", "METHOD", "X-WR-CALNAME", "REFRESH-INTERVAL", "UID", "DTSTAMP",
        "DTSTART", "DURATION", "SUMMARY", "URL", "TRANSP", "CLASS", "ACTION", "DESCRIPTION", "TRIGGER",
        "STATUS",
    }  # fmt: skip


@given(plain)
def test_titles_come_out_as_they_went_in(title: str) -> None:
    task = Task("t", title, NOW, "https://hub.example/")
    [event] = icalendar.Calendar.from_ical(calendar("x", "kita", [task], NOW)).walk("VEVENT")
    assert str(event["SUMMARY"]) == title


def test_times_are_utc_and_a_moment_without_a_zone_is_refused() -> None:
    local = Task("t", "x", datetime(2026, 12, 1, 9, tzinfo=timezone(timedelta(hours=9))), "https://hub.example/")
    assert "DTSTART:20261201T000000Z\r\n" in calendar("x", "kita", [local], NOW)
    with pytest.raises(ValueError, match="time zone"):
        calendar("x", "kita", [Task("t", "x", datetime(2026, 12, 1), "u")], NOW)  # noqa: DTZ001
