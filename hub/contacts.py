"""`[[contacts]]` of `hub.toml`: who or what is alerted for a role, when it is on duty, and for whom it deputises."""

import re
import stat
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from contract.problems import Problem
from contract.profile import ProductRole
from contract.topics import is_name
from hub.domain.duty import window

Line = Annotated[str, StringConstraints(min_length=1, max_length=200)]
ContactId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9_-]{0,58}[a-z0-9])?$")]

Light = Literal["red", "amber", "green", "blue", "white", "buzzer"]
"""The parts of a signal tower, in the order in which its protocol names them."""

FILE: Final = "file:"
"""Begins the target of a contact whose address is a secret: what follows is the file that holds it."""


def _hours(text: str) -> str:
    window(text)
    return text


def _box(text: str) -> str:
    if not is_name(text):
        raise ValueError("箱の名前（例: counter-01）を書いてください。 / must be the name of a box, like counter-01.")
    return text


class Contact(BaseModel):
    """Somebody, or something, that is alerted for a role.

    `hours`: when they are on duty; always, when nothing is said. `deputy_for`: whose place they take, in that one's
    role and besides their own, when that one is away or off hours. `near`: the boxes whose counters' calls are for it,
    as for colleagues next to them; every counter's, when nothing is said. `leave`: parts of a signal tower that others
    use.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: ContactId
    role: ProductRole
    channel: Literal["email", "webhook", "patlite", "apprise"]
    target: Line
    target_file: Annotated[str, StringConstraints(min_length=1, max_length=190)] | None = None
    name: Line | None = None
    language: Literal["ja", "en"] = "ja"
    hours: tuple[Annotated[str, AfterValidator(_hours)], ...] = ()
    deputy_for: tuple[ContactId, ...] = ()
    near: Annotated[tuple[Annotated[str, AfterValidator(_box)], ...], Field(max_length=200)] = ()
    model: Literal["nh", "la6"] | None = None
    leave: Annotated[tuple[Light, ...], Field(max_length=5)] = ()

    @property
    def shows_only(self) -> bool:
        """Whether it is a lamp and not a person."""
        return self.channel == "patlite"

    @model_validator(mode="before")
    @classmethod
    def _secret_target(cls, values: Any) -> Any:
        """An Apprise URL may hold a password: it stands in a file, and neither here nor in the database."""
        if not isinstance(values, dict) or values.get("channel") != "apprise":
            return values
        path = values.get("target_file")
        if not isinstance(path, str) or values.get("target", FILE + path) != FILE + path:
            raise ValueError(
                'channel = "apprise" では target でなく target_file（宛先の URL を置くファイル）を書いてください。'
                ' / with channel = "apprise" give target_file instead of target: the file that holds the URL.'
            )
        return values | {"target": FILE + path}

    @model_validator(mode="after")
    def _target_fits(self) -> Self:
        if self.channel == "email" and not re.fullmatch(r"[^@\s<>,]+@[^@\s<>,]+", self.target):
            raise ValueError("target にメールアドレスを一つ書いてください。 / target must be one mail address.")
        if self.channel == "webhook":
            parts = urlsplit(self.target)
            if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", self.target):
                raise ValueError(
                    "target に http:// か https:// の URL を書いてください。"
                    " / target must be an http:// or https:// URL."
                )
        if self.channel == "patlite" and host_port(self.target) is None:
            raise ValueError("target に ホスト:ポート を書いてください。 / target must be HOST:PORT.")
        return self

    @model_validator(mode="after")
    def _options_fit(self) -> Self:
        if self.channel != "patlite" and (self.model or self.leave):
            raise ValueError(
                'model と leave は channel = "patlite" だけの項目です。削除してください。'
                ' / model and leave are for channel = "patlite" only. Remove them.'
            )
        if self.channel != "apprise" and self.target_file is not None:
            raise ValueError(
                'target_file は channel = "apprise" だけの項目です。target を書いてください。'
                ' / target_file is for channel = "apprise" only. Give target.'
            )
        if self.shows_only and self.deputy_for:
            raise ValueError(
                "表示灯は人の代わりになれません。deputy_for を削除してください。"
                " / a signal tower cannot deputise for a person. Remove deputy_for."
            )
        return self


def host_port(text: str) -> tuple[str, int] | None:
    """HOST:PORT, an IPv6 address in brackets; None when it is something else."""
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?):(\d{1,5})", text)
    if found is None or not 1 <= int(found[2]) <= 65535:
        return None
    return found[1].strip("[]"), int(found[2])


def contradictions(values: dict[str, object], directory: Path) -> list[Problem]:
    """What no single field can know. Looks at the raw values, so that it also speaks beside problems of shape."""
    contacts = [entry for entry in _list(values.get("contacts")) if isinstance(entry, dict)]
    alerts = values.get("alerts")
    return [
        *_twice(contacts),
        *_mail_server(contacts, alerts),
        *_deputies(contacts),
        *_towers_alone(contacts),
        *_apprise(contacts, directory),
    ]


def _twice(contacts: list[dict[str, Any]]) -> list[Problem]:
    problems, seen = [], []
    for place, contact in enumerate(contacts):
        if contact.get("id") in seen:
            problems.append(
                Problem(
                    f"contacts.{place}.id", repr(contact.get("id")),
                    "同じ id が二つあります。別の id にしてください。", "is used twice. Choose another id.",
                )
            )  # fmt: skip
        seen.append(contact.get("id"))
    return problems


def _mail_server(contacts: list[dict[str, Any]], alerts: object) -> list[Problem]:
    if not any(entry.get("channel") == "email" for entry in contacts):
        return []
    if isinstance(alerts, dict) and "email" in alerts:
        return []
    return [
        Problem(
            "alerts.email", "", "メールの連絡先があります。[alerts.email] を書いてください。",
            "there are contacts by mail. Add [alerts.email].",
        )
    ]  # fmt: skip


def _deputies(contacts: list[dict[str, Any]]) -> list[Problem]:
    known = [contact.get("id") for contact in contacts]
    return [
        Problem(
            f"contacts.{place}.deputy_for", repr(one),
            "ほかの連絡先の id を書いてください。", "must be the id of another contact.",
        )
        for place, contact in enumerate(contacts)
        for one in _list(contact.get("deputy_for"))
        if one not in known or one == contact.get("id")
    ]  # fmt: skip


def _towers_alone(contacts: list[dict[str, Any]]) -> list[Problem]:
    """The NH series' manual says that it is not designed for uses tied to human life: it shows, people are told."""
    reached = [contact.get("role") for contact in contacts if contact.get("channel") != "patlite"]
    return [
        Problem(
            f"contacts.{place}", repr(contact.get("id")),
            f"役割 {contact.get('role')} の連絡先が表示灯だけです。表示灯は人命に関わる用途には作られていません"
            "（NH シリーズの説明書）。同じ役割に、メールなど人に届く連絡先を加えてください。",
            f"a signal tower is the only contact of the role {contact.get('role')}. It is not designed for uses tied "
            "to human life (manual of the NH series). Add a contact of that role who is reached by mail or the like.",
        )
        for place, contact in enumerate(contacts)
        if contact.get("channel") == "patlite" and contact.get("role") not in reached
    ]  # fmt: skip


def _apprise(contacts: list[dict[str, Any]], directory: Path) -> list[Problem]:
    wanted = [(place, one) for place, one in enumerate(contacts) if one.get("channel") == "apprise"]
    problems = []
    if wanted and find_spec("apprise") is None:
        problems.append(
            Problem(
                f"contacts.{wanted[0][0]}.channel", "'apprise'",
                "apprise が入っていません。pip install --require-hashes -r requirements/apprise.txt で入れてください。",
                "apprise is not installed. Install it: pip install --require-hashes -r requirements/apprise.txt.",
            )
        )  # fmt: skip
    for place, contact in wanted:
        path = contact.get("target_file")
        if isinstance(path, str) and (problem := _secret_file(directory / path)) is not None:
            problems.append(Problem(f"contacts.{place}.target_file", repr(path), *problem))
    return problems


def _secret_file(path: Path) -> tuple[str, str] | None:
    """What is wrong with a file that holds a secret address."""
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        return (
            f"読めません（{reason}）。宛先の URL を一行だけ書いたファイルを置いてください。",
            f"cannot be read ({reason}). Put a file there that holds the URL on one line.",
        )
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        return (
            "ほかの利用者も読めます。chmod 600 でハブだけが読めるようにしてください。",
            "others can read it. Let only the hub read it: chmod 600.",
        )
    if len(text.split()) != 1 or "://" not in text:
        return (
            "宛先の URL（例: json://…）を一つだけ、一行で書いてください。",
            "must hold one URL (for example json://…) on one line, and nothing else.",
        )
    return None


def read_holidays(alerts: object, directory: Path) -> tuple[frozenset[date], list[Problem]]:
    """The dates in `[alerts] holidays_file`, one a line (`2026-11-23 …`); what follows the date is ignored."""
    path = alerts.get("holidays_file") if isinstance(alerts, dict) else None
    if not isinstance(path, str):
        return frozenset(), []
    try:
        lines = (directory / path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        return frozenset(), [
            Problem(
                "alerts.holidays_file", repr(path),
                f"読めません（{reason}）。名前を確かめてください。", f"cannot be read ({reason}). Check its name.",
            )
        ]  # fmt: skip
    days, problems = set(), []
    for number, line in enumerate(lines, start=1):
        words = line.split("#")[0].split()
        if not words:
            continue
        try:
            days.add(date.fromisoformat(words[0]))
        except ValueError:
            problems.append(
                Problem(
                    f"alerts.holidays_file:{number}", repr(words[0][:40]),
                    "日付を 2026-11-23 のように書いてください。", "must be a date like 2026-11-23.",
                )
            )  # fmt: skip
    return frozenset(days), problems


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
