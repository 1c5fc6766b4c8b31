"""The cities' rules are what their documents say, and a mistake in a profile is told in full to who made it."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contract.problems import Problem, Refused
from contract.profile import PolicyProfile, digest_of, load

FOLDER = Path(__file__).parents[2] / "contract" / "profiles"
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.toml"))}


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
    assert set(TEXTS) == {"default", "sapporo", "setagaya", "shinagawa", "yurihonjo"}


@pytest.mark.parametrize("name", TEXTS)
def test_a_profile_loads_under_its_own_name(name: str) -> None:
    assert load(TEXTS[name], name).meta.id == name


@pytest.mark.parametrize("name", TEXTS)
def test_every_value_says_where_it_comes_from(name: str) -> None:
    profile = load(TEXTS[name], name)
    values = tomllib.loads(TEXTS[name])
    for field in profile.source:
        assert value_at(profile, field) is not None
    written = {part for part in values if part not in ("meta", "source")}
    assert {field.split(".")[0] for field in profile.source} == written
    assert all(source == source.strip() != "" for source in profile.source.values())


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
        ("[staffing]\n", "[sns]\n", "staffing", "", "is required"),
        ("min_persons = 2", 'min_persons = "2"', "judgement.min_persons", "'2'", "whole number"),
        ("min_persons = 2", "min_persons = 2.5", "judgement.min_persons", "2.5", "whole number"),
        ("min_persons = 2", "min_persons = true", "judgement.min_persons", "True", "whole number"),
        ("min_persons = 2", "min_persons = 0", "judgement.min_persons", "0", "1 or more"),
        ("minutes = 15", "minutes = 2000", "clock.stalemate.minutes", "2000", "1440 or less"),
        ('audio = "button"', 'audio = "always"', "recording.audio", "'always'", "'off', 'button' or 'full'"),
        ("auto_dial = false", "auto_dial = true", "police.auto_dial", "True", "must be"),
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
    problem = next(problem for problem in refused(changed(old, new)) if problem.field == field)
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
        (lambda text: text.replace("min_persons = 2", "min_persons 2", 1), "line 21, column 13"),
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
