"""`madomori-hub`: makes a site, runs it, enrols boxes, manages accounts. Exits 0 good, 1 refused, 2 usage."""

import os
from pathlib import Path
from typing import Any

import click

from contract.topics import is_name
from hub import config as settings
from hub import enrol, log, site, supervisor
from hub.clock import now_utc
from hub.command_line import (
    AS_JSON,
    CUSTODIAN,
    DIRECTORY,
    ESCROW,
    FILE,
    Address,
    AddressType,
    RoleType,
    database,
    first_line,
    left_behind,
    never_told,
    plainly,
    ready,
    report_as,
    warned_of,
)
from hub.profile_commands import profile_group
from hub.store import tokens
from hub.store.engine import begin_read, begin_write, open_database
from hub.store.migrate import migrate as migrate_database
from hub.user_commands import long_names, user


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """窓守 Madomori: 窓口の箱を見守るハブ / the hub that keeps watch over the counters' boxes."""
    os.umask(0o077)  # keys, calls, recordings: nothing of a site is for other users of the machine


@main.command()
@DIRECTORY
@click.option("--site", "site_id", required=True, metavar="ID", help="英小文字・数字・ハイフン / a-z 0-9 -")
@click.option(
    "--profile", required=True, metavar="ID", help="同梱のプロファイルかファイル / a bundled profile or a file"
)
@click.option("--admin-password-file", type=FILE, help="最初の管理者のパスワード（一行目）/ first line: the password")
@click.option("--http", type=AddressType(), default="127.0.0.1:8080", show_default=True)
@click.option("--mqtt", type=AddressType(), default="127.0.0.1:8883", show_default=True)
@click.option("--db", "database_url", metavar="URL", help="既定は SQLite / PostgreSQL: postgresql://…")
@CUSTODIAN
@ESCROW
@AS_JSON
def init(
    directory: Path,
    site_id: str,
    profile: str,
    admin_password_file: Path | None,
    http: Address,
    mqtt: Address,
    database_url: str | None,
    custodian: str | None,
    escrow: str | None,
    as_json: bool,
) -> None:
    """サイトを作る / make a site in DIR."""
    with plainly():
        if not is_name(site_id):
            raise click.BadParameter(
                f"{site_id!r}: 英小文字・数字・ハイフン 1〜63 文字（hub は不可）/ 1-63 of a-z, 0-9, hyphen; not hub",
                param_hint="--site",
            )
        password = first_line(admin_password_file) if admin_password_file else None
        wanted = site.Wanted(directory, site_id, profile, http, mqtt, database_url, password, custodian, escrow)
        made = site.init(wanted, now_utc())
    report: dict[str, Any] = {
        "site": made.config.site,
        "directory": str(made.config.places.directory),
        "url": made.config.http.url,
        "mqtt": made.config.mqtt.public,
        "administrator": site.ADMINISTRATOR,
    }
    if made.password:
        report["password"] = made.password
    if made.hand_over:
        report["hand_over"] = [str(path) for path in made.hand_over]
    report_as(report, as_json, _next_steps(made, directory))


def _next_steps(made: site.Made, directory: Path) -> str:
    told = f"  パスワード / password: {made.password}（この一度だけ / shown only once）\n" if made.password else ""
    keys = f"{left_behind(made.config.places)}\n" if made.hand_over else ""
    return (
        f"サイト「{made.config.site}」を作りました / site made: {directory}\n"
        f"  画面 / pages: {made.config.http.url}\n"
        f"  管理者 / administrator: {site.ADMINISTRATOR}\n{told}{keys}"
        f"次に / next:\n"
        f"  madomori-hub enroll {directory} counter-01 --counter 2階-住民票-3番 --out box-counter-01\n"
        f"  madomori-hub run {directory}\n"
        f"連絡先（メールなど）は {directory}/hub.toml の [[contacts]] に / whom to alert: [[contacts]] there"
    )


@main.command()
@DIRECTORY
def run(directory: Path) -> None:
    """ブローカー・ワーカー・画面をまとめて動かす / run broker, worker, pages and evidence process."""
    with plainly():
        config = ready(directory, migrates=True)
        log.configure("supervisor")
        if config.places.left_behind():
            click.echo(left_behind(config.places), err=True)
        for line in (*warned_of(never_told(config)), *long_names(config)):
            click.echo(line, err=True)
        site.renew_certificates(config, now_utc())
        raise SystemExit(supervisor.run(config))


@main.command()
@DIRECTORY
def worker(directory: Path) -> None:
    """受信・時計・連絡だけを動かす / run only ingest, clocks and alerts."""
    with plainly():
        config = ready(directory)
        log.configure("worker")
        from hub import worker as process

        raise SystemExit(process.run(config))


@main.command()
@DIRECTORY
def web(directory: Path) -> None:
    """画面だけを動かす / run only the pages."""
    with plainly():
        config = ready(directory)
        log.configure("web")
        from hub.web.server import serve

        serve(config.places.directory)


@main.command()
@DIRECTORY
def evidence(directory: Path) -> None:
    """録画を開く係だけを動かす（網につながない）/ run only what opens recordings (without network)."""
    with plainly():
        config = settings.load(directory)
        log.configure("evidence")
        from hub.evidence import process

        raise SystemExit(process.run(config))


@main.command()
@DIRECTORY
@CUSTODIAN
@ESCROW
@AS_JSON
def keys(directory: Path, custodian: str | None, escrow: str | None, as_json: bool) -> None:
    """録画の鍵を示し、足りなければ作る / show for whom recordings are sealed; make what is missing."""
    with plainly():
        config = site.complete_keys(settings.load(directory), custodian, escrow)
    known = config.evidence
    report = {
        "custodian": known.custodian,
        "escrow": known.escrow,
        "viewing": known.viewing,
        "viewing_recipient": known.viewing_recipient,
        "hand_over": [str(path) for path in config.places.left_behind()],
    }
    told = f"\n{left_behind(config.places)}" if config.places.left_behind() else ""
    viewing = "" if known.viewing else "（使わない / switched off）"
    report_as(
        report,
        as_json,
        f"証拠保管者 / custodian: {known.custodian}\n控え / escrow: {known.escrow}\n"
        f"閲覧用 / viewing: {known.viewing_recipient}{viewing}{told}",
    )


@main.command()
@DIRECTORY
def broker(directory: Path) -> None:
    """ブローカーだけを動かす / run only the broker."""
    with plainly():
        config = settings.load(directory)
        log.configure("broker")
        site.renew_certificates(config, now_utc())
        raise SystemExit(supervisor.run_broker(config))


@main.command()
@DIRECTORY
@click.argument("box")
@click.option("--counter", required=True, metavar="TEXT", help="窓口の呼び名 / what people call the counter")
@click.option("--out", required=True, metavar="BUNDLE_DIR", type=click.Path(path_type=Path))
@AS_JSON
def enroll(directory: Path, box: str, counter: str, out: Path, as_json: bool) -> None:
    """箱を登録し、渡すもの一式を作る / enrol a box and write its bundle."""
    with plainly(), database(directory) as (config, engine):
        done = enrol.enrol(config, engine, box, counter, out, now_utc())
    again = "（以前の証明書は失効）/ (older certificates revoked)" if done.again else ""
    report_as(
        {"box": box, "bundle": str(out), "serial": done.serial, "expires_at": done.expires_at.isoformat(),
         "again": done.again},
        as_json,
        f"{box} を登録しました / enrolled {again}\n  {out} を箱に移してください / move this folder to the box",
    )  # fmt: skip


@main.command()
@DIRECTORY
@click.argument("box")
def revoke(directory: Path, box: str) -> None:
    """箱の登録を取り消す / take every right from a box."""
    with plainly(), database(directory) as (config, engine):
        if not enrol.revoke(config, engine, box, now_utc()):
            raise click.ClickException(f"{box} は登録されていません / is not enrolled")
    click.echo(f"{box} の登録を取り消しました / revoked")


@main.command()
@DIRECTORY
@click.option("--role", required=True, type=RoleType())
@click.option("--name", required=True, metavar="TEXT", help="何に使うか / what it is for")
@AS_JSON
def token(directory: Path, role: str, name: str, as_json: bool) -> None:
    """機械のための鍵を発行する / print a bearer token for a machine."""
    with plainly(), database(directory) as (_, engine), begin_write(engine) as connection:
        token_id, bearer = tokens.add(connection, name=name, role=role, now=now_utc())
    report_as({"id": token_id, "token": bearer, "role": role, "name": name}, as_json, bearer)


@main.group("tokens")
@DIRECTORY
@click.pass_context
def standing_tokens(context: click.Context, directory: Path) -> None:
    """発行した鍵 / bearer tokens that were issued."""
    context.obj = directory


@standing_tokens.command("list")
@AS_JSON
@click.pass_obj
def token_list(directory: Path, as_json: bool) -> None:
    """鍵の一覧（鍵そのものは出ません） / all tokens, without what they are spelled like."""
    with plainly(), database(directory) as (_, engine), begin_read(engine) as connection:
        rows = [
            {
                "id": row.id,
                "name": row.name,
                "role": row.role,
                "created_at": row.created_at.isoformat(),
                "revoked_at": row.revoked_at and row.revoked_at.isoformat(),
            }
            for row in tokens.every(connection)
        ]
    lines = (
        f"{row['id']}\t{row['role']}\t{row['name']}{'  (失効 / revoked)' if row['revoked_at'] else ''}" for row in rows
    )
    report_as({"tokens": rows}, as_json, "\n".join(lines))


@standing_tokens.command("revoke")
@click.argument("token_id", metavar="ID")
@click.pass_obj
def token_revoke(directory: Path, token_id: str) -> None:
    """鍵を使えなくする / let a token open nothing any more."""
    with plainly(), database(directory) as (_, engine), begin_write(engine) as connection:
        if not tokens.revoke(connection, token_id, now_utc()):
            raise click.ClickException(
                f"{token_id} という鍵はありません（一覧は tokens {directory} list） / no such token: see its list"
            )
    click.echo(f"{token_id} を使えなくしました / revoked")


main.add_command(user)
main.add_command(profile_group)


@main.command()
@DIRECTORY
@AS_JSON
def migrate(directory: Path, as_json: bool) -> None:
    """データベースを新しい形にする / bring the database to the newest schema."""
    with plainly():
        config = settings.load(directory)
        engine = open_database(config.database_url)
        before, after = migrate_database(engine)
        engine.dispose()
    report_as({"before": before, "after": after}, as_json, f"{before or '-'} -> {after}")


if __name__ == "__main__":
    main(prog_name="madomori-hub")
