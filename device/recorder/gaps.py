"""Finds what an incident's recording lacks, for the signed record. Pure.

A reader must be able to tell a camera that was lost from one that was cut out afterwards: every hole has its reason,
signed by the box at the time.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final, Literal

from contract.evidence import Gap
from device.recorder.packets import Packet, Piece
from device.recorder.seeing import Spell

Stream = Literal["picture", "sound"]
Why = Literal["lost", "frozen", "black", "silent", "withheld", "off", "disk", "overrun", "restart"]

GAPS_MAX: Final = 16
"""As many as a record may carry (`contract.evidence.SegmentRecord`)."""
_PICTURE_US: Final = 300_000
_SOUND_US: Final = 100_000
_UNDERWAY_US: Final = 300_000
"""Sound comes later than the picture of the same moment; a recording that is stopped does not wait for it."""
_FRAMES: Final = 3
"""A hole shorter than so many pictures is a hiccup of the camera, not a gap."""


@dataclass(frozen=True, slots=True)
class Hole:
    """Times in monotonic us."""

    stream: Stream
    start_us: int
    end_us: int
    why: Why


class GapFinder:
    """The holes of one incident, piece by piece in order. Used by the writer thread alone.

    `off` are the streams that are not recorded at all.
    """

    def __init__(self, off: Collection[Stream] = ()) -> None:
        self._off = off
        self._covered_us: dict[Stream, int] = {}
        self._hole_told_us: dict[Stream, int] = {}
        self._told_us: dict[Spell, int] = {}
        self._origin_us: int | None = None
        self._withheld_until_us = 0
        self._failed = False

    def failed(self) -> None:
        """The piece that should have come next could not be made: what it held is missing."""
        self._failed = True

    def of(self, piece: Piece, spells: Iterable[Spell], stopped: bool = False) -> list[Hole]:
        """The holes in `piece`, between it and the one before, and what is known by now of `spells`.

        `stopped`: the piece ends because the recording does, so some of its end may just have been under way.
        """
        for stream in ("picture", "sound"):
            self._covered_us.setdefault(stream, piece.start_us)
            self._hole_told_us.setdefault(stream, piece.start_us)
        if self._origin_us is None:
            self._origin_us = piece.start_us
        slack_us = _UNDERWAY_US if stopped else 0
        holes = [Hole(stream, piece.start_us, piece.end_us, "off") for stream in self._off]
        if "picture" not in self._off:
            holes += self._holes("picture", piece.video, (), piece.end_us, slack_us)
        if "sound" not in self._off:
            holes += self._holes("sound", piece.sound, piece.withheld, piece.end_us, slack_us)
        self._failed = False
        return holes + self._spent(spells, self._origin_us, piece.end_us)

    def after(self, end_us: int) -> list[Hole]:
        """The holes from the last piece to the end of a recording that had nothing more to keep."""
        if self._origin_us is None:
            return []
        return [
            hole
            for stream in ("picture", "sound")
            if stream not in self._off
            for hole in self._holes(stream, [], (), end_us, 0)
        ]

    def _holes(
        self, stream: Stream, packets: list[Packet], withheld: Iterable[tuple[int, int]], end_us: int, slack_us: int
    ) -> list[Hole]:
        least_us = _SOUND_US
        there: list[tuple[int, int, Why | None]] = [(start_us, end, "withheld") for start_us, end in withheld]
        there += [(p.at_us, p.at_us + p.duration_us, "overrun" if p.overrun else None) for p in packets]
        if stream == "picture":
            least_us = max([_PICTURE_US, *(_FRAMES * p.duration_us for p in packets[:1])])
        holes: list[Hole] = []
        otherwise: Why = "overrun" if self._failed else "lost"
        for start_us, until_us, why in sorted(there, key=lambda part: part[0]):
            hole = self._hole(stream, start_us, least_us, "overrun" if why == "overrun" else otherwise)
            if hole is not None:
                holes.append(hole)
                otherwise = "lost"
            if why == "withheld":
                holes.append(Hole(stream, start_us, until_us, why))
                self._withheld_until_us = until_us
            self._covered_us[stream] = max(self._covered_us[stream], until_us)
        hole = self._hole(stream, end_us, least_us + slack_us, otherwise)
        return [*holes, hole] if hole is not None else holes

    def _hole(self, stream: Stream, until_us: int, least_us: int, why: Why) -> Hole | None:
        """A hole may go on from piece to piece: its whole length counts, and each part is told once."""
        if until_us - self._covered_us[stream] < least_us:
            return None
        start_us = max(self._covered_us[stream], self._hole_told_us[stream])
        self._hole_told_us[stream] = max(start_us, until_us)
        return Hole(stream, start_us, until_us, why) if until_us > start_us else None

    def _spent(self, spells: Iterable[Spell], origin_us: int, end_us: int) -> list[Hole]:
        """A spell is known only some time after it began, so its first hole may lie before the piece."""
        holes: list[Hole] = []
        told: dict[Spell, int] = {}
        for spell in spells:
            start_us = max(self._told_us.get(spell, spell.start_us), origin_us)
            if spell.stream == "sound":
                start_us = max(start_us, self._withheld_until_us)
            told[spell] = max(start_us, min(spell.until_us, end_us))
            if told[spell] > start_us:
                holes.append(Hole(spell.stream, start_us, told[spell], spell.why))
        self._told_us = told
        return holes


def joined(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    """`gaps` by their time, those that touch as one. More than a record may carry are told more coarsely, never left
    out: the nearest two of a stream become one with the reason of the longer."""
    whole: list[Gap] = []
    for gap in sorted(gaps, key=lambda gap: (gap.stream, gap.why, gap.start_ms, gap.end_ms)):
        last = whole[-1] if whole else None
        if last is not None and (last.stream, last.why) == (gap.stream, gap.why) and gap.start_ms <= last.end_ms + 1:
            whole[-1] = _together(last, gap)
        else:
            whole.append(gap)
    whole.sort(key=lambda gap: (gap.start_ms, gap.stream, gap.why))
    while len(whole) > GAPS_MAX:
        whole = _coarser(whole)
    return tuple(whole)


def _coarser(gaps: list[Gap]) -> list[Gap]:
    pairs = [
        (later.start_ms - earlier.end_ms, earlier, later)
        for _, row in groupby(sorted(gaps, key=lambda gap: gap.stream), key=lambda gap: gap.stream)
        for earlier, later in pairwise(list(row))
    ]
    _, earlier, later = min(pairs, key=lambda pair: pair[0])
    rest = [gap for gap in gaps if gap is not earlier and gap is not later]
    return sorted([*rest, _together(earlier, later)], key=lambda gap: (gap.start_ms, gap.stream, gap.why))


def _together(one: Gap, other: Gap) -> Gap:
    longer = max(one, other, key=lambda gap: gap.end_ms - gap.start_ms)
    return longer.model_copy(
        update={"start_ms": min(one.start_ms, other.start_ms), "end_ms": max(one.end_ms, other.end_ms)}
    )
