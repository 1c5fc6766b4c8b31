"""Which contacts of `hub.toml` hear of what, and which of them would never hear of anything. Pure.

A contact whose role stands in no stage of the ladder is called by no press. It looks like everybody else in the file,
so it is said wherever contacts are looked at.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, Literal, get_args

from contract.messages import Level
from contract.problems import Problem
from contract.profile import Act, PolicyProfile
from hub.domain import escalation, marks, posts, whole_recording
from hub.domain.course import Course
from hub.domain.duty import Contact
from hub.domain.saying import Mark, MarkName

Hears = Literal["calls", "notices", "as_deputy", "nothing"]
"""Calls for help; only messages for another reason (`hub.domain.notices`); what those would whose deputy it is."""


def called_roles(profile: PolicyProfile) -> frozenset[str]:
    """The roles that a call at some level reaches sooner or later."""
    return frozenset().union(*(escalation.roles(profile.alert, level.value) for level in Level))


def notice_roles(profile: PolicyProfile) -> frozenset[str]:
    """The roles that are told for a reason other than the ladder's."""
    said = [Mark(mark=name) for name in get_args(MarkName)] + [Mark(mark="act", act=act) for act in get_args(Act)]
    sites = ("main", "branch")
    notices = [notice for one in said for site in sites for notice in marks.notices(one, profile, Course(), site)]
    told = {role for notice in notices for role in notice.roles}
    return frozenset({*told, *whole_recording.TOLD, posts.meeting_office(profile)[1]})


def hears(profile: PolicyProfile, contacts: Sequence[Contact]) -> Mapping[str, Hears]:
    """What each of `contacts` hears of, by its id."""
    called, told = called_roles(profile), notice_roles(profile)
    standing_in = _standing_in({one.id for one in contacts if one.role in called | told}, contacts)

    def of(one: Contact) -> Hears:
        if one.role in called:
            return "calls"
        if one.id in standing_in:
            return "as_deputy"
        return "notices" if one.role in told and not one.shows_only else "nothing"

    return {one.id: of(one) for one in contacts}


def _standing_in(heard: Collection[str], contacts: Iterable[Contact]) -> set[str]:
    """Those who deputise for somebody of `heard`, or for such a deputy."""
    found: set[str] = set()
    while more := {
        one.id for one in contacts if one.id not in found and ({*heard, *found} - {one.id}) & set(one.deputy_for)
    }:
        found |= more
    return found


def warnings(
    profile: PolicyProfile, contacts: Sequence[Contact], boxes: Collection[str] | None = None
) -> list[Problem]:
    """Every contact that hears of nothing, and every box that is named and not enrolled (where `boxes` are known)."""
    heard = hears(profile, contacts)
    found = []
    for one in contacts:
        if heard[one.id] == "nothing":
            found.append(Problem(f"contacts.{one.id}.role", repr(one.role), *_NOTHING))
        strangers = [box for box in one.near if boxes is not None and box not in boxes]
        if strangers:
            found.append(Problem(f"contacts.{one.id}.near", repr(", ".join(strangers)), *_STRANGER))
    return found


_NOTHING: Final = (
    (
        "この役割は、市の決まりの知らせる段階のどこにもありません。この連絡先には何も届きません。"
        "role を段階にある役割に変えるか、deputy_for で誰かの代わりにするか、"
        "市の決まりの [alert] にこの役割を加えてください。"
    ),
    (
        "this role stands in no stage of the ladder, so this contact is never told of anything. Give it a role that "
        "does, make it somebody's deputy (deputy_for), or add the role to [alert] of the city's rules."
    ),
)
_STRANGER: Final = (
    "登録されていない箱です。その箱の呼び出しは、この連絡先に届きません。箱の名前を確かめてください。",
    "is no enrolled box: no call of that name will reach this contact. Check the names of the boxes.",
)
