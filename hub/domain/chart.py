"""Bar charts as SVG, made of attributes and classes only, so that a strict content policy lets them be.

A table with the same figures always stands beside them; the chart itself is one picture with one name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

WIDTH: Final = 360
_LABEL: Final = 118
_VALUE: Final = 34
_BAR: Final = 11
_GAP: Final = 10
_LABEL_MAX: Final = 9.0
_COLUMNS_HEIGHT: Final = 120


@dataclass(frozen=True, slots=True)
class Bar:
    """One thing: its figure now and before, each with its text. None: hidden, drawn as a short dashed block."""

    label: str
    now: int | None
    now_text: str
    before: int | None
    before_text: str


def bars(name: str, rows: Sequence[Bar]) -> str:
    """Lying bars, one pair per row: now filled, before outlined."""
    most = max((figure or 0 for row in rows for figure in (row.now, row.before)), default=0)
    pair = 2 * _BAR + _GAP
    height = pair * len(rows) + 4
    parts = []
    for place, row in enumerate(rows):
        top = place * pair + 4
        parts.append(
            f'<text class="chart__label" x="{_LABEL - 6}" y="{top + _BAR + 4}" text-anchor="end">'
            f"{escape(_short(row.label))}</text>"
        )
        parts += _bar(top, row.now, row.now_text, most, "now")
        parts += _bar(top + _BAR, row.before, row.before_text, most, "before")
    return _picture(name, height, parts)


def _bar(top: float, figure: int | None, text: str, most: int, which: str) -> list[str]:
    room = WIDTH - _LABEL - _VALUE
    hidden = " chart__bar--hidden" if figure is None else ""
    long = 6.0 if figure is None else room * figure / most if most else 0.0
    box = f'x="{_LABEL}" y="{top}" width="{max(long, 0.5):.1f}" height="{_BAR - 1}"'
    return [
        f'<rect class="chart__bar chart__bar--{which}{hidden}" {box}/>',
        f'<text class="chart__value" x="{_LABEL + max(long, 0.5) + 4:.1f}" y="{top + _BAR - 2}">{escape(text)}</text>',
    ]


def columns(name: str, rows: Sequence[Bar]) -> str:
    """Standing bars, for what has an order: the hours of a day."""
    most = max((figure or 0 for row in rows for figure in (row.now, row.before)), default=0)
    wide = WIDTH / max(1, len(rows))
    parts = [f'<line class="chart__axis" x1="0" y1="{_COLUMNS_HEIGHT}" x2="{WIDTH}" y2="{_COLUMNS_HEIGHT}"/>']
    for place, row in enumerate(rows):
        left = place * wide
        for which, figure, start in (("now", row.now, 0.1), ("before", row.before, 0.5)):
            hidden = " chart__bar--hidden" if figure is None else ""
            high = 6.0 if figure is None else (_COLUMNS_HEIGHT - 8) * figure / most if most else 0.0
            parts.append(
                f'<rect class="chart__bar chart__bar--{which}{hidden}" x="{left + wide * start:.1f}" '
                f'y="{_COLUMNS_HEIGHT - high:.1f}" width="{wide * 0.38:.1f}" height="{high:.1f}"/>'
            )
        if len(rows) <= 12 or place % 3 == 0:
            parts.append(
                f'<text class="chart__label" x="{left + wide / 2:.1f}" y="{_COLUMNS_HEIGHT + 14}" '
                f'text-anchor="middle">{escape(row.label)}</text>'
            )
    return _picture(name, _COLUMNS_HEIGHT + 20, parts)


def _picture(name: str, height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(name)}">'
        f"{''.join(parts)}</svg>"
    )


def _short(label: str) -> str:
    """As much as fits in front of a bar; the table beside it has the whole."""
    wide, kept = 0.0, ""
    for char in label:
        wide += 0.62 if char < "\u2e80" else 1.0
        if wide > _LABEL_MAX:
            return kept + "…"
        kept += char
    return kept
