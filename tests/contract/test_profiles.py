"""The cities' rules are what their documents say, and a mistake in a profile is told in full to who made it."""

import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from contract.problems import Problem, Refused
from contract.profile import CHOICE, PolicyProfile, digest_of, load

FOLDER = Path(__file__).parents[2] / "contract" / "profiles"
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.toml"))}

# What the ward's documents say, by value. Absent means that they are silent.
SHINAGAWA: dict[str, Any] = {
    "meta.id": "shinagawa",
    "meta.label_ja": "品川区",
    "meta.completeness": "full",
    "meta.effective": date(2025, 4, 1),
    "judgement.min_persons": 2,
    "judgement.required_roles": ("所属長", "施設長"),
    "judgement.deputy_roles": ("庶務担当係長", "係長級"),
    "judgement.deputy_min_persons": 2,
    "judgement.elements": ("content", "manner", "time"),
    "judgement.name_act_to_visitor": True,
    "clock.stalemate.minutes": 15,
    "clock.stalemate.lead_minutes": 5,
    "clock.stalemate.kind": "guideline",
    "clock.slot.min_minutes": 30,
    "clock.slot.max_minutes": 60,
    "clock.slot.applies": "long_hold_expected",
    "clock.slot.overrun_minutes": 15,
    "clock.contact_cap.minutes": 60,
    "clock.contact_cap.applies": "one_explanation",
    "clock.offtopic": None,
    "clock.special_demand.minutes": 15,
    "clock.visit.max_minutes": 60,
    "clock.visit.checkin": True,
    "clock.on_expiry": "prompt",
    "clock.case_adjustable": True,
    "clock.circumstances": ("age", "disability", "situation", "first_or_continuing"),
    "ladder.steps": ("warn", "stop", "cease", "leave", "final", "police"),
    "ladder.leave.count": 2,
    "ladder.leave.max": 3,
    "ladder.leave.interval_minutes": 5,
    "ladder.leave.issuer": ("庁舎管理者",),
    "ladder.leave.issuer_branch": ("所属長",),
    "ladder.leave.report_first_to": ("庁舎管理者",),
    "ladder.leave.grounds": (
        "weapon_or_dangerous_item",
        "drunk_and_bothersome",
        "blocking_passage",
        "likely_damage",
        "forced_meeting_or_noise",
        "no_permit_or_breach",
    ),
    "ladder.final_warning": True,
    "ladder.stop.min_persons": 2,
    "ladder.stop.roles": ("所属長",),
    "ladder.stop.announcer": "上司",
    "police.immediate_types": ("violence", "danger"),
    "police.anyone_may_call": True,
    "police.routes": ("110", "所轄警察署", "#9110"),
    "police.auto_dial": False,
    "guards.alert_types": ("violence",),
    "recording.audio": "button",
    "recording.video": "button",
    "recording.notice_required": True,
    "recording.notice_elements": ("fact", "purpose"),
    "recording.refusal": "end_talk",
    "recording.storage": "locked",
    "recording.retention_days": None,
    "recording.access_roles": (),
    "recording.disclosable": True,
    "visitor_recording.rule": "permit",
    "visitor_recording.permit_by": "経理課長",
    "visitor_recording.desk": "経理課",
    "visitor_recording.exceptions": ("permit", "not_needed_per_manager"),
    "staffing.min": 2,
    "staffing.match_visitors": True,
    "staffing.exclude_deciders": True,
    "staffing.swap_types": ("threat", "authority", "sexual"),
    "report.to": ("コンプライアンス推進担当",),
    "report.fields": ("when", "where", "who", "how", "words"),
    "report.deadline_days": None,
    "report.nearmiss": True,
    "report.share": ("unit", "コンプライアンス推進担当"),
    "routing": {"legal": ("コンプライアンス推進指導員", "外部弁護士")},
    "aftercare.checks": (3, 7, 30),
    "aftercare.immediate": ("break", "early_leave"),
    "sns.form": None,
    "sns.recipients": (),
    "sns.watch_days": None,
    "sns.watch_weekday": None,
    "display.staff_name": "surname",
}
DEFAULT: dict[str, Any] = {
    "clock.stalemate.minutes": 30,
    "clock.slot.min_minutes": 15,
    "clock.slot.max_minutes": 60,
    "clock.slot.applies": "any",
    "clock.slot.overrun_minutes": None,
    "clock.contact_cap": None,
    "clock.special_demand": None,
    "ladder.steps": ("warn", "stop", "cease", "leave", "final", "police"),
    "police.immediate_types": ("violence", "threat", "danger"),
    "guards.alert_types": ("violence", "threat"),
    "recording.notice_elements": ("office", "fact", "purpose", "ask"),
    "recording.refusal": "ask_head",
    "recording.retention_days": None,
    "staffing.swap_types": ("threat", "sexual"),
    "display.staff_name": "code",
}
NOT_IN_THE_DOCUMENT = {
    "clock.stalemate.lead_minutes",
    "ladder.leave.interval_minutes",
    "recording.storage",
    "recording.pre_roll_seconds",
    "recording.pre_roll_sound",
    "recording.emergency_silent",
    "alert.repeat_s",
    "alert.assist",
    "alert.emergency",
}


def value_at(profile: PolicyProfile, field: str) -> Any:
    """What stands in a dotted field."""
    value: Any = profile
    for part in field.split("."):
        value = value[part] if isinstance(value, dict) else getattr(value, part)
    return value


def refused(text: str) -> tuple[Problem, ...]:
    """The problems of a profile that is not accepted."""
    with pytest.raises(Refused) as refusal:
        load(text, "machi.toml")
    for problem in refusal.value.problems:
        assert problem.line() in str(refusal.value)
        assert problem.ja != problem.en, problem
        assert any("\u3040" <= letter <= "\u9fff" for letter in problem.ja), problem
        assert problem.en.replace("…", "").isascii(), problem
    assert all(line.startswith("machi.toml: ") for line in str(refusal.value).splitlines())
    return refusal.value.problems


def changed(old: str, new: str, name: str = "shinagawa") -> str:
    """A profile with one place changed, its first after the title."""
    head, found, tail = TEXTS[name].partition("[meta]")
    assert old in tail, old
    return head + found + tail.replace(old, new, 1)


# --- what the cities say ----------------------------------------------------------------------------------------------


def test_the_profiles_are_these() -> None:
    assert set(TEXTS) == {"default", "shinagawa"}


@pytest.mark.parametrize("name", TEXTS)
def test_a_profile_loads_under_its_own_name(name: str) -> None:
    assert load(TEXTS[name], name).meta.id == name


@pytest.mark.parametrize(("field", "value"), SHINAGAWA.items())
def test_shinagawa_is_as_its_documents_say(field: str, value: Any) -> None:
    assert value_at(load(TEXTS["shinagawa"], "shinagawa"), field) == value


@pytest.mark.parametrize(("field", "value"), DEFAULT.items())
def test_the_neutral_profile_is_as_decided(field: str, value: Any) -> None:
    assert value_at(load(TEXTS["default"], "default"), field) == value


@pytest.mark.parametrize("name", TEXTS)
def test_every_value_says_where_it_comes_from(name: str) -> None:
    profile = load(TEXTS[name], name)
    values = tomllib.loads(TEXTS[name])
    for field in profile.source:
        assert value_at(profile, field) is not None
    written = {part for part in values if part not in ("meta", "roles", "source")}
    assert {field.split(".")[0] for field in profile.source} == written
    assert all(source == source.strip() != "" for source in profile.source.values())


def test_what_shinagawa_s_documents_do_not_say_is_marked_as_a_choice() -> None:
    source = load(TEXTS["shinagawa"], "shinagawa").source
    assert {field for field, place in source.items() if place == CHOICE} == NOT_IN_THE_DOCUMENT


def test_a_silent_document_never_becomes_zero() -> None:
    silent = [field for field, value in SHINAGAWA.items() if value is None]
    assert len(silent) > 3
    for field in silent:
        assert value_at(load(TEXTS["shinagawa"], "shinagawa"), field) is None


def test_the_digest_tells_profiles_apart() -> None:
    digests = {digest_of(text) for text in TEXTS.values()}
    assert len(digests) == len(TEXTS)
    assert digest_of("") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "field", "value"),
    [
        ("max_minutes = 60", "max_minutes = 20", "clock.slot.max_minutes", "20"),
        ("lead_minutes = 5", "lead_minutes = 15", "clock.stalemate.lead_minutes", "15"),
        (', "final", "police"]', ', "final"]', "ladder.steps", "['warn', 'stop', 'cease', 'leave', 'final']"),
        ('"warn", "stop"', '"warn", "warn"', "ladder.steps", "['warn']"),
        ("max = 3", "max = 1", "ladder.leave.max", "1"),
        ('required_roles = ["所属長"', 'required_roles = ["区長"', "judgement.required_roles", "区長"),
        ('deputy_roles = ["庶務担当係長"', 'deputy_roles = ["区長"', "judgement.deputy_roles", "区長"),
        ('issuer = ["庁舎管理者"]', 'issuer = ["区長"]', "ladder.leave.issuer", "区長"),
        ('issuer_branch = ["所属長"]', 'issuer_branch = ["区長"]', "ladder.leave.issuer_branch", "区長"),
        ('roles = ["所属長"]\nannouncer', 'roles = ["区長"]\nannouncer', "ladder.stop.roles", "区長"),
        ("after_s = 30", "after_s = 90", "alert.assist", "[0, 90, 60]"),
        ("after_s = 60", "after_s = 30", "alert.assist", "[0, 30, 30]"),
        ("{ after_s = 0, roles", "{ after_s = 1, roles", "alert.assist", "[1, 30, 60]"),
        ("emergency = [{ after_s = 0", "emergency = [{ after_s = 9", "alert.emergency", "[9]"),
    ],
)
def test_a_contradiction_is_reported(old: str, new: str, field: str, value: str) -> None:
    problems = refused(changed(old, new))
    assert [(problem.field, problem.value) for problem in problems] == [(field, value)]


def test_talk_off_the_subject_has_its_range_checked_too() -> None:
    text = changed("[clock.visit]", "[clock.offtopic]\nmin_minutes = 60\nmax_minutes = 30\n\n[clock.visit]")
    assert ("clock.offtopic.max_minutes", "30") in [(problem.field, problem.value) for problem in refused(text)]


@pytest.mark.parametrize(
    ("old", "new", "field", "value", "remedy"),
    [
        ("[judgement]", "[judgment]", "judgment", None, "no such key"),
        ("min_persons = 2", "min_person = 2", "judgement.min_person", "2", "no such key"),
        ("repeat_s = 30", "", "alert.repeat_s", "", "is required"),
        ("[display]\n", "[sns]\n", "display", "", "is required"),
        ("min_persons = 2", 'min_persons = "2"', "judgement.min_persons", "'2'", "whole number"),
        ("min_persons = 2", "min_persons = 2.5", "judgement.min_persons", "2.5", "whole number"),
        ("min_persons = 2", "min_persons = true", "judgement.min_persons", "True", "whole number"),
        ("min_persons = 2", "min_persons = 0", "judgement.min_persons", "0", "1 or more"),
        ("minutes = 15", "minutes = 2000", "clock.stalemate.minutes", "2000", "1440 or less"),
        ('audio = "button"', 'audio = "always"', "recording.audio", "'always'", "'off', 'button' or 'full'"),
        ("auto", "auto", "police.auto_dial", "True", "must be"),
        ("checkin = true", 'checkin = "yes"', "clock.visit.checkin", "'yes'", "true or false"),
        ('routes = ["110", ', "routes = [110, ", "police.routes.0", "110", "text in quotes"),
        ('grounds = [\n    "weapon', 'grounds = "x"\nx = [\n    "weapon', "ladder.leave.grounds", "'x'", "list in [ ]"),
        ('"warn", "stop"', '"warn", "shout"', "ladder.steps.1", "'shout'", "must be one of"),
        ('id = "shinagawa"', 'id = "Shinagawa!"', "meta.id", "'Shinagawa!'", "does not have the form"),
        ('label_ja = "品川区"', 'label_ja = ""', "meta.label_ja", "''", "1 characters or more"),
        ("effective = 2025-04-01", "effective = 20250401", "meta.effective", "20250401", "must be a date"),
        ("effective = 2025-04-01", 'effective = "2025-04-01"', "meta.effective", "'2025-04-01'", "without quotes"),
        ("effective = 2025-04-01", "effective = 2025-04-01T09:00:00Z", "meta.effective", None, "must be a date"),
        ('"所属長" = "section_head"', '"所属長" = "boss"', "roles.所属長", "'boss'", "must be one of"),
    ],
)
def test_a_wrong_value_is_named_with_its_remedy(old: str, new: str, field: str, value: str | None, remedy: str) -> None:
    text = changed("anyone_may_call", "auto_dial = true\nanyone_may_call") if old == "auto" else changed(old, new)
    problem = next(problem for problem in refused(text) if problem.field == field)
    assert remedy in problem.en
    assert value is None or problem.value == value


def test_every_problem_is_reported_at_once() -> None:
    text = changed("minutes = 15", "minutes = -15")
    for old, new in (
        ('audio = "button"', 'audio = "always"'),
        ("repeat_s = 30", "repeats = 30"),
        ('staff_name = "surname"', "staff_name = 1"),
    ):
        assert old in text
        text = text.replace(old, new)
    assert {(problem.field, problem.value) for problem in refused(text)} == {
        ("clock.stalemate.minutes", "-15"),
        ("recording.audio", "'always'"),
        ("alert.repeat_s", ""),
        ("alert.repeats", "30"),
        ("display.staff_name", "1"),
    }


def test_every_contradiction_and_every_missing_source_is_reported_at_once() -> None:
    text = changed("lead_minutes = 5", "lead_minutes = 60")
    for old, new in (
        ("max = 3", "max = 1"),
        ('deputy_roles = ["庶務担当係長"', 'deputy_roles = ["区長"'),
        ("after_s = 30", "after_s = 90"),
        ('"report.to" = "対応要領 1(4)、6(1)②"\n', '"report.by" = "対応要領 1(4)、6(1)②"\n'),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    assert [problem.field for problem in refused(text)] == [
        "clock.stalemate.lead_minutes",
        "ladder.leave.max",
        "judgement.deputy_roles",
        "alert.assist",
        "source.report.to",
        "source.report.by",
    ]


@pytest.mark.parametrize(
    ("break_it", "place"),
    [
        (lambda text: text.replace('label_ja = "品川区"', 'label_ja = "品川区'), "line 6, column"),
        (lambda text: text.replace("min_persons = 2", "min_persons 2", 1), "line 20, column 13"),
        (lambda text: text.replace("[display]", "[display", 1), "column 9"),
        (lambda text: "= 1\n" + text, "line 1, column 1"),
        (lambda text: 'a = 1\nb = "x\n', "line 2, column"),
        (lambda text: "a = 1\nb = [1, 2", "line 2, column 10"),
        (lambda text: 'a = """x\ny\n\n', "line 2, column 2"),
        (lambda text: "a = 1\na = 2\n", "line 2, column 6"),
    ],
)
def test_what_is_not_toml_is_shown_by_line_and_column(break_it: Callable[[str], str], place: str) -> None:
    problems = refused(break_it(TEXTS["shinagawa"]))
    assert len(problems) == 1
    assert place in problems[0].en
    assert place in problems[0].ja


@pytest.mark.parametrize("text", ["a = 1" + "0" * 5000, "a = " + "[" * 5000, "", "\0"])
def test_whatever_stands_in_the_file_it_is_refused_in_words(text: str) -> None:
    with pytest.raises(Refused):
        load(text, "machi.toml")
