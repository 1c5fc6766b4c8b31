"""The commands, as a person at a shell meets them."""

import base64
import json
import os
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from support.hubs import PASSWORD, make_site

from contract.profile import digest_of
from hub import site as sites
from hub.__main__ import main
from hub.config import ROLES, load
from hub.store import calendars, tokens, users
from hub.store.engine import begin_read, begin_write, open_database
from hub.user_commands import long_names
from hub.web import sessions


def run(*arguments: object, input: str | None = None) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=input)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return make_site(tmp_path / "site").places.directory


def test_every_command_explains_itself() -> None:
    assert run("--help").exit_code == 0
    for name, command in main.commands.items():
        answer = run(name, "--help") if name != "user" else run("user", "x", "--help")
        assert answer.exit_code == 0, answer.output
        assert command.help
        assert not command.help.isascii()


def test_init_makes_a_site_and_says_what_next(tmp_path: Path) -> None:
    directory = tmp_path / "site"
    answer = run("init", directory, "--site", "kita", "--profile", "shinagawa", "--http", "127.0.0.1:18080")
    assert answer.exit_code == 0, answer.output
    for words in ("admin", "madomori-hub run", "madomori-hub enroll", "http://127.0.0.1:18080"):
        assert words in answer.output
    password = answer.output.partition("password: ")[2].split("（")[0]
    config = load(directory)
    engine = open_database(config.database_url)
    with begin_read(engine) as connection:
        row = users.by_login(connection, "admin")
    engine.dispose()
    assert row is not None
    assert row.role == "administrator"
    assert users.password_holds(row.password_hash, password)
    assert password not in (directory / "hub.toml").read_text("utf-8")


def test_a_site_and_a_bundle_are_for_their_owner_only(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        run("init", tmp_path / "site", "--site", "kita", "--profile", "default")
        run("enroll", tmp_path / "site", "counter-01", "--counter", "窓口", "--out", tmp_path / "bundle")
    finally:
        os.umask(before)
    made = list(tmp_path.rglob("*"))
    assert {"box.key", "box.toml", "hub.toml", "madomori.db", "ca.crt"} <= {path.name for path in made}
    assert [path for path in made if path.stat().st_mode & 0o077] == []


def test_init_takes_a_password_and_reports_as_json(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("correct horse battery\n", "utf-8")
    answer = run(
        "init", tmp_path / "site", "--site", "kita", "--profile", "default",
        "--admin-password-file", tmp_path / "password", "--json",
    )  # fmt: skip
    report = json.loads(answer.output)
    assert report["administrator"] == "admin"
    assert "password" not in report


def test_init_takes_a_profile_file(tmp_path: Path) -> None:
    text = sites.profile_text("shinagawa")
    (tmp_path / "mine.toml").write_text(text, "utf-8")
    assert run("init", tmp_path / "s", "--site", "kita", "--profile", tmp_path / "mine.toml").exit_code == 0
    assert (tmp_path / "s" / "profile.toml").read_text("utf-8") == text


def test_init_refuses_what_exists(site: Path, tmp_path: Path) -> None:
    before = (site / "ca" / "ca.key").read_bytes()
    assert run("init", site, "--site", "kita", "--profile", "default").exit_code == 1
    assert (site / "ca" / "ca.key").read_bytes() == before
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "love.txt").write_text("x")
    assert run("init", tmp_path / "letters", "--site", "kita", "--profile", "default").exit_code == 1
    assert [path.name for path in (tmp_path / "letters").iterdir()] == ["love.txt"]


def test_init_can_be_repeated_after_it_failed_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(sites, "_fill_database", fail)
        assert run("init", tmp_path / "s", "--site", "kita", "--profile", "default").exit_code == 1
    assert run("init", tmp_path / "s", "--site", "kita", "--profile", "default").exit_code == 0
    assert run("init", tmp_path / "s", "--site", "kita", "--profile", "default").exit_code == 1


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (["--site", "Kita"], 2),
        (["--site", "hub"], 2),
        (["--site", "a/b"], 2),
        (["--http", "8080"], 2),
        (["--mqtt", "127.0.0.1:99999"], 2),
        (["--profile", "atlantis"], 1),
        (["--db", "mysql://x"], 1),
        (["--db", "postgresql://nobody:secret-word@127.0.0.1:1/x"], 1),
    ],
)
def test_init_refuses_wrong_words_and_leaves_no_site(tmp_path: Path, wrong: list[str], code: int) -> None:
    words = {"--site": "kita", "--profile": "default"} | dict([wrong])
    answer = run("init", tmp_path / "s", *(part for pair in words.items() for part in pair))
    assert answer.exit_code == code, answer.output
    assert "Traceback" not in answer.output
    assert "secret-word" not in answer.output


def test_a_short_password_is_refused(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("short", "utf-8")
    answer = run(
        "init", tmp_path / "s", "--site", "k", "--profile", "default", "--admin-password-file", tmp_path / "password"
    )
    assert answer.exit_code == 1
    assert not (tmp_path / "s").exists()


def test_a_bundle_holds_what_a_box_needs(site: Path, tmp_path: Path) -> None:
    answer = run("enroll", site, "counter-01", "--counter", '2階 "住民票" 3番', "--out", tmp_path / "b", "--json")
    assert answer.exit_code == 0, answer.output
    report = json.loads(answer.output)
    assert (report["box"], report["again"]) == ("counter-01", False)
    bundle = tmp_path / "b"
    assert sorted(path.name for path in bundle.iterdir()) == [
        "box.crt", "box.key", "box.toml", "ca.crt", "evidence-key-request.json", "profile.toml",
    ]  # fmt: skip
    config = load(site)
    settings = tomllib.loads((bundle / "box.toml").read_text("utf-8"))
    assert {**settings, "hub": None} == {
        "site": "kita", "box": "counter-01", "counter": '2階 "住民票" 3番', "hub": None,
        "evidence": {"recipients": list(config.evidence.recipients), "escrow": config.evidence.escrow},
    }  # fmt: skip
    assert settings["hub"]["mqtt"] == f"127.0.0.1:{config.mqtt.port}"
    assert settings["hub"]["url"] == f"http://127.0.0.1:{config.http.port}"
    assert len(base64.b64decode(settings["hub"]["receipt_keys"]["hub-1"])) == 32
    assert digest_of((bundle / "profile.toml").read_text("utf-8")) == digest_of(
        (site / "profile.toml").read_text("utf-8")
    )
    assert (bundle / "box.key").stat().st_mode & 0o777 == 0o600
    load_pem_private_key((bundle / "box.key").read_bytes(), None)
    certificate = x509.load_pem_x509_certificate((bundle / "box.crt").read_bytes())
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "counter-01"
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate((bundle / "ca.crt").read_bytes()))
    assert certificate.not_valid_after_utc > datetime.now(UTC) + timedelta(days=365)


def test_enrolling_again_puts_the_old_certificate_on_the_list(site: Path, tmp_path: Path) -> None:
    run("enroll", site, "counter-01", "--counter", "1番", "--out", tmp_path / "b")
    old = x509.load_pem_x509_certificate((tmp_path / "b" / "box.crt").read_bytes())
    answer = run("enroll", site, "counter-01", "--counter", "2番", "--out", tmp_path / "b", "--json")
    assert json.loads(answer.output)["again"] is True
    new = x509.load_pem_x509_certificate((tmp_path / "b" / "box.crt").read_bytes())
    listed = x509.load_pem_x509_crl((site / "ca" / "crl.pem").read_bytes())
    assert listed.get_revoked_certificate_by_serial_number(old.serial_number) is not None
    assert listed.get_revoked_certificate_by_serial_number(new.serial_number) is None
    assert listed.next_update_utc is not None
    assert listed.next_update_utc > datetime.now(UTC) + timedelta(days=3000)


@pytest.mark.parametrize("name", ["hub", "a+b", "a/b", "#", "Counter", "-x", "", "x" * 64])
def test_names_that_would_break_a_topic_are_refused(site: Path, tmp_path: Path, name: str) -> None:
    answer = run("enroll", site, "--counter", "x", "--out", tmp_path / "b", "--", name)
    assert answer.exit_code == 1, answer.output
    assert not (tmp_path / "b").exists()


def test_a_bundle_never_overwrites_something_else(site: Path, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "thesis.txt").write_text("x")
    assert run("enroll", site, "counter-01", "--counter", "x", "--out", tmp_path / "b").exit_code == 1
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("role", [*ROLES, "section-head"])
def test_tokens_have_a_role(site: Path, role: str) -> None:
    answer = run("token", site, "--role", role, "--name", "board", "--json")
    report = json.loads(answer.output)
    assert report["role"] == role.replace("-", "_")
    engine = open_database(load(site).database_url)
    with begin_read(engine) as connection:
        row = tokens.by_bearer(connection, report["token"])
    engine.dispose()
    assert row is not None
    assert (row.role, row.name) == (report["role"], "board")
    assert run("token", site, "--role", role, "--name", "x").output.strip().startswith("mado_")


def test_a_token_that_leaked_is_found_in_the_list_and_opens_nothing_once_it_is_revoked(site: Path) -> None:
    def issued() -> list[tuple[str, str, bool]]:
        found = json.loads(run("tokens", site, "list", "--json").output)["tokens"]
        return [(row["id"], row["name"], row["revoked_at"] is not None) for row in found]

    leaked, kept = (
        json.loads(run("token", site, "--role", "supervisor", "--name", name, "--json").output)
        for name in ("tablet", "board")
    )
    assert issued() == [(leaked["id"], "tablet", False), (kept["id"], "board", False)]
    assert leaked["token"] not in run("tokens", site, "list").output
    assert run("tokens", site, "revoke", "nothing").exit_code == 1
    for _ in range(2):
        assert run("tokens", site, "revoke", leaked["id"]).exit_code == 0
    assert issued() == [(leaked["id"], "tablet", True), (kept["id"], "board", False)]
    engine = open_database(load(site).database_url)
    with begin_read(engine) as connection:
        assert sessions.by_token(connection, leaked["token"]) is None
        assert sessions.by_token(connection, kept["token"]) is not None
    engine.dispose()


def test_an_unknown_role_is_wrong_usage(site: Path) -> None:
    answer = run("token", site, "--role", "emperor", "--name", "x")
    assert answer.exit_code == 2
    assert "general_affairs" in answer.output


def test_accounts(site: Path, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(PASSWORD, "utf-8")
    add = (
        "user",
        site,
        "add",
        "sato",
        "--name",
        "佐藤",
        "--role",
        "supervisor",
        "--password-file",
        tmp_path / "password",
    )
    assert run(*add).exit_code == 0
    assert run(*add).exit_code == 1
    listed = json.loads(run("user", site, "list", "--json").output)["users"]
    assert [(row["login"], row["role"], row["disabled"]) for row in listed] == [
        ("admin", "administrator", False),
        ("sato", "supervisor", False),
    ]
    assert run("user", site, "password", "sato", input=f"{PASSWORD}!\n{PASSWORD}!\n").exit_code == 0
    assert run("user", site, "password", "sato", input="short\nshort\n").exit_code == 1
    assert run("user", site, "disable", "sato").exit_code == 0
    assert run("user", site, "disable", "nobody").exit_code == 1
    assert json.loads(run("user", site, "list", "--json").output)["users"][1]["disabled"]


@pytest.mark.parametrize(("name", "words"), [
    ("佐藤 花子", ("姓か記号だけ", "福祉課・佐藤", "a surname or a code")), ("佐藤\u3000花子", ("姓か記号だけ",)),
    (" ", ("姓か記号だけ",)), ("窓" * 41, ("40 文字まで", "40 characters at most")),
])  # fmt: skip
def test_set_22_an_account_is_called_by_a_surname_or_a_code_and_never_by_a_full_name(
    site: Path, tmp_path: Path, name: str, words: tuple[str, ...]
) -> None:
    (tmp_path / "password").write_text(PASSWORD, "utf-8")
    made = ("--role", "staff", "--password-file", tmp_path / "password")
    refused = run("user", site, "add", "hanako", "--name", name, *made)
    assert refused.exit_code == 1
    for one in words:
        assert one in refused.output
    assert run("user", site, "add", "hanako", "--name", " 佐藤 ", *made).exit_code == 0
    assert run("user", site, "rename", "hanako", "--name", name).exit_code == 1
    listed = json.loads(run("user", site, "list", "--json").output)["users"]
    assert [row["name"] for row in listed if row["login"] == "hanako"] == ["佐藤"]


def test_set_22_who_makes_an_account_hears_that_screens_want_a_code_and_of_a_second_one_of_the_name(
    site: Path, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text(PASSWORD, "utf-8")
    made = ("--role", "staff", "--password-file", tmp_path / "password")
    (site / "profile.toml").write_text(sites.profile_text("setagaya"), "utf-8")
    assert "注意" not in run("user", site, "add", "one", "--name", "佐藤", *made).output
    assert "もう一つ" in run("user", site, "add", "two", "--name", "佐藤", *made).output
    again = run("user", site, "rename", "two", "--name", "佐藤")
    assert again.exit_code == 0
    assert "「佐藤」はもう一つあります" in again.output
    assert "もう一つ" not in run("user", site, "rename", "two", "--name", "福祉課・佐藤").output
    assert run("user", site, "rename", "nobody", "--name", "A1").exit_code == 1
    (site / "profile.toml").write_text(sites.profile_text("default"), "utf-8")
    assert "画面に姓ではなく記号を出します" in run("user", site, "rename", "two", "--name", "佐藤").output
    assert "記号" not in run("user", site, "rename", "two", "--name", "A12").output


def test_set_22_an_account_from_before_that_shows_a_full_name_is_named_and_works_on(site: Path) -> None:
    engine = open_database(load(site).database_url)
    with begin_write(engine) as connection:
        users.add(connection, login="old", name="佐藤 花子", role="staff", password=PASSWORD, now=datetime.now(UTC))
    engine.dispose()
    (told,) = long_names(load(site))
    assert "old" in told
    assert "rename" in told
    assert "花子" not in told
    rows = {row["login"]: row for row in json.loads(run("user", site, "list", "--json").output)["users"]}
    assert {login: row["name_problem"] for login, row in rows.items()} == {"admin": False, "old": True}
    assert "名前を姓か記号に" in run("user", site, "list").output
    assert run("user", site, "rename", "old", "--name", "佐藤").exit_code == 0
    assert long_names(load(site)) == []


def test_the_administrator_sees_and_stops_a_persons_calendar_address(site: Path) -> None:
    def stands() -> bool:
        [admin] = json.loads(run("user", site, "list", "--json").output)["users"]
        return bool(admin["calendar"])

    engine = open_database(load(site).database_url)
    assert not stands()
    assert run("user", site, "stop-calendar", "admin").exit_code == 1, "there is none yet"
    assert run("user", site, "stop-calendar", "nobody").exit_code == 1
    for ends in (("stop-calendar", "admin"), ("password", "admin"), ("disable", "admin")):
        with begin_write(engine) as connection:
            row = users.by_login(connection, "admin")
            assert row is not None
            secret = calendars.make(connection, row.id, datetime.now(UTC))
        assert stands()
        assert run("user", site, *ends, input=f"{PASSWORD}!\n{PASSWORD}!\n").exit_code == 0
        assert not stands(), ends
        with begin_read(engine) as connection:
            assert calendars.reader(connection, secret) is None
    engine.dispose()


def test_profile_check(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text(sites.profile_text("default"), "utf-8")
    bad.write_text(sites.profile_text("default").replace("repeat_s = 30", "repeat_s = 1\ncolour = 1"), "utf-8")
    assert run("profile", "check", good).exit_code == 0
    answer = run("profile", "check", bad, "--json")
    assert answer.exit_code == 1
    assert {problem["field"] for problem in json.loads(answer.output)["problems"]} == {"alert.repeat_s", "alert.colour"}
    assert run("profile", "check", tmp_path / "none.toml").exit_code == 1


def test_h20_a_broken_hub_toml_stops_every_command_with_all_its_problems(site: Path, tmp_path: Path) -> None:
    (site / "hub.toml").write_text('site = "kita"\ncolour = 1\n[http]\nport = 0\n', "utf-8")
    for command in (
        ["run", site],
        ["worker", site],
        ["web", site],
        ["broker", site],
        ["migrate", site],
        ["enroll", site, "a", "--counter", "x", "--out", tmp_path / "b"],
        ["revoke", site, "a"],
        ["token", site, "--role", "guard", "--name", "x"],
        ["user", site, "list"],
    ):
        answer = run(*command)
        assert answer.exit_code == 1, command
        assert "colour" in answer.output
        assert "http.port" in answer.output


def test_migrate_says_where_it_stands(site: Path) -> None:
    report = json.loads(run("migrate", site, "--json").output)
    assert report["before"] == report["after"]


def test_the_hubs_own_certificates_follow_its_settings_and_are_renewed_in_time(site: Path) -> None:
    now = datetime.now(UTC)
    config = load(site)
    before = config.places.server_certificate.read_bytes()
    assert not sites.renew_certificates(config, now)
    settings = (site / "hub.toml").read_text("utf-8")
    (site / "hub.toml").write_text(
        settings.replace('# public_host = "madomori.example.lg.jp"', 'public_host = "mado.city"', 1), "utf-8"
    )
    assert sites.renew_certificates(load(site), now)
    assert not sites.renew_certificates(load(site), now)
    certificate = x509.load_pem_x509_certificate(config.places.server_certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "mado.city" in names.get_values_for_type(x509.DNSName)
    assert config.places.server_certificate.read_bytes() != before
    assert sites.renew_certificates(load(site), now + timedelta(days=740))
