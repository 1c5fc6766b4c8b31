"""`[office]` of `hub.toml`: when the office is open, for marks and figures. Whom to alert then says `[[contacts]]`."""

import re
from datetime import date, datetime
from typing import Annotated, Final, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from hub.domain.office import Hours, Office

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: Final[tuple[Day, ...]] = get_args(Day)

_TIME: Final = r"([01]\d|2[0-3]|24(?=:00)):([0-5]\d)"


def _minutes(text: object) -> int:
    found = re.fullmatch(_TIME, text) if isinstance(text, str) else None
    if found is None:
        raise ValueError("時刻を「08:30」のように書いてください。 / must be a time like 08:30, in quotes.")
    return int(found[1]) * 60 + int(found[2])


def _hours(text: object) -> Hours:
    if not isinstance(text, str) or re.fullmatch(f"{_TIME}-{_TIME}", text) is None:
        raise ValueError("「08:30-19:00」のように書いてください。 / must be written like 08:30-19:00.")
    opens, closes = map(_minutes, text.split("-"))
    if opens >= closes:
        raise ValueError("開く時刻を、閉まる時刻より前にしてください。 / must open before it closes.")
    return opens, closes


def _date(value: object) -> object:
    """Quoted or not; pydantic alone would take a number of seconds too."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError("日付を「2026-12-29」のように書いてください。 / must be a date like 2026-12-29.")
    return value


Minutes = Annotated[int, BeforeValidator(_minutes)]


class OfficeHours(BaseModel):
    """When the office is open (SET-24). `days`: days of the week with hours of their own; they are open.

    `holidays`: the city's own list, besides `[alerts] holidays_file`; both count for alerts as well.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    opens: Minutes = 8 * 60 + 30
    closes: Minutes = 17 * 60 + 15
    closed_days: Annotated[tuple[Day, ...], Field(max_length=7)] = ("sat", "sun")
    holidays: Annotated[tuple[Annotated[date, BeforeValidator(_date)], ...], Field(max_length=2000)] = ()
    days: dict[Day, Annotated[tuple[int, int], BeforeValidator(_hours)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        problems = []
        if self.opens >= self.closes:
            problems.append(("opens を closes より前の時刻にしてください。", "opens must come before closes."))
        both = "、".join(day for day in self.days if day in self.closed_days and "closed_days" in self.model_fields_set)
        if both:
            problems.append(
                (
                    f"{both} が closed_days と days の両方にあります。どちらかから消してください。",
                    f"{both} stands in closed_days and in days. Remove it from one.",
                )
            )
        if problems:
            japanese, english = zip(*problems, strict=True)
            raise ValueError(f"{''.join(japanese)} / {' '.join(english)}")
        return self

    def office(self, holidays: frozenset[date]) -> Office:
        """The hours as rules look at them, with the `holidays` of both lists."""
        return Office(
            {
                place: self.days.get(day, (self.opens, self.closes))
                for place, day in enumerate(DAYS)
                if day in self.days or day not in self.closed_days
            },
            holidays,
        )
