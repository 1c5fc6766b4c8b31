"""What the box needs from the world. Adapters and simulations implement these; the runner uses nothing else."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from contract.evidence import Gap
from contract.messages import RecordingState
from device.core.buzz import Buzzing
from device.core.events import Happening, Instant
from device.core.lamp import LampView

Post = Callable[[Happening], None]
"""Puts an event on the runner's bounded queue. Safe from any thread, never blocks."""


class PortError(Exception):
    """The world failed us. The message is for people; `fault` is the short stable name shown on the box."""

    fault = "port"


class CameraError(PortError):
    """No picture can be had."""

    fault = "camera"


class MicrophoneError(PortError):
    """No sound can be had."""

    fault = "microphone"


class SpeakerError(PortError):
    """The notice cannot be heard."""

    fault = "speaker"


class SpoolError(PortError):
    """Nothing can be made durable."""

    fault = "spool"


class SealError(PortError):
    """Nobody could open what is recorded, so it must not be stored."""

    fault = "unsealed"


class EncoderError(PortError):
    """Picture or sound cannot be encoded or muxed."""

    fault = "encoder"


class ButtonError(PortError):
    """The button cannot be read."""

    fault = "button"


class LampError(PortError):
    """The lamp cannot be driven."""

    fault = "lamp"


class BuzzerError(PortError):
    """The buzzer or vibration motor cannot be driven."""

    fault = "buzzer"


class Clock(Protocol):
    """Time comes in here and nowhere else."""

    def now(self) -> Instant:
        """The present moment; `mono_ms` never goes back."""
        ...


class Lamp(Protocol):
    """Shows the box's state to the worker."""

    def start(self, post: Post) -> None:
        """Begin. What fails between two `show`s is posted as `FaultSeen`, and as `FaultGone` when it works again."""
        ...

    def show(self, view: LampView) -> None:
        """Show `view` at once. Called from the runner's thread; must not block.

        Raises:
            PortError: the lamp cannot be driven.
        """
        ...

    def close(self) -> None:
        """Go dark. Safe to call twice."""
        ...


class Button(Protocol):
    """The buttons of the box. Raw edges: debounce, hold and repeat belong to the core."""

    def start(self, post: Post) -> None:
        """Post an `EdgeSeen` with the tick of the edge itself from now on, and one for a button that is held already.

        Raises:
            ButtonError: a pin cannot be read.
        """
        ...

    def close(self) -> None:
        """Let go of the pins."""
        ...


class Buzzer(Protocol):
    """Tells the hand, or the room of a beacon."""

    def start(self, post: Post) -> None:
        """Begin. What fails between two `buzz`es is posted as `FaultSeen`, and as `FaultGone` when it works again."""
        ...

    def buzz(self, buzzing: Buzzing) -> None:
        """Begin `buzzing`, which ends the one before. Called from the runner's thread; must not block.

        Raises:
            BuzzerError: it cannot be driven.
        """
        ...

    def close(self) -> None:
        """Be silent. Safe to call twice."""
        ...


class Watchdog(Protocol):
    """The service manager that restarts a box which hangs."""

    def ready(self) -> None:
        """The box is armed."""
        ...

    def feed(self) -> None:
        """Every loop moved."""
        ...

    def tell(self, state: str) -> None:
        """One line about what the box does now, for whoever looks at the service."""
        ...


class Camera(Protocol):
    """Frames, in order, as long as the camera lives."""

    width: int
    height: int
    frames_per_second: int

    def frames(self) -> Iterator[tuple[int, Any]]:
        """Pairs of (capture time in monotonic ms, `av.VideoFrame` in yuv420p), paced by the camera. Ends when closed.

        Raises:
            CameraError: no camera, or it stopped giving frames.
        """
        ...

    def close(self) -> None:
        """Let `frames` end soon. Safe from any thread, safe to call twice."""
        ...


@runtime_checkable
class EncodedCamera(Protocol):
    """A camera that gives H.264 instead of pictures: the board's own encoder sits behind it."""

    width: int
    height: int
    frames_per_second: int

    def packets(self) -> Iterator[tuple[int, bool, bytes]]:
        """Triples of (capture time in monotonic us, keyframe or not, one access unit in Annex B form), no B-frames.

        Times rise. The first is a keyframe, and there is one a second at least; a keyframe carries its parameter sets.
        Ends when closed.

        Raises:
            CameraError: no camera, or it stopped giving pictures.
            EncoderError: the camera gives pictures, but its encoder gives nothing any more.
        """
        ...

    def want_keyframe(self) -> None:
        """One of the next pictures shall be a keyframe. Safe from any thread, returns at once."""
        ...

    def close(self) -> None:
        """Let `packets` end soon. Safe from any thread, safe to call twice."""
        ...


class Microphone(Protocol):
    """Sound, always running."""

    sample_rate_hz: int

    def blocks(self) -> Iterator[tuple[int, bytes]]:
        """Pairs of (capture time of the first sample in monotonic ms, mono s16le samples). Ends when closed.

        Raises:
            MicrophoneError: no microphone, or it went silent for good.
        """
        ...

    def close(self) -> None:
        """Let `blocks` end soon. Safe from any thread, safe to call twice."""
        ...


class Speaker(Protocol):
    """Plays the notice."""

    def play(self, wav: bytes, started: Callable[[int], None]) -> int:
        """Play a WAV file to its end and give its duration in ms. Blocks; called on a thread of its own.

        `started` is called once with the monotonic ms at which the first sample becomes audible.

        Raises:
            SpeakerError: it could not be played to its end.
        """
        ...

    def close(self) -> None:
        """Interrupt what is played; nothing is played after this. Safe from any thread, safe to call twice."""
        ...


@dataclass(frozen=True, slots=True)
class Sealed:
    """A segment ready for the disk: `content` as stored, and the record that was signed over it."""

    content: bytes
    record: str
    signature: str


class Sealer(Protocol):
    """Seals a finished segment in RAM, links it to the chain of its incident and signs the record."""

    def seal(self, segment: "Segment") -> Sealed:
        """Seal `segment` as the next of its incident's chain.

        Raises:
            PortError: it cannot be signed.
        """
        ...

    def head(self, incident: str) -> tuple[int, str]:
        """(number of segments sealed so far, head of the chain) of an incident."""
        ...


@dataclass(frozen=True, slots=True)
class Segment:
    """A self-contained fragmented MP4 in RAM. Times count from the first kept frame of the incident."""

    incident: str
    content: bytes
    sha256_hex: str
    start_ms: int
    end_ms: int
    video: bool
    audio: bool
    last: bool
    gaps: tuple[Gap, ...] = ()
    """What is missing in it or before it, at most 16; the sealer puts them into the signed record."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """How picture and sound are at this moment, for `Health`. Ages count from the capture; None: nothing ever came."""

    camera_age_ms: int | None
    """Since the last picture."""
    sound_age_ms: int | None
    """Since the last block of sound."""
    sound_dbfs: float | None
    """Level (RMS) of the last second of sound, -200 to 0; digital silence is -200. None: no sound came lately."""
    picture_still_ms: int | None = None
    """For how long the camera's pictures have been the same in every dot. None: they are not, or it cannot be seen."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A look at what the recorder would keep now. `segment` is plain: it may stay in RAM only, and not for long."""

    segment: Segment
    pre_roll_ms: int
    """How much of what came before the request was there; at most a GOP more than the policy's pre-roll."""


class Recorder(Protocol):
    """The media pipeline as the runner sees it. All calls return at once; answers come as events through `Post`."""

    def start(self) -> None:
        """Begin to capture into the ring."""
        ...

    def keep(self, incident: str, sound: bool) -> None:
        """Keep from the pre-roll on (`KeepRecording`); again for the same incident does nothing."""
        ...

    def allow_sound(self, incident: str, from_mono_ms: int) -> None:
        """Sound from this moment on may be kept (`AllowSound`)."""
        ...

    def stop(self, incident: str) -> None:
        """Close the incident's recording (`StopRecording`)."""
        ...

    def state(self) -> RecordingState:
        """What the recorder does now."""
        ...

    def vitals(self) -> Vitals:
        """Ages and level for `Health.camera_age_ms`, `sound_age_ms` and `sound_dbfs`. Safe from any thread."""
        ...

    def sample(self, duration_ms: int) -> Sample:
        """The newest `duration_ms` of the ring as one playable segment, for the self-test.

        Touches neither a running recording nor the disk. Where the policy keeps less from before a press, less is
        there: a second at the least once the box is armed. The sound in it may be from before a notice, so whoever
        asks must drop the sample at once. Unlike the other calls it blocks, 5 s at most: call it on a thread of its
        own, never on the runner's.

        Raises:
            PortError: nothing was captured, or it cannot be muxed.
        """
        ...

    def close(self) -> None:
        """Make durable what is there and end all threads. A recording that was not stopped goes on another time."""
        ...
