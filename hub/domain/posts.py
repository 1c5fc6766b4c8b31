"""What is done about a malicious post, in its order, and what follows from what people say about one. Pure.

The order is the city's (Seta SNS 4): find out, keep what can be seen, the police with it, a lawyer about its deletion.
Who leaves a step out says why; only the way to the police is never closed, and what was left out is written down.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, get_args

from contract.problems import Problem
from contract.profile import PolicyProfile
from hub.domain.course import Course, Happened
from hub.domain.deed import AHEAD_MAX, Decision, DeedRefused, Facts, Person
from hub.domain.incident import Deed, Entry, Origin, after
from hub.domain.marks import Notice
from hub.domain.notices import Why
from hub.domain.permissions import Role
from hub.domain.post_saying import (
    Evidence,
    FirstReport,
    FirstReportSent,
    Found,
    KeptEvidence,
    MeetingAsked,
    PostSaid,
    PostStep,
    Step,
)

STEPS: Final[tuple[Step, ...]] = get_args(Step)

EVIDENCE_MAX: Final = 200
"""Entries of one incident; a post that is copied more often needs another way."""

MOMENTS: Final = ("occurred_at", "reported_at")


@dataclass(frozen=True, slots=True)
class Stand:
    """One of the four steps. `last` is the entry of the last time; `left_out`: what comes before it and is not done."""

    step: Step
    count: int
    last: Happened | None
    left_out: tuple[Step, ...]


def stands(course: Course) -> list[Stand]:
    """The four steps as they stand, in their order."""
    return [Stand(step, len(_taken(course, step)), _last(course, step), left_out(course, step)) for step in STEPS]


def left_out(course: Course, step: Step) -> tuple[Step, ...]:
    """The steps before `step` that have not been taken."""
    return tuple(before for before in STEPS[: STEPS.index(step)] if not _taken(course, before))


def kept(course: Course) -> list[int]:
    """The numbers of the evidence that was kept."""
    return [one.data["number"] for one in course.of_kind(Entry.EVIDENCE_KEPT)]


def meeting_office(profile: PolicyProfile) -> tuple[str | None, str]:
    """Who calls the emergency meeting: the office that the city names for hard cases, and the role that hears of it."""
    general = Role.GENERAL_AFFAIRS.value
    offices = profile.routing.get("hard_case", ())
    known = next((office for office in offices if profile.roles.get(office, general) == general), None)
    return known, general


def found_problems(said: Found, now: datetime) -> list[Problem]:
    """What is wrong with the times of a post that was found."""
    found = []
    if said.found_at > now + AHEAD_MAX:
        found.append(_ahead("found_at"))
    if said.occurred_at is not None and said.occurred_at > said.found_at:
        found.append(
            Problem("occurred_at", "", "見つけた時刻より前にしてください。", "must be before the post was found.")
        )
    return found


def form_fields(said: FirstReport) -> dict[str, Any]:
    """The fields of the first report that were said, as an entry of the timeline keeps them."""
    fields = said.model_dump(mode="json", include=set(FirstReport.model_fields))
    return {name: value for name, value in fields.items() if value not in (None, "")}


def decide(facts: Facts, said: PostSaid, who: Person, now: datetime, profile: PolicyProfile) -> Decision:
    """What follows from `said`.

    Raises:
        NotPossible: the incident is closed.
        DeedRefused: it is not about a post, or a field does not fit.
    """
    if facts.origin is not Origin.POST:
        raise DeedRefused(
            Problem(
                "incident", "", "投稿の案件ではありません。投稿は「投稿」の画面から案件を作ってください。",
                "this incident is not about a post. Open one on the page of posts.",
            )
        )  # fmt: skip
    match said:
        case FirstReport():
            return _described(facts, said, now)
        case FirstReportSent():
            data = {"to": list(dict.fromkeys(said.to))}
            return Decision(after(facts.state, Deed.NOTE), Entry.POST_SENT, now, data=data)
        case Evidence():
            return _evidence(facts, said, who, now)
        case PostStep():
            return _step(facts, said, now)
        case MeetingAsked():
            return _meeting(facts, said, now, profile)
        case _:
            raise TypeError(f"{type(said).__name__} is not about a post")


def _described(facts: Facts, said: FirstReport, now: datetime) -> Decision:
    fields = form_fields(said)
    if not fields:
        raise DeedRefused(Problem("situation", "", "一つは書いてください。", "say at least one of them."))
    state = after(facts.state, Deed.NOTE)
    return Decision(state, Entry.POST_DESCRIBED, now, data={"sns": fields})


def _evidence(facts: Facts, said: Evidence, who: Person, now: datetime) -> Decision:
    state = after(facts.state, Deed.NOTE)  # a post may come up again when the incident is long closed
    numbers = kept(facts.course)
    problems = []
    if len(numbers) >= EVIDENCE_MAX:
        problems.append(
            Problem("evidence", "", f"一つの案件に {EVIDENCE_MAX} 件までです。", f"{EVIDENCE_MAX} at the most.")
        )
    if said.taken_at is not None and said.taken_at > now + AHEAD_MAX:
        problems.append(_ahead("taken_at"))
    file = {}
    if isinstance(said, KeptEvidence):
        file = said.model_dump(include={"kind", "bytes", "sha256", "sealed", "sealed_bytes"})
    elif not (said.address or said.verbatim):
        problems.append(
            Problem(
                "address", "", "投稿のアドレスか言葉を書いてください。画面の写しがあれば、なくても残せます。",
                "write the address or the words of the post; with a copy of the screen neither is needed.",
            )
        )  # fmt: skip
    _refuse(problems)
    data = {
        "number": len(numbers) + 1,
        **_given(address=said.address, provider=said.provider, verbatim=said.verbatim),
        "taken_at": min(said.taken_at or now, now).isoformat(),
        "taken_by": said.taken_by or who.name,
        **({"file": file} if file else {}),
    }
    return Decision(state, Entry.EVIDENCE_KEPT, now, said.text, data, witnessed=True)


def _step(facts: Facts, said: PostStep, now: datetime) -> Decision:
    state = after(facts.state, Deed.STEP)
    before, numbers = left_out(facts.course, said.step), kept(facts.course)
    problems = []
    if said.step != "police" and not said.reason:
        if before:
            problems.append(
                Problem(
                    "reason", "、".join(before), "まだ済んでいない手順があります。飛ばすなら理由を書いてください。",
                    "earlier steps have not been taken. Say why they are left out.",
                )
            )  # fmt: skip
        if said.step == "preserve" and not numbers:
            problems.append(
                Problem(
                    "reason", "", "証拠がまだ一つも残されていません。残せないときは、その理由を書いてください。",
                    "no evidence has been kept yet. Say why there is none.",
                )
            )  # fmt: skip
    unknown = [str(one) for one in said.evidence if one not in numbers]
    if unknown:
        problems.append(
            Problem("evidence", "、".join(unknown), "その番号の証拠はありません。", "there is no such evidence.")
        )
    if said.step != "police" and (said.evidence or said.damage_report):
        problems.append(
            Problem("step", said.step, "証拠と被害届は、警察の手順に書きます。", "these belong to the police step.")
        )
    _refuse(problems)
    data = _given(
        step=said.step,
        count=len(_taken(facts.course, said.step)) + 1,
        reason=said.reason,
        left_out=list(before),
        evidence=sorted(set(said.evidence)),
        damage_report=said.damage_report,
    )
    return Decision(state, Entry.POST_STEP, now, said.words, data)


def _meeting(facts: Facts, said: MeetingAsked, now: datetime, profile: PolicyProfile) -> Decision:
    state = after(facts.state, Deed.MARK)
    office, role = meeting_office(profile)
    count = len(facts.course.of_kind(Entry.MEETING_ASKED)) + 1
    data = _given(count=count, office=office, wanted=said.wanted, persons=list(said.persons))
    return Decision(
        state, Entry.MEETING_ASKED, now, said.text, data, notices=(Notice(Why.MEETING, (role,), occasion=count),)
    )


def _taken(course: Course, step: Step) -> list[Happened]:
    return [one for one in course.of_kind(Entry.POST_STEP) if one.data.get("step") == step]


def _last(course: Course, step: Step) -> Happened | None:
    taken = _taken(course, step)
    return taken[-1] if taken else None


def _ahead(field: str) -> Problem:
    return Problem(field, "", "まだ来ていない時刻です。", "lies in the future.")


def _given(**data: Any) -> Mapping[str, Any]:
    """What was said; silence is not written down."""
    return {name: value for name, value in data.items() if value not in (None, "", [])}


def _refuse(problems: Iterable[Problem]) -> None:
    found = tuple(problems)
    if found:
        raise DeedRefused(*found)
