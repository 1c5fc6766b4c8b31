"""What a document leaves open is asked of the city, in both languages, and never filled in by itself."""

import re
from pathlib import Path
from typing import Any

import pytest

from contract.open_questions import Question, open_questions
from contract.profile import OURS_IN_PART, PolicyProfile, load

FOLDER = Path(__file__).parents[2] / "contract" / "profiles"
PROFILES = {path.stem: load(path.read_text("utf-8"), path.stem) for path in FOLDER.glob("*.toml")}


def asked(profile: PolicyProfile) -> set[str]:
    return {question.field for question in open_questions(profile)}


def changed(city: str, section: str, source: dict[str, str] | None = None, **values: Any) -> PolicyProfile:
    """A city whose answer to something has come, with its source."""
    profile = PROFILES[city]
    part = getattr(profile, section).model_copy(update=values)
    return profile.model_copy(update={section: part, "source": {**profile.source, **(source or {})}})


@pytest.mark.parametrize("city", PROFILES)
def test_no_city_says_how_long_recordings_are_kept_or_when_a_report_is_due_so_each_is_asked(city: str) -> None:
    assert {"recording.retention_days", "report.deadline_days"} <= asked(PROFILES[city])


@pytest.mark.parametrize(
    ("city", "is_asked"), [("shinagawa", False), ("setagaya", True), ("sapporo", True), ("yurihonjo", True)]
)
def test_pictures_are_to_be_confirmed_wherever_the_document_does_not_speak_of_them(city: str, is_asked: bool) -> None:
    assert ("recording.video" in asked(PROFILES[city])) == is_asked


def test_the_five_are_asked_what_they_leave_open_and_nothing_they_have_settled() -> None:
    assert asked(PROFILES["shinagawa"]) == {
        "recording.retention_days", "recording.access_roles", "ladder.leave.interval_minutes", "report.deadline_days",
        "sns.recipients",
    }  # fmt: skip
    assert {"judgement.deputy_roles", "visitor_recording.rule", "aftercare.checks"} <= asked(PROFILES["setagaya"])
    assert {"police.immediate_types", "judgement.min_persons", "display.staff_name"} <= asked(PROFILES["sapporo"])
    assert {"ladder.leave.issuer", "ladder.leave.count", "visitor_recording.permit_by", "clock.stalemate.minutes",
            "recording.notice_required"} <= asked(PROFILES["yurihonjo"])  # fmt: skip
    assert "meta.completeness" in asked(PROFILES["default"])
    assert "ladder.leave.issuer" not in asked(PROFILES["sapporo"])  # nobody is asked to leave there


@pytest.mark.parametrize(
    ("city", "section", "field", "value"),
    [
        ("shinagawa", "recording", "retention_days", 365),
        ("shinagawa", "recording", "access_roles", ("所属長",)),
        ("shinagawa", "report", "deadline_days", 7),
        ("setagaya", "aftercare", "checks", (3, 30)),
        ("sapporo", "display", "staff_name", "code"),
        ("sapporo", "police", "immediate_types", ("violence", "threat")),
    ],
)
def test_an_answer_closes_its_question_and_no_other(city: str, section: str, field: str, value: Any) -> None:
    before, after = asked(PROFILES[city]), asked(changed(city, section, **{field: value}))
    assert before - after == {f"{section}.{field}"}
    assert after <= before


def test_confirming_what_we_chose_closes_the_question_without_changing_the_value() -> None:
    confirmed = changed("setagaya", "recording", {"recording.video": "区の決定 2026-04-01"})
    assert confirmed.recording == PROFILES["setagaya"].recording
    assert "recording.video" not in asked(confirmed)


def test_what_we_chose_in_part_of_a_value_is_asked_until_the_city_writes_that_it_wants_it_so() -> None:
    for city, field in (("setagaya", "police.immediate_types"), ("yurihonjo", "recording.full_types")):
        assert OURS_IN_PART in PROFILES[city].source[field]
        assert field in asked(PROFILES[city])
        assert field not in asked(changed(city, field.split(".")[0], {field: "市の決定 2026-04-01"}))
    assert not any("recording.full_types" in asked(PROFILES[city]) for city in PROFILES if city != "yurihonjo")


@pytest.mark.parametrize("city", PROFILES)
def test_every_question_says_what_and_whom_in_both_languages(city: str) -> None:
    for question in open_questions(PROFILES[city]):
        assert isinstance(question, Question)
        for japanese in (question.ja, question.who_ja):
            assert re.search("[\u3040-\u30ff\u4e00-\u9fff]", japanese)
        for english in (question.en, question.who_en):
            assert english.isascii()
        assert question.ja.endswith(("。", "か。"))
