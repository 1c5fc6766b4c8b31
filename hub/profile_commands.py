"""`madomori-hub profile`: looks at rules before a site follows them. Reads files only; needs no site."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click
from pydantic import TypeAdapter, ValidationError

from contract import open_questions, profile, units
from contract.open_questions import Question
from contract.problems import Problem, Refused, problems_from, table
from contract.profile import PolicyProfile
from hub.command_line import AS_JSON, FILE, plainly, report_as, warned_of
from hub.config import read_text
from hub.contacts import Contact
from hub.domain import hearing
from hub.site import bundled_profiles, profile_text


@click.group("profile")
def profile_group() -> None:
    """市の規程（プロファイル）/ the city's rules."""


@profile_group.command("check")
@click.argument("file", type=FILE)
@click.option(
    "--with", "city", metavar="PROFILE", help="部署のファイルなら、市のプロファイル / for a unit's file: the city's"
)
@click.option(
    "--contacts",
    "settings",
    type=FILE,
    metavar="HUB_TOML",
    help="この hub.toml の連絡先に、誰にも知らされないものがないかも調べる / also: would each contact there be told?",
)
@AS_JSON
def check(file: Path, city: str | None, settings: Path | None, as_json: bool) -> None:
    """プロファイルか部署のファイルを調べる / look for problems in a profile or a unit's file.

    問題がなくても、市に尋ねることが残っていれば示します / also lists what the city still has to answer.
    """
    with plainly():
        try:
            found = _checked(file, city)
            warned = hearing.warnings(found, _contacts_in(settings)) if settings is not None else []
        except Refused as error:
            if not as_json:
                raise
            click.echo(json.dumps(_refusal(file, error), ensure_ascii=False))
            raise SystemExit(1) from error
    questions = open_questions.open_questions(found)
    report_as(
        {
            "file": str(file),
            "ok": True,
            "problems": [],
            "warnings": [_problem(one) for one in warned],
            "open_questions": [_question(one) for one in questions],
        },
        as_json,
        "\n".join([f"{file}: 問題ありません / no problems", *warned_of(warned), *_asked(questions)]),
    )


@profile_group.command("diff")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@AS_JSON
def diff(first: str, second: str, as_json: bool) -> None:
    """二つのプロファイルの違いを、出典とともに示す / what differs between two profiles, with the sources."""
    with plainly():
        pair = [profile.load(profile_text(one), one) for one in (first, second)]
    a, b = pair
    said_a, said_b = profile.said(a), profile.said(b)
    order = list(PolicyProfile.model_fields)
    fields = sorted({**said_a, **said_b}, key=lambda field: order.index(field.split(".")[0]))
    rows = [
        {
            "field": field,
            "a": said_a.get(field),
            "b": said_b.get(field),
            "source_a": a.source.get(field),
            "source_b": b.source.get(field),
        }
        for field in fields
        if said_a.get(field) != said_b.get(field)
    ]
    report_as(
        {"a": first, "b": second, "differences": rows},
        as_json,
        "\n".join(_shown(row, first, second) for row in rows) or "違いはありません / no difference",
    )


@profile_group.command("list")
@AS_JSON
def list_(as_json: bool) -> None:
    """同梱のプロファイルの一覧 / the profiles that come with the program."""
    rows = []
    for name in bundled_profiles():
        text = profile_text(name)
        found = profile.load(text, name)
        rows.append(
            {
                "id": name,
                "label_ja": found.meta.label_ja,
                "label_en": found.meta.label_en,
                "completeness": found.meta.completeness,
                "effective": found.meta.effective.isoformat() if found.meta.effective else None,
                "digest": profile.digest_of(text),
                "open_questions": len(open_questions.open_questions(found)),
            }
        )
    report_as({"profiles": rows}, as_json, "\n".join(map(_listed, rows)))


def _checked(file: Path, city: str | None) -> PolicyProfile:
    """The rules that would hold.

    Raises:
        Refused: every problem that was found.
    """
    if str(file) in bundled_profiles():
        return profile.load(profile_text(str(file)), str(file))
    text = read_text(file)
    if city is None:
        if "unit" in table(text, str(file)):
            raise Refused(
                str(file),
                [
                    Problem(
                        "unit", "", "部署のファイルです。--with に市のプロファイルを添えてください。",
                        "is a unit's file. Name the city's profile with --with.",
                    )
                ],
            )  # fmt: skip
        return profile.load(text, str(file))
    found = units.rules(profile_text(city), city, [units.Written(file.stem, str(file), text)])
    return found.units[0].profile


def _contacts_in(file: Path) -> tuple[Contact, ...]:
    """The contacts of a `hub.toml`, of a site or of a draft.

    Raises:
        Refused: every problem of their shape.
    """
    values = table(read_text(file), str(file)).get("contacts", [])
    try:
        return _CONTACTS.validate_python(values)
    except ValidationError as error:
        raise Refused(
            str(file), [replace(one, field=f"contacts.{one.field}") for one in problems_from(error)]
        ) from error


_CONTACTS: Final = TypeAdapter(tuple[Contact, ...])


def _refusal(file: Path, error: Refused) -> dict[str, Any]:
    return {"file": str(file), "ok": False, "problems": [_problem(one) for one in error.problems]}


def _problem(found: Problem) -> dict[str, str]:
    return {"field": found.field, "value": found.value, "ja": found.ja, "en": found.en}


def _question(one: Question) -> dict[str, str]:
    return {"field": one.field, "ja": one.ja, "en": one.en, "who_ja": one.who_ja, "who_en": one.who_en}


def _asked(questions: tuple[Question, ...]) -> list[str]:
    if not questions:
        return []
    return [
        f"市に尋ねること / what the city still has to answer ({len(questions)}):",
        *(f"  {one.field}\n    {one.ja}（{one.who_ja}）\n    {one.en} ({one.who_en})" for one in questions),
    ]


def _shown(row: Mapping[str, Any], first: str, second: str) -> str:
    lines = [str(row["field"])]
    for name, side in ((first, "a"), (second, "b")):
        value, source = row[side], row[f"source_{side}"]
        shown = "（定めなし / silent）" if value is None else json.dumps(value, ensure_ascii=False)
        lines.append(f"  {name}: {shown}{f'  〔{source}〕' if source else ''}")
    return "\n".join(lines)


def _listed(row: Mapping[str, Any]) -> str:
    whole = {"full": "全文 / full", "partial": "一部 / partial"}[row["completeness"]]
    asked = row["open_questions"]
    return (
        f"{row['id']}\t{row['label_ja']} / {row['label_en']}\t{whole}\t{row['effective'] or '-'}"
        f"\t未回答 / open: {asked}\t{row['digest'][:19]}…"
    )
