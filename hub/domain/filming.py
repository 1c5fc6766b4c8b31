"""A visitor films or records inside the building: what comes next by the city's rule (SHI-29, YUR-04). Pure.

It says what to look at or to say next, and does nothing. Outside the building the rules do not reach, and on the
telephone there is nothing to show, so nothing is offered there.
"""

from collections.abc import Mapping
from typing import Final, Literal

from contract.profile import PolicyProfile
from hub.domain.course import Course
from hub.domain.incident import Entry
from hub.domain.ladder import POLICE

Prompt = Literal[
    "no_rule", "ask_permit", "ask_exceptions", "check_document", "allowed", "explain_permit", "explain_ban",
    "guide_to_desk", "report", "order", "look", "police", "with_police", "ended",
]  # fmt: skip

ANSWERS: Final[Mapping[Prompt, tuple[str, ...]]] = {
    "no_rule": ("filming_stopped",),
    "ask_permit": ("permit_shown", "permit_none", "no_hindrance"),
    "ask_exceptions": ("permit_shown", "permit_none", "no_hindrance"),
    "check_document": ("within_terms", "beyond_terms", "filming_stopped"),
    "allowed": ("filming_stopped", "beyond_terms"),
    "explain_permit": ("permit_asked", "filming_stopped", "filming_goes_on"),
    "explain_ban": ("filming_stopped", "filming_goes_on"),
    "guide_to_desk": ("filming_stopped", "filming_goes_on"),
    "report": ("manager_told", "filming_stopped"),
    "order": ("filming_stopped",),
    "look": ("filming_stopped", "filming_goes_on"),
}
"""The marks that lead on from each prompt. From `order` the step of the ladder does."""

_ENDS: Final = frozenset({"filming_stopped", "visitor_left"})
"""What ends the flow under every rule, and under none: the words for it stand in nobody's way any longer."""

_WITHOUT_PERMIT: Final = frozenset({"no_hindrance", "not_needed_per_manager"})
"""Exceptions that need no document: the office looks, and finds that no permit is needed."""


def filming(profile: PolicyProfile, course: Course) -> Prompt | None:
    """What comes next; None while nobody films, or where the rules do not reach."""
    if _out_of_reach(course):
        return None
    flow = _Flow(profile)
    for one in course.entries:
        name = one.data.get("step" if one.kind == Entry.STEP_TAKEN else "mark")
        if name == "act" and one.data.get("act") == "filming":
            name = "filming"
        if one.kind in (Entry.MARKED, Entry.STEP_TAKEN) and name:
            flow.goes_on(name)
    return flow.prompt


def answers(profile: PolicyProfile, prompt: Prompt) -> tuple[str, ...]:
    """The marks to offer with `prompt`; an exception that the city does not know is not among them."""
    exceptions = set(profile.visitor_recording.exceptions)
    known = {"permit_shown": "permit" in exceptions, "no_hindrance": bool(_WITHOUT_PERMIT & exceptions)}
    return tuple(name for name in ANSWERS.get(prompt, ()) if known.get(name, True))


def _out_of_reach(course: Course) -> bool:
    places = [one.data["place"] for one in course.of_kind(Entry.CONTACT_STARTED) if one.data.get("place")]
    return not course.in_building or places[-1:] == ["outside"]


class _Flow:
    """The flow so far, led on by marks and steps."""

    def __init__(self, profile: PolicyProfile) -> None:
        self.rule = profile.visitor_recording.rule
        self.exceptions = set(profile.visitor_recording.exceptions)
        self.prompt: Prompt | None = None
        self.told = self.ordered = False

    def goes_on(self, name: str) -> None:
        """One mark or step."""
        if self.prompt in (None, "ended"):
            if name == "filming":
                self.prompt = self._first()
        elif name in _ENDS:
            self.prompt = "ended"
        elif self.rule != "none":
            self.prompt = self._next(name, self.prompt)

    def _first(self) -> Prompt:
        self.told = self.ordered = False
        return {"permit": "ask_permit", "ban": "ask_exceptions", "none": "no_rule"}[self.rule]  # type: ignore[return-value]

    def _next(self, name: str, now: Prompt | None) -> Prompt | None:
        match name:
            case "permit_shown" if "permit" in self.exceptions:
                return "check_document"
            case "no_hindrance" if _WITHOUT_PERMIT & self.exceptions:
                return "allowed"
            case "within_terms" if now == "check_document":
                return "allowed"
            case "filming_goes_on" if now in ("check_document", "allowed"):
                return now  # that is what the permit is for
            case "permit_none" | "beyond_terms":
                return "explain_ban" if self.rule == "ban" else "explain_permit"
            case "permit_asked":
                return "guide_to_desk"
            case "manager_told":
                self.told = True
                return "order" if now == "report" else now
            case "leave" | "ask_leave":
                self.ordered = True
                return "look"
            case "filming_goes_on":
                return "police" if self.ordered else "order" if self.told else "report"
            case _ if name == POLICE:
                return "with_police"
            case _:
                return now
