"""Enrolling a box: its certificate, what it must know of the site, and the end of its older certificates."""

import base64
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from contract.topics import is_name
from hub import authority, broker, receipts
from hub.config import RECEIPT_KEY_ID, HubConfig
from hub.domain.practice import PREFIX, is_practice
from hub.places import write_private
from hub.store import boxes
from hub.store.changes import add as note_changes
from hub.store.engine import begin_read, begin_write

FILES: Final = ("box.toml", "ca.crt", "box.crt", "box.key", "profile.toml", "evidence-key-request.json")
"""A bundle. Only `box.key` is secret."""

_CUTTING: Final = timedelta(minutes=5)
"""Life of the certificate that only serves to end an old connection."""


class NotEnrolled(Exception):
    """The box cannot be enrolled, for a reason said in Japanese and English."""

    def __init__(self, ja: str, en: str) -> None:
        super().__init__(f"{ja} / {en}")


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What came of it. `again`: the box was known and its older certificates are revoked."""

    box: str
    bundle: Path
    serial: str
    expires_at: datetime
    again: bool


def enrol(config: HubConfig, engine: Engine, box: str, counter: str, bundle: Path, now: datetime) -> Enrolled:
    """Make the bundle of `box` in the folder `bundle`.

    Raises:
        NotEnrolled: the name does not fit, or the folder holds something.
        OSError: the disk refuses.
    """
    _check(box, counter, bundle)
    _check_keys(config)
    issued = authority.issue_box(config.places, box, now)
    bundle.mkdir(parents=True, exist_ok=True, mode=0o700)
    contents = _contents(config, box, counter, issued)
    for name in FILES:
        write_private(bundle / name, contents[name])
    with begin_write(engine) as connection:
        again = boxes.enrol(connection, box, counter, issued, now)
        note_changes(connection, [("box", None, box)], now)
    if again:
        shut_out(config, engine, box, now)
    return Enrolled(box, bundle, issued.serial, issued.expires_at, again)


def revoke(config: HubConfig, engine: Engine, box: str, now: datetime) -> bool:
    """Take every right from `box`: certificate, live connection, ingest. False when it is not enrolled."""
    with begin_write(engine) as connection:
        known = boxes.revoke(connection, box, now)
        if known:
            note_changes(connection, [("box", None, box)], now)
    if known:
        shut_out(config, engine, box, now)
    return known


def interrupt(config: HubConfig, box: str, now: datetime) -> bool:
    """End the live connection of `box`, which may come back. False when the broker could not be reached."""
    return broker.cut(config, box, authority.issue_box(config.places, box, now, _CUTTING))


def shut_out(config: HubConfig, engine: Engine, box: str, now: datetime) -> None:
    """Make the broker refuse the revoked certificates of `box`, also on the connection that is open now."""
    write_revocations(config, engine, now)
    if broker.reload(config.places) or config.mqtt.external:
        interrupt(config, box, now)


def write_revocations(config: HubConfig, engine: Engine, now: datetime) -> None:
    """Write the revocation list as the database has it."""
    with begin_read(engine) as connection:
        revoked = boxes.revoked_certificates(connection, now)
    authority.write_revocations(config.places, revoked, now)


def _check(box: str, counter: str, bundle: Path) -> None:
    if not is_name(box):
        raise NotEnrolled(
            f"箱の名前「{box}」は使えません。英小文字・数字・ハイフン 1〜63 文字にしてください（hub は使えません）。",
            f"the box name {box!r} cannot be used: 1-63 of a-z, 0-9 and hyphen, and not hub.",
        )
    if is_practice(box):
        raise NotEnrolled(
            f"箱の名前「{box}」は使えません。{PREFIX} で始まる名前は、ハブの中の練習用の箱のものです。",
            f"the box name {box!r} cannot be used: names that begin with {PREFIX} are the hub's own, for practice.",
        )
    if not counter.strip() or len(counter) > 200 or any(ord(letter) < 32 for letter in counter):
        raise NotEnrolled(
            "窓口の呼び名は 1〜200 文字にしてください。", "the counter's name must have 1-200 characters on one line."
        )
    if bundle.exists() and (not bundle.is_dir() or _foreign(path.name for path in bundle.iterdir())):
        raise NotEnrolled(
            f"{bundle} には別のものが入っています。空のフォルダーか新しい名前にしてください。",
            f"{bundle} holds something else. Give an empty folder or a new name.",
        )


def _check_keys(config: HubConfig) -> None:
    """A box without keys would keep no recording."""
    if config.evidence.escrow is None or len(config.evidence.recipients) < 2:
        raise NotEnrolled(
            "録画に封をする鍵が決まっていません。先に `madomori-hub keys DIR` を実行してください。",
            "no keys to seal recordings with are set. Run `madomori-hub keys DIR` first.",
        )


def _foreign(names: Iterable[str]) -> bool:
    return bool(set(names) - set(FILES))


def _contents(config: HubConfig, box: str, counter: str, issued: authority.Issued) -> dict[str, bytes]:
    places = config.places
    return {
        "box.toml": _box_toml(config, box, counter).encode(),
        "ca.crt": places.ca_certificate.read_bytes(),
        "box.crt": issued.certificate,
        "box.key": issued.key,
        "profile.toml": places.profile.read_bytes(),
        # The box makes its evidence key itself, so that nobody else ever holds it. It answers with the public half.
        "evidence-key-request.json": json.dumps(
            {"v": 1, "site": config.site, "box": box, "algorithm": "ed25519", "nonce": _nonce()}, indent=2
        ).encode(),
    }


def _box_toml(config: HubConfig, box: str, counter: str) -> str:
    key = receipts.load(config.places).public_key
    return (
        f"site = {toml_text(config.site)}\n"
        f"box = {toml_text(box)}\n"
        f"counter = {toml_text(counter)}\n"
        "[hub]\n"
        f"mqtt = {toml_text(config.mqtt.public)}\n"
        f"url = {toml_text(config.http.url)}\n"
        "[hub.receipt_keys]\n"
        f"{RECEIPT_KEY_ID} = {toml_text(key)}\n"
        "[evidence]\n"
        f"recipients = [{', '.join(map(toml_text, config.evidence.recipients))}]\n"
        f"escrow = {toml_text(config.evidence.escrow or '')}\n"
    )


def toml_text(text: str) -> str:
    """`text` as a TOML basic string. JSON's escapes are TOML's, except for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _nonce() -> str:
    return base64.b64encode(os.urandom(16)).decode("ascii")
