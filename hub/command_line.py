"""What all commands of `madomori-hub` share: kinds of arguments, errors told plainly, a ready database, passwords."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from contract.problems import Problem, Refused
from hub import config as settings
from hub import enrol, site, supervisor, units
from hub.config import ROLES, HubConfig
from hub.domain import hearing
from hub.places import Places
from hub.store import boxes, users
from hub.store.engine import begin_read, open_database
from hub.store.migrate import is_current, migrate

Address = tuple[str, int]


class AddressType(click.ParamType[Address]):
    """HOST:PORT, also for IPv6 in brackets."""

    name = "HOST:PORT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        if isinstance(value, tuple):
            return value
        host, _, port = str(value).rpartition(":")
        if not host or not port.isdigit() or not 1 <= int(port) <= 65535:
            self.fail(f"{value!r}: HOST:PORT（例 127.0.0.1:8080）/ write HOST:PORT, like 127.0.0.1:8080", param, ctx)
        return host.strip("[]"), int(port)


class RoleType(click.ParamType[str]):
    """A role; hyphens are as good as underscores."""

    name = "ROLE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        role = str(value).replace("-", "_")
        if role not in ROLES:
            self.fail(f"{value!r}: 次のどれか / one of: {' '.join(ROLES)}", param, ctx)
        return role


DIRECTORY = click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
AS_JSON = click.option("--json", "as_json", is_flag=True, help="結果を JSON 一つで出す / print one JSON object")
CUSTODIAN = click.option(
    "--custodian-recipient",
    "custodian",
    metavar="age1…",
    help="証拠保管者の公開鍵 / the evidence custodian's public key",
)
ESCROW = click.option(
    "--escrow-recipient", "escrow", metavar="age1…", help="控えの公開鍵 / public key of the escrow key"
)
FILE = click.Path(path_type=Path, dir_okay=False)


@contextmanager
def plainly() -> Iterator[None]:
    """Errors that a person can mend are told in words and end with exit code 1; others keep their trace."""
    try:
        yield
    except Refused as error:
        raise click.ClickException(f"設定に問題があります / problems in the settings:\n{error}") from error
    except (supervisor.CannotRun, enrol.NotEnrolled) as error:
        raise click.ClickException(str(error)) from error
    except site.SiteExists as error:
        raise click.ClickException(
            f"{error} は空ではありません。別のフォルダーにしてください / is not empty"
        ) from error
    except SQLAlchemyError as error:
        # Only the driver's own words: SQLAlchemy's text repeats statements and values.
        reason = getattr(error, "orig", None) or type(error).__name__
        raise click.ClickException(f"データベースが使えません / the database cannot be used: {reason}") from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or ''}: {error.strerror}") from error


@contextmanager
def database(directory: Path) -> Iterator[tuple[HubConfig, Engine]]:
    """Settings and database of the site for one command."""
    config = ready(directory)
    engine = open_database(config.database_url)
    try:
        yield config, engine
    finally:
        engine.dispose()


def ready(directory: Path, *, migrates: bool = False) -> HubConfig:
    """The settings, with the rules of city and units and the database looked at as well."""
    config = settings.load(directory)
    units.load_rules(config.places)
    engine = open_database(config.database_url)
    try:
        if migrates:
            migrate(engine)
        elif not is_current(engine):
            raise click.ClickException(
                f"データベースが古い形です。`madomori-hub migrate {directory}` を実行してください"
                " / the database has an older schema: run that command"
            )
    finally:
        engine.dispose()
    return config


def left_behind(places: Places) -> str:
    """What is said as long as private keys lie where they were made."""
    names = ", ".join(path.name for path in places.left_behind())
    return (
        f"注意: 録画を開く秘密の鍵（{names}）がまだこの機械にあります。"
        f"{places.hand_over}/README.txt のとおりに移してください。\n"
        f"Warning: private keys that open recordings ({names}) still lie on this machine. "
        f"Move them as {places.hand_over}/README.txt says."
    )


def never_told(config: HubConfig) -> list[Problem]:
    """What is wrong with the site's contacts although each of them is well written (`hub.domain.hearing`)."""
    engine = open_database(config.database_url)
    try:
        with begin_read(engine) as connection:
            known = boxes.counters(connection)
    finally:
        engine.dispose()
    return hearing.warnings(settings.load_profile(config.places).rules, config.contacts, known)


def warned_of(found: Sequence[Problem]) -> list[str]:
    """Every contact that would never be told, one under the other; nothing when there is none."""
    if not found:
        return []
    return [
        f"注意: 知らされない連絡先があります / warning: contacts that would not be told ({len(found)}):",
        *(f"  {one.line()}" for one in found),
    ]


def first_line(path: Path) -> str:
    """The first line of a file that holds a password."""
    return path.read_text(encoding="utf-8").splitlines()[0].strip() if path.stat().st_size else ""


def password_from(path: Path | None) -> str:
    """A password from a file, or asked for."""
    password = (
        first_line(path) if path else click.prompt("パスワード / password", hide_input=True, confirmation_prompt=True)
    )
    if len(password) < users.PASSWORD_CHARACTERS_MIN:
        least = users.PASSWORD_CHARACTERS_MIN
        raise click.ClickException(f"{least} 文字以上にしてください / must have {least} characters or more")
    return str(password)


def report_as(report: dict[str, Any], as_json: bool, text: str) -> None:
    """Print the report as one JSON object, or as text."""
    click.echo(json.dumps(report, ensure_ascii=False) if as_json else text)
