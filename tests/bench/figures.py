"""Figures: spreads of measured times, the machine they hold for, and the table that is printed."""

import os
import platform
import sqlite3
import subprocess
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


class Broken(RuntimeError):
    """A measurement could not be made."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How measured times lie, in ms."""

    p50: float
    p99: float
    least: float
    most: float
    n: int

    @classmethod
    def of(cls, values_ms: Iterable[float]) -> "Spread":
        """The spread of `values_ms`.

        Raises:
            Broken: there are none.
        """
        ordered = sorted(values_ms)
        if not ordered:
            raise Broken("nothing was measured")
        return cls(
            round(_quantile(ordered, 0.5), 3),
            round(_quantile(ordered, 0.99), 3),
            round(ordered[0], 3),
            round(ordered[-1], 3),
            len(ordered),
        )


def _quantile(ordered: Sequence[float], share: float) -> float:
    """The value that `share` of all lie at or below (nearest rank: no value is made up)."""
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `goal` is the highest ratio wanted, or the lowest when `at_least`."""

    figure: str
    value: str
    floor: str = ""
    ratio: float | None = None
    goal: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def verdict(self) -> str:
        """ok or over; empty without a goal."""
        if self.goal is None or self.ratio is None:
            return ""
        kept = self.ratio >= self.goal if self.at_least else self.ratio <= self.goal
        return "ok" if kept else "over"

    def cells(self) -> list[str]:
        """The line's columns."""
        sign = "≥" if self.at_least else "≤"
        return [
            self.figure,
            self.value,
            self.floor,
            "" if self.ratio is None else f"{self.ratio:.2f}",
            "" if self.goal is None else f"{sign} {self.goal:g}",
            self.verdict,
            self.note,
        ]

    def as_json(self) -> dict[str, Any]:
        """The line for programs."""
        return {name: value for name, value in asdict(self).items() if value not in (None, "")} | (
            {"verdict": self.verdict} if self.verdict else {}
        )


HEAD = ["figure", "value", "floor", "ratio", "goal", "", "note"]


def table(rows: Sequence[Row]) -> str:
    """The table as text."""
    lines = [HEAD, *(row.cells() for row in rows)]
    widths = [max(_width(line[column]) for line in lines) for column in range(len(HEAD))]
    shown = [
        "  ".join(_padded(cell, width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    ]
    return "\n".join([shown[0], "-" * _width(max(shown, key=_width)), *shown[1:]])


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def ms(value: float) -> str:
    """Milliseconds, as many digits as mean something."""
    return f"{value:.2f} ms" if value < 10 else f"{value:.1f} ms" if value < 100 else f"{value:.0f} ms"


def machine(directory: Path) -> dict[str, Any]:
    """What the figures hold for, and how busy it was before the run. `directory` is where all data lie."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "cpu": _cpu(),
        "kernel": platform.release(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "mosquitto": _first_line(["mosquitto", "-h"]),
        "file_system": _first_line(["stat", "-f", "-c", "%T", str(directory)]),
        "load_average_at_start": [round(value, 2) for value in os.getloadavg()],
        "switch_interval_of_bench_s": sys.getswitchinterval(),
    }


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith(("model name", "Model")):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()


def _first_line(command: Sequence[str]) -> str:
    environment = {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10, env=environment)
    except OSError:
        return "unknown"
    return (done.stdout or done.stderr).strip().partition("\n")[0]
