"""Whether the persons named may decide together: how many, and who of them holds the office that must be there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from contract.problems import Problem
from contract.profile import PolicyProfile
from hub.domain.course import Course
from hub.domain.incident import Entry

TOGETHER: Final = 2
"""Persons who decide together are two at least."""


@dataclass(frozen=True, slots=True)
class Quorum:
    """How many persons, and one of which offices. Deputies count only when the head is said to be absent (SHI-02)."""

    least: int
    offices: tuple[str, ...]
    deputy_least: int
    deputies: tuple[str, ...]


def for_judging(profile: PolicyProfile) -> Quorum:
    """Who judges that an act is harassment."""
    rules = profile.judgement
    least = rules.min_persons or 1
    return Quorum(least, rules.required_roles, rules.deputy_min_persons or least, rules.deputy_roles)


def for_stopping(profile: PolicyProfile) -> Quorum:
    """Who decides that the response ends. The deputies are those of the judgement: no document names others."""
    rules, judging = profile.ladder.stop, for_judging(profile)
    least = rules.min_persons or 1
    deputy_least = max(least, judging.deputy_least) if judging.deputies else least
    return Quorum(least, rules.roles, deputy_least, judging.deputies)


def number_is_open(profile: PolicyProfile) -> frozenset[str]:
    """Where the document names no number of persons: of "judgement" and "stop". One name is then accepted, and never
    without a word: it is to be decided together (policy facts 1.6), as the organisation (Sapp 3(4), SHI-07).
    """
    numbers = {"judgement": profile.judgement.min_persons, "stop": profile.ladder.stop.min_persons}
    return frozenset(about for about, number in numbers.items() if number is None)


def under_one_name(profile: PolicyProfile, course: Course) -> frozenset[str]:
    """What stands last under one name where the number is open: of "judgement" and "stop"."""
    last = {"judgement": course.of_kind(Entry.JUDGED)[-1:], "stop": course.decisions("stop")[-1:]}
    return frozenset(
        about
        for about in number_is_open(profile)
        for one in last[about]
        if _different(_named(one.data.get("persons") or ())) < TOGETHER
    )


def office_of(person: str, offices: Sequence[str]) -> str | None:
    """The office in front of a name, as in 「所属長 佐藤」: a word of its own, so 「所属長代理 佐藤」 holds none.

    An office of a rank (「係長級」) is held by who has the rank's own title (「係長」) too.
    """
    title, _, name = person.partition(" ")
    return next((office for office in (title, f"{title}級") if name and office in offices), None)


def _named(persons: Sequence[str]) -> tuple[str, ...]:
    """Each of them once, spaced alike."""
    return tuple(dict.fromkeys(" ".join(person.split()) for person in persons))


def _nameless(person: str, offices: Sequence[str]) -> bool:
    """Whether an office stands there, and no name of its own behind it."""
    return " " not in person and person.startswith(tuple(offices))


def _surname(person: str) -> str:
    """What stands behind the office; a given name may follow."""
    return person.partition(" ")[2] or person


def _different(persons: Sequence[str]) -> int:
    """How many persons these are at most. A name alone is nobody new beside the same name with an office."""
    titled = {_surname(person) for person in persons if " " in person}
    return len([person for person in persons if person not in titled])


def problems(
    quorum: Quorum, known: Sequence[str], persons: Sequence[str], *, head_absent: bool, namesakes: bool = False
) -> Iterator[Problem]:
    """What is wrong with these persons (「職名 姓」 each). `known`: the offices that the profile names.

    One person may hold two offices, and two persons one surname: `namesakes` says that the latter is so.
    """
    named = _named(persons)
    offices = quorum.deputies if head_absent else quorum.offices
    least = quorum.deputy_least if head_absent else quorum.least
    if head_absent and quorum.offices and not quorum.deputies:
        yield Problem(
            "head_absent", "", "代わりに決める職が定められていません。庁内で確かめてください。",
            "the city names no deputy. Ask inside the city hall.",
        )  # fmt: skip
        return
    nameless = [person for person in named if _nameless(person, known)]
    if nameless:
        yield Problem(
            "persons", "、".join(nameless), "職の後に間を空けて、姓も書いてください（例: 所属長 佐藤）。",
            "write the surname too, after the office and a space (like: 所属長 佐藤).",
        )  # fmt: skip
    if _different(named) < least:
        yield Problem("persons", "", f"{least} 人以上で決めてください。", f"needs {least} persons or more.")
    elif not namesakes and len({_surname(person) for person in named}) < least:
        yield Problem(
            "namesakes", "", "同じ姓の人がいます。別の人なら「同じ姓の別の人がいる」に印を付けてください。",
            "two have the same surname. If they are two persons, say so (namesakes).",
        )  # fmt: skip
    holders = {office_of(person, known) for person in named}
    if offices and not holders & set(offices):
        whom = "、".join(offices)
        yield Problem(
            "persons", "", f"{whom} のどれかを入れてください（例: {offices[0]} 佐藤）。",
            f"must include one of {', '.join(offices)} (like: {offices[0]} 佐藤).",
        )  # fmt: skip
