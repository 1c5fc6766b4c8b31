"""The whole table of rights, as a person reads it. Whoever changes a right changes it here too, and means it."""

import pytest

from hub.domain.permissions import Action, Role, allows, may_look, roles_for
from tests.hub_domain.life import PROFILES

MATRIX = """
                       staff
                         supervisor
                           section_head
                             building_manager
                               guard
                                 evidence_custodian
                                   general_affairs
                                     auditor
                                       administrator
boxes.read             x x x x x x x x x
incidents.read         x x x x x x x x x
incident.acknowledge   x x x x x . . . x
incident.respond       x x x x x . . . x
incident.contact       x x x x x . . . x
incident.mark          x x x x x . . . x
incident.step          x x x x x . . . x
incident.police        x x x x x x x . x
incident.decide        . x x x . . . . x
incident.note          x x x x x x x . x
incident.judge         . x x . . . . . .
incident.report        . x x . . . x . .
tasks.do               . x x . . . x . .
calendar.own           . x x . . x x x .
case.link              x x x x x . x . x
case.note              . x x . . . . . .
incident.close         . x x . . . . . x
incident.false_press   x x x x . . . . x
recording.view         . x x . . x . . .
report.make            . x x x . x x . x
statistics.read        . . x . . . x x x
statistics.share       . . . . . . x . .
incidents.export       . . x . . . x x x
access.read            . x x . . x x x x
quarantine.read        . . . . . . . x x
metrics.read           . . . . . . . x x
profile.read           x x x x x x x x x
account.own            x x x x x x x x x
cards.read             x x x x x x x x x
cards.wording          . . x . . . . . x
duty.read              x x x x x x x x x
duty.absence           . x x . . . . . x
incident.promise       x x x x x . x . x
load.read              . x x . . . x . .
disclosures.read       . . x . . x x x .
disclosures.keep       . . x . . x x . .
post.open              x x x . . . x . .
post.step              . x x . . . x . .
post.meeting           . x x . . . . . .
evidence.keep          x x x . . x x . .
evidence.view          . x x . . x x . .
visits.read            x x x x x x x x x
visit.plan             x x x x . . . . x
visit.tell             x x x x x . . . x
visit.change           . x x . . . . . x
drills.read            x x x x x x x x x
drills.hold            . x x . . . . . x
drills.real            x x x x x x x . x
practice.own           x x x x x . . . x
practice.read          . x x . . . . . .
"""
_LINES = [line.split() for line in MATRIX.splitlines() if line]
ROLES = [line[0] for line in _LINES if len(line) == 1]
RIGHTS = {
    line[0]: [role for role, may in zip(ROLES, line[1:], strict=True) if may == "x"] for line in _LINES if line[1:]
}


def test_the_table_here_names_every_role_and_every_action_of_the_product() -> None:
    assert list(Role) == ROLES
    assert sorted(RIGHTS) == sorted(action.value for action in Action), "add the new right here, role by role"


@pytest.mark.parametrize("action", Action)
def test_each_right_belongs_to_these_roles_and_to_nobody_else(action: Action) -> None:
    assert [role for role in Role if allows(action, role)] == RIGHTS[action]
    assert list(roles_for(action)) == RIGHTS[action], "what is published is what is allowed"


@pytest.mark.parametrize("nearly", ["incident.clos", "incident.closed", "INCIDENT.CLOSE", "zzz", "", "incident"])
def test_what_is_no_action_is_refused_to_everybody(nearly: str) -> None:
    assert not any(allows(nearly, role) for role in Role)


@pytest.mark.parametrize("nobody", ["", "root", "Staff", "administrator ", "a"])
def test_who_has_no_role_may_do_nothing(nobody: str) -> None:
    assert not any(allows(action, nobody) for action in Action)


def test_an_action_is_known_by_its_name_however_the_text_came_about() -> None:
    assert allows("".join(["incident", ".", "close"]), "".join(["super", "visor"]))


@pytest.mark.parametrize(
    ("offices", "closed", "who"),
    [
        ((), False, {"supervisor", "section_head", "evidence_custodian"}),
        ((), True, {"supervisor", "section_head", "evidence_custodian"}),
        (("所属長",), False, {"supervisor", "section_head", "evidence_custodian"}),
        (("所属長",), True, {"section_head"}),
        (("所属長", "指定された保管者"), True, {"section_head", "evidence_custodian"}),
        (("文書館",), True, set()),
    ],
)
def test_who_helps_may_look_while_it_is_open_and_the_offices_of_the_rules_afterwards(
    offices: tuple[str, ...], closed: bool, who: set[str]
) -> None:
    city = PROFILES["default"]
    recording = city.recording.model_copy(update={"access_roles": offices})
    rules = city.model_copy(update={"recording": recording})
    assert {role.value for role in Role if may_look(role.value, rules, closed=closed)} == who
