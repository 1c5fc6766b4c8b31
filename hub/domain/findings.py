"""What a judgement must look at before an act is called harassment or not (policy facts: Shin 3(4)-(5), 4; Seta 2(2)).

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

NOT_ALONE: Final = frozenset({"baseless", "nearmiss"})
"""Acts that alone are no harassment: a claim without merit counts with means or measure only (Shin 5(1); Sapp 3(4)),
and a hard case falls short of it (Shin 1(4)).
"""

APART: Final = "organised"
"""Pressure by a group has a track of its own (Shin 1(2))."""


def problems(said: Judgement, profile: PolicyProfile) -> Iterator[Problem]:
    """Everything that this judgement still lacks."""
    known, absent, same = tuple(profile.roles), said.head_absent, said.namesakes
    quorum = deciders.for_judging(profile)
    yield from deciders.problems(quorum, known, said.persons, head_absent=absent, namesakes=same)
    if said.finding != "harassment":
        if not any((said.text, said.environment, *(getattr(said, element) for element in VIEWPOINTS))):
            yield Problem(
                "text", "", "当たらないと考えた理由を、観点のどれかか「理由と考えた事情」に書いてください。",
                "say under one of the viewpoints, or as the reason, why it is found to be none.",
            )  # fmt: skip
        return
    yield from _acts(said)
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
    if "average_employee" in profile.judgement.tests and said.average_employee is False and not said.text:
        yield Problem(
            "text", "", "平均的な職員なら支障がないのに当たると判断する理由を書いてください。",
            "say why it counts although an average employee would not be disturbed.",
        )  # fmt: skip


def _acts(said: Judgement) -> Iterator[Problem]:
    """What is wrong with the acts on which harassment is found (policy facts, 2.4)."""
    counted = {*said.acts} - {APART}
    if not said.acts:
        yield Problem("acts", "", "当たる行為を一つ以上選んでください。", "name at least one act.")
    elif counted and counted <= NOT_ALONE:
        yield Problem(
            "acts", "", "理由のない求めや難しい事案であるだけでは当たりません。ほかに当たる行為を選んでください。",
            "that a claim lacks merit or a case is hard is not enough. Name an act besides.",
        )  # fmt: skip
    if APART in said.acts:
        yield Problem(
            "acts", "", "組織による圧力は、ここでは判断しません。外して、定められた別の手続きに引き継いでください。",
            "pressure by a group is not judged here. Leave it out, and hand it to the track of its own.",
        )  # fmt: skip


def grounds(said: Judgement) -> dict[str, Any]:
    """What was looked at, as it is written down; what was left out is None."""
    words = {name: getattr(said, name) or None for name in (*VIEWPOINTS, "environment")}
    return {**words, **{name: getattr(said, name) for name in (*BOTH, "average_employee", "dropped")}}
