"""Everything that can happen to a box. Past tense; faults are events too."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from contract.messages import AlarmState, ClockState, CommandType, RecordingState


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment as the edge of the program saw it. Durations use `mono_ms`; `wall` is only a stamp."""

    mono_ms: int
    wall: datetime
    clock: ClockState

    def back_at(self, mono_ms: int) -> "Instant":
        """The moment at which what waited in the queue happened; never one that is to come."""
        late_ms = max(0, self.mono_ms - mono_ms)
        return replace(self, mono_ms=self.mono_ms - late_ms, wall=self.wall - timedelta(milliseconds=late_ms))


class ButtonName(StrEnum):
    """Which button."""

    MAIN = "main"
    SECOND = "second"


@dataclass(frozen=True, slots=True)
class EdgeSeen:
    """A raw edge of a button, not debounced. `mono_ms` is the tick of the edge itself."""

    button: ButtonName
    pressed: bool
    mono_ms: int


@dataclass(frozen=True, slots=True)
class Woken:
    """The time asked for with `WakeAt` has come."""


@dataclass(frozen=True, slots=True)
class Persisted:
    """These wire events are durable in the spool."""

    event_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PersistFailed:
    """These wire events could not be made durable; the spool keeps trying with them in memory."""

    event_ids: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class ReceiptArrived:
    """The hub's signed receipt: these wire events are durable there."""

    event_ids: tuple[str, ...]
    incident: str | None
    number: str | None


@dataclass(frozen=True, slots=True)
class CommandArrived:
    """People at the hub said something: `at` when, `minutes` how long a drill is to last."""

    command: CommandType
    incident: str | None
    name: str
    at: datetime | None = None
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """Whether somebody listens at the other end, and how many people can respond now."""

    listening: bool
    responders: int
    connected: bool = False
    """The broker is there, which is all that a beacon needs."""
    rules: str | None = None
    """Digest of the rules that the listening hub follows; None while it says none."""


@dataclass(frozen=True, slots=True)
class NoticeStarted:
    """The speaker began to play the notice at `mono_ms`."""

    incident: str
    mono_ms: int


@dataclass(frozen=True, slots=True)
class NoticeEnded:
    """The notice or a cue ended; not `ok` when it could not be heard to its end."""

    incident: str
    notice: str
    ok: bool
    duration_ms: int


@dataclass(frozen=True, slots=True)
class SelftestDue:
    """It is time for the daily self-test."""


@dataclass(frozen=True, slots=True)
class SelftestEnded:
    """The self-test ended; `detail` says what was found wanting."""

    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class AlarmFollowed:
    """The retained alarm of another box, as a beacon or wall lamp follows it; None when it was taken away."""

    box: str
    alarm: AlarmState | None


@dataclass(frozen=True, slots=True)
class RecorderChanged:
    """What the recorder does now, outside of any incident's own events."""

    state: RecordingState


@dataclass(frozen=True, slots=True)
class RecordingBegan:
    """The first piece of an incident's recording is durable. `pre_roll_ms` is what was delivered."""

    incident: str
    pre_roll_ms: int
    video: bool
    audio: bool


@dataclass(frozen=True, slots=True)
class SegmentWritten:
    """A sealed segment is durable on the box; `record` is the signed text (`contract.evidence`)."""

    incident: str
    seq: int
    record: str
    signature: str
    path: str


@dataclass(frozen=True, slots=True)
class RecordingEnded:
    """The last segment of an incident is durable."""

    incident: str
    count: int
    head: str


@dataclass(frozen=True, slots=True)
class FaultSeen:
    """Something protective does not work. `fault` is a short stable name such as `camera` or `speaker`."""

    fault: str
    detail: str


@dataclass(frozen=True, slots=True)
class FaultGone:
    """It works again."""

    fault: str


Happening = (
    EdgeSeen
    | Woken
    | Persisted
    | PersistFailed
    | ReceiptArrived
    | CommandArrived
    | LinkChanged
    | NoticeStarted
    | NoticeEnded
    | SelftestDue
    | SelftestEnded
    | AlarmFollowed
    | RecorderChanged
    | RecordingBegan
    | SegmentWritten
    | RecordingEnded
    | FaultSeen
    | FaultGone
)
