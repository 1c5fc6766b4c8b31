"""Who may do what. One table; an action or a role that does not stand here is refused."""

from enum import StrEnum
from typing import Final

from contract.profile import PolicyProfile


class Role(StrEnum):
    """The roles of the product (design, section 6). A profile maps a city's offices to them."""

    STAFF = "staff"
    SUPERVISOR = "supervisor"
    SECTION_HEAD = "section_head"
    BUILDING_MANAGER = "building_manager"
    GUARD = "guard"
    EVIDENCE_CUSTODIAN = "evidence_custodian"
    GENERAL_AFFAIRS = "general_affairs"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Action(StrEnum):
    """What a request wants to do."""

    BOXES_READ = "boxes.read"
    INCIDENTS_READ = "incidents.read"
    ACKNOWLEDGE = "incident.acknowledge"
    RESPOND = "incident.respond"
    CONTACT = "incident.contact"
    MARK = "incident.mark"
    STEP = "incident.step"
    POLICE = "incident.police"
    DECIDE = "incident.decide"
    NOTE = "incident.note"
    JUDGE = "incident.judge"
    REPORT = "incident.report"
    TASKS = "tasks.do"
    CALENDAR = "calendar.own"
    PROMISE = "incident.promise"
    LOAD_READ = "load.read"
    DISCLOSURES_READ = "disclosures.read"
    DISCLOSURES_KEEP = "disclosures.keep"
    CASE_LINK = "case.link"
    CASE_NOTE = "case.note"
    POST_OPEN = "post.open"
    POST_STEP = "post.step"
    MEETING = "post.meeting"
    EVIDENCE_KEEP = "evidence.keep"
    EVIDENCE_VIEW = "evidence.view"
    CLOSE = "incident.close"
    FALSE_PRESS = "incident.false_press"
    RECORDING_VIEW = "recording.view"
    REPORT_MAKE = "report.make"
    STATISTICS_READ = "statistics.read"
    STATISTICS_SHARE = "statistics.share"
    INCIDENTS_EXPORT = "incidents.export"
    ACCESS_READ = "access.read"
    QUARANTINE_READ = "quarantine.read"
    METRICS_READ = "metrics.read"
    PROFILE_READ = "profile.read"
    OWN_ACCOUNT = "account.own"
    CARDS_READ = "cards.read"
    CARD_WORDING = "cards.wording"
    DUTY_READ = "duty.read"
    ABSENCE = "duty.absence"
    VISITS_READ = "visits.read"
    VISIT_PLAN = "visit.plan"
    VISIT_TELL = "visit.tell"
    VISIT_CHANGE = "visit.change"
    DRILLS_READ = "drills.read"
    DRILL = "drills.hold"
    DRILL_REAL = "drills.real"
    PRACTICE = "practice.own"
    PRACTICE_READ = "practice.read"


_EVERYBODY: Final = frozenset(Role)

_ON_THE_SPOT: Final = frozenset(
    {Role.STAFF, Role.SUPERVISOR, Role.SECTION_HEAD, Role.BUILDING_MANAGER, Role.GUARD, Role.ADMINISTRATOR}
)
"""People who may be the ones to go. The administrator is among them: in a small office it is the only other person."""

_IN_CHARGE: Final = frozenset({Role.SUPERVISOR, Role.SECTION_HEAD})

_DISCLOSES: Final = frozenset({Role.SECTION_HEAD, Role.EVIDENCE_CUSTODIAN, Role.GENERAL_AFFAIRS})
"""People who keep the register of disclosure requests."""

_COUNTS: Final = frozenset({Role.SECTION_HEAD, Role.GENERAL_AFFAIRS, Role.AUDITOR, Role.ADMINISTRATOR})
"""People who look at all incidents together, and answer to the council for them."""

_ALLOWED: Final[dict[Action, frozenset[Role]]] = {
    Action.BOXES_READ: _EVERYBODY,
    Action.INCIDENTS_READ: _EVERYBODY,
    Action.ACKNOWLEDGE: _ON_THE_SPOT,
    Action.RESPOND: _ON_THE_SPOT,
    Action.CONTACT: _ON_THE_SPOT,
    Action.MARK: _ON_THE_SPOT,
    Action.STEP: _ON_THE_SPOT,
    Action.POLICE: _EVERYBODY - {Role.AUDITOR},  # whoever is near calls, and says so (SHI-19)
    Action.DECIDE: _IN_CHARGE | {Role.BUILDING_MANAGER, Role.ADMINISTRATOR},
    Action.NOTE: _EVERYBODY - {Role.AUDITOR},
    Action.JUDGE: _IN_CHARGE,
    Action.REPORT: _IN_CHARGE | {Role.GENERAL_AFFAIRS},
    Action.TASKS: _IN_CHARGE | {Role.GENERAL_AFFAIRS},
    Action.CALENDAR: _IN_CHARGE | _DISCLOSES | {Role.AUDITOR},  # whoever has something in it: tasks, or due days
    Action.PROMISE: _ON_THE_SPOT | {Role.GENERAL_AFFAIRS},
    Action.LOAD_READ: _IN_CHARGE | {Role.GENERAL_AFFAIRS},  # the carers of hub.domain.tasks
    Action.DISCLOSURES_READ: _DISCLOSES | {Role.AUDITOR},
    Action.DISCLOSURES_KEEP: _DISCLOSES,
    Action.CASE_LINK: _ON_THE_SPOT | {Role.GENERAL_AFFAIRS},
    Action.CASE_NOTE: _IN_CHARGE,
    Action.POST_OPEN: _IN_CHARGE | {Role.STAFF, Role.GENERAL_AFFAIRS},
    Action.POST_STEP: _IN_CHARGE | {Role.GENERAL_AFFAIRS},
    Action.MEETING: _IN_CHARGE,
    Action.EVIDENCE_KEEP: _IN_CHARGE | {Role.STAFF, Role.GENERAL_AFFAIRS, Role.EVIDENCE_CUSTODIAN},
    Action.EVIDENCE_VIEW: _IN_CHARGE | {Role.GENERAL_AFFAIRS, Role.EVIDENCE_CUSTODIAN},
    Action.CLOSE: _IN_CHARGE | {Role.ADMINISTRATOR},
    Action.FALSE_PRESS: _ON_THE_SPOT - {Role.GUARD},
    Action.RECORDING_VIEW: _IN_CHARGE | {Role.EVIDENCE_CUSTODIAN},
    Action.REPORT_MAKE: _IN_CHARGE
    | {Role.BUILDING_MANAGER, Role.EVIDENCE_CUSTODIAN, Role.GENERAL_AFFAIRS, Role.ADMINISTRATOR},
    Action.STATISTICS_READ: _COUNTS,
    Action.STATISTICS_SHARE: frozenset({Role.GENERAL_AFFAIRS}),
    Action.INCIDENTS_EXPORT: _COUNTS,
    Action.ACCESS_READ: _IN_CHARGE | {Role.EVIDENCE_CUSTODIAN, Role.GENERAL_AFFAIRS, Role.AUDITOR, Role.ADMINISTRATOR},
    Action.QUARANTINE_READ: frozenset({Role.AUDITOR, Role.ADMINISTRATOR}),
    Action.METRICS_READ: frozenset({Role.AUDITOR, Role.ADMINISTRATOR}),
    Action.PROFILE_READ: _EVERYBODY,
    Action.OWN_ACCOUNT: _EVERYBODY,
    Action.CARDS_READ: _EVERYBODY,
    Action.CARD_WORDING: frozenset({Role.SECTION_HEAD, Role.ADMINISTRATOR}),
    Action.DUTY_READ: _EVERYBODY,
    Action.ABSENCE: _IN_CHARGE | {Role.ADMINISTRATOR},
    Action.VISITS_READ: _EVERYBODY,
    Action.VISIT_PLAN: _ON_THE_SPOT - {Role.GUARD},
    Action.VISIT_TELL: _ON_THE_SPOT,
    Action.VISIT_CHANGE: _IN_CHARGE | {Role.ADMINISTRATOR},  # who is out does not stretch their own limit
    Action.DRILLS_READ: _EVERYBODY,  # whoever sees a call must be able to see whether drills are held
    Action.DRILL: _IN_CHARGE | {Role.ADMINISTRATOR},
    Action.DRILL_REAL: _EVERYBODY - {Role.AUDITOR},  # whoever sees that it is none says so, as with the police
    Action.PRACTICE: _ON_THE_SPOT,
    Action.PRACTICE_READ: _IN_CHARGE,  # the learner is promised that nobody else sees it
}


def allows(action: str, role: str) -> bool:
    """Whether `role` may do `action`. What is not in the table is not allowed."""
    return any(role in roles for known, roles in _ALLOWED.items() if known.value == action)


def may_look(role: str, profile: PolicyProfile, *, closed: bool) -> bool:
    """Whether `role` may look at a recording: those in charge while the incident is open, to help; afterwards only who
    holds one of the offices that the city's rules name (`recording.access_roles`).
    """
    offices = profile.recording.access_roles
    if not allows(Action.RECORDING_VIEW, role):
        return False
    return not (closed and offices) or role in {profile.roles.get(office) for office in offices}


def roles_for(action: Action) -> tuple[str, ...]:
    """The roles that may do `action`, in the order of `Role`; for the published description."""
    return tuple(role.value for role in Role if allows(action, role))
