"""`madomori-hub user`: the accounts of people, each shown by a surname or a code (SET-22)."""

from pathlib import Path

import click
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from hub import config as settings
from hub.clock import now_utc
from hub.command_line import AS_JSON, DIRECTORY, FILE, RoleType, database, password_from, plainly, report_as
from hub.config import HubConfig
from hub.domain import shown_name
from hub.store import calendars, users
from hub.store.engine import begin_read, begin_write, open_database

NAME = click.option("--name", required=True, help="画面に出る姓か記号 / surname or code, as screens show it")


def long_names(config: HubConfig) -> list[str]:
    """Whom the screens may show by more than a surname or a code, by login; nothing when there is nobody."""
    engine = open_database(config.database_url)
    try:
        with begin_read(engine) as connection:
            logins = [
                row.login
                for row in users.every(connection)
                if row.disabled_at is None and shown_name.problems(row.name)
            ]
    finally:
        engine.dispose()
    if not logins:
        return []
    told = (
        f"注意: 画面に姓か記号でない名前が出るアカウントがあります: {'、'.join(logins)}。"
        f"`madomori-hub user {config.places.directory} rename LOGIN --name 姓` で直せます。"
        " / warning: accounts whose name is not a surname or a code; rename them by that command"
    )
    return [told]


def _accepted(name: str) -> str:
    """`name` as it may stand on screens.

    Raises:
        click.ClickException: it is no surname and no code.
    """
    name = name.strip()
    if found := shown_name.problems(name):
        raise click.ClickException("\n".join(one.line() for one in found))
    return name


def _hints(config: HubConfig, connection: Connection, login: str, name: str) -> list[str]:
    wants_code = settings.load_profile(config.places).rules.display.staff_name == "code"
    others = [row.name for row in users.every(connection) if row.disabled_at is None and row.login != login]
    return shown_name.hints(name, others, wants_code=wants_code)


@click.group()
@DIRECTORY
@click.pass_context
def user(context: click.Context, directory: Path) -> None:
    """アカウント / accounts of people."""
    context.obj = directory


@user.command("add")
@click.argument("login")
@NAME
@click.option("--role", required=True, type=RoleType())
@click.option("--password-file", type=FILE, help="一行目 / its first line; without it you are asked")
@click.option("--language", type=click.Choice(["ja", "en"]), default="ja", show_default=True)
@click.pass_obj
def user_add(directory: Path, login: str, name: str, role: str, password_file: Path | None, language: str) -> None:
    """アカウントを作る / make an account."""
    with plainly(), database(directory) as (config, engine):
        name = _accepted(name)
        password = password_from(password_file)
        try:
            with begin_write(engine) as connection:
                hints = _hints(config, connection, login, name)
                users.add(
                    connection, login=login, name=name, role=role, password=password, now=now_utc(), language=language
                )
        except IntegrityError as error:
            raise click.ClickException(f"{login} はもうあります / exists already") from error
    click.echo("\n".join((f"{login} を作りました / made", *hints)))


@user.command("rename")
@click.argument("login")
@NAME
@click.pass_obj
def user_rename(directory: Path, login: str, name: str) -> None:
    """画面に出る名前を変える / change the name that screens show; what was written down keeps the old one."""
    with plainly(), database(directory) as (config, engine):
        name = _accepted(name)
        with begin_write(engine) as connection:
            hints = _hints(config, connection, login, name)
            if not users.rename(connection, login, name):
                raise click.ClickException(f"{login} はありません / no such account")
    click.echo("\n".join((f"{login} の名前を変えました / renamed", *hints)))


@user.command("list")
@AS_JSON
@click.pass_obj
def user_list(directory: Path, as_json: bool) -> None:
    """アカウントの一覧 / all accounts."""
    with plainly(), database(directory) as (_, engine), begin_read(engine) as connection:
        rows = [
            {
                "login": row.login,
                "name": row.name,
                "role": row.role,
                "disabled": row.disabled_at is not None,
                "name_problem": bool(shown_name.problems(row.name)),
                "calendar": calendars.of(connection, row.id) is not None,
            }
            for row in users.every(connection)
        ]
    lines = (
        f"{row['login']}\t{row['role']}\t{row['name']}{'  (無効 / disabled)' if row['disabled'] else ''}"
        f"{'  (名前を姓か記号に: user rename / name: surname or code)' if row['name_problem'] else ''}"
        f"{'  (予定表のアドレスあり / has a calendar address)' if row['calendar'] else ''}"
        for row in rows
    )
    report_as({"users": rows}, as_json, "\n".join(lines))


@user.command("disable")
@click.argument("login")
@click.pass_obj
def user_disable(directory: Path, login: str) -> None:
    """アカウントを無効にする / lock an account and end its sessions."""
    with plainly(), database(directory) as (_, engine), begin_write(engine) as connection:
        if not users.disable(connection, login, now_utc()):
            raise click.ClickException(f"{login} はありません / no such account")
    click.echo(f"{login} を無効にしました / disabled")


@user.command("stop-calendar")
@click.argument("login")
@click.pass_obj
def user_stop_calendar(directory: Path, login: str) -> None:
    """予定表のアドレスを使えなくする / stop the address by which a calendar reads this person's tasks."""
    with plainly(), database(directory) as (_, engine), begin_write(engine) as connection:
        row = users.by_login(connection, login)
        if row is None:
            raise click.ClickException(f"{login} はありません / no such account")
        if not calendars.stop(connection, row.id):
            raise click.ClickException(f"{login} に予定表のアドレスはありません / has no calendar address")
    click.echo(f"{login} の予定表のアドレスを止めました / stopped")


@user.command("password")
@click.argument("login")
@click.option("--password-file", type=FILE)
@click.pass_obj
def user_password(directory: Path, login: str, password_file: Path | None) -> None:
    """パスワードを変える / set a new password."""
    with plainly(), database(directory) as (_, engine):
        password = password_from(password_file)
        with begin_write(engine) as connection:
            if not users.set_password(connection, login, password):
                raise click.ClickException(f"{login} はありません / no such account")
    click.echo(f"{login} のパスワードを変えました / changed")
