"""Due tasks as a calendar feed (RFC 5545). It leaves the hub for people's calendars, so it says nothing of a visitor: a
title the hub chose, the time, and the address where somebody with a login reads more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

PRODUCT: Final = "-//Madomori//Tasks 1.0//JA"
_LINE_BYTES: Final = 75


@dataclass(frozen=True, slots=True)
class Task:
    """Something that is due, or with `due_at` None is to be done on no set day. `id` stays the same for as long as the
    task lives, so that calendars move it.
    """

    id: str
    title: str
    due_at: datetime | None
    url: str


def calendar(name: str, site: str, tasks: Iterable[Task], now: datetime) -> str:
    """The feed of `site`: one event per task, a quarter of an hour long, with a reminder at its time.

    What has no day is a to-do without one (3.6.2): programs with a list of tasks show it there, others leave it out. An
    event would need a day that nobody has set.

    Raises:
        ValueError: a moment without a time zone.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{PRODUCT}",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_text(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        *(line for task in sorted(tasks, key=_place) for line in _component(task, site, now)),
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _place(task: Task) -> tuple[bool, str, str]:
    return task.due_at is None, _moment(task.due_at) if task.due_at else "", task.id


def _component(task: Task, site: str, now: datetime) -> list[str]:
    about = [
        f"UID:{_plain(task.id)}@{_plain(site)}.madomori",
        f"DTSTAMP:{_moment(now)}",
        f"SUMMARY:{_text(task.title)}",
        f"URL:{_plain(task.url)}",
        "CLASS:PRIVATE",
    ]
    if task.due_at is None:
        return ["BEGIN:VTODO", *about, "STATUS:NEEDS-ACTION", "END:VTODO"]
    return [
        "BEGIN:VEVENT",
        *about,
        f"DTSTART:{_moment(task.due_at)}",
        "DURATION:PT15M",
        "TRANSP:TRANSPARENT",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{_text(task.title)}",
        "TRIGGER:PT0S",
        "END:VALARM",
        "END:VEVENT",
    ]


def _moment(at: datetime) -> str:
    if at.tzinfo is None:
        raise ValueError("a moment without a time zone has no place in a calendar")
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(words: str) -> str:
    """A TEXT value: backslash, semicolon, comma and line break escaped (3.3.11), other control characters dropped."""
    one = words.replace("\r\n", "\n").replace("\r", "\n")
    one = one.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
    return _plain(one)


def _plain(value: str) -> str:
    """Without control characters: a line break in an id or an address would begin a property of its own."""
    return "".join(char for char in value if char >= " " and char != "\x7f" and not "\ud800" <= char <= "\udfff")


def _folded(line: str) -> str:
    """At most 75 bytes a line; the next begins with a space; no character is cut in two (3.1)."""
    parts, part, size = [], "", 0
    for char in line:
        wide = len(char.encode("utf-8"))
        if size + wide > _LINE_BYTES:
            parts.append(part)
            part, size = "", 1
        part, size = part + char, size + wide
    return "\r\n ".join([*parts, part])
