"""What a decision that several people take together during a contact must say (SHI-07, SHI-13, SHI-25, SET-04)."""

from collections.abc import Iterator
from typing import Final

from contract.problems import Problem, one_of
from contract.profile import PolicyProfile
from hub.domain import deciders, policy_clock
from hub.domain.course import Course
from hub.domain.saying import Decide

_OUTCOMES: Final = {
    "stop": ("stop", "go_on"),
    "recording": ("end_talk", "go_on", "without_recording", "not_refused"),
    "limit": (),
}

_ANYBODY: Final = deciders.Quorum(1, (), 1, ())
"""Somebody decided. The documents name no office for it that could not be asked by telephone."""


def problems(said: Decide, profile: PolicyProfile) -> Iterator[Problem]:
    """Everything that this decision still lacks."""
    outcomes = _OUTCOMES[said.about]
    if outcomes and said.outcome not in outcomes:
        yield one_of("outcome", outcomes)
    if said.about == "limit":
        yield from _limit_problems(said, profile)
    known = tuple(profile.roles)
    if said.about == "recording":
        yield from deciders.problems(_ANYBODY, known, said.persons, head_absent=False)
    if said.about != "stop":
        return
    yield from deciders.problems(
        deciders.for_stopping(profile), known, said.persons, head_absent=said.head_absent, namesakes=said.namesakes
    )
    unlooked = [name for name in profile.clock.circumstances if name not in said.circumstances]
    if unlooked:
        yield Problem(
            "circumstances",
            "、".join(unlooked),
            "まだ見ていない事情があります。時間だけで決めず、すべて考えてください。",
            "some circumstances were not looked at. Time alone decides nothing.",
        )  # fmt: skip


def refusal_undecided(course: Course) -> bool:
    """Whether the visitor refused to be recorded, and nobody has written down what was decided (SHI-25)."""
    return course.marked("recording_refused") and not course.decisions("recording")


def _limit_problems(said: Decide, profile: PolicyProfile) -> Iterator[Problem]:
    if not profile.clock.case_adjustable:
        yield Problem(
            "clock",
            "",
            "この市の決まりでは、案件ごとに時間を変えられません。",
            "the city lets no case have its own limit.",
        )
    if said.clock not in policy_clock.ADJUSTABLE:
        yield one_of("clock", tuple(sorted(policy_clock.ADJUSTABLE)))
    if said.minutes is None:
        yield Problem("minutes", "", "何分にするかを書いてください。", "say how many minutes.")
    if not said.text:
        yield Problem("text", "", "変える理由を書いてください。", "say why it is changed.")
