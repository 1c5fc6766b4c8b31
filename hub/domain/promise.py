"""An answer that was promised by a day, and whom to consult by then (SHI-38). Pure: a task and a date, nothing more."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from contract.problems import Problem
from hub.domain.course import Course
from hub.domain.incident import Entry
from hub.domain.saying import Promise
from hub.domain.tasks import OFFICE, morning_of

AHEAD_MAX: Final = timedelta(days=366)
"""A promise further away than this is a slip of the pen."""

CONSULTED: Final = ("コンプライアンス推進指導員", "弁護士", "警察")
"""Whom the documents name to be consulted (Shin 6(1)②, T4-T9; Yuri 4(2)④)."""


@dataclass(frozen=True, slots=True)
class Open:
    """A promise that is not kept yet. `what` is answer or consult."""

    task: str
    what: str
    unit: str
    on: date
    text: str


def due_at(on: date) -> datetime:
    """When it is asked for: the office's morning of that day."""
    return morning_of(on)


def problems(said: Promise, pressed_at: datetime, now: datetime) -> Iterator[Problem]:
    """Everything that this promise still lacks."""
    if said.what == "consult" and said.unit is None:
        yield Problem("unit", "", "相談する先を書いてください。", "say whom to consult.")
    if said.on < pressed_at.astimezone(OFFICE).date():
        yield Problem("on", "", "押した日より後の日付にしてください。", "must not lie before the day of the press.")
    if said.on > (now + AHEAD_MAX).astimezone(OFFICE).date():
        yield Problem("on", "", "一年以内の日付にしてください。", "must lie within a year.")


def written(said: Promise, course: Course) -> dict[str, Any]:
    """What stands beside its words. `task` names the task that it becomes."""
    number = len(course.of_kind(Entry.PROMISED)) + 1
    data = {"task": f"{said.what}:{number}", "what": said.what, "on": said.on.isoformat()}
    return data | ({"unit": said.unit} if said.unit else {})


def still_open(entries: Iterable[Any]) -> list[Open]:
    """The promises among timeline entries (with kind, data and text) that nobody has marked as done, as they came."""
    told = list(entries)
    done = {one.data.get("task") for one in told if one.kind == Entry.TASK_DONE.value}
    return [
        Open(one.data["task"], one.data["what"], one.data.get("unit", ""), date.fromisoformat(one.data["on"]), one.text)
        for one in told
        if one.kind == Entry.PROMISED.value and one.data.get("task") not in done
    ]
