"""Whose keys open recordings: made with the site, handed over, written into every box's bundle."""

import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pyrage import decrypt, encrypt, x25519

from hub.__main__ import main
from hub.config import load
from hub.evidence.keys import load_viewing_key, make_pair


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def init(directory: Path, *more: object) -> Result:
    return run("init", directory, "--site", "kita", "--profile", "default", *more)


def bundle(site: Path, out: Path) -> dict[str, object]:
    answer = run("enroll", site, out.name, "--counter", "窓口", "--out", out)
    assert answer.exit_code == 0, answer.output
    return dict(tomllib.loads((out / "box.toml").read_text("utf-8"))["evidence"])


def opens(key_file: Path, recipients: list[str]) -> bool:
    """Whether the key in a file, as age-keygen would write it, opens what is sealed for `recipients`."""
    [secret] = [line for line in key_file.read_text("utf-8").splitlines() if line.startswith("AGE-SECRET-KEY-1")]
    sealed = encrypt(b"film", [x25519.Recipient.from_str(one) for one in recipients])
    return bool(decrypt(sealed, [x25519.Identity.from_str(secret)]) == b"film")


def test_a_box_seals_for_three_keys_and_each_opens_it_alone(tmp_path: Path) -> None:
    site = tmp_path / "site"
    assert init(site).exit_code == 0
    evidence = bundle(site, tmp_path / "counter-01")
    recipients = evidence["recipients"]
    assert isinstance(recipients, list)
    assert len(set(recipients)) == 3
    assert evidence["escrow"] in recipients
    for key in (site / "hand-over" / "custodian.key", site / "hand-over" / "escrow.key", site / "keys" / "viewing.key"):
        assert opens(key, recipients)
        assert key.stat().st_mode & 0o777 == 0o600
    # Nobody but its holder has a private key: neither the bundle nor the settings.
    for path in [*(tmp_path / "counter-01").iterdir(), site / "hub.toml", site / "madomori.db"]:
        assert b"AGE-SECRET-KEY" not in path.read_bytes().upper()


def test_private_keys_that_were_made_for_others_are_pointed_out_until_they_are_gone(tmp_path: Path) -> None:
    site = tmp_path / "site"
    told = init(site).output
    assert "custodian.key, escrow.key" in told
    assert "まだこの機械にあります" in told
    readme = (site / "hand-over" / "README.txt").read_text("utf-8")
    assert "shred -u custodian.key escrow.key" in readme
    assert readme.index("移して") < readme.index("Move")
    assert "まだこの機械に" in run("keys", site).output
    for path in (site / "hand-over").glob("*.key"):
        path.unlink()
    assert "まだこの機械に" not in run("keys", site).output


def test_keys_of_the_city_are_taken_and_none_is_made_in_their_place(tmp_path: Path) -> None:
    custodian, escrow = make_pair("c").recipient, make_pair("e").recipient
    site = tmp_path / "site"
    report = json.loads(init(site, "--custodian-recipient", custodian, "--escrow-recipient", escrow, "--json").output)
    assert "hand_over" not in report
    assert not (site / "hand-over").exists()
    evidence = bundle(site, tmp_path / "counter-01")
    viewing = load_viewing_key(load(site).places)[1]
    assert (evidence["recipients"], evidence["escrow"]) == ([custodian, escrow, viewing], escrow)


@pytest.mark.parametrize("wrong", ["age1", "x", "same", "slip", "private"])
def test_a_slip_in_a_key_is_refused_before_anything_is_made(tmp_path: Path, wrong: str) -> None:
    custodian, escrow = make_pair("c").recipient, make_pair("e").recipient
    escrow = {
        "same": custodian,
        "slip": escrow[:-1] + ("q" if escrow[-1] != "q" else "p"),
        "private": make_pair("e").file.decode().split()[-1],
    }.get(wrong, wrong)
    answer = init(tmp_path / "site", "--custodian-recipient", custodian, "--escrow-recipient", escrow)
    assert answer.exit_code == 1
    assert "--escrow-recipient" in answer.output
    assert not (tmp_path / "site").exists()


def test_a_strict_site_leaves_the_viewing_key_out(tmp_path: Path) -> None:
    site = tmp_path / "site"
    init(site)
    settings = site / "hub.toml"
    settings.write_text(settings.read_text("utf-8").replace("viewing = true ", "viewing = false "), "utf-8")
    evidence = load(site).evidence
    assert evidence.viewing_recipient is not None
    assert bundle(site, tmp_path / "counter-01")["recipients"] == [evidence.custodian, evidence.escrow]


def test_a_site_without_keys_enrols_nobody_until_it_has_them(tmp_path: Path) -> None:
    site = tmp_path / "site"
    init(site)
    settings = site / "hub.toml"
    kept = [
        line
        for line in settings.read_text("utf-8").splitlines(keepends=True)
        if not line.startswith(("custodian =", "escrow =", "viewing_recipient ="))
    ]
    settings.write_text("".join(kept), "utf-8")
    answer = run("enroll", site, "counter-01", "--counter", "窓口", "--out", tmp_path / "counter-01")
    assert answer.exit_code == 1
    assert "madomori-hub keys" in answer.output
    report = json.loads(run("keys", site, "--json").output)
    assert bundle(site, tmp_path / "counter-02")["recipients"] == [
        report["custodian"], report["escrow"], report["viewing_recipient"],
    ]  # fmt: skip
    assert json.loads(run("keys", site, "--json").output) == report  # a second time changes nothing
    other = make_pair("c").recipient
    assert run("keys", site, "--custodian-recipient", other).exit_code == 1  # one who is there is not pushed aside
    assert load(site).evidence.custodian == report["custodian"]
