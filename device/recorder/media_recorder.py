"""The media pipeline behind the `Recorder` port: capture, encode, ring, segments, seal, disk."""

from collections.abc import Callable
from concurrent.futures import Future

from contract.evidence import CHAIN_START
from contract.messages import RecordingState
from device.core.events import FaultSeen, RecorderChanged, RecordingEnded
from device.ports import Camera, Clock, EncodedCamera, EncoderError, Microphone, Post, Sample, Sealer, Vitals
from device.recorder.encoding import Encoders
from device.recorder.feeding import CameraFeed, EncodedCameraFeed, Feed, MicrophoneFeed
from device.recorder.inbox import AllowSound, Close, Inbox, Keep, Stop, TakeSample
from device.recorder.settings import RecorderSettings
from device.recorder.store import SegmentStore
from device.recorder.writer import Writer

_FEED_PATIENCE_S = 3.0
_WRITER_PATIENCE_S = 10.0
_SAMPLE_PATIENCE_S = 5.0


class MediaRecorder:
    """`Recorder` with three threads of its own: camera and H.264, microphone and AAC, writer.

    Without a camera or a microphone the other alone is recorded, and each signed record says so.

    `keep`, `allow_sound` and `stop` only put a command on the writer's queue, so a call for help never waits for the
    recording. `clock.now().mono_ms` and the capture times of camera and microphone must be the same clock
    (CLOCK_MONOTONIC). `pulse` gives for each thread's name what it calls as it moves. `post` is called from the
    writer's thread, and from the caller's in `start` and `stop` when the encoders cannot be opened.

    Events: `RecorderChanged` at every change of `state()`; `RecordingBegan`, then `SegmentWritten` for each segment,
    then `RecordingEnded`; `FaultSeen` and `FaultGone` for camera, microphone, encoder,
    disk, and for what comes and shows nothing: camera_frozen, camera_black, microphone_silent. `RecordingBegan.audio`
    says that the microphone delivers, also while its sound may not be kept yet. Every `stop` is answered with
    `RecordingEnded`, also for a recording that a crash left open, which is then closed. `keep` of an incident that
    has segments on disk goes on with its chain and times.
    """

    def __init__(
        self,
        camera: Camera | EncodedCamera | None,
        microphone: Microphone | None,
        sealer: Sealer,
        store: SegmentStore,
        post: Post,
        clock: Clock,
        settings: RecorderSettings,
        pulse: Callable[[str], Callable[[], None]] = lambda _: lambda: None,
    ) -> None:
        self._camera = camera
        self._microphone = microphone
        self._sealer = sealer
        self._store = store
        self._post = post
        self._clock = clock
        self._settings = settings
        self._pulse = pulse
        self._inbox = Inbox(settings.inbox_packets)
        self._running: tuple[Encoders, dict[str, Feed], Writer] | None = None
        self._failed = False

    def start(self) -> None:
        """Open the encoders (tens of ms) and begin to capture. Once."""
        retry_s, look_ms = self._settings.retry_ms / 1000, self._settings.look_ms
        camera = self._camera
        picture = (camera.width, camera.height, camera.frames_per_second) if camera is not None else None
        try:
            encoders = Encoders(picture, self._settings, encoded=isinstance(camera, EncodedCamera))
        except EncoderError as error:
            self._failed = True
            self._post(FaultSeen(error.fault, str(error)))
            self._post(RecorderChanged(RecordingState.FAILED))
            return
        feeds: dict[str, Feed] = {}
        if camera is not None:
            feeds["camera"] = _camera_feed(camera, encoders, self._inbox, retry_s, look_ms)
        if self._microphone is not None:
            feeds["microphone"] = MicrophoneFeed(self._microphone, encoders, self._inbox, retry_s, look_ms)
        writer = Writer(
            self._inbox, encoders, self._sealer, self._store, self._post, self._clock, self._settings, feeds
        )
        for name, feed in feeds.items():
            feed.beat = self._pulse(name)
        writer.beat = self._pulse("recorder")
        writer.disk_beats(self._pulse("disk"))
        self._running = (encoders, feeds, writer)
        writer.start()
        for feed in feeds.values():
            feed.start()

    def keep(self, incident: str, sound: bool) -> None:
        """The `Recorder` port."""
        if not self._failed:
            self._inbox.tell(Keep(incident, sound, self._clock.now().mono_ms))
        if self._running is not None:
            # Everything up to the press can then be cut off, sealed and made safe at the very next picture.
            camera = self._running[1].get("camera")
            if isinstance(camera, CameraFeed | EncodedCameraFeed):
                camera.want_keyframe()

    def allow_sound(self, incident: str, from_mono_ms: int) -> None:
        """The `Recorder` port."""
        self._inbox.tell(AllowSound(incident, from_mono_ms))

    def stop(self, incident: str) -> None:
        """The `Recorder` port."""
        if self._failed:
            self._post(RecordingEnded(incident, 0, CHAIN_START))  # nobody else would answer
            return
        self._inbox.tell(Stop(incident))

    def state(self) -> RecordingState:
        """The `Recorder` port."""
        if self._running is None:
            return RecordingState.FAILED if self._failed else RecordingState.OFF
        return self._running[2].state

    def vitals(self) -> Vitals:
        """The `Recorder` port."""
        return Vitals(None, None, None) if self._running is None else self._running[2].vitals()

    def sample(self, duration_ms: int) -> Sample:
        """The `Recorder` port.

        Raises:
            EncoderError: nothing was captured, it cannot be muxed, or the writer does not answer.
        """
        answer: Future[Sample] = Future()
        if self._running is not None:
            self._inbox.tell(TakeSample(duration_ms, self._clock.now().mono_ms, answer))
        try:
            return answer.result(_SAMPLE_PATIENCE_S if self._running is not None else 0)
        except TimeoutError as error:
            answer.cancel()
            raise EncoderError("録画部が答えません / the recorder does not answer") from error

    def close(self) -> None:
        """The `Recorder` port. Blocks until the last segment is on the disk, 16 s at most."""
        if self._running is None:
            return
        encoders, feeds, writer = self._running
        ended = [feed.close(_FEED_PATIENCE_S) for feed in feeds.values()]
        self._inbox.tell(Close())
        writer.join(_WRITER_PATIENCE_S)
        self._running = None
        if all(ended):
            encoders.close()


def _camera_feed(
    camera: Camera | EncodedCamera, encoders: Encoders, inbox: Inbox, retry_s: float, look_ms: int
) -> CameraFeed | EncodedCameraFeed:
    if isinstance(camera, EncodedCamera) and encoders.encoded_video is not None:
        return EncodedCameraFeed(camera, encoders.encoded_video, inbox, retry_s, look_ms)
    return CameraFeed(camera, encoders, inbox, retry_s, look_ms)  # type: ignore[arg-type]
