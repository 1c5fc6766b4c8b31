"""hub.toml: every problem at once, in words; and what follows from the settings."""

from pathlib import Path

import pytest

from contract.problems import Refused
from hub.config import Http, HubConfig, load, load_profile
from hub.places import Places, write_private
from hub.site import Wanted, _settings

GOOD = """
site = "kita"
[alerts.email]
smtp_host = "mail.example.lg.jp"
sender = "madomori@example.lg.jp"
[[contacts]]
id = "guard-room"
role = "guard"
channel = "email"
target = "guard@example.lg.jp"
"""

BAD = """
site = "Kita!"
colour = "red"
[http]
port = "8080"
tls = "maybe"
[mqtt]
port = 70000
[database]
url = "mysql://x"
[web]
stream_cap = 0
[[contacts]]
id = "a"
role = "janitor"
channel = "pigeon"
target = "x"
[[contacts]]
id = "a"
role = "guard"
channel = "email"
target = "nobody"
[[contacts]]
id = "b"
role = "guard"
channel = "webhook"
target = "ftp://x"
"""


def written(tmp_path: Path, text: str) -> Path:
    (tmp_path / "hub.toml").write_text(text, "utf-8")
    return tmp_path


def test_a_good_file_is_read(tmp_path: Path) -> None:
    config = load(written(tmp_path, GOOD))
    assert (config.site, config.http.port, config.mqtt.port, config.web.stream_cap) == ("kita", 8080, 8883, 240)
    assert config.contacts[0].role == "guard"
    assert config.database_url == f"sqlite:///{tmp_path}/madomori.db"


def test_h20_every_problem_is_told_at_once_in_both_languages(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        load(written(tmp_path, BAD))
    fields = {problem.field for problem in refused.value.problems}
    assert {
        "site",
        "colour",
        "http.port",
        "http.tls",
        "mqtt.port",
        "database.url",
        "web.stream_cap",
        "contacts.0.role",
        "contacts.0.channel",
        "contacts.1",
        "contacts.1.id",
        "contacts.2",
        "alerts.email",
    } <= fields
    for problem in refused.value.problems:
        assert problem.ja
        assert problem.en
        assert not problem.ja.isascii(), problem
    assert "'Kita!'" in str(refused.value)
    assert str(tmp_path / "hub.toml") in str(refused.value)


def test_a_file_that_is_no_toml_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="line 1"):
        load(written(tmp_path, 'site = "kita'))


def test_a_folder_without_a_site_is_told_plainly(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"hub\.toml"):
        load(tmp_path)


def test_a_broken_profile_is_told_with_its_problems(tmp_path: Path) -> None:
    (tmp_path / "profile.toml").write_text("[meta]\nid = 'x'\n", "utf-8")
    with pytest.raises(Refused) as refused:
        load_profile(Places(tmp_path))
    assert len(refused.value.problems) > 3


@pytest.mark.parametrize(
    ("host", "tls", "url"),
    [
        ("127.0.0.1", "auto", "http://127.0.0.1:8080"),
        ("localhost", "auto", "http://localhost:8080"),
        ("::1", "auto", "http://[::1]:8080"),
        ("192.0.2.7", "auto", "https://192.0.2.7:8080"),
        ("hub.example.lg.jp", "auto", "https://hub.example.lg.jp:8080"),
        ("127.0.0.1", "on", "https://127.0.0.1:8080"),
        ("192.0.2.7", "off", "http://192.0.2.7:8080"),
    ],
)
def test_pages_use_tls_wherever_others_could_listen(host: str, tls: str, url: str) -> None:
    assert Http.model_validate({"host": host, "tls": tls}).url == url


def test_an_address_that_means_every_card_is_never_told_to_a_box() -> None:
    http = Http.model_validate({"host": "0.0.0.0"})
    assert http.uses_tls
    assert "0.0.0.0" not in http.url
    assert Http.model_validate({"host": "0.0.0.0", "public_host": "hub.city"}).url == "https://hub.city:8080"


@pytest.mark.parametrize(
    ("url", "becomes"),
    [
        ("postgresql://u:p@db/madomori", "postgresql+psycopg://u:p@db/madomori"),
        ("sqlite:////var/lib/x.db", "sqlite:////var/lib/x.db"),
    ],
)
def test_database_urls(url: str, becomes: str) -> None:
    assert HubConfig.model_validate({"site": "kita", "database": {"url": url}}).database_url == becomes


def test_a_private_file_is_private_whatever_stood_there(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o666)
    write_private(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]


CARE_WRONG = """
site = "kita"
[[care]]
name = ""
[[care]]
name = "健康相談室"
telephone = "健康相談室へ"
fax = "1"
hours = "平日\\n9時"
[[care]]
name = "産業医"
"""


def test_sug_03_where_people_can_turn_is_read_and_what_is_wrong_with_it_told_at_once(tmp_path: Path) -> None:
    good = '[[care]]\nname = "健康相談室"\ntelephone = "内線 ２３４５"\n[[care]]\nname = "組合"\nnote = "別館"\n'
    assert [one.name for one in load(written(tmp_path, GOOD + good)).care] == ["健康相談室", "組合"]
    assert load(written(tmp_path, GOOD)).care == ()
    with pytest.raises(Refused) as refused:
        load(written(tmp_path, CARE_WRONG))
    found = {problem.field: problem.ja for problem in refused.value.problems}
    assert set(found) == {"care.0.name", "care.1.telephone", "care.1.fax", "care.1.hours", "care.2"}
    assert "電話番号" in found["care.1.telephone"]
    assert "telephone" in found["care.2"]
    for wrong, words in (('[care]\nname = "x"\n', "[[care]]"), ('[[care]]\nname = "x"\nnote = "y"\n' * 13, "12")):
        with pytest.raises(Refused) as refused:
            load(written(tmp_path, f'site = "kita"\n{wrong}'))
        [problem] = refused.value.problems
        assert (problem.field, words in problem.ja) == ("care", True), problem


def test_sug_03_the_settings_that_init_writes_show_how_it_is_done(tmp_path: Path) -> None:
    """What stands there behind # is read as it is once somebody takes the marks away."""
    text = _settings(Wanted(tmp_path, "kita", "default"))
    example = text.partition("# [[care]]")[2]
    lines = [line.removeprefix("# ") for line in f"[[care]]{example}".splitlines()]
    [place] = load(written(tmp_path, 'site = "kita"\n' + "\n".join(lines))).care
    assert (place.telephone, place.hours) == ("内線 2345", "平日 9:00-17:00")
