"""The course of an incident, as the rules look at it: what the timeline tells, without the words people wrote. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from contract.messages import ClockState
from hub.domain import practice
from hub.domain.incident import Entry, Origin
from hub.domain.notices import Why

_BACK: Final = frozenset({"visitor_back", "stalemate", "filming", "filming_goes_on", "cease_refused", "call_again"})
"""Marks that nobody makes of a visitor who is gone."""


IN_DANGER: Final = ("danger", "violence", "confine")
"""Acts in which a body is in danger: who marks one speaks of a visitor who is here."""

_PRESSES: Final = ("alarm.raised", "alarm.repeated")


@dataclass(frozen=True, slots=True)
class Happened:
    """One timeline entry. `data` is what stands beside its words."""

    kind: str
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Course:
    """What happened so far, oldest first. `ended_at`: the contact, or at the latest the incident, was over."""

    contact_started_at: datetime | None = None
    ended_at: datetime | None = None
    entries: tuple[Happened, ...] = ()
    level: str = "assist"
    origin: str = Origin.COUNTER.value
    drill: bool = False
    pressed_at: datetime | None = None
    """The press by a clock that can be believed; of a drill that became real, the moment when it did."""
    speed: int = 1
    """How many times faster than in earnest its clocks run (`hub.domain.practice`)."""
    _kinds: Mapping[str, list[Happened]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sort the entries by kind, once: a page asks some sixty times, of hundreds of entries."""
        kinds: dict[str, list[Happened]] = {}
        for one in self.entries:
            kinds.setdefault(one.kind, []).append(one)
        object.__setattr__(self, "_kinds", kinds)

    @classmethod
    def of(cls, row: Any, entries: Iterable[Any]) -> "Course":
        """The course of the incident in `row`, whose timeline is `entries` (both with the columns' names).

        Of a drill that became real it holds what was written from then on: the rest was said to a drill.
        """
        happened = [Happened(one.kind, one.at, one.data) for one in in_earnest(list(entries))]
        return cls(
            row.contact_started_at,
            row.contact_ended_at or row.closed_at,
            tuple(sorted(happened, key=lambda one: one.at)),
            row.level,
            row.origin,
            row.drill,
            next((one.at for one in happened if one.kind == Entry.DRILL_REAL.value), believed_press(row)),
            practice.speed(row.box),
        )

    def of_kind(self, kind: Entry) -> list[Happened]:
        """Every entry of one kind."""
        return list(self._kinds.get(kind.value, ()))

    def marks(self, *names: str) -> list[Happened]:
        """Every mark with one of these names."""
        return [one for one in self.of_kind(Entry.MARKED) if one.data.get("mark") in names]

    def marked(self, name: str) -> bool:
        """Whether it was marked at least once."""
        return bool(self.marks(name))

    def heard(self, why: Why) -> list[Happened]:
        """When a message for this reason was sent, to somebody: one that waits or fails has told nobody anything."""
        return [one for one in self.of_kind(Entry.NOTICE_SENT) if one.data.get("why") == why]

    def times(self, *steps: str) -> list[datetime]:
        """When one of these steps of the ladder was taken."""
        return [one.at for one in self.of_kind(Entry.STEP_TAKEN) if one.data.get("step") in steps]

    @property
    def counts(self) -> Mapping[str, int]:
        """How often each step of the ladder was taken."""
        return Counter(one.data["step"] for one in self.of_kind(Entry.STEP_TAKEN) if one.data.get("step"))

    @property
    def acts(self) -> tuple[str, ...]:
        """The acts that people saw, in the order in which they were marked."""
        return tuple(dict.fromkeys(one.data["act"] for one in self.marks("act") if one.data.get("act")))

    @property
    def means(self) -> str:
        """How people talk: `counter`, `phone` or `visit`, by what was said last about it, or by where it began."""
        said = [one.data["means"] for one in self.of_kind(Entry.CONTACT_STARTED) if one.data.get("means")]
        return said[-1] if said else self.origin

    @property
    def in_building(self) -> bool:
        """Whether the other person is in a building of the city: who is on the telephone or at home cannot leave it."""
        return self.means not in ("phone", Origin.VISIT.value)

    @property
    def absences(self) -> tuple[tuple[datetime, datetime | None], ...]:
        """When the visitor left, and when something later said otherwise: a press, danger, what only visitors do.

        A press that opened again what people had ended says so as well: nobody talked in between.
        """
        found: list[tuple[datetime, datetime | None]] = []
        for left in self.marks("visitor_left"):
            if not found or ((back := found[-1][1]) is not None and back <= left.at):
                back = next((one.at for one in self.entries if one.at > left.at and _is_back(one)), None)
                found.append((left.at, back))
        over = (*self.of_kind(Entry.CONTACT_ENDED), *self.of_kind(Entry.CLOSED), *self.marks("false_press"))
        ends = [one.at for one in over]
        for again in (one for one in self.entries if one.kind in _PRESSES and one.data.get("reopened")):
            found.append((max((at for at in ends if at <= again.at), default=again.at), again.at))
        return tuple(sorted(found, key=lambda one: one[0]))

    @property
    def gone(self) -> bool:
        """Whether the visitor left and is not back."""
        return any(back is None for _, back in self.absences)

    @property
    def back_at(self) -> datetime | None:
        """When a visitor who had left was here again, for the last time."""
        return max((back for _, back in self.absences if back is not None), default=None)

    def over_at(self, started_at: datetime) -> datetime | None:
        """When a talk that went on at `started_at` was over: the visitor left, or the contact ended; None: it goes on.

        One that is said to have begun after the visitor had left was over before.
        """
        ends = [left for left, back in self.absences if left >= started_at or back is None][:1]
        return min([*ends, *([self.ended_at] if self.ended_at is not None else [])], default=None)

    @property
    def police_told(self) -> bool:
        """Whether the police know: somebody wrote down that they were called, or that they are here."""
        return bool(self.times("police") or self.marks("police_called", "police_arrived"))

    def decisions(self, about: str) -> list[Happened]:
        """What several people decided about this, oldest first."""
        return [one for one in self.of_kind(Entry.DECIDED) if one.data.get("about") == about]


def in_earnest(entries: Sequence[Any]) -> Sequence[Any]:
    """What of an incident's timeline was written in earnest: of a drill that became real, what came after."""
    real = [one.recorded_at for one in entries if one.kind == Entry.DRILL_REAL.value and one.data.get("first")]
    return [one for one in entries if one.recorded_at >= real[0]] if real else entries


def believed_press(row: Any) -> datetime:
    """When the call in `row` (with the incident's columns) was pressed: by the box's clock as far as that was right; a
    box that was cut off tells of an old press.
    """
    known = row.clock == ClockState.SYNCED.value
    return min(row.pressed_at, row.received_at) if known else row.received_at  # type: ignore[no-any-return]


def _is_back(one: Happened) -> bool:
    if one.kind in _PRESSES:
        return True
    mark = one.data.get("mark") if one.kind == Entry.MARKED else None
    return mark in _BACK or (mark == "act" and one.data.get("act") in IN_DANGER)
