"""The profiles say what the cities' documents say: section 5 of the policy facts, value by value, in five columns.

`-` means that the document is silent: the value is absent, never 0. `ours()` marks what no document dictates.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from contract.profile import CHOICE, PolicyProfile, load, said

FOLDER = Path(__file__).parents[2] / "contract" / "profiles"
CITIES = ("shinagawa", "setagaya", "sapporo", "yurihonjo", "default")
PROFILES = {city: load((FOLDER / f"{city}.toml").read_text("utf-8"), city) for city in CITIES}
SILENT = None


@dataclass(frozen=True)
class Ours:
    """A choice of this project."""

    value: Any


def ours(value: Any) -> Ours:
    return Ours(value)


BUTTON, LOCKED, ASK = ours("button"), ours("locked"), ours("ask_head")
GROUNDS = [
    "weapon_or_dangerous_item", "drunk_and_bothersome", "blocking_passage", "likely_damage",
    "forced_meeting_or_noise", "no_permit_or_breach",
]  # fmt: skip
SNS_RECIPIENTS = ["総務課", "秘書課", "広報広聴課"]
ROUTES = ["110", "所轄警察署", "#9110"]
SETAGAYA_STEPS = ["cease", "announce_stop", "stop_and_urge", "leave", "announce_police", "police"]
LONG_LADDER = ["warn", "stop", "cease", "leave", "final", "police"]
EVERYTHING = ["age", "disability", "situation", "first_or_continuing", "work", "relationship", "individual", "content"]
EVERY_FIELD = ["when", "where", "who", "how", "words", "circumstances", "outcome", "course"]
EFFECT = ["environment", "average_employee", "dropped"]
OFFICE_SHARE = ["unit", "コンプライアンス推進担当"]
WHOLE = ["abuse", "violence", "threat", "danger", "demand"]
COUNCIL = ["council_regularly", "urgent_at_once"]
LAWYERS = ["コンプライアンス推進指導員", "外部弁護士"]
WARDS_LAWYERS = ["法務担当副参事", "区政情報課法規係", "区政情報課訟務担当"]

# field: Shinagawa, Setagaya, Sapporo, Yurihonjo, the neutral profile
TABLE: dict[str, tuple[Any, ...]] = {
    "meta.completeness": ("full", "full", "partial", "partial", "partial"),
    "meta.effective": (date(2025, 4, 1), date(2025, 10, 1), date(2024, 9, 2), date(2025, 8, 1), SILENT),
    "judgement.min_persons": (2, 1, SILENT, SILENT, ours(2)),
    "judgement.required_roles": (["所属長", "施設長"], ["所属長"], SILENT, SILENT, ours(["所属長"])),
    "judgement.deputy_roles": (["庶務担当係長", "係長級"], SILENT, SILENT, SILENT, ours(["係長級"])),
    "judgement.deputy_min_persons": (2, SILENT, SILENT, SILENT, ours(2)),
    "judgement.elements": (
        ["content", "manner", "time"], ["nuisance", "harm", "manner", "content", "time"], ["content", "means"],
        ["content", "means"], ours(["content", "manner", "time"]),
    ),
    "judgement.tests": (EFFECT, SILENT, SILENT, SILENT, ours(EFFECT)),
    "judgement.name_act_to_visitor": (True, True, SILENT, True, ours(True)),
    "clock.stalemate.minutes": (15, 30, 30, SILENT, ours(30)),
    "clock.stalemate.lead_minutes": (ours(5), ours(5), ours(5), SILENT, ours(5)),
    "clock.slot.min_minutes": (30, 15, SILENT, SILENT, ours(15)),
    "clock.slot.max_minutes": (60, 30, SILENT, SILENT, ours(60)),
    "clock.slot.applies": ("long_hold_expected", "repeat_visit", SILENT, SILENT, ours("any")),
    "clock.slot.overrun_minutes": (15, SILENT, SILENT, SILENT, SILENT),
    "clock.contact_cap.minutes": (60, SILENT, SILENT, 30, SILENT),
    "clock.contact_cap.applies": ("one_explanation", SILENT, SILENT, "repeat_long_hold", SILENT),
    "clock.offtopic.min_minutes": (SILENT, SILENT, 30, SILENT, SILENT),
    "clock.offtopic.max_minutes": (SILENT, SILENT, 60, SILENT, SILENT),
    "clock.special_demand.minutes": (15, SILENT, SILENT, SILENT, SILENT),
    "clock.visit.max_minutes": (60, SILENT, SILENT, SILENT, ours(60)),
    "clock.visit.checkin": (True, SILENT, SILENT, SILENT, ours(True)),
    "clock.case_adjustable": (True, True, True, True, ours(True)),
    "clock.circumstances": (
        ["age", "disability", "situation", "first_or_continuing"], ["work", "relationship"], ["individual"],
        ["content"], ours(EVERYTHING),
    ),
    "ladder.steps": (
        LONG_LADDER, SETAGAYA_STEPS, ["warn", "stop", "police"], ["superior", "warn", "end", "ask_leave", "legal"],
        ours(LONG_LADDER),
    ),
    "ladder.leave.count": (2, 3, SILENT, SILENT, ours(2)),
    "ladder.leave.max": (3, 3, SILENT, SILENT, ours(3)),
    "ladder.leave.interval_minutes": (ours(5), ours(5), SILENT, SILENT, ours(5)),
    "ladder.leave.issuer": (["庁舎管理者"], ["所属長"], SILENT, SILENT, ours(["庁舎管理者", "所属長"])),
    "ladder.leave.issuer_branch": (["所属長"], ["所属長"], SILENT, SILENT, ours(["所属長"])),
    "ladder.leave.report_first_to": (["庁舎管理者"], ["施設管理者"], SILENT, SILENT, ours(["庁舎管理者"])),
    "ladder.leave.grounds": (GROUNDS, SILENT, SILENT, SILENT, SILENT),
    "ladder.final_warning": (True, "announce_police", SILENT, SILENT, ours(True)),
    "ladder.stop.min_persons": (2, SILENT, SILENT, SILENT, ours(2)),
    "ladder.stop.roles": (["所属長"], SILENT, SILENT, SILENT, ours(["所属長"])),
    "ladder.stop.announcer": ("上司", SILENT, SILENT, SILENT, ours("上司")),
    "police.immediate_types": (
        ["violence", "danger"], ["violence", "threat", "confine", "crime"], ["threat"], ["threat", "danger"],
        ours(["violence", "threat", "danger"]),
    ),
    "police.anyone_may_call": (True, SILENT, SILENT, SILENT, ours(True)),
    "police.routes": (ROUTES, ["警察"], ["警察"], ["警察"], ours(ROUTES)),
    "police.auto_dial": (ours(False), ours(False), ours(False), ours(False), ours(False)),
    "guards.alert_types": (["violence"], SILENT, SILENT, SILENT, ours(["violence", "threat"])),
    "recording.audio": ("button", "button", "button", "button", BUTTON),
    "recording.full_types": (SILENT, SILENT, SILENT, WHOLE, SILENT),
    "recording.video": ("button", BUTTON, BUTTON, BUTTON, BUTTON),
    "recording.notice_required": (True, True, True, ours(True), ours(True)),
    "recording.notice_elements": (
        ["fact", "purpose"], ["fact"], ["office", "fact", "purpose", "ask"], SILENT,
        ours(["office", "fact", "purpose", "ask"]),
    ),
    "recording.refusal": ("end_talk", ASK, ASK, ASK, ASK),
    "recording.storage": (LOCKED, "locked", LOCKED, LOCKED, LOCKED),
    "recording.retention_days": (SILENT, SILENT, SILENT, SILENT, SILENT),
    "recording.access_roles": (SILENT, SILENT, SILENT, SILENT, ours(["所属長", "指定された保管者"])),
    "recording.disclosable": (True, SILENT, SILENT, SILENT, ours(True)),
    "visitor_recording.rule": ("permit", "none", "none", "ban", ours("permit")),
    "visitor_recording.permit_by": ("経理課長", SILENT, SILENT, SILENT, ours("庁舎管理者")),
    "visitor_recording.desk": ("経理課", SILENT, SILENT, SILENT, SILENT),
    "visitor_recording.exceptions": (
        ["permit", "not_needed_per_manager"], SILENT, SILENT, ["permit", "no_hindrance"], ours(["permit"]),
    ),
    "staffing.min": (2, 2, 2, 2, ours(2)),
    "staffing.match_visitors": (True, SILENT, SILENT, SILENT, ours(True)),
    "staffing.exclude_deciders": (True, SILENT, SILENT, SILENT, ours(False)),
    "staffing.swap_types": (["threat", "authority", "sexual"], SILENT, SILENT, SILENT, ours(["threat", "sexual"])),
    "report.to": (["コンプライアンス推進担当"], ["総務課"], ["行政監察担当課"], SILENT, ours(["所属長"])),
    "report.fields": (EVERY_FIELD[:5], EVERY_FIELD[5:], SILENT, SILENT, ours(EVERY_FIELD)),
    "report.deadline_days": (SILENT, SILENT, SILENT, SILENT, SILENT),
    "report.nearmiss": (True, SILENT, True, SILENT, ours(True)),
    "report.share": (OFFICE_SHARE, COUNCIL, SILENT, SILENT, ours(["unit"])),
    "routing.hard_case": (SILENT, ["総務課長"], ["行政監察担当課"], SILENT, SILENT),
    "routing.affects_others": (SILENT, ["関係所属", "広報広聴課"], SILENT, SILENT, SILENT),
    "routing.leave_order": (SILENT, ["施設管理者"], SILENT, SILENT, SILENT),
    "routing.police": (SILENT, ["地域生活安全課"], SILENT, SILENT, SILENT),
    "routing.legal": (LAWYERS, WARDS_LAWYERS, SILENT, ["弁護士"], SILENT),
    "aftercare.checks": ([3, 7, 30], SILENT, SILENT, SILENT, ours([3, 7, 30])),
    "aftercare.immediate": (["break", "early_leave"], ["health_desk"], SILENT, SILENT, ours(["break", "early_leave"])),
    "sns.form": (SILENT, "様式1", SILENT, SILENT, SILENT),
    "sns.recipients": (SILENT, SNS_RECIPIENTS, SILENT, ["警察"], SILENT),
    "sns.watch_days": (SILENT, 7, SILENT, SILENT, ours(7)),
    "sns.watch_weekday": (SILENT, "monday", SILENT, SILENT, ours("monday")),
    "display.staff_name": ("surname", "surname", SILENT, SILENT, ours("code")),
}  # fmt: skip

NAMES = {
    "shinagawa": "品川区", "setagaya": "世田谷区", "sapporo": "札幌市", "yurihonjo": "由利本荘市", "default": "標準",
}  # fmt: skip
OUR_OWN = {
    "recording.pre_roll_seconds", "recording.pre_roll_sound", "recording.emergency_silent", "alert.repeat_s",
    "alert.assist", "alert.emergency",
}  # fmt: skip
"""What the product needs and no document speaks of."""

THE_SCHEMA_S = {"clock.on_expiry", "recording.time_limit_cue"}
"""The same everywhere, and not written down anywhere: a clock prompts, and is a guideline."""


def cells() -> Iterator[Any]:
    for field, row in TABLE.items():
        for city, cell in zip(CITIES, row, strict=True):
            yield pytest.param(city, field, cell, id=f"{city}-{field}")


def value_at(profile: PolicyProfile, field: str) -> Any:
    """What stands in a dotted field; None also where the table around it is not there."""
    value: Any = profile
    for part in field.split("."):
        value = value.get(part) if isinstance(value, dict) else getattr(value, part, None)
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize(("city", "field", "cell"), list(cells()))
def test_every_value_is_as_the_city_s_documents_say(city: str, field: str, cell: Any) -> None:
    wanted = cell.value if isinstance(cell, Ours) else cell
    found = value_at(PROFILES[city], field)
    assert (found or None if isinstance(found, list) else found) == wanted
    assert type(found) is type(wanted) or wanted is SILENT


@pytest.mark.parametrize(("city", "field", "cell"), list(cells()))
def test_what_no_document_says_is_marked_as_our_choice_and_nothing_else_is(city: str, field: str, cell: Any) -> None:
    source = PROFILES[city].source.get(field)
    if field.startswith("meta.") or cell is SILENT:
        assert source is None
    else:
        assert (source == CHOICE) == isinstance(cell, Ours)


@pytest.mark.parametrize("city", CITIES)
def test_a_city_s_profile_says_nothing_that_the_table_does_not(city: str) -> None:
    others = {field for field in said(PROFILES[city]) if not field.startswith(("meta.", "roles."))} - set(TABLE)
    assert others - {"clock.stalemate.kind"} == OUR_OWN | THE_SCHEMA_S
    ours = OUR_OWN - ({"alert.emergency"} if city == "shinagawa" else set())
    assert {PROFILES[city].source[field] for field in ours} == {CHOICE}


def test_shi_20_where_the_document_says_that_nearby_staff_come_they_are_told_of_an_emergency_at_once() -> None:
    (at_once,) = PROFILES["shinagawa"].alert.emergency
    assert {"staff", "guard"} <= set(at_once.roles)
    assert "TYPE.2" in PROFILES["shinagawa"].source["alert.emergency"]
    assert "staff" not in {role for stage in PROFILES["shinagawa"].alert.assist for role in stage.roles}
    silent = [city for city in CITIES if city != "shinagawa"]
    assert not [city for city in silent for stage in PROFILES[city].alert.emergency if "staff" in stage.roles]


@pytest.mark.parametrize(("city", "label"), NAMES.items())
def test_a_city_is_called_by_its_name(city: str, label: str) -> None:
    assert (PROFILES[city].meta.id, PROFILES[city].meta.label_ja) == (city, label)


def test_yur_02_who_intimidates_in_any_way_or_demands_beyond_measure_is_recorded_from_beginning_to_end() -> None:
    """The city's type (2) has shouting, menace and hitting in one; danger is what it feels like."""
    intimidating, excessive = {"abuse", "violence", "threat", "danger"}, {"demand"}
    assert set(PROFILES["yurihonjo"].recording.full_types) == intimidating | excessive


def test_the_steps_stand_in_each_city_s_own_order() -> None:
    assert PROFILES["shinagawa"].ladder.steps == tuple(LONG_LADDER)
    assert PROFILES["setagaya"].ladder.steps == tuple(SETAGAYA_STEPS)


def test_the_grounds_for_leaving_are_the_six_of_the_building_s_rules() -> None:
    assert list(PROFILES["shinagawa"].ladder.leave.grounds) == GROUNDS
