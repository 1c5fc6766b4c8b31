"""A unit fits some of the city's rules to its own work; the rest of the city notices nothing."""

import json
import re
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.problems import Refused
from contract.profile import load, said
from contract.units import NOT_FOR_UNITS, OVERRIDABLE, Rules, Written, rules

FOLDER = Path(__file__).parents[2] / "contract" / "profiles"
TEXTS = {path.stem: path.read_text("utf-8") for path in FOLDER.glob("*.toml")}

KOKUHO = """
[unit]
id = "kokuho"
label_ja = "国保年金課"
label_en = "Health insurance"
site_type = "branch"
boxes = ["counter-01", "counter-02"]

[set.clock.stalemate]
minutes = 20

[set.staffing]
swap_types = ["threat", "abuse"]

[source]
"clock.stalemate.minutes" = { by = "国保年金課長", on = 2026-04-01, why = "申請の説明が長い" }
"staffing.swap_types" = { by = "国保年金課長", on = 2026-05-01 }
"""


def written(text: str = KOKUHO, name: str = "kokuho") -> Written:
    return Written(name, f"units/{name}.toml", text)


def merged(*files: Written, city: str = "setagaya") -> Rules:
    return rules(TEXTS[city], "profile.toml", files)


def problems(*files: Written, city: str = TEXTS["setagaya"]) -> list[tuple[str, str]]:
    """Field and value of every problem; each is told in both languages, with its file."""
    with pytest.raises(Refused) as refusal:
        rules(city, "profile.toml", files)
    for one in refusal.value.problems:
        assert re.search("[\u3040-\u309f]", one.ja), one
        assert one.en.isascii(), one
        assert one.line() in str(refusal.value)
    return [(one.field, one.value) for one in refusal.value.problems]


def test_set_18_a_unit_s_value_beats_the_city_s_at_its_own_boxes() -> None:
    found = merged(written())
    assert found.of("counter-01").clock.stalemate.minutes == 20  # type: ignore[union-attr]
    assert found.of("counter-01").staffing.swap_types == ("threat", "abuse")
    assert found.city.clock.stalemate.minutes == 30  # type: ignore[union-attr]
    assert found.of("counter-09") is found.city
    assert (found.unit_of("counter-01"), found.unit_of("counter-09")) == (found.units[0].unit, None)


def test_set_18_what_the_unit_leaves_alone_stays_the_city_s() -> None:
    found = merged(written())
    before, after = said(found.city), said(found.of("counter-02"))
    assert {field for field in before | after if before.get(field) != after.get(field)} == {
        "clock.stalemate.minutes",
        "staffing.swap_types",
    }


def test_set_18_each_change_says_what_it_was_who_changed_it_and_when() -> None:
    found = merged(written()).units[0]
    first, second = found.overrides
    assert (first.field, first.old, first.new) == ("clock.stalemate.minutes", 30, 20)
    assert (first.decided.by, first.decided.on, first.decided.why) == (
        "国保年金課長", date(2026, 4, 1), "申請の説明が長い",
    )  # fmt: skip
    assert (second.field, second.old, second.new) == ("staffing.swap_types", None, ["threat", "abuse"])
    assert found.profile.source["clock.stalemate.minutes"] == "国保年金課（国保年金課長、2026-04-01）"
    assert found.profile.source["clock.slot.min_minutes"] == "手引 2(3)"


@pytest.mark.parametrize(("new", "minutes"), [("minutes = 15", 15), ("minutes = 22", 22)])
def test_shi_42_a_changed_value_changes_the_rules_with_no_code(new: str, minutes: int) -> None:
    found = rules(TEXTS["shinagawa"].replace("minutes = 15\nlead", f"{new}\nlead", 1), "profile.toml")
    assert found.of("counter-01").clock.stalemate.minutes == minutes  # type: ignore[union-attr]


def test_a_box_in_no_unit_stands_in_a_main_building_and_a_unit_says_where_its_own_stand() -> None:
    found = merged(written())
    assert (found.site_type("counter-01"), found.site_type("counter-09")) == ("branch", "main")
    plain = merged(written(KOKUHO.replace('site_type = "branch"\n', "")))
    assert plain.site_type("counter-01") == "main"


def test_a_unit_that_changes_nothing_still_says_where_its_boxes_stand() -> None:
    head = KOKUHO.split("[set.clock")[0]
    found = merged(written(head))
    assert (found.units[0].overrides, found.site_type("counter-02")) == ((), "branch")
    assert said(found.of("counter-02")) == said(found.city)


def test_a_city_without_units_is_followed_everywhere() -> None:
    found = merged()
    assert (found.of("any"), found.units, found.unit("kokuho")) == (found.city, (), None)
    assert Rules(found.city).of("any") is found.city


def test_the_digest_tells_the_city_s_rules_the_unit_s_and_their_versions_apart() -> None:
    first, changed = merged(written()), merged(written(KOKUHO.replace("minutes = 20", "minutes = 21")))
    elsewhere = merged(written(), city="shinagawa")
    assert len({first.digest, *(one.digest_at("counter-01") for one in (first, changed, elsewhere))}) == 4
    assert first.digest_at("counter-09") == first.digest == changed.digest
    assert first.unit("kokuho") is first.units[0]


@given(st.integers(6, 1440), st.integers(1, 5), st.sets(st.sampled_from(["a", "b", "c", "d"])))
def test_set_18_for_whatever_minutes_exactly_the_unit_s_boxes_change(minutes: int, lead: int, boxes: set[str]) -> None:
    text = f"""
    [unit]
    id = "u"
    label_ja = "課"
    label_en = "u"
    boxes = {sorted(boxes)}
    [set.clock]
    stalemate = {{ minutes = {minutes}, lead_minutes = {lead} }}
    [source]
    "clock.stalemate.minutes" = {{ by = "課長", on = 2026-04-01 }}
    "clock.stalemate.lead_minutes" = {{ by = "課長", on = 2026-04-01 }}
    """
    found = merged(written(text, "u"))
    for box in "abcd":
        stalemate = found.of(box).clock.stalemate
        assert stalemate is not None
        assert (stalemate.minutes, stalemate.lead_minutes) == ((minutes, lead) if box in boxes else (30, 5))


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("section", sorted(NOT_FOR_UNITS))
def test_what_is_not_a_unit_s_to_change_is_refused_with_the_reason(section: str) -> None:
    text = KOKUHO.replace(
        "[source]", f'[set.{section}]\nx = 1\n[source]\n"{section}.x" = {{ by = "課長", on = 2026-04-01 }}'
    )
    with pytest.raises(Refused) as refusal:
        merged(written(text))
    assert [one.field for one in refusal.value.problems] == [f"set.{section}"]
    assert NOT_FOR_UNITS[section][0] in refusal.value.problems[0].ja


def test_every_section_of_a_profile_is_either_a_unit_s_to_change_or_not() -> None:
    sections = set(type(load(TEXTS["default"], "default")).model_fields) - {"source"}
    assert sections == set(OVERRIDABLE) | set(NOT_FOR_UNITS)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("minutes = 20", "minutes = 5", ("set.clock.stalemate.lead_minutes", "5")),
        ("minutes = 20", "minutes = 0", ("set.clock.stalemate.minutes", "0")),
        ("minutes = 20", "minute = 20", ("set.clock.stalemate.minute", "20")),
        ("[set.clock.stalemate]\nminutes = 20", "[set]\nclock = 20", ("set.clock", "20")),
        ("[set.staffing]", "[set.stafing]", ("set.stafing", "")),
        ('swap_types = ["threat", "abuse"]', 'swap_types = ["shouting"]', ("set.staffing.swap_types.0", "'shouting'")),
        ('"clock.stalemate.minutes" = {', '"clock.slot.min_minutes" = {', ("source.clock.stalemate.minutes", "")),
        ('"clock.stalemate.minutes" = {', '"clock.slot.min_minutes" = {', ("source.clock.slot.min_minutes", "")),
        ('by = "国保年金課長", on = 2026-05-01', 'by = "国保年金課長"', ("source.staffing.swap_types.on", "")),
        ("on = 2026-05-01", 'on = "2026-05-01"', ("source.staffing.swap_types.on", "'2026-05-01'")),
        ('by = "国保年金課長", on = 2026-05-01', "on = 2026-05-01", ("source.staffing.swap_types.by", "")),
        ('id = "kokuho"', 'id = "nenkin"', ("unit.id", "nenkin")),
        ('site_type = "branch"', 'site_type = "annex"', ("unit.site_type", "'annex'")),
        ('"counter-02"]', '"Counter 2"]', ("unit.boxes.1", "'Counter 2'")),
        ('"counter-02"]', '"counter-01"]', ("unit.boxes", "counter-01")),
        ("[set.staffing]", "[colour]\na = 1\n[set.staffing]", ("colour", "{'a': 1}")),
        ('label_ja = "国保年金課"\n', "", ("unit.label_ja", "")),
        ("[unit]", "[unit", ("TOML", "")),
        ("[unit]\n", "set = 1\n[unit]\n", ("TOML", "")),
    ],
)  # fmt: skip
def test_a_wrong_unit_is_refused_in_words(old: str, new: str, found: tuple[str, str]) -> None:
    assert old in KOKUHO
    assert found in problems(written(KOKUHO.replace(old, new, 1)))


def test_a_unit_s_steps_must_fit_the_rest_of_the_city_s_rules() -> None:
    steps = '[set.ladder]\nsteps = ["cease", "leave", "police"]\nleave.issuer = ["区長"]\n[source]\n'
    signed = '"ladder.steps" = { by = "a", on = 2026-04-01 }\n"ladder.leave.issuer" = { by = "a", on = 2026-04-01 }\n'
    found = problems(written(KOKUHO.replace("[source]\n", steps + signed)))
    assert found == [("set.ladder.final_warning", "announce_police"), ("set.ladder.leave.issuer", "区長")]


def test_a_box_in_two_units_is_refused() -> None:
    other = KOKUHO.replace('"kokuho"', '"zei"').replace('"counter-01", "counter-02"', '"counter-07", "counter-02"')
    assert problems(written(), written(other, "zei")) == [("unit.boxes", "counter-02")]


def test_every_problem_of_every_file_is_told_at_once() -> None:
    broken = KOKUHO.replace("minutes = 20", "minutes = 5").replace("on = 2026-05-01", "on = 5")
    city = TEXTS["setagaya"].replace("max = 3", "max = 1", 1)
    with pytest.raises(Refused) as refusal:
        rules(city, "profile.toml", [written(broken), written("[unit", "zei")])
    lines = str(refusal.value).splitlines()
    assert len(lines) == len(refusal.value.problems) == 3
    assert [line.split(": ")[0] for line in lines] == ["profile.toml", "units/kokuho.toml", "units/zei.toml"]
    assert set(problems(written(broken))) == {
        ("source.staffing.swap_types.on", "5"),
        ("set.clock.stalemate.lead_minutes", "5"),
    }


def test_a_sound_unit_is_not_blamed_for_a_broken_city() -> None:
    with pytest.raises(Refused) as refusal:
        rules(TEXTS["setagaya"].replace("max = 3", "max = 1", 1), "profile.toml", [written()])
    assert [one.field for one in refusal.value.problems] == ["ladder.leave.max"]


def inline(value: Any) -> str:
    """A value as TOML writes it on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {inline(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


KEYS = ["clock", "ladder", "stalemate", "minutes", "steps", "leave", "staffing", "min", "alert"]


@given(
    st.recursive(
        st.booleans() | st.integers(-5, 99) | st.sampled_from(["", "threat", "所属長", "leave"]),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
        max_leaves=6,
    )
)
def test_what_nobody_has_signed_never_comes_into_force(value: Any) -> None:
    text = f'set = {inline(value)}\n[unit]\nid = "u"\nlabel_ja = "課"\nlabel_en = "u"\nboxes = ["a"]\n'
    with suppress(Refused):
        found = merged(written(text, "u"))
        assert said(found.of("a")) == said(found.city)
