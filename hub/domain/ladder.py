"""The steps towards the police: which may be taken now, by whom, and what must be said with it (policy facts, 1.1-1.4).

A rule here asks for a reason or for what belongs to the step; it never takes a step by itself, and nothing ever stands
between a person and the police.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from contract.problems import Problem, one_of
from contract.profile import PolicyProfile, Step
from hub.domain.course import Course
from hub.domain.notices import Why
from hub.domain.saying import StepTaken

POLICE: Final = "police"
ORDERS: Final = ("leave", "ask_leave")
"""Steps that tell a person to leave the building."""

AT_THE_BUILDING: Final = (*ORDERS, "final", "announce_police")
"""Steps that make no sense elsewhere: a call ends with the response (SET-06), and from a visit staff leave."""

STOPS: Final = ("stop", "end", "stop_and_urge")
"""Steps that say that the response ends: several people decide that before (SHI-13, SHI-07)."""


@dataclass(frozen=True, slots=True)
class Stand:
    """One step as a person sees it. `missing` names what must be said or done with it, by field."""

    step: str
    count: int
    last_at: datetime | None
    offered: bool
    missing: tuple[str, ...]


def problems(
    profile: PolicyProfile, site_type: str, course: Course, said: StepTaken, role: str, now: datetime
) -> list[Problem]:
    """Everything that keeps this step from being written down as said; nothing for the police."""
    steps = profile.ladder.steps
    if said.step not in steps and said.step != POLICE:
        return [one_of("step", steps)]
    if said.step == POLICE:
        routes = profile.police.routes
        return [one_of("route", routes)] if said.route is not None and routes and said.route not in routes else []
    if not course.in_building and said.step in AT_THE_BUILDING:
        return [
            Problem(
                "step", "", "電話や訪問では、やめると伝えたあと、電話を切るか立ち去ります。退去の段階はありません。",
                "on the telephone hang up after that, on a visit walk away; there is nobody to leave.",
            )
        ]  # fmt: skip
    found = [*_unexplained(profile, course, said, now)]
    if said.step in by_authority(profile):
        found += _order(profile, site_type, course, said, role)
    if said.step in STOPS:
        found += _stop(profile, course, said)
    return found


def stands(profile: PolicyProfile, site_type: str, course: Course, role: str, now: datetime) -> list[Stand]:
    """The ladder as it stands, in the profile's order, for a person with this role."""
    result = []
    for step in profile.ladder.steps:
        times = course.times(step)
        found = problems(profile, site_type, course, StepTaken(step=step), role, now)
        fields = tuple(dict.fromkeys(one.field for one in found))
        result.append(Stand(step, len(times), max(times, default=None), "step" not in fields, fields))
    return result


def next_step(profile: PolicyProfile, taken: Mapping[str, int], *, in_building: bool) -> Step | None:
    """The step that the profile's order names next; None when all were taken. `taken` counts each step so far.

    It follows the last one taken: people may have had a reason to skip one. Away from the building nothing follows
    the end.
    """
    if not in_building and any(taken.get(step) for step in STOPS):
        return None
    order = [step for step in profile.ladder.steps if in_building or step not in AT_THE_BUILDING]
    places = [place for place, step in enumerate(order) if taken.get(step)]
    if not places:
        return order[0] if order else None
    last = order[places[-1]]
    if last == "leave" and taken[last] < (profile.ladder.leave.count or 1):
        return last
    return order[places[-1] + 1] if places[-1] + 1 < len(order) else None


def skipped(profile: PolicyProfile, course: Course, step: str) -> tuple[str, ...]:
    """The steps before `step` that have not been taken as often as the profile asks."""
    found = []
    for before in profile.ladder.steps:
        if before == step:
            break
        if before == "ask_leave":
            continue  # a request that may be made, not an order on the way (YUR-08)
        wanted = (profile.ladder.leave.count or 1) if before == "leave" else 1
        if len(course.times(before)) < wanted and (course.in_building or before not in AT_THE_BUILDING):
            found.append(before)
    return tuple(found)


def wait_until(profile: PolicyProfile, course: Course) -> datetime | None:
    """From when the next order to leave keeps the interval; None when none was given or no interval is set."""
    interval, orders = profile.ladder.leave.interval_minutes, course.times("leave")
    return orders[-1] + timedelta(minutes=interval) / course.speed if interval and orders else None


def by_authority(profile: PolicyProfile) -> tuple[str, ...]:
    """Steps that only the offices of the site may take. The final warning is one where the city counts it as the last
    order: it names fewer orders before it than orders at most (Shin 6(3)ウエ; policy facts 1.8(3)).
    """
    leave = profile.ladder.leave
    return (*ORDERS, "final") if leave.count and leave.max and leave.count < leave.max else ORDERS


def issuers(profile: PolicyProfile, site_type: str) -> tuple[str, ...]:
    """The offices that may order a person to leave, at the main building or at a branch (SHI-15)."""
    leave = profile.ladder.leave
    return (leave.issuer_branch or leave.issuer) if site_type == "branch" else leave.issuer


def told_before(profile: PolicyProfile, site_type: str) -> tuple[str, ...]:
    """The offices that hear of it before somebody is ordered to leave (SET-07)."""
    return () if _manages_itself(profile, site_type) else profile.ladder.leave.report_first_to


def hear_of_refusal(profile: PolicyProfile, site_type: str) -> tuple[str, ...]:
    """The roles that hear of a request to cease that was not followed (SHI-16): who manages the building."""
    if not _manages_itself(profile, site_type):
        return ("building_manager",)
    return tuple(dict.fromkeys(profile.roles[office] for office in issuers(profile, site_type)))


def _manages_itself(profile: PolicyProfile, site_type: str) -> bool:
    """Whether this is a branch whose own offices stand where the building's manager does in the main building: there
    whoever is told is who orders, so here it is them and nobody else (Shin 6(2)⑥, 6(3)ウ).
    """
    leave = profile.ladder.leave
    told_orders = bool(leave.issuer) and set(leave.issuer) <= set(leave.report_first_to)
    return site_type == "branch" and told_orders and bool(leave.issuer_branch)


def own_office(profile: PolicyProfile, offices: tuple[str, ...], role: str) -> str | None:
    """The first of `offices` that this role holds."""
    return next((office for office in offices if profile.roles.get(office) == role), None)


def asks_to_decide(profile: PolicyProfile) -> bool:
    """Whether people decide together before somebody says that the response ends (SHI-07, SHI-13)."""
    rules = profile.ladder.stop
    return bool(rules.min_persons or rules.roles or profile.clock.circumstances)


def stop_decided(course: Course) -> bool:
    """Whether the last decision about it was to stop."""
    decided = [one.data.get("outcome") for one in course.decisions("stop")]
    return decided[-1:] == ["stop"]


def answered(course: Course, due_at: datetime) -> bool:
    """Whether people have decided what a clock that was over at `due_at` asks: since then, or to stop anyway."""
    return stop_decided(course) or any(one.at >= due_at for one in course.decisions("stop"))


def cease_unanswered(course: Course) -> bool:
    """Whether the visitor was asked to cease, and nobody has said since then that it goes on (SHI-16)."""
    asked, refused = course.times("cease"), course.marks("cease_refused")
    return bool(asked) and not any(one.at >= asked[-1] for one in refused)


def told_first(course: Course) -> bool:
    """Whether the building's manager has been told, by a person or by a message that the hub has sent (SET-07)."""
    return course.marked("manager_told") or bool(course.heard(Why.CEASE_REFUSED))


def _unexplained(profile: PolicyProfile, course: Course, said: StepTaken, now: datetime) -> Iterator[Problem]:
    """What needs a reason (SHI-14, SHI-17)."""
    if said.reason:
        return
    left_out = skipped(profile, course, said.step)
    if left_out:
        yield Problem(
            "reason", "、".join(left_out), "まだ伝えていない段階があります。飛ばすなら理由を書いてください。",
            "earlier steps have not been taken. Say why they are left out.",
        )  # fmt: skip
    if said.step != "leave":
        return
    until = wait_until(profile, course)
    if until is not None and now < until:
        minutes = profile.ladder.leave.interval_minutes
        yield Problem(
            "reason", "", f"前に命じてから {minutes} 分たっていません。今命じるなら理由を書いてください。",
            f"less than {minutes} minutes since the last order. Say why it cannot wait.",
        )  # fmt: skip
    most = profile.ladder.leave.max
    if most is not None and len(course.times("leave")) >= most:
        yield Problem(
            "reason", "", f"もう {most} 回命じました。さらに命じるなら理由を書いてください。",
            f"{most} orders were given already. Say why there is another.",
        )  # fmt: skip


def _order(profile: PolicyProfile, site_type: str, course: Course, said: StepTaken, role: str) -> Iterator[Problem]:
    """Who orders, on which ground, after telling whom (SHI-15, SHI-30, SET-07). For a final warning after an order the
    last two stand with that one.
    """
    leave, offices = profile.ladder.leave, issuers(profile, site_type)
    office = said.issuer or own_office(profile, offices, role)
    if offices and (office is None or office not in offices):
        yield one_of("issuer", offices)
    elif office is not None and profile.roles.get(office) != role and not said.issuer_name:
        yield Problem(
            "issuer_name", "", f"命じた人（{office}）の姓を書いてください。",
            "write the surname of the person who gave the order.",
        )  # fmt: skip
    first = said.step in ORDERS or not course.times(*ORDERS)
    if leave.grounds and (first or said.ground) and said.ground not in leave.grounds:
        yield one_of("ground", leave.grounds)
    before = told_before(profile, site_type)
    if first and before and office not in before and not told_first(course):
        whom = "、".join(before)
        yield Problem(
            "manager_told", "",
            f"先に{whom}に知らせ、「庁舎管理者に知らせた」を記録してください。窓守からの知らせは、まだ送れていません。",
            "tell the building's manager first, and mark that you did: the hub's own message has not gone out yet.",
        )  # fmt: skip


def _stop(profile: PolicyProfile, course: Course, said: StepTaken) -> Iterator[Problem]:
    """Ending the response is the organisation's decision, told by a superior (SHI-07, SHI-13)."""
    rules = profile.ladder.stop
    if asks_to_decide(profile) and not stop_decided(course):
        yield Problem(
            "decision", "", "対応をやめるかどうかを、先に決めて記録してください。",
            "first decide together whether to stop, and write that down.",
        )  # fmt: skip
    if rules.announcer and not said.announcer:
        yield Problem(
            "announcer", "", f"伝えた人（{rules.announcer}）の姓を書いてください。",
            "write the surname of the superior who said it.",
        )  # fmt: skip
    if rules.announcer and not said.acknowledged:
        yield Problem(
            "acknowledged", "", "相手の話を受け止めたことを伝えてから、対応をやめてください。",
            "say first that the claim has been understood.",
        )  # fmt: skip
