"""Making a site: settings, rules, private CA, keys, database, first administrator."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import contract.profile as policy
from contract.problems import Problem, Refused, read_toml
from hub import authority, evidence_keys, receipts
from hub.config import HubConfig, load
from hub.enrol import toml_text
from hub.evidence.keys import is_recipient
from hub.places import Places, write_private
from hub.store import users
from hub.store.engine import begin_write, open_database
from hub.store.migrate import migrate

ADMINISTRATOR: Final = "admin"
"""Login of the first account."""

_PROFILES: Final = Path(policy.__file__).parent / "profiles"
_HALF_MADE: Final = ".init-unfinished"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What `init` was asked for. `profile` is the id of a bundled profile or a file. Host and port as typed."""

    directory: Path
    site: str
    profile: str
    http: tuple[str, int] = ("127.0.0.1", 8080)
    mqtt: tuple[str, int] = ("127.0.0.1", 8883)
    database_url: str | None = None
    password: str | None = None
    custodian: str | None = None
    """age public key of the evidence custodian; made by `init` when not given."""
    escrow: str | None = None
    """age public key whose private half lies in a sealed envelope; made by `init` when not given."""


@dataclass(frozen=True, slots=True)
class Made:
    """The new site. `password` only when it was generated: it is told once and stored nowhere. `hand_over` are files
    with private keys that were made for others, and must leave this machine.
    """

    config: HubConfig
    password: str | None
    hand_over: tuple[Path, ...] = ()


class SiteExists(Exception):
    """The folder holds a site, or something else. Nothing was changed."""


def bundled_profiles() -> list[str]:
    """Ids of the profiles that come with the program."""
    return sorted(path.stem for path in _PROFILES.glob("*.toml"))


def profile_text(wanted: str) -> str:
    """The text of a bundled profile, or of a file.

    Raises:
        Refused: there is none, or it has problems.
    """
    bundled = _PROFILES / f"{wanted}.toml"
    path = bundled if wanted in bundled_profiles() else Path(wanted)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(bundled_profiles())
        raise Refused(
            "--profile",
            [
                Problem(
                    "profile", wanted, f"このプロファイルはありません。次のどれか、またはファイル名を: {known}",
                    f"no such profile. Give one of these or a file: {known}",
                )
            ],
        ) from error  # fmt: skip
    policy.load(text, str(path))
    return text


def init(wanted: Wanted, now: datetime) -> Made:
    """Make the site. When it fails in the middle it can be called again for the same folder.

    Raises:
        SiteExists: there is something in the folder already.
        Refused: a name, a port, a URL or the profile does not fit; nothing was written.
        OSError, sqlalchemy.exc.SQLAlchemyError: disk or database refuse.
    """
    places = Places(wanted.directory.absolute())
    _refuse_existing(places)
    profile = profile_text(wanted.profile)
    check_recipients(wanted.custodian, wanted.escrow)
    settings = _settings(wanted)
    _try_settings(settings)
    password = wanted.password or secrets.token_urlsafe(12)
    _check_password(password)

    for folder in (places.directory, places.ca_key.parent, places.server_key.parent, places.receipt_key.parent):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for folder in (places.run, places.broker):
        folder.mkdir(exist_ok=True, mode=0o700)
    (places.directory / _HALF_MADE).touch()
    write_private(places.profile, profile.encode())
    authority.create(places, wanted.site, now)
    _write_certificates(places, [wanted.http[0], wanted.mqtt[0]], now)
    receipts.create(places)
    write_private(places.web_secret, secrets.token_hex(32).encode("ascii"))
    made = evidence_keys.make(places, wanted.custodian, wanted.escrow)
    write_private(places.settings, evidence_keys.written(settings, made).encode())
    config = load(places.directory)
    _fill_database(config, password, now)
    (places.directory / _HALF_MADE).unlink()
    return Made(config, None if wanted.password else password, tuple(places.left_behind()))


def complete_keys(config: HubConfig, custodian: str | None, escrow: str | None) -> HubConfig:
    """Make the evidence keys that the site lacks and write them into `hub.toml`; the settings as they are then.

    Raises:
        Refused: a key does not fit, or another one stands in `hub.toml`.
        OSError: the disk refuses.
    """
    known, places = config.evidence, config.places
    check_recipients(custodian or known.custodian, escrow or known.escrow)
    for name, given, stands in (("custodian", custodian, known.custodian), ("escrow", escrow, known.escrow)):
        if given is not None and stands not in (None, given):
            raise _bad_recipient(f"--{name}-recipient", given, "hub.toml に別の鍵があります。", "hub.toml has another.")
    made = evidence_keys.make(places, custodian or known.custodian, escrow or known.escrow, known.viewing_recipient)
    text = evidence_keys.written(places.settings.read_text("utf-8"), made)
    _try_settings(text)
    write_private(places.settings, text.encode())
    return load(places.directory)


def check_recipients(custodian: str | None, escrow: str | None) -> None:
    """Refuse what is no age public key, and one key for two purposes.

    Raises:
        Refused: see there.
    """
    for name, given in (("--custodian-recipient", custodian), ("--escrow-recipient", escrow)):
        if given is not None and not is_recipient(given):
            raise _bad_recipient(
                name, given, "age の公開鍵（age1…）ではありません。写し間違いがないか確かめてください。",
                "is no age public key (age1…). Check that it was copied whole.",
            )  # fmt: skip
    if custodian is not None and custodian == escrow:
        raise _bad_recipient(
            "--escrow-recipient", custodian or "", "保管担当者の鍵と同じです。別の鍵にしてください。",
            "is the custodian's key. Give another one.",
        )  # fmt: skip


def _bad_recipient(name: str, value: str, ja: str, en: str) -> Refused:
    return Refused(name, [Problem(name, value, ja, en)])


def renew_certificates(config: HubConfig, now: datetime) -> bool:
    """Issue the hub's own certificates anew when they run out soon, or when `hub.toml` names other hosts by now.

    Raises:
        OSError: a certificate cannot be read or written.
    """
    hosts = [config.http.host, config.mqtt.host, config.http.public_host, config.mqtt.public_host]
    wanted = [host for host in hosts if host is not None and host not in _EVERY_CARD]
    if authority.hub_certificates_fit(config.places, wanted, now):
        return False
    _write_certificates(config.places, wanted, now)
    return True


def _write_certificates(places: Places, hosts: list[str], now: datetime) -> None:
    server = authority.issue_server(places, [host for host in hosts if host not in _EVERY_CARD], now)
    write_private(places.server_certificate, server.certificate)
    write_private(places.server_key, server.key)
    client = authority.issue_hub_client(places, now)
    write_private(places.client_certificate, client.certificate)
    write_private(places.client_key, client.key)


_EVERY_CARD: Final = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound


def _refuse_existing(places: Places) -> None:
    directory = places.directory
    if (directory / _HALF_MADE).exists() or not directory.exists():
        return
    if not directory.is_dir() or any(directory.iterdir()):
        raise SiteExists(str(directory))


def _check_password(password: str) -> None:
    if len(password) < users.PASSWORD_CHARACTERS_MIN:
        raise Refused(
            "--admin-password-file",
            [
                Problem(
                    "password", "", f"{users.PASSWORD_CHARACTERS_MIN} 文字以上にしてください。",
                    f"must have {users.PASSWORD_CHARACTERS_MIN} characters or more.",
                )
            ],
        )  # fmt: skip


def _fill_database(config: HubConfig, password: str, now: datetime) -> None:
    engine = open_database(config.database_url)
    try:
        migrate(engine)
        with begin_write(engine) as connection:
            if users.by_login(connection, ADMINISTRATOR) is None:
                users.add(
                    connection, login=ADMINISTRATOR, name="管理者", role="administrator", password=password, now=now
                )
            else:  # an earlier init failed after this step
                users.set_password(connection, ADMINISTRATOR, password)
    finally:
        engine.dispose()
    if config.database_url.startswith("sqlite:///"):
        Path(config.database_url.removeprefix("sqlite:///")).chmod(0o600)


def _try_settings(text: str) -> None:
    read_toml(HubConfig, text, "init")


def _settings(wanted: Wanted) -> str:
    return f"""\
# 窓守 Madomori: このサイトの設定。知らない項目は断られます。直したら再起動してください。
# Settings of this site. Unknown keys are refused. Restart after a change.

site = {toml_text(wanted.site)}

[http]
host = {toml_text(wanted.http[0])}
port = {wanted.http[1]}
tls = "auto"              # auto: 127.0.0.1 では off、それ以外は on / off on loopback, else on
# public_host = "madomori.example.lg.jp"

[mqtt]
host = {toml_text(wanted.mqtt[0])}
port = {wanted.mqtt[1]}
external = false          # true: 別に動いているブローカーを使う / somebody else runs the broker
# public_host = "madomori.example.lg.jp"

[database]
url = {toml_text(wanted.database_url or "sqlite:///madomori.db")}

[web]
stream_cap = 240          # 同時に開ける画面の数（一人では約九割まで） / live pages at once (one user: nine tenths)
trusted_hosts = []        # ほかに許す Host 名 / further names the pages may be called by

[evidence]
viewing = true                       # 録画をこのハブで見る。false: 証拠保管者の機械でだけ開ける
                                     # watch recordings here. false: only the custodian's machine opens them
                                     # false にしたら箱を登録し直す / after a change to false enrol the boxes again
keep_free_bytes = 1_073_741_824      # 呼び出しの記録に残す空き。下回ると録画は箱で待つ / below it recordings wait
box_bytes_per_day = 60_000_000_000   # 一つの箱から一日に預かる量 / taken from one box within a day

[load]                               # 一人に応対が続くと知らせる目安。市で決めます / contacts on one person: a choice
days = 7                             # 直近の日数 / looking back
contacts = 4                         # この回数から / from so many contacts
hours = 4.0                          # またはこの時間から / or hours

[office]                             # 開庁時間。時間外の印と統計に / office hours, for marks and statistics
opens = "08:30"
closes = "17:15"
closed_days = ["sat", "sun"]         # 休みの曜日 / closed: mon, tue, wed, thu, fri, sat, sun
holidays = []                        # 閉庁日。知らせる相手の Hol にも / closed too, also for Hol: ["2026-12-29"]
# [office.days]                      # 時間の違う曜日 / days with hours of their own
# thu = "08:30-19:00"

[alerts]
tries_max = 10
# holidays_file = "holidays.txt"   # 休日を一行に一つ（2026-11-23）/ one date a line

# [alerts.email]
# smtp_host = "mail.example.lg.jp"
# smtp_port = 587
# security = "starttls"     # none, starttls, tls
# sender = "madomori@example.lg.jp"
# user = "madomori"
# password_file = "keys/smtp.password"

# [alerts.patlite]
# calm = "off"              # 呼び出しがないとき / while nobody calls: off, green

# [[contacts]]
# id = "guard-room"
# role = "guard"            # 役割ごとの連絡先 / whom to alert for a role
# channel = "email"         # email, webhook, patlite（表示灯 / signal tower）, apprise（チャットなど / chat etc.）
# target = "guard@example.lg.jp"          # patlite: "HOST:PORT"。apprise: target_file = "keys/chat.url"（chmod 600）
# language = "ja"
# name = "1階 警備室"                      # 画面での名前 / as the pages call it
# hours = ["Mon-Fri 08:30-17:15"]         # 勤務の時間。なければいつでも / on duty; always when left out. Hol: 祝日
# deputy_for = ["other-id"]               # この人が不在のとき代わる / takes that one's place when away
# near = ["counter-01", "counter-02"]     # 近くの窓口の箱だけ。なければ全部 / only calls at these; all when left out
# model = "nh"                            # patlite: nh, la6
# leave = ["white"]                       # patlite: 触らない灯 / lights that others use

# [[care]]                                # 応対のあと、職員が相談できる所 / where staff can turn afterwards
# name = "健康相談室"                      # 産業医、人事、職員団体など。個人名は書かない / no person's name
# telephone = "内線 2345"                  # telephone か note は必要 / telephone or note is needed
# hours = "平日 9:00-17:00"
# note = "本庁舎 3 階。予約は要りません"
"""
