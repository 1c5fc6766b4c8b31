"""Which entries of a timeline are told one by one. A call that nobody answers is repeated for days, every half minute.
Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar

ALERTED: Final = "alerted"

_BETWEEN: Final = frozenset({"segment.sealed"})
"""What a recording says every two seconds parts no alerts from each other."""

FEW: Final = 5
"""So many repeats are told one by one: an ordinary call reads as it happened."""


class Entry(Protocol):
    """An entry of a timeline, as far as folding asks."""

    @property
    def kind(self) -> str:
        """What happened."""

    @property
    def at(self) -> datetime:
        """When."""

    @property
    def data(self) -> Mapping[str, Any]:
        """What stands beside its words."""


EntryT = TypeVar("EntryT", bound=Entry)


@dataclass(frozen=True, slots=True)
class Repeats:
    """Alerts like others before them that are told as a number: since when, how many came late, the latest by how much
    (ms).
    """

    count: int
    since_at: datetime
    late: int
    late_ms: int


def folded(entries: Sequence[EntryT]) -> list[tuple[EntryT, Repeats | None]]:
    """Every entry of the timeline `entries` (with the columns' names, oldest first) that is told by itself, with the
    repeats that are told with it.

    Of alerts with nothing else between them the first to each set of people, stage by stage, and the newest stand by
    themselves. So what people did always stands between what was sent before and after it, and no round is left out of
    the count.
    """
    left: set[int] = set()
    told: dict[int, Repeats] = {}
    run: list[int] = []
    for place, entry in enumerate(entries):
        if entry.kind == ALERTED:
            run.append(place)
        elif run and entry.kind not in _BETWEEN:
            _fold(entries, run, left, told)
            run = []
    _fold(entries, run, left, told)
    return [(entry, told.get(place)) for place, entry in enumerate(entries) if place not in left]


def _fold(entries: Sequence[Entry], run: Sequence[int], left: set[int], told: dict[int, Repeats]) -> None:
    known: set[object] = set()
    alike = []
    for place in run[:-1]:
        data = entries[place].data
        whom = (data.get("stage_s"), *data.get("contacts", ()), *data.get("roles", ()))
        if whom in known:
            alike.append(place)
        known.add(whom)
    if len(alike) > FEW:
        late = [ms for place in alike if (ms := entries[place].data.get("late_ms"))]
        left.update(alike)
        told[run[-1]] = Repeats(len(alike), entries[alike[0]].at, len(late), max(late, default=0))
