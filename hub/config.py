"""A site's settings: `hub.toml` as frozen sections.

Unknown keys are refused and every problem is told at once (`contract.problems`).
"""

import ipaddress
import re
import socket
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    Strict,
    StringConstraints,
    ValidationError,
)

from contract import profile as policy
from contract.messages import ProfileRef
from contract.problems import Problem, Refused, problems_from, table
from contract.profile import PolicyProfile, ProductRole
from contract.topics import is_name
from hub import contacts
from hub.care import CarePlaces
from hub.contacts import Contact, Line
from hub.domain.duty import Roster
from hub.domain.office import Office
from hub.opening_hours import OfficeHours
from hub.places import Places

ROLES: Final[tuple[str, ...]] = get_args(ProductRole)
"""Every role that an account, a token or a contact can have."""

RECEIPT_KEY_ID: Final = "hub-1"
"""Names the key that signs receipts, in receipts and in `box.toml`."""


def _host(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?|::1?", text):
        raise ValueError("ホスト名か IP アドレスを書いてください。 / must be a host name or an IP address.")
    return text


def _site(text: str) -> str:
    if not is_name(text):
        raise ValueError(
            "英小文字・数字・ハイフン 1〜63 文字にしてください（hub は使えません）。"
            " / must be 1-63 of a-z, 0-9 and hyphen, and not hub."
        )
    return text


def _database_url(text: str) -> str:
    if not text.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        raise ValueError(
            "sqlite:///… か postgresql://… で書いてください。 / must begin with sqlite:/// or postgresql://."
        )
    return text


Host = Annotated[str, AfterValidator(_host)]
SiteName = Annotated[str, AfterValidator(_site)]
Port = Annotated[int, Strict(), Field(ge=1, le=65535)]
AgeRecipient = Annotated[str, StringConstraints(pattern=r"^age1[02-9ac-hj-np-z]{58}$")]
"""An X25519 public key of age."""
Seconds = Annotated[float, Field(gt=0, le=5)]


def is_loopback(host: str) -> bool:
    """Whether `host` can be reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _reachable(host: str) -> str:
    """A host that others can call; an address that means "every network card" is none."""
    return socket.gethostname() if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared, not bound


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Section(BaseModel):
    """Base of every table: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Http(Section):
    """Where the pages listen. `tls = "auto"`: off on a loopback address, which browsers hold secure; else on."""

    host: Host = "127.0.0.1"
    port: Port = 8080
    tls: Literal["auto", "on", "off"] = "auto"
    public_host: Host | None = None  # what people and boxes call it by, when that is not `host`

    @property
    def uses_tls(self) -> bool:
        """Whether the pages are served over TLS with the site's own certificate."""
        return not is_loopback(self.host) if self.tls == "auto" else self.tls == "on"

    @property
    def url(self) -> str:
        """The address of the pages, without a slash at the end."""
        host = self.public_host or _reachable(self.host)
        return f"{'https' if self.uses_tls else 'http'}://{_joined(host, self.port)}"


class Mqtt(Section):
    """Where the broker listens. `external`: somebody else runs it, with the rules of `madomori-hub broker`."""

    host: Host = "127.0.0.1"
    port: Port = 8883
    external: bool = False
    public_host: Host | None = None

    @property
    def connect_host(self) -> str:
        """The host by which this machine reaches the broker."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - compared

    @property
    def public(self) -> str:
        """HOST:PORT by which boxes reach the broker."""
        return _joined(self.public_host or _reachable(self.host), self.port)


class Database(Section):
    """SQLite (a relative path is taken from the site's folder) or PostgreSQL."""

    url: Annotated[str, AfterValidator(_database_url)] = "sqlite:///madomori.db"


class Web(Section):
    """Limits of the pages. `stream_cap`: live streams at once; about nine tenths of them for one person or token."""

    stream_cap: Annotated[int, Strict(), Field(ge=1, le=2000)] = 240
    trusted_hosts: tuple[Host, ...] = ()


class Evidence(Section):
    """For whom boxes seal recordings, and room for them. `keep_free_bytes` stay free on their disk for the database:
    below it segments wait in the boxes. A box that records all day at 0.5 MB/s fills 43 GB of its `box_bytes_per_day`.
    """

    viewing: Annotated[bool, Strict()] = True
    """False: this hub opens no recording, and boxes that are enrolled from now on do not seal for it."""
    custodian: AgeRecipient | None = None
    escrow: AgeRecipient | None = None
    viewing_recipient: AgeRecipient | None = None
    """The public half of `keys/viewing.key`."""
    keep_free_bytes: Annotated[int, Strict(), Field(ge=0)] = 2**30
    box_bytes_per_day: Annotated[int, Strict(), Field(gt=0)] = 60 * 10**9

    @property
    def recipients(self) -> tuple[str, ...]:
        """Whose keys open what a box of this site seals."""
        named = (self.custodian, self.escrow, self.viewing_recipient if self.viewing else None)
        return tuple(dict.fromkeys(one for one in named if one is not None))


class Email(Section):
    """The mail server that alerts go through."""

    smtp_host: Host
    smtp_port: Port = 587
    sender: Line
    security: Literal["none", "starttls", "tls"] = "starttls"
    user: Line | None = None
    password_file: Path | None = None
    timeout_s: Seconds = 5.0


class Webhook(Section):
    """How alerts are posted. `timeout_s` bounds each socket operation."""

    timeout_s: Seconds = 5.0


class Patlite(Section):
    """The signal towers. `calm`: what they show while nobody calls. `timeout_s` bounds one exchange with a tower."""

    calm: Literal["off", "green"] = "off"
    timeout_s: Annotated[float, Field(gt=0, le=4)] = 3.0


class Alerts(Section):
    """The channels. After `tries_max` attempts a message counts as failed and the page shows it.

    `holidays_file`: days on which only hours of `Hol` count, one date a line.
    """

    tries_max: Annotated[int, Strict(), Field(ge=1, le=100)] = 10
    email: Email | None = None
    webhook: Webhook = Webhook()
    patlite: Patlite = Patlite()
    holidays_file: Path | None = None


class Load(Section):
    """From when on the pages say that contacts fall on one person: so many contacts, or hours, within the last days.

    No document gives a number (SET-17): these are a choice, and each city makes its own.
    """

    days: Annotated[int, Strict(), Field(ge=1, le=92)] = 7
    contacts: Annotated[int, Strict(), Field(ge=1, le=1000)] = 4
    hours: Annotated[float, Field(gt=0, le=1000)] = 4.0


class HubConfig(Section):
    """The whole of `hub.toml`."""

    site: SiteName
    http: Http = Http()
    mqtt: Mqtt = Mqtt()
    database: Database = Database()
    web: Web = Web()
    evidence: Evidence = Evidence()
    alerts: Alerts = Alerts()
    load: Load = Load()
    office: OfficeHours = OfficeHours()
    contacts: tuple[Contact, ...] = ()
    care: CarePlaces = ()

    _places: Places = PrivateAttr(default=Places(Path()))
    _holidays: frozenset[date] = PrivateAttr(default=frozenset())

    @property
    def places(self) -> Places:
        """Where the site's files lie."""
        return self._places

    @property
    def roster(self) -> Roster:
        """The contacts with the holidays by which their hours count."""
        return Roster(self.contacts, self._holidays)

    @property
    def open_hours(self) -> Office:
        """When the office is open."""
        return self.office.office(self._holidays)

    @property
    def database_url(self) -> str:
        """The database as SQLAlchemy spells it. May hold a password: never log it."""
        url = self.database.url
        if url.startswith("postgresql://"):
            return "postgresql+psycopg://" + url.removeprefix("postgresql://")
        if url.startswith("sqlite:///"):
            return f"sqlite:///{self._places.directory / url.removeprefix('sqlite:///')}"
        return url


@dataclass(frozen=True, slots=True)
class SiteProfile:
    """The city's rules as they stand in the site, with the digest by which boxes compare theirs."""

    rules: PolicyProfile
    digest: str
    text: str

    @property
    def ref(self) -> ProfileRef:
        """As the wire names them."""
        return ProfileRef(id=self.rules.meta.id, digest=self.digest)


def load(directory: Path) -> HubConfig:
    """The settings of the site in `directory`.

    Raises:
        Refused: there is no site, or `hub.toml` has problems; all of them together.
    """
    places = Places(directory.absolute())
    values = table(read_text(places.settings), str(places.settings))
    problems: list[Problem] = []
    config: HubConfig | None = None
    try:
        config = HubConfig.model_validate(values)
    except ValidationError as error:
        problems += problems_from(error)
    problems += contacts.contradictions(values, places.directory)
    holidays, more = contacts.read_holidays(values.get("alerts"), places.directory)
    problems += more
    if problems or config is None:
        raise Refused(str(places.settings), problems)
    config._places, config._holidays = places, holidays | frozenset(config.office.holidays)
    return config


def load_profile(places: Places) -> SiteProfile:
    """The rules the site follows.

    Raises:
        Refused: the file is missing or has problems.
    """
    text = read_text(places.profile)
    return SiteProfile(policy.load(text, str(places.profile)), policy.digest_of(text), text)


def read_text(path: Path) -> str:
    """The text of a file that a person wrote.

    Raises:
        Refused: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise Refused(
            str(path),
            [
                Problem(
                    "file", "", f"読めません（{reason}）。フォルダーの名前を確かめるか、init で作ってください。",
                    f"cannot be read ({reason}). Check the folder's name, or make a site with init.",
                )
            ],
        ) from error  # fmt: skip
