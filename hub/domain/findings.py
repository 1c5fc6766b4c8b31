"""What a judgement must look at before an act is called harassment (policy facts: Shin 3(4)-(5), 4; Seta 2(2)).

The system asks; it never gives a verdict.
"""

from collections.abc import Iterator
from typing import Any, Final

from contract.problems import Problem
from contract.profile import PolicyProfile
from hub.domain import deciders
from hub.domain.saying import Judgement

VIEWPOINTS: Final = ("content", "manner", "time", "means")
"""Elements that are looked at in words."""

BOTH: Final = ("nuisance", "harm")
"""Elements of which each must be found (SET-02)."""


def problems(said: Judgement, profile: PolicyProfile) -> Iterator[Problem]:
    """Everything that this judgement still lacks."""
    known, absent, same = tuple(profile.roles), said.head_absent, said.namesakes
    quorum = deciders.for_judging(profile)
    yield from deciders.problems(quorum, known, said.persons, head_absent=absent, namesakes=same)
    if said.finding != "harassment":
        return
    if not said.acts:
        yield Problem("acts", "", "当たる行為を一つ以上選んでください。", "name at least one act.")
    for element in profile.judgement.elements:
        if element in VIEWPOINTS and not getattr(said, element):
            yield Problem(element, "", "この観点から考えたことを書いてください。", "write what was considered here.")
        if element in BOTH and getattr(said, element) is not True:
            yield Problem(
                element, "", "迷惑行為と就業環境への害の両方がそろわないと、当たると判断できません。",
                "both elements must be found: the nuisance, and the harm to the work.",
            )  # fmt: skip
    for test in profile.judgement.tests:
        if getattr(said, test) in ("", None):
            yield Problem(test, "", "この点も考えて記録してください。", "consider this too, and write it down.")


def grounds(said: Judgement) -> dict[str, Any]:
    """What was looked at, as it is written down; what was left out is None."""
    words = {name: getattr(said, name) or None for name in (*VIEWPOINTS, "environment")}
    return {**words, **{name: getattr(said, name) for name in (*BOTH, "average_employee", "dropped")}}
