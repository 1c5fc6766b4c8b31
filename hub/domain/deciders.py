"""Whether the persons named may decide together: how many, and who of them holds the office that must be there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from contract.problems import Problem
from contract.profile import PolicyProfile


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


def office_of(person: str, offices: Sequence[str]) -> str | None:
    """The office that stands in front of a name, as in 「所属長 佐藤」. The longest that fits is meant."""
    fitting = [office for office in offices if person.startswith(office)]
    return max(fitting, key=len, default=None)


def problems(quorum: Quorum, known: Sequence[str], persons: Sequence[str], *, head_absent: bool) -> Iterator[Problem]:
    """What is wrong with these persons (「職名 姓」 each). `known`: the offices that the profile names."""
    named = tuple(dict.fromkeys(" ".join(person.split()) for person in persons))
    offices = quorum.deputies if head_absent else quorum.offices
    least = quorum.deputy_least if head_absent else quorum.least
    if head_absent and quorum.offices and not quorum.deputies:
        yield Problem(
            "head_absent", "", "代わりに決める職が定められていません。庁内で確かめてください。",
            "the city names no deputy. Ask inside the city hall.",
        )  # fmt: skip
        return
    if len(named) < least:
        yield Problem("persons", "", f"{least} 人以上で決めてください。", f"needs {least} persons or more.")
    holders = {office_of(person, known) for person in named}
    if offices and not holders & set(offices):
        whom = "、".join(offices)
        yield Problem(
            "persons", "", f"{whom} のどれかを入れてください（例: {offices[0]} 佐藤）。",
            f"must include one of {', '.join(offices)} (like: {offices[0]} 佐藤).",
        )  # fmt: skip
