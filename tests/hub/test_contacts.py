"""`[[contacts]]`: what is refused, with field, value and remedy in both languages."""

from datetime import date
from pathlib import Path

import pytest

from contract.problems import Problem, Refused
from hub.config import HubConfig, load

PERSON = """
[[contacts]]
id = "chief"
role = "guard"
channel = "webhook"
target = "http://127.0.0.1:9/"
"""


def settings(tmp_path: Path, text: str) -> HubConfig:
    (tmp_path / "hub.toml").write_text(f'site = "kita"\n{text}', "utf-8")
    return load(tmp_path)


def problems(tmp_path: Path, text: str) -> dict[str, Problem]:
    with pytest.raises(Refused) as refused:
        settings(tmp_path, text)
    for problem in refused.value.problems:
        assert problem.ja
        assert problem.en
    return {problem.field: problem for problem in refused.value.problems}


def tower(more: str = "") -> str:
    return f'[[contacts]]\nid = "tower"\nrole = "guard"\nchannel = "patlite"\ntarget = "10.0.0.9:10000"\n{more}\n'


def chat(tmp_path: Path, url: str = "json://127.0.0.1:9/", mode: int = 0o600, more: str = "") -> str:
    secret = tmp_path / "chat.url"
    secret.write_text(url, "utf-8")
    secret.chmod(mode)
    return f'[[contacts]]\nid = "chat"\nrole = "guard"\nchannel = "apprise"\ntarget_file = "chat.url"\n{more}\n'


def test_a_signal_tower_stands_beside_a_person(tmp_path: Path) -> None:
    config = settings(tmp_path, PERSON + tower('model = "la6"\nleave = ["white"]'))
    assert config.contacts[1].shows_only
    assert config.contacts[1].model == "la6"


def test_a_role_that_only_a_signal_tower_would_hear_of_is_refused_with_the_reason(tmp_path: Path) -> None:
    problem = problems(tmp_path, tower())["contacts.0"]
    assert "human life" in problem.en
    assert "NH" in problem.en
    assert "人命" in problem.ja


@pytest.mark.parametrize("target", ["10.0.0.9", "10.0.0.9:0", "10.0.0.9:70000", "http://10.0.0.9:80", "a b:1"])
def test_a_signal_tower_has_host_and_port(tmp_path: Path, target: str) -> None:
    assert "HOST:PORT" in problems(tmp_path, PERSON + tower().replace("10.0.0.9:10000", target))["contacts.1"].en


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (PERSON + 'model = "nh"\n', "contacts.0"),
        (PERSON + 'target_file = "x"\n', "contacts.0"),
        (PERSON + 'hours = ["whenever"]\n', "contacts.0.hours.0"),
        (PERSON + 'deputy_for = ["nobody"]\n', "contacts.0.deputy_for"),
        (PERSON + 'deputy_for = ["chief"]\n', "contacts.0.deputy_for"),
        (PERSON + tower('deputy_for = ["chief"]'), "contacts.1"),
        (PERSON + tower('model = "phn"'), "contacts.1.model"),
        (PERSON + tower('leave = ["purple"]'), "contacts.1.leave.0"),
        (PERSON + "[alerts.patlite]\ntimeout_s = 5\n", "alerts.patlite.timeout_s"),
    ],
)
def test_options_that_do_not_fit_are_named(tmp_path: Path, text: str, field: str) -> None:
    assert field in problems(tmp_path, text)


def test_the_secret_address_of_a_chat_stands_only_in_its_file(tmp_path: Path) -> None:
    config = settings(tmp_path, chat(tmp_path, "json://user:secret@127.0.0.1:9/"))
    assert config.contacts[0].target == "file:chat.url"
    assert "secret" not in repr(config)


@pytest.mark.parametrize(
    ("url", "mode", "words"),
    [
        ("json://127.0.0.1:9/", 0o640, "chmod 600"),
        ("json://127.0.0.1:9/ slack://x", 0o600, "one URL"),
        ("nothing", 0o600, "one URL"),
    ],
)
def test_a_secret_file_that_is_not_right_is_refused_with_the_remedy(
    tmp_path: Path, url: str, mode: int, words: str
) -> None:
    problem = problems(tmp_path, chat(tmp_path, url, mode))["contacts.0.target_file"]
    assert words in problem.en
    assert "json://127" not in problem.line()


def test_a_missing_secret_file_and_a_target_in_the_settings_are_refused(tmp_path: Path) -> None:
    text = chat(tmp_path)
    assert "target_file" in problems(tmp_path, text + 'target = "json://x"\n')["contacts.0"].en
    (tmp_path / "chat.url").unlink()
    assert "cannot be read" in problems(tmp_path, text)["contacts.0.target_file"].en


def test_without_the_package_the_start_is_refused_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.contacts.find_spec", lambda _name: None)
    problem = problems(tmp_path, chat(tmp_path))["contacts.0.channel"]
    assert "requirements/apprise.txt" in problem.en
    assert "requirements/apprise.txt" in problem.ja


def test_holidays_are_read_and_every_wrong_line_is_told(tmp_path: Path) -> None:
    (tmp_path / "holidays.txt").write_text("# 2026\n2026-11-23 勤労感謝の日\n\n2026-12-29\n", "utf-8")
    config = settings(tmp_path, '[alerts]\nholidays_file = "holidays.txt"\n')
    assert config.roster.holidays == {date(2026, 11, 23), date(2026, 12, 29)}
    (tmp_path / "holidays.txt").write_text("11/23\n2026-11-23\n2026-02-30\n", "utf-8")
    found = problems(tmp_path, '[alerts]\nholidays_file = "holidays.txt"\n')
    assert set(found) == {"alerts.holidays_file:1", "alerts.holidays_file:3"}
    assert "alerts.holidays_file" in problems(tmp_path, '[alerts]\nholidays_file = "none.txt"\n')
