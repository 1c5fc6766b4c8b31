"""A site's own folder of units: read when a process starts, told in the log, refused in words when it does not fit."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner
from structlog.testing import capture_logs
from support.hubs import make_site

from contract.problems import Refused
from hub.__main__ import main
from hub.places import Places
from hub.units import load_rules, log_overrides
from hub.web import create_app
from hub.web.site import KEY, Site

PROFILES = Path(__file__).parents[2] / "contract" / "profiles"
KOKUHO = """
[unit]
id = "kokuho"
label_ja = "国保年金課"
label_en = "Health insurance"
site_type = "branch"
boxes = ["counter-01"]
[set.clock.stalemate]
minutes = 20
[source]
"clock.stalemate.minutes" = { by = "国保年金課長", on = 2026-04-01 }
"""


@pytest.fixture(autouse=True)
def plain_log() -> Iterator[None]:
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """The least of a site that has rules."""
    (tmp_path / "profile.toml").write_text((PROFILES / "setagaya.toml").read_text("utf-8"), "utf-8")
    return Places(tmp_path)


def write_unit(places: Places, text: str = KOKUHO, name: str = "kokuho.toml") -> None:
    places.units.mkdir(exist_ok=True)
    (places.units / name).write_text(text, "utf-8")


def test_a_site_without_units_follows_the_city(places: Places) -> None:
    rules = load_rules(places)
    assert (rules.city.meta.id, rules.units) == ("setagaya", ())
    assert rules.of("counter-01") is rules.city


def test_set_18_a_file_in_the_folder_is_in_force_at_the_next_start(places: Places) -> None:
    write_unit(places)
    write_unit(places, "not a unit's file", "README")
    rules = load_rules(places)
    assert rules.of("counter-01").clock.stalemate.minutes == 20  # type: ignore[union-attr]
    assert rules.of("counter-02").clock.stalemate.minutes == 30  # type: ignore[union-attr]
    assert rules.site_type("counter-01") == "branch"
    write_unit(places, KOKUHO.replace("minutes = 20", "minutes = 25"))
    assert load_rules(places).of("counter-01").clock.stalemate.minutes == 25  # type: ignore[union-attr]


def test_shi_42_a_changed_profile_is_in_force_at_the_next_start(places: Places) -> None:
    before = load_rules(places)
    places.profile.write_text(places.profile.read_text("utf-8").replace("minutes = 30", "minutes = 40", 1), "utf-8")
    after = load_rules(places)
    assert after.of("counter-01").clock.stalemate.minutes == 40  # type: ignore[union-attr]
    assert before.digest != after.digest


def test_set_18_every_override_in_force_is_told_in_the_log(places: Places) -> None:
    write_unit(places)
    with capture_logs() as lines:
        log_overrides(load_rules(places))
    assert lines == [
        {
            "event": "unit.override", "log_level": "info", "unit": "kokuho", "field": "clock.stalemate.minutes",
            "old": 30, "new": 20, "source": "国保年金課長 2026-04-01",
        }
    ]  # fmt: skip


def test_set_18_the_pages_know_the_unit_s_rules_and_log_them_when_they_start(tmp_path: Path) -> None:
    config = make_site(tmp_path / "site")
    write_unit(config.places)
    with capture_logs() as lines:
        app = create_app(config)
    site: Site = app.extensions[KEY]
    assert site.rules.of("counter-01").clock.stalemate.minutes == 20  # type: ignore[union-attr]
    assert site.profile is site.rules.city
    assert [line["unit"] for line in lines if line["event"] == "unit.override"] == ["kokuho"]
    site.engine.dispose()


@pytest.mark.parametrize("command", ["run", "worker", "web"])
def test_a_broken_unit_stops_the_hub_before_it_starts_with_every_problem(tmp_path: Path, command: str) -> None:
    config = make_site(tmp_path / "site")
    write_unit(config.places, KOKUHO.replace("minutes = 20", "minutes = 5").replace('"kokuho"', '"zei"'))
    answer = CliRunner().invoke(main, [command, str(config.places.directory)])
    assert answer.exit_code == 1
    for words in ("units/kokuho.toml", "unit.id = zei", "set.clock.stalemate.lead_minutes = 5"):
        assert words in answer.output


def test_an_unreadable_unit_is_told_plainly(places: Places) -> None:
    places.units.mkdir()
    (places.units / "kokuho.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(Refused, match=r"kokuho\.toml.*UTF-8"):
        load_rules(places)


# --- the commands -----------------------------------------------------------------------------------------------------


def run(*arguments: object) -> tuple[int, str]:
    answer = CliRunner().invoke(main, ["profile", *map(str, arguments)])
    return answer.exit_code, answer.output


def test_check_asks_what_the_city_leaves_open_and_is_content(places: Places) -> None:
    code, told = run("check", places.profile)
    assert code == 0
    assert "recording.retention_days" in told
    assert "何日残しますか" in told
    assert "how many days" in told
    report = json.loads(run("check", places.profile, "--json")[1])
    assert report["ok"]
    assert {"field", "ja", "en", "who_ja", "who_en"} == set(report["open_questions"][0])


def test_check_looks_at_a_unit_together_with_its_city(tmp_path: Path, places: Places) -> None:
    write_unit(places)
    file = places.units / "kokuho.toml"
    assert run("check", file, "--with", "setagaya")[0] == 0
    assert run("check", file, "--with", places.profile)[0] == 0
    code, told = run("check", file, "--with", "yurihonjo")  # a city without that clock: 5 minutes is the schema's
    assert code == 0, told
    code, told = run("check", file)
    assert code == 1
    assert "--with" in told
    file.write_text(KOKUHO.replace("[source]", "[set.alert]\nrepeat_s = 5\n[source]"), "utf-8")
    report = json.loads(run("check", file, "--with", "setagaya", "--json")[1])
    assert [one["field"] for one in report["problems"]] == ["set.alert", "source.alert.repeat_s"]
    assert run("check", file, "--with", "atlantis")[0] == 1


def test_a_unit_s_answer_closes_the_question(places: Places) -> None:
    write_unit(places)
    file = places.units / "kokuho.toml"
    asked = json.loads(run("check", file, "--with", "yurihonjo", "--json")[1])["open_questions"]
    assert "clock.stalemate.minutes" not in {one["field"] for one in asked}


def test_diff_shows_what_differs_with_both_sources(tmp_path: Path) -> None:
    rows = {row["field"]: row for row in json.loads(run("diff", "shinagawa", "setagaya", "--json")[1])["differences"]}
    assert (rows["clock.stalemate.minutes"]["a"], rows["clock.stalemate.minutes"]["b"]) == (15, 30)
    assert rows["clock.stalemate.minutes"]["source_b"] == "手引 2(3)"
    assert rows["guards.alert_types"]["b"] is None
    assert rows["routing.police"]["a"] is None
    assert "clock.stalemate.lead_minutes" not in rows
    _, told = run("diff", "shinagawa", "setagaya")
    assert (
        "clock.stalemate.minutes\n  shinagawa: 15  〔対応要領 6(2)⑤、7 TYPE.3〕\n  setagaya: 30  〔手引 2(3)〕" in told
    )
    assert "定めなし" in told


def test_diff_of_one_and_the_same_says_so_and_takes_files(tmp_path: Path) -> None:
    copy = tmp_path / "copy.toml"
    copy.write_text((PROFILES / "sapporo.toml").read_text("utf-8"), "utf-8")
    code, told = run("diff", "sapporo", copy)
    assert (code, told.strip()) == (0, "違いはありません / no difference")
    assert run("diff", "sapporo", tmp_path / "none.toml")[0] == 1


def test_list_names_every_profile_that_comes_with_the_program() -> None:
    rows = json.loads(run("list", "--json")[1])["profiles"]
    assert [row["id"] for row in rows] == ["default", "sapporo", "setagaya", "shinagawa", "yurihonjo"]
    assert all(row["open_questions"] > 0 and row["digest"].startswith("sha256:") for row in rows)
    assert "世田谷区" in run("list")[1]


@pytest.mark.parametrize("city", ["default", "sapporo", "setagaya", "shinagawa", "yurihonjo"])
def test_a_site_can_be_made_with_every_city_s_rules(tmp_path: Path, city: str) -> None:
    made = CliRunner().invoke(main, ["init", str(tmp_path / "s"), "--site", "kita", "--profile", city])
    assert made.exit_code == 0, made.output
    assert load_rules(Places(tmp_path / "s")).city.meta.id == city
