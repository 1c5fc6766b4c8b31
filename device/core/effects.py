"""What the box's core asks for. Imperative; the runner carries them out in order."""

from dataclasses import dataclass
from enum import StrEnum

from contract.messages import AlarmState, Event
from device.core.buzz import Buzzing
from device.core.lamp import LampView


class Cue(StrEnum):
    """What is said besides the notice."""

    REMINDER = "reminder"
    """Recording goes on."""
    TIME_LIMIT = "time_limit"
    """The time that was told is over."""


@dataclass(frozen=True, slots=True)
class Persist:
    """Make this wire event durable; answered with `Persisted` or `PersistFailed`. Always before `Send`."""

    event: Event


@dataclass(frozen=True, slots=True)
class Send:
    """Hand these events to the uplink. When not `kept`, the spool refused them and only memory has them."""

    events: tuple[Event, ...]
    kept: bool


@dataclass(frozen=True, slots=True)
class PublishAlarm:
    """Keep this as the box's retained alarm."""

    alarm: AlarmState


@dataclass(frozen=True, slots=True)
class ShowLamp:
    """Show this on the lamp."""

    view: LampView


@dataclass(frozen=True, slots=True)
class PlayNotice:
    """Say aloud that recording begins; answered with `NoticeStarted` and `NoticeEnded`."""

    incident: str


@dataclass(frozen=True, slots=True)
class PlayCue:
    """Say this aloud; answered with `NoticeEnded`."""

    incident: str
    cue: Cue


@dataclass(frozen=True, slots=True)
class Buzz:
    """Tell the hand, or the room of a beacon. A new one ends the one before."""

    buzzing: Buzzing


@dataclass(frozen=True, slots=True)
class RunSelftest:
    """Try picture, sound and pre-roll from end to end; answered with `SelftestEnded`."""


@dataclass(frozen=True, slots=True)
class KeepRecording:
    """Keep what is captured for this incident, from the pre-roll on.

    With `sound` false, sound is dropped until `AllowSound` says from when it may be kept.
    """

    incident: str
    sound: bool


@dataclass(frozen=True, slots=True)
class AllowSound:
    """Sound may be kept from `from_mono_ms` on: the notice is audible."""

    incident: str
    from_mono_ms: int


@dataclass(frozen=True, slots=True)
class StopRecording:
    """Close this incident's recording; answered with `RecordingEnded`."""

    incident: str


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Send `Woken` at this time. Only the latest request counts."""

    mono_ms: int


Effect = (
    Persist
    | Send
    | PublishAlarm
    | ShowLamp
    | Buzz
    | PlayNotice
    | PlayCue
    | KeepRecording
    | AllowSound
    | StopRecording
    | RunSelftest
    | WakeAt
)
