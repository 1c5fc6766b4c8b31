"""The writer thread: ring, recording, segments. What blocks on the disk is the backlog's own thread."""

import threading
from collections.abc import Callable
from typing import Final

from contract.messages import RecordingState
from device.core.events import FaultSeen, RecorderChanged, RecordingBegan
from device.ports import Clock, PortError, Post, Sealer, Segment, SpoolError, Vitals
from device.recorder.backlog import Backlog
from device.recorder.encoding import Encoders
from device.recorder.feeding import Feed
from device.recorder.gaps import Stream
from device.recorder.inbox import AllowSound, Broke, Close, Inbox, Item, Keep, Stop, TakeSample
from device.recorder.packets import Packet
from device.recorder.recording import Recording
from device.recorder.ring import Ring
from device.recorder.sampling import sample_of
from device.recorder.seeing import Heard, Look
from device.recorder.senses import Senses
from device.recorder.settings import RecorderSettings
from device.recorder.store import SegmentStore
from device.recorder.watching import Faults, StreamWatch

_TICK_MS: Final = 250
_TICK_PACKETS: Final = 16
"""So many packets come in about 220 ms."""
_ENCODER_QUIET_MS: Final = 5_000
"""The encoder fault is taken back when there was no error for so long."""
_LEVEL_MS: Final = 3_000
"""A sound level older than this says nothing about now."""
_DISK_PATIENCE_S: Final = 8.0


class Writer:
    """Takes packets and commands from `inbox`; posts what became of them."""

    def __init__(
        self,
        inbox: Inbox,
        encoders: Encoders,
        sealer: Sealer,
        store: SegmentStore,
        post: Post,
        clock: Clock,
        settings: RecorderSettings,
        feeds: dict[str, Feed],
    ) -> None:
        self._inbox = inbox
        self._encoders = encoders
        self._store = store
        self._post = post
        self._clock = clock
        self._settings = settings
        self._feeds = feeds
        self._faults = Faults(post)
        self._senses = Senses(self._faults, settings)
        self._backlog = Backlog(sealer, store, post, self._faults, settings.retry_ms, settings.backlog_limit_bytes)
        bytes_a_second = (settings.video_bit_rate + settings.sound_bit_rate) // 8
        self._ring = Ring(
            settings.pre_roll_ms * 1000, 1_000_000, 4 * bytes_a_second * (settings.pre_roll_ms // 1000 + 2)
        )
        self._watches = {name: StreamWatch(settings.stall_ms, settings.steady_ms) for name in feeds}
        self._off: list[Stream] = [stream for stream, name in _DEVICE_OF.items() if name not in feeds]
        self._started_ms = clock.now().mono_ms
        self._reopen_at_ms = dict.fromkeys(self._watches, self._started_ms + settings.reopen_ms)
        self._recording: Recording | None = None
        self._began_due = False
        self._encoder_error_ms: int | None = None
        self._packets_since_tick = 0
        self.state = RecordingState.OFF
        """What the recorder does now. Written by this thread, read by any."""
        self.beat: Callable[[], None] = lambda: None
        """Called four times a second while this thread moves. Set before `start`, as `disk_beats`."""
        self._thread = threading.Thread(target=self._run, name="recorder-writer", daemon=True)

    def disk_beats(self, beat: Callable[[], None]) -> None:
        """Let the disk's thread call `beat` at least once a second."""
        self._backlog.beat = beat

    def start(self) -> None:
        """Begin to work."""
        self._backlog.start()
        self._thread.start()

    def join(self, timeout_s: float) -> None:
        """Wait for the end after `Close` was told."""
        self._thread.join(timeout_s)

    def vitals(self) -> Vitals:
        """The `Recorder` port. Reads what the writer thread wrote last, so it is safe from any thread."""
        now_ms, heard = self._clock.now().mono_ms, self._senses.heard
        fresh = heard is not None and now_ms - heard.at_us // 1000 <= _LEVEL_MS
        return Vitals(
            camera_age_ms=self._age_ms("camera", now_ms),
            sound_age_ms=self._age_ms("microphone", now_ms),
            sound_dbfs=heard.dbfs if heard is not None and fresh else None,
            picture_still_ms=self._senses.still_ms,
        )

    def _age_ms(self, name: str, now_ms: int) -> int | None:
        return self._watches[name].age_ms(now_ms) if name in self._watches else None

    def _run(self) -> None:
        while True:
            self.beat()
            item = self._inbox.get(_TICK_MS / 1000)
            if isinstance(item, Close):
                self._close()
                return
            try:
                self._take(item)
            except Exception as error:  # noqa: BLE001 - a bug must show as a fault; the thread that records lives on
                self._failed("encoder", f"予期しない誤り / unexpected: {error!r}")

    def _take(self, item: Item | None) -> None:
        match item:
            case Packet():
                self._packet(item)
            case Keep():
                self._keep(item)
            case AllowSound():
                if self._recording is not None and self._recording.incident == item.incident:
                    self._recording.allow_sound(item.from_ms)
            case Stop():
                self._stop(item.incident)
            case Look():
                self._senses.look(item)
            case Heard():
                self._senses.listen(item)
            case TakeSample():
                self._sample(item)
            case Broke():
                self._failed(item.source, item.detail)
        # Counted, not timed: asking the clock for every packet costs, and stamps of a camera may not be trusted here.
        self._packets_since_tick = self._packets_since_tick + 1 if isinstance(item, Packet) else _TICK_PACKETS
        if self._packets_since_tick >= _TICK_PACKETS:
            self._tick()

    def _packet(self, packet: Packet) -> None:
        watch = self._watches["camera" if packet.video else "microphone"]
        was_silent = watch.never_came()
        watch.packet(packet.at_us // 1000)
        self._ring.add(packet)
        if self._recording is not None:
            segments = self._recording.add(packet)
            if segments:
                self._save(segments)
        if was_silent:
            self._tick()  # arm without waiting

    def _keep(self, command: Keep) -> None:
        if self._recording is not None:
            if self._recording.incident == command.incident:
                return
            self._stop(self._recording.incident)
        self._recording = Recording(
            self._encoders,
            self._faults,
            command.incident,
            command.sound,
            command.asked_ms,
            self._base_ms(command.incident),
            self._settings.segment_ms,
            self._senses.spells,
            self._off,
        )
        self._began_due = True
        self._set_state(RecordingState.RECORDING)
        for packet in self._ring.since(command.asked_ms * 1000):
            self._save(self._recording.add(packet))

    def _base_ms(self, incident: str) -> int:
        try:
            return self._store.chain(incident)[2]
        except SpoolError as error:
            self._faults.seen("disk", str(error))
            return 0

    def _stop(self, incident: str) -> None:
        recording = self._recording
        if recording is None or recording.incident != incident:
            self._close_old(incident)
            return
        segments = recording.finish(self._clock.now().mono_ms)
        self._save(segments)
        self._recording, self._began_due = None, False
        if not (segments and segments[-1].last):
            self._backlog.end(incident)
        self._judge(self._clock.now().mono_ms)

    def _close_old(self, incident: str) -> None:
        """Close a recording that a crash left open, or answer for one that is closed already."""
        if self._backlog.holds(incident):
            return  # the answer comes when its last segment is durable
        try:
            tail = self._store.tail(incident)
            if tail is not None and not tail.last:
                old = Recording(
                    self._encoders, self._faults, incident, False, 0, tail.end_ms, self._settings.segment_ms
                )
                old.keep_end()
                self._save(old.finish(), began=False)
                return
        except SpoolError as error:
            self._faults.seen("disk", str(error))
        self._backlog.end(incident)

    def _sample(self, request: TakeSample) -> None:
        if request.answer.set_running_or_notify_cancel():
            try:
                request.answer.set_result(sample_of(self._ring, self._encoders, request.duration_ms, request.asked_ms))
            except PortError as error:
                request.answer.set_exception(error)

    def _save(self, segments: list[Segment], began: bool = True) -> None:
        for segment in segments:
            first = None
            if self._began_due and began and self._recording is not None:
                self._began_due = False
                microphone = self._watches.get("microphone")
                sound = segment.audio or (microphone is not None and microphone.is_live(self._clock.now().mono_ms))
                first = RecordingBegan(segment.incident, self._recording.pre_roll_ms(), segment.video, sound)
            self._backlog.add(segment, first)

    def _tick(self) -> None:
        now_ms = self._clock.now().mono_ms
        self._packets_since_tick = 0
        self._judge(now_ms)
        if self._recording is not None:
            self._save(self._recording.idle(now_ms))
        dropped = self._inbox.take_dropped()
        if dropped:
            self._failed("encoder", f"処理が追いつかず {dropped} 個を失いました / too busy, {dropped} packets lost")

    def _judge(self, now_ms: int) -> None:
        """State and stream faults, from what came lately."""
        patience_over = now_ms - self._started_ms >= self._settings.grace_ms
        live = {name: watch.is_live(now_ms) for name, watch in self._watches.items()}
        for name, watch in self._watches.items():
            if watch.is_steady(now_ms):
                self._faults.gone(name)
            elif not live[name] and patience_over:
                self._faults.seen(name, _MISSING[name])
                self._reopen(name, now_ms)
        if self._encoder_error_ms is not None and now_ms - self._encoder_error_ms > _ENCODER_QUIET_MS:
            self._encoder_error_ms = None
            self._faults.gone("encoder")
        if self._recording is not None:
            return
        if all(live.values()) or (any(live.values()) and patience_over):
            self._set_state(RecordingState.ARMED)
        elif patience_over:
            self._set_state(RecordingState.FAILED)

    def _reopen(self, name: str, now_ms: int) -> None:
        """A driver that hangs gives no error: shake it, but not so often that it never gets to its first frame."""
        if now_ms >= self._reopen_at_ms[name]:
            self._reopen_at_ms[name] = now_ms + self._settings.reopen_ms
            self._feeds[name].reopen()

    def _failed(self, source: str, detail: str) -> None:
        self._faults.seen(source, detail)
        if source in self._watches:
            self._watches[source].broke()
        else:
            self._encoder_error_ms = self._clock.now().mono_ms

    def _set_state(self, state: RecordingState) -> None:
        if state != self.state:
            self.state = state
            self._post(RecorderChanged(state))

    def _close(self) -> None:
        if self._recording is not None:
            # The alarm still stands: the same incident goes on at the next start, so its chain stays open.
            self._save(self._recording.suspend())
            self._recording = None
        if not self._backlog.close(_DISK_PATIENCE_S):
            self._post(FaultSeen("disk", "保存できないまま終了しました / ended with segments that could not be stored"))
        self._set_state(RecordingState.OFF)


_DEVICE_OF: Final[dict[Stream, str]] = {"picture": "camera", "sound": "microphone"}
_MISSING: Final = {
    "camera": "カメラから映像が来ません / no picture comes from the camera",
    "microphone": "マイクから音が来ません / no sound comes from the microphone",
}
