"""Does the picture show anything, and does the sound say anything? Cheap looks, and what they mean. Pure.

A camera that hangs may go on giving frames, a covered lens gives black ones, a microphone without a membrane gives
zeros: all of that looks alive to whoever only counts packets. So one picture a second and a twentieth of the sound
are looked at.
"""

import math
from array import array
from dataclasses import dataclass
from typing import Any, Final, Literal
from zlib import crc32

_LUMA_STEP: Final = 997
"""Every so many dots are taken for the brightness: prime, so that no column is looked at alone."""
_DARK: Final = 40
"""Luma (16 is black) that 95 of 100 dots of a covered lens stay below; the rest may be grain."""
_HEARD_BLOCKS: Final = 5
_FULL_SCALE: Final = 32_768
_SILENCE_DBFS: Final = -200.0
_PAUSE_LEAST_US: Final = 2_500_000
"""A camera that encodes its pictures itself can be looked at once a second only, at its keyframes."""
_PAUSE_LOOKS: Final = 3
"""After so many looks' time without a look the stream was lost, and nothing is known of the time between."""


@dataclass(frozen=True, slots=True)
class Look:
    """One picture: two with the same `digest` are the same in every dot."""

    at_us: int
    digest: int
    dark: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """About a second of sound. `flat`: not one sample differed from the others, which no real room gives."""

    at_us: int
    dbfs: float
    flat: bool


class Eye:
    """Looks at a picture every `every_ms` of its own time. Used by the camera's thread alone."""

    def __init__(self, every_ms: int) -> None:
        self._every_ms = every_ms
        self._due_ms: int | None = None

    def look(self, at_ms: int, frame: Any) -> Look | None:
        """A look at `frame` (`av.VideoFrame` whose first plane is luma) captured at `at_ms`, or None when not due.

        Costs about a millisecond, once in `every_ms`.
        """
        if self._due_ms is not None and self._due_ms - self._every_ms <= at_ms < self._due_ms:
            return None
        self._due_ms = at_ms + self._every_ms
        plane = frame.planes[0]
        luma = memoryview(plane)
        dots = sorted(luma[::_LUMA_STEP].tolist())
        return Look(at_ms * 1000, _digest(luma, plane.width, plane.line_size), dots[len(dots) * 95 // 100] < _DARK)


class Ear:
    """Listens to a few blocks in `every_ms`. Used by the microphone's thread alone."""

    def __init__(self, every_ms: int) -> None:
        self._step_ms = every_ms // _HEARD_BLOCKS
        self._due_ms: int | None = None
        self._levels: list[float] = []
        self._flat = True

    def listen(self, at_ms: int, block: bytes) -> Heard | None:
        """What was heard lately, when there is enough of it. `block` is mono s16 in this machine's byte order."""
        if self._due_ms is not None and self._due_ms - self._step_ms <= at_ms < self._due_ms:
            return None
        self._due_ms = at_ms + self._step_ms
        samples = array("h", block)
        if not samples:
            return None
        self._flat = self._flat and max(samples) - min(samples) <= 1  # the least step may come from a bias
        self._levels.append(math.hypot(*samples) / math.sqrt(len(samples)))
        if len(self._levels) < _HEARD_BLOCKS:
            return None
        level = math.hypot(*self._levels) / math.sqrt(len(self._levels))
        heard = Heard(at_ms * 1000, _dbfs(level), self._flat)
        self._levels, self._flat = [], True
        return heard


@dataclass(slots=True, eq=False)
class Spell:
    """A time in which a stream gave something that shows nothing. It is known to last until `until_us`."""

    stream: Literal["picture", "sound"]
    why: Literal["frozen", "black", "silent"]
    start_us: int
    until_us: int
    over: bool = False


class Patience:
    """One kind of trouble: it counts when every look has shown it for `least_us`."""

    def __init__(
        self,
        stream: Literal["picture", "sound"],
        why: Literal["frozen", "black", "silent"],
        least_us: int,
        every_us: int,
    ) -> None:
        self._stream: Literal["picture", "sound"] = stream
        self._why: Literal["frozen", "black", "silent"] = why
        self._least_us = least_us
        self.pause_us = max(_PAUSE_LOOKS * every_us, _PAUSE_LEAST_US)
        """After so long without a look nothing is known of the time between."""
        self._start_us: int | None = None
        self._last_us = 0
        self.spell: Spell | None = None
        """The trouble that stands."""

    def look(self, at_us: int, troubled: bool, since_us: int | None = None) -> Spell | None:
        """Take in a look; the spell that began with it, if one did. `since_us`: the trouble began that early."""
        if at_us - self._last_us > self.pause_us:
            self._end(self._last_us)
        self._last_us = at_us
        if not troubled:
            self._end(at_us)
            return None
        if self._start_us is None:
            self._start_us = at_us if since_us is None else since_us
        if self.spell is not None:
            self.spell.until_us = at_us
        elif at_us - self._start_us >= self._least_us:
            self.spell = Spell(self._stream, self._why, self._start_us, at_us)
            return self.spell
        return None

    def _end(self, until_us: int) -> None:
        self._start_us = None
        if self.spell is not None:
            self.spell.until_us, self.spell.over = max(self.spell.until_us, until_us), True
            self.spell = None


def _digest(luma: memoryview, width: int, line_size: int) -> int:
    """Of the dots alone: what lies between the rows is nobody's and may change."""
    if width == line_size:
        return crc32(luma)
    digest = 0
    for start in range(0, len(luma) - width + 1, line_size):
        digest = crc32(luma[start : start + width], digest)
    return digest


def _dbfs(rms: float) -> float:
    return max(_SILENCE_DBFS, min(0.0, 20 * math.log10(rms / _FULL_SCALE))) if rms > 0 else _SILENCE_DBFS
