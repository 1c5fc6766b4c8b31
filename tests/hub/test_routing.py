"""Whom a city wants told, by cause."""

from datetime import UTC, datetime
from typing import Any

import pytest

from hub.domain.course import Course, Happened
from hub.domain.routing import routes, turned_to
from tests.hub.test_filming import PROFILES

NOW = datetime(2026, 11, 20, 2, 41, 36, tzinfo=UTC)


def found(profile: str, *entries: tuple[str, dict[str, Any]]) -> dict[str, tuple[list[str], bool]]:
    course = Course(entries=tuple(Happened(kind, NOW, data) for kind, data in entries))
    return {one.cause: (list(one.told), one.flagged) for one in routes(PROFILES[profile], course)}


def test_set_16_each_cause_has_the_offices_that_the_city_names() -> None:
    assert {cause: offices for cause, (offices, _) in found("setagaya").items()} == {
        "hard_case": ["総務課長"],
        "affects_others": ["関係所属", "広報広聴課"],
        "leave_order": ["施設管理者"],
        "police": ["地域生活安全課"],
        "legal": ["法務担当副参事", "区政情報課法規係", "区政情報課訟務担当"],
    }
    assert found("shinagawa") == {"legal": (["コンプライアンス推進指導員", "外部弁護士"], False)}
    assert found("sapporo") == {"hard_case": (["行政監察担当課"], False)}


@pytest.mark.parametrize(("entry", "cause"), [
    (("step.taken", {"step": "leave"}), "leave_order"),
    (("step.taken", {"step": "police"}), "police"),
    (("marked", {"mark": "police_called"}), "police"),
    (("marked", {"mark": "legal_step"}), "legal"),
    (("post.step", {"step": "police"}), "police"),
    (("post.step", {"step": "lawyer"}), "legal"),
])  # fmt: skip
def test_set_16_what_was_written_down_flags_its_cause_and_puts_it_first(entry: Any, cause: str) -> None:
    causes = found("setagaya", entry)
    assert {name for name, (_, flagged) in causes.items() if flagged} == {cause}
    assert next(iter(causes)) == cause


@pytest.mark.parametrize(("profile", "entries", "offices"), [
    ("sapporo", [("reported", {"to": ["行政監察担当課", "所属長"]})], ["行政監察担当課"]),
    ("setagaya", [("reported", {"to": ["総務課"]})], []),
    ("sapporo", [("promised", {"what": "consult", "unit": "弁護士", "task": "consult:1"})], []),
    ("sapporo", [("promised", {"what": "consult", "unit": "弁護士", "task": "consult:1"}),
                 ("task.done", {"task": "consult:1"})], ["弁護士"]),
    ("sapporo", [("promised", {"what": "answer", "task": "answer:1"}), ("task.done", {"task": "answer:1"})], []),
    ("sapporo", [("marked", {"mark": "referred"})], [""]),
])  # fmt: skip
def test_sap_05_a_report_to_the_consultation_desk_and_a_held_consultation_are_turns_to_an_office(
    profile: str, entries: list[tuple[str, dict[str, Any]]], offices: list[str]
) -> None:
    course = Course(entries=tuple(Happened(kind, NOW, data) for kind, data in entries))
    assert [office for office, _ in turned_to(PROFILES[profile], course)] == offices


def test_set_16_an_office_that_was_told_is_known_by_when() -> None:
    told = Course(entries=(Happened("marked", NOW, {"mark": "referred", "unit": "広報広聴課"}),))
    route = next(one for one in routes(PROFILES["setagaya"], told) if one.cause == "affects_others")
    assert route.told == {"関係所属": None, "広報広聴課": NOW}
