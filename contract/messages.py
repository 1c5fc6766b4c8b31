"""One frozen model per message on the wire (design, sections 4 and 8).

Unknown fields are ignored so that a newer box can talk to an older hub; wrongly typed fields are refused.
Text limits keep every message under the 64 KiB payload limit of the broker.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    Strict,
    StringConstraints,
    WithJsonSchema,
)

VERSION: Final = 1

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:")


def utc_text(moment: datetime) -> str:
    """`moment` as the wire writes it: UTC, milliseconds, `Z`.

    Raises:
        ValueError: `moment` carries no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone cannot be put on the wire")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _lowercase_uuid(text: str) -> str:
    lowered = text.lower()
    if not _UUID.match(lowered):
        raise ValueError("must be a UUID in its 36-character form")
    return lowered


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain a NUL character")
    return text


def _text_moment(value: object) -> object:
    # pydantic alone would take "17" for seventeen seconds after 1970.
    if not isinstance(value, datetime) and not (isinstance(value, str) and _MOMENT.match(value)):
        raise ValueError("must be a date and time in text, like 2026-11-20T02:41:36.544Z")
    return value


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:  # it could be read, but never written again
        raise ValueError("must lie between the years 1 and 9999 in UTC") from error


def _number_one(value: object) -> object:
    # A literal alone would take `true` and `1.0` for 1.
    if type(value) is not int:
        raise ValueError("must be a whole number")
    return value


Version = Annotated[Literal[1], BeforeValidator(_number_one)]
Text = Annotated[str, Strict()]
Flag = Annotated[bool, Strict()]
Id = Annotated[
    Text,
    StringConstraints(max_length=36),
    AfterValidator(_lowercase_uuid),
    WithJsonSchema({"type": "string", "format": "uuid"}),
]
"""A UUID (RFC 9562). Boxes make version 7; any version is accepted, because a press must not be lost over it."""

Name = Annotated[Text, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$")]
Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_text_moment),
    AfterValidator(_in_utc),
    PlainSerializer(utc_text, return_type=str, when_used="json"),
]
Digest = Annotated[Text, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
LooseDigest = Annotated[Text, StringConstraints(max_length=80), AfterValidator(_without_nul)]
Line = Annotated[Text, StringConstraints(max_length=200), AfterValidator(_without_nul)]
Counter = Annotated[int, Strict(), Field(ge=0, le=2**53 - 1)]
DrillMinutes = Annotated[int, Strict(), Field(ge=1, le=60)]
Base64 = Annotated[Text, StringConstraints(pattern=r"^[A-Za-z0-9+/]+={0,2}$", max_length=512)]
RecordText = Annotated[Text, StringConstraints(pattern=r"^[ -~]+$", max_length=4096)]
"""Canonical JSON is printable ASCII; anything else could not be stored everywhere (NUL) or signed."""


class Message(BaseModel):
    """Base of everything on the wire."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    def to_wire(self) -> dict[str, Any]:
        """The message as plain JSON values; absent optional fields are left out."""
        return self.model_dump(mode="json", exclude_none=True)


class ClockState(StrEnum):
    """Whether the wall clock of the sender was known to be right."""

    SYNCED = "synced"
    UNSYNCED = "unsynced"


class Level(StrEnum):
    """How urgent a call is."""

    ASSIST = "assist"
    EMERGENCY = "emergency"


class Gesture(StrEnum):
    """What the hand did."""

    SHORT = "short"
    LONG = "long"
    SECOND_BUTTON = "second_button"


class ProfileRef(Message):
    """Which policy the sender follows. The digest is informational here, so a wrong one never loses a press."""

    id: Line
    digest: LooseDigest


# --- bodies of events -------------------------------------------------------------------------------------------------


class AlarmRaised(Message):
    """A press. The incident id is born here."""

    incident: Id
    level: Level
    gesture: Gesture
    drill: Flag = False


class AlarmRepeated(Message):
    """A further press in a running incident; `level` is the level the alarm has now."""

    incident: Id
    level: Level
    gesture: Gesture


class AlarmTurned(Message):
    """The alarm stands on as something else: people said that a drill is real. Nobody pressed."""

    incident: Id
    level: Level
    drill: Flag


class AlarmEnded(Message):
    """The alarm no longer stands at the box."""

    incident: Id
    by: Literal["hub", "key"]


class NoticePlayed(Message):
    """The audible notice was played to its end, or failed to."""

    incident: Id
    notice: Line
    ok: Flag
    duration_ms: Counter


class RecordingStarted(Message):
    """Capture is being kept. `pre_roll_ms` is what was delivered, not what was asked for."""

    incident: Id
    pre_roll_ms: Counter
    video: Flag
    audio: Flag


class SegmentSealed(Message):
    """A segment is durable at the box. `record` holds exactly the bytes that were signed (see `contract.evidence`)."""

    incident: Id
    record: RecordText
    signature: Base64


class RecordingClosed(Message):
    """The end of a chain: so many segments, this head."""

    incident: Id
    count: Counter
    head: Digest


class FaultRaised(Message):
    """Something protective does not work."""

    fault: Line
    detail: Line = ""


class FaultCleared(Message):
    """It works again."""

    fault: Line


class SelftestFinished(Message):
    """The end-to-end self-test ended."""

    ok: Flag
    detail: Line = ""


class BoxStarted(Message):
    """A boot of the box's program. `evidence_key` (Ed25519, raw, base64) signs its segment records."""

    software: Line
    evidence_key: Base64 | None = None


class UnknownBody(Message):
    """The body of an event of a type that this version does not know: kept and receipted as it came, without effect."""


BODIES: Final[dict[str, type[Message]]] = {
    "alarm.raised": AlarmRaised,
    "alarm.repeated": AlarmRepeated,
    "alarm.turned": AlarmTurned,
    "alarm.ended": AlarmEnded,
    "notice.played": NoticePlayed,
    "recording.started": RecordingStarted,
    "segment.sealed": SegmentSealed,
    "recording.closed": RecordingClosed,
    "fault.raised": FaultRaised,
    "fault.cleared": FaultCleared,
    "selftest.finished": SelftestFinished,
    "box.started": BoxStarted,
}


Body = (
    AlarmRaised
    | AlarmRepeated
    | AlarmTurned
    | AlarmEnded
    | NoticePlayed
    | RecordingStarted
    | SegmentSealed
    | RecordingClosed
    | FaultRaised
    | FaultCleared
    | SelftestFinished
    | BoxStarted
    | UnknownBody
)


class Envelope(Message):
    """What every event carries around its body."""

    v: Version = VERSION
    id: Id
    type: Line
    site: Name
    box: Name
    boot: Id
    seq: Counter
    at: Moment
    mono_ms: Counter
    clock: ClockState
    profile: ProfileRef


class Event(Envelope):
    """An event of a box: everything that needs a receipt."""

    body: Body

    @property
    def incident(self) -> str | None:
        """The incident that the event belongs to, if any."""
        return getattr(self.body, "incident", None)


class BareAlarm(Message):
    """All that can be known of an event of an unknown major version: somebody pressed (design, section 4)."""

    id: Id
    incident: Id
    site: Name
    box: Name
    level: Level
    at: Moment | None


class BareEvent(Message):
    """An event of an unknown major version that is known to be no call: kept and receipted as it came, without effect.

    Without a receipt its box would send it for ever.
    """

    id: Id
    type: Line
    site: Name
    box: Name
    at: Moment | None

    @property
    def incident(self) -> None:
        """Not read: a later version may mean something else by it."""
        return None


AnyEvent = Event | BareAlarm | BareEvent


# --- other topics -----------------------------------------------------------------------------------------------------


class AlarmState(Message):
    """Retained: the alarm of one box as it stands now. Beacons and wall lamps follow it without a hub."""

    v: Version = VERSION
    state: Literal["none", "assist", "emergency"]
    counter: Line
    incident: Id | None = None
    since: Moment | None = None
    seen: Flag = False
    drill: Flag = False
    at: Moment


class Presence(Message):
    """Retained, and the will: a box is there or not. An old will cannot hide a birth with a higher session."""

    v: Version = VERSION
    state: Literal["online", "offline"]
    session: Counter


class HubPresence(Message):
    """Retained, and the will: is anyone listening, and how many people can respond now."""

    v: Version = VERSION
    state: Literal["listening", "offline"]
    session: Counter
    beat: Counter = 0
    responders: Counter = 0
    profile: ProfileRef | None = None
    """The rules that every box of the site must follow (decision 0010); missing: an older hub, which says nothing."""


class RecordingState(StrEnum):
    """What the recorder does."""

    OFF = "off"
    ARMED = "armed"
    RECORDING = "recording"
    FAILED = "failed"


PowerFlag = Literal["under_voltage", "frequency_capped", "throttled", "temperature_limit"]


class Health(Message):
    """The box's own view of itself, every 5 s."""

    v: Version = VERSION
    box: Name
    boot: Id
    at: Moment
    mono_ms: Counter
    clock: ClockState
    profile: ProfileRef
    recording: RecordingState
    incident: Id | None = None
    faults: tuple[Line, ...] = Field(default=(), max_length=50)
    spool_depth: Counter
    disk_free_bytes: Counter
    temperature_c: Annotated[float, Strict()] | None = Field(default=None, ge=-100, le=300)
    camera_age_ms: Counter | None = None
    """Since the last picture; missing: none since the start, or no camera."""
    sound_age_ms: Counter | None = None
    sound_dbfs: Annotated[float, Strict()] | None = Field(default=None, ge=-200, le=0)
    """Level of the last seconds of sound; 0 is the loudest that can be written."""
    power: tuple[PowerFlag, ...] | None = Field(default=None, max_length=4)
    """What the board says of its supply and heat now; missing: it cannot say."""
    selftest_at: Moment | None = None
    """When the last self-test ended, and how."""
    selftest_ok: Flag | None = None
    pressed_at: Moment | None = None
    """When a person last pressed, drills included."""
    drill_s: Counter | None = None
    """Seconds of drill mode that are left; missing: the box is in no drill."""


class IncidentRef(Message):
    """An incident by its id and by the number people use."""

    id: Id
    number: Line


class Witness(Message):
    """Where an evidence record stands in the hub's log."""

    head: Digest
    leaf: Counter


class Receipt(Message):
    """Signed by the hub: these events are durable there.

    `signature` is Ed25519 over the canonical JSON of all other fields (see `contract.codec.canonical`).
    """

    v: Version = VERSION
    events: tuple[Id, ...] = Field(min_length=1, max_length=500)
    incident: IncidentRef | None = None
    witness: Witness | None = None
    at: Moment
    key: Line
    signature: Base64


class CommandType(StrEnum):
    """What the hub may tell a box."""

    SEEN = "seen"
    RESPONDER_COMING = "responder.coming"
    NOBODY_AVAILABLE = "nobody.available"
    RECORDING_STOP = "recording.stop"
    DRILL = "drill"
    """Begin drill mode, or let it last anew."""
    DRILL_END = "drill.end"
    DRILL_REAL = "drill.real"
    """The drill that stands is none: a real emergency."""
    SELFTEST = "selftest"
    TIME_LIMIT_REACHED = "time_limit.reached"


class Command(Message):
    """From the hub to one box. Sending one twice does nothing new."""

    v: Version = VERSION
    id: Id
    type: CommandType
    incident: Id | None = None
    name: Line = ""
    minutes: DrillMinutes | None = None
    """How long a drill lasts; then it ends by itself."""
    at: Moment


ON_TOPIC: Final[dict[str, type[Message]]] = {
    "alarm": AlarmState,
    "presence": Presence,
    "health": Health,
    "receipt": Receipt,
    "command": Command,
    "hub/presence": HubPresence,
}

IdSource = Callable[[], str]
"""Makes a fresh UUIDv7. Ids come into the pure rooms from outside."""
