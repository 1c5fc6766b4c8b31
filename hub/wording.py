"""Every sentence that people read, in Japanese and English.

The source holds the Japanese; `web/translations/en.po` holds the English. Facts are put in by name: `%(name)s`.
"""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.messages.pofile import read_po

LANGUAGES: Final = ("ja", "en")
"""The first is the one that the source is written in."""

TOKYO: Final = ZoneInfo("Asia/Tokyo")
"""The wall clock of the offices this is made for."""

CATALOGUES: Final = Path(__file__).parent / "web" / "translations"


def N_(japanese: str) -> str:
    """Mark a sentence that is translated later, when the reader is known."""
    return japanese


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """The translations into `language`; empty for Japanese.

    Raises:
        FileNotFoundError: there is no such language.
    """
    if language == LANGUAGES[0]:
        return {}
    with (CATALOGUES / f"{language}.po").open("rb") as file:
        entries = read_po(file, locale=language)
    return {str(entry.id): str(entry.string) for entry in entries if entry.id and entry.string}


def say(language: str, japanese: str, /, **facts: object) -> str:
    """The sentence in `language`, with `facts` put in. What is not translated is said in Japanese."""
    sentence = catalogue(language).get(japanese, japanese)
    return sentence % facts if facts else sentence


def pick_language(wanted: str | None) -> str:
    """The language that is written for a reader who asks for `wanted` ("en-GB,ja;q=0.5" too); Japanese in doubt."""
    for part in (wanted or "").split(","):
        language = part.split(";")[0].strip().lower().split("-")[0]
        if language in LANGUAGES:
            return language
    return LANGUAGES[0]


def clock_time(_language: str, at: datetime) -> str:
    """`at` on the office's wall clock, to the second."""
    try:
        return at.astimezone(TOKYO).strftime("%H:%M:%S")  # the same in both; a long timeline asks a thousand times
    except (OverflowError, ValueError):
        return "—"


@cache
def _locale(language: str) -> Locale:
    """Babel reads a locale's files anew for each name it is given."""
    return Locale.parse(language)


def _formatted(language: str, at: datetime, pattern: str) -> str:
    """One odd moment must not cost a whole page."""
    try:
        return format_datetime(at, pattern, tzinfo=TOKYO, locale=_locale(language))
    except (OverflowError, ValueError):
        return "—"


def date_and_time(language: str, at: datetime) -> str:
    """`at` with its day, to the second."""
    return _formatted(language, at, "M月d日(E) HH:mm:ss" if language == "ja" else "EEE d MMM, HH:mm:ss")


def full_date_and_time(language: str, at: datetime) -> str:
    """`at` with its year, to the minute, for the head of a page."""
    return _formatted(language, at, "y年M月d日(E) HH:mm" if language == "ja" else "EEE d MMM y, HH:mm")


def day(language: str, on: date) -> str:
    """A day with its year."""
    return format_date(on, "y年M月d日" if language == "ja" else "d MMM y", locale=language)


def exact_date_and_time(language: str, at: datetime) -> str:
    """`at` with its year, to the second, for paper that is read years later."""
    return _formatted(language, at, "y年M月d日(E) HH:mm:ss" if language == "ja" else "EEE d MMM y, HH:mm:ss")
