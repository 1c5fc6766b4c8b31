"""A profile that contradicts itself, or binds nobody, is refused in full before anybody relies on it."""

import re
from pathlib import Path

import pytest

from contract.problems import Refused
from contract.profile import load
from contract.profile_lint import contradictions

FOLDER = Path(__file__).parents[2] / "contract" / "profiles"


def problems(text: str) -> list[tuple[str, str]]:
    """Field and value of every problem; each is told in both languages."""
    with pytest.raises(Refused) as refusal:
        load(text, "machi.toml")
    for one in refusal.value.problems:
        assert re.search("[\u3040-\u309f]", one.ja)
        assert one.en.isascii()
    return [(one.field, one.value) for one in refusal.value.problems]


def changed(city: str, *changes: tuple[str, str]) -> str:
    """A city's profile with places changed."""
    text = (FOLDER / f"{city}.toml").read_text("utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


@pytest.mark.parametrize(
    ("city", "old", "new", "field", "value"),
    [
        # a range that ends before it begins ("60 < 30")
        ("shinagawa", "max_minutes = 60", "max_minutes = 29", "clock.slot.max_minutes", "29"),
        ("sapporo", "max_minutes = 60", "max_minutes = 29", "clock.offtopic.max_minutes", "29"),
        # a ladder that leads nowhere, or past its end
        ("sapporo", '"stop", "police"]', '"stop"]', "ladder.steps", "['warn', 'stop']"),
        ("yurihonjo", '"ask_leave", "legal"]', '"ask_leave"]', "ladder.steps",
         "['superior', 'warn', 'end', 'ask_leave']"),
        ("sapporo", '"stop", "police"]', '"police", "stop"]', "ladder.steps", "['stop']"),
        ("setagaya", '["cease", "announce_stop"', '["cease", "cease"', "ladder.steps", "['cease']"),
        ("shinagawa", '"final", "police"', '"police"', "ladder.final_warning", "True"),
        ("setagaya", '"announce_police", "police"]', '"police"]', "ladder.final_warning", "announce_police"),
        # offices that nobody in the hub holds
        ("default", '"所属長" = "section_head"\n', '"部長" = "section_head"\n', "judgement.required_roles", "所属長"),
        ("setagaya", 'report_first_to = ["施設管理者"]', 'report_first_to = ["区長"]',
         "ladder.leave.report_first_to", "区長"),
        ("shinagawa", 'announcer = "上司"', 'announcer = "区長"', "ladder.stop.announcer", "区長"),
        ("shinagawa", 'permit_by = "経理課長"', 'permit_by = "区長"', "visitor_recording.permit_by", "区長"),
        ("default", '"指定された保管者"]', '"文書館"]', "recording.access_roles", "文書館"),
        # half of what belongs together
        ("shinagawa", "deputy_min_persons = 2\n", "", "judgement.deputy_roles", "['庶務担当係長', '係長級']"),
        ("shinagawa", 'deputy_roles = ["庶務担当係長", "係長級"]\n', "", "judgement.deputy_min_persons", "2"),
        ("setagaya", 'recipients = ["総務課", "秘書課", "広報広聴課"]\n', "", "sns.form", "様式1"),
        ("setagaya", "watch_days = 7\n", "", "sns.watch_weekday", "monday"),
        ("yurihonjo", 'audio = "button"', 'audio = "off"', "recording.full_types",
         "['abuse', 'violence', 'threat', 'danger', 'demand']"),
        ("default", "pre_roll_seconds = 10\npre_roll_sound = false", "pre_roll_seconds = 0\npre_roll_sound = true",
         "recording.pre_roll_sound", "True"),
        # words
        ("shinagawa", "checks = [3, 7, 30]", "checks = [7, 3, 30]", "aftercare.checks", "[7, 3, 30]"),
        ("shinagawa", "checks = [3, 7, 30]", "checks = [3, 3]", "aftercare.checks", "[3, 3]"),
        ("shinagawa", '"content", "manner"', '"contnet", "manner"', "judgement.elements", "contnet"),
        ("shinagawa", '"likely_damage"', '"likely_damages"', "ladder.leave.grounds", "likely_damages"),
        ("shinagawa", '"who", "how"', '"who", "hwo"', "report.fields", "hwo"),
    ],
)  # fmt: skip
def test_a_contradiction_is_reported(city: str, old: str, new: str, field: str, value: str) -> None:
    assert (field, value) in problems(changed(city, (old, new)))


def test_an_order_to_leave_needs_somebody_who_may_give_it() -> None:
    without = changed("setagaya", ('issuer = ["所属長"]\n', ""), ('"ladder.leave.issuer" = "手引 2(3)④"\n', ""))
    assert problems(without) == [("ladder.leave.issuer", "")]


def test_a_city_may_use_its_own_words() -> None:
    profile = load(changed("shinagawa", ('"likely_damage"', '"掲示物をはがす"')), "machi.toml")
    assert "掲示物をはがす" in profile.ladder.leave.grounds


def test_a_mistyped_key_hides_no_contradiction_and_no_missing_source() -> None:
    text = changed(
        "shinagawa",
        ('audio = "button"', 'audio = "always"'),
        ("max_minutes = 60", "max_minutes = 20"),
        ('issuer_branch = ["所属長"]', 'issuer_branch = ["区長"]'),
        ('"staffing.min" = "対応要領 2 参考、6(1)①"\n', ""),
        ("repeat_s = 30", "repeats = 30"),
        ("{ after_s = 0, roles", "{ after_s = 1, roles"),
    )
    assert problems(text) == [
        ("recording.audio", "'always'"),
        ("alert.repeat_s", ""),
        ("alert.repeats", "30"),
        ("clock.slot.max_minutes", "20"),
        ("ladder.leave.issuer_branch", "区長"),
        ("source.staffing.min", ""),
    ]


def test_who_holds_an_office_may_have_a_source_and_only_such_an_office() -> None:
    text = changed(
        "shinagawa", ('"roles.上司" = "choice"\n', ""), ('"roles.経理課長" =', '"roles.部長" ='),
    )  # fmt: skip
    assert [field for field, _ in problems(text)] == ["source.roles.部長"]


@pytest.mark.parametrize("broken", ["roles = 1\n", "source = 1\n", "meta = 1\n", "alert = 1\n", "ladder = 1\n", ""])
def test_whatever_is_broken_the_rest_is_still_looked_at(broken: str) -> None:
    found = problems(f"{broken}[clock.slot]\nmin_minutes = 60\nmax_minutes = 30\napplies = 'any'\n")
    assert ("clock.slot.max_minutes", "30") in found
    assert not any(field.startswith(("ladder.", "alert.", "judgement.")) for field, _ in found)


def test_of_a_section_that_only_stands_in_for_a_broken_one_nothing_is_said() -> None:
    city = load(changed("shinagawa"), "shinagawa.toml")
    slot = city.clock.slot.model_copy(update={"max_minutes": 1})  # type: ignore[union-attr]
    city = city.model_copy(update={"clock": city.clock.model_copy(update={"slot": slot})})
    assert [one.field for one in contradictions(city)] == ["clock.slot.max_minutes"]
    assert list(contradictions(city, frozenset({"clock"}))) == []
