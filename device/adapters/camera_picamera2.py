"""The Raspberry Pi's own camera: picamera2 on libcamera, and the encoder that the board has."""

import atexit
import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from device.ports import CameraError, EncoderError

_FIRST_PICTURE_S: Final = 5.0
"""So long a camera may take from its start to its first encoded picture."""
_NO_PICTURE_S: Final = 1.5
"""Nothing for so long, though a picture is due every 40 ms: camera or encoder has stopped."""
_CLOSE_S: Final = 2.0
"""So long an orderly end may take. A stuck encoder holds the locks that it needs."""
_LEFT_BEHIND_MAX: Final = 3
"""Each camera that could not be closed keeps its thread and some 10 MB; beyond so many the program must start anew."""
_INTRA: Final = 1
"""AV_PICTURE_TYPE_I."""
_ENCODER_LAG_PICTURES: Final = 3
"""Pictures that a working encoder may hold back (two were read in the V4L2 path, one more for chance)."""


class Picamera2Camera:
    """The `EncodedCamera` port on the first camera that is plugged into the board.

    H.264 comes from the board's encoder (Zero 2 W, 3, 4) or from libx264 (5): picamera2 chooses. `bit_rate` in bits a
    second. picamera2 and libcamera come from apt, never from pip: they are bound to the system's Python and to each
    other, and are first imported when the camera is opened, on the thread that calls `packets`.
    """

    def __init__(
        self, width: int = 1280, height: int = 720, frames_per_second: int = 25, bit_rate: int = 2_500_000
    ) -> None:
        self.width, self.height, self.frames_per_second = width, height, frames_per_second
        self._bit_rate = bit_rate
        self._closed = threading.Event()
        self._open: _Opened | None = None
        self._left_behind = 0

    def packets(self) -> Iterator[tuple[int, bool, bytes]]:
        """The `EncodedCamera` port. Opens the camera (up to some seconds) and closes it when it ends, however it ends.

        Raises:
            CameraError: no camera, it is in use, its software is missing, or no picture came for 1.5 s.
            EncoderError: pictures came, but nothing encoded for 1.5 s.
        """
        self._closed.clear()
        if self._left_behind >= _LEFT_BEHIND_MAX:
            raise CameraError(
                "カメラの駆動部が何度も止まりました。箱を起動し直してください / "
                "the camera's driver hung again and again; start the box anew"
            )
        try:
            opened = self._open = self._opened()
        except (CameraError, EncoderError):
            raise
        except Exception as error:  # whatever the libraries raise, the people get a sentence
            raise _told(error) from error
        try:
            yield from self._packets(opened)
        finally:
            self._open = None
            if not _ended(opened):
                self._left_behind += 1

    def want_keyframe(self) -> None:
        """The `EncodedCamera` port."""
        opened = self._open
        if opened is not None:
            opened.ask_keyframe()

    def close(self) -> None:
        """The `EncodedCamera` port. `packets` ends within 0.2 s and then lets go of the camera."""
        self._closed.set()

    def _packets(self, opened: "_Opened") -> Iterator[tuple[int, bool, bytes]]:
        stamps = Stamps()
        quiet_since_s, patience_s, pictures = time.monotonic(), _FIRST_PICTURE_S, 0
        while not self._closed.is_set():
            packet = opened.output.next(0.2)
            if packet is None:
                if time.monotonic() - quiet_since_s >= patience_s:
                    raise _stopped(opened, pictures)
                continue
            quiet_since_s, patience_s, pictures = time.monotonic(), _NO_PICTURE_S, opened.camera.frames
            data, keyframe, since_first_us = packet
            at_us = stamps.place(opened.encoder.firsttimestamp + since_first_us)
            yield at_us, keyframe, data
            if opened.output.take_overrun():
                self.want_keyframe()

    def _opened(self) -> "_Opened":
        picamera2, encoders, outputs = _libraries()
        camera = picamera2.Picamera2(_first_of_the_board(picamera2.Picamera2.global_camera_info()))
        try:
            frame_us = 1_000_000 // self.frames_per_second
            paced = {"FrameDurationLimits": (frame_us, frame_us)}
            # YUV420 is what every encoder takes as it is, and less than half the memory of picamera2's own choice.
            camera.configure(
                camera.create_video_configuration(
                    main={"size": (self.width, self.height), "format": "YUV420"},
                    controls=paced if "FrameDurationLimits" in camera.camera_controls else {},
                )
            )
            encoder = encoders.H264Encoder(
                bitrate=self._bit_rate, repeat=True, iperiod=self.frames_per_second, framerate=self.frames_per_second
            )
            output = _handover(outputs.Output, 4 * self.frames_per_second)
            camera.start_recording(encoder, output)
            return _Opened(camera, encoder, output, _keyframe_asker(encoder))
        except BaseException:
            with contextlib.suppress(Exception):  # the first error is the one to tell
                camera.close()
            raise


@dataclass(frozen=True, slots=True)
class _Opened:
    """A running camera: `Picamera2`, its `Encoder`, our `Output`, and how to ask for a keyframe."""

    camera: Any
    encoder: Any
    output: Any
    ask_keyframe: Callable[[], None]


class Stamps:
    """Brings the sensor's times (us) to the box's monotonic clock. One for each time that the camera is opened.

    libcamera promises CLOCK_BOOTTIME, the Raspberry Pi's drivers stamp with CLOCK_MONOTONIC, and the two part when a
    machine sleeps. So the first picture tells: its clock is the one by which it is young. Where neither fits, pictures
    are placed by their arrival, and keep the camera's own distances.
    """

    def __init__(
        self,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
        boottime_ns: Callable[[], int] = lambda: time.clock_gettime_ns(time.CLOCK_BOOTTIME),
    ) -> None:
        self._clocks = (monotonic_ns, boottime_ns)
        self._offset_us: int | None = None
        self._last_us = -1_000

    def place(self, sensor_us: int) -> int:
        """The monotonic time (us) of a picture taken at `sensor_us`; each at least 1 ms after the one before."""
        now_us = self._clocks[0]() // 1000
        if self._offset_us is None or not -100_000 <= now_us - sensor_us - self._offset_us <= 10_000_000:
            self._offset_us = self._found(sensor_us, now_us)
        self._last_us = max(sensor_us + self._offset_us, self._last_us + 1_000)
        return self._last_us

    def _found(self, sensor_us: int, now_us: int) -> int:
        for clock in self._clocks:
            clock_us = clock() // 1000
            if -100_000 <= clock_us - sensor_us <= 2_000_000:
                return now_us - clock_us
        return now_us - sensor_us


def _handover(output: Any, limit: int) -> Any:
    """Our `Output`. Its class can only be made once picamera2's is there, because picamera2 asks for a subclass."""

    class Handover(output):  # type: ignore[misc]
        """Puts what the encoder gives on a bounded queue. It runs in the encoder's thread, so it does nothing else."""

        def __init__(self) -> None:
            super().__init__()
            self._packets: queue.Queue[tuple[bytes, bool, int]] = queue.Queue(limit)
            self._skipping = False
            self._overrun = False

        def outputframe(
            self, frame: Any, keyframe: bool = True, timestamp: Any = None, packet: Any = None, audio: bool = False
        ) -> None:
            if audio or (self._skipping and not keyframe):
                return
            try:
                self._packets.put_nowait((bytes(frame), bool(keyframe), int(timestamp or 0)))
                self._skipping = False
            except queue.Full:  # nobody fetched anything for seconds: what refers back to this one is lost as well
                self._skipping = self._overrun = True

        def next(self, timeout_s: float) -> tuple[bytes, bool, int] | None:
            try:
                return self._packets.get(timeout=timeout_s)
            except queue.Empty:
                return None

        def take_overrun(self) -> bool:
            overrun, self._overrun = self._overrun, False
            return overrun

    return Handover()


class _AskedStream:
    """The stream of picamera2's software encoder (Pi 5), which marks a picture as the keyframe that was asked for.

    picamera2 0.3.38 marks it with a letter. PyAV 14 and later want a number and raise, and its loop dies of it.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._asked = threading.Event()

    def ask(self) -> None:
        self._asked.set()

    def encode(self, frame: Any = None) -> Any:
        if frame is not None and self._asked.is_set():
            self._asked.clear()
            frame.pict_type = _INTRA
        return self._stream.encode(frame)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _keyframe_asker(encoder: Any) -> Callable[[], None]:
    stream = getattr(encoder, "_stream", None)
    if stream is not None:
        encoder._stream = asked = _AskedStream(stream)
        return asked.ask
    # The board's encoder can be asked since 0.3.32; before that the keyframe comes within the second by itself.
    return getattr(encoder, "force_key_frame", lambda: None)


def _libraries() -> tuple[Any, Any, Any]:
    try:
        import picamera2
        import picamera2.encoders
        import picamera2.outputs
    except ModuleNotFoundError as error:
        package = {"libcamera": "python3-libcamera"}.get((error.name or "").split(".")[0], "python3-picamera2")
        raise CameraError(
            f"カメラのソフトウェアがありません（{error.name}）。「sudo apt install {package}」で入れ、"
            "箱の仮想環境を --system-site-packages で作ってください / the camera's software is missing: "
            f"sudo apt install {package}, and make the box's venv with --system-site-packages"
        ) from error
    except (ImportError, ValueError, OSError) as error:  # a ValueError is numpy's word for a wrong numpy
        raise CameraError(
            "カメラのソフトウェアを読み込めません。pip で入れた numpy や av を外し、「sudo apt install --reinstall "
            "python3-picamera2 python3-libcamera」で入れ直してください / the camera's software does not load; remove "
            f"numpy and av that came by pip, and reinstall these two by apt: {error}"
        ) from error
    return picamera2, picamera2.encoders, picamera2.outputs


def _first_of_the_board(cameras: list[dict[str, Any]]) -> int:
    """The place of the first camera that is not on USB; those have an adapter of their own."""
    for place, described in enumerate(cameras):
        if "/usb" not in str(described.get("Id", "")):
            return place
    raise CameraError(
        "カメラが見つかりません。電源を切り、平らなケーブルを両端で差し直してください。"
        'USB カメラなら box.toml の [camera] で kind = "usb" とします / '
        "no camera was found; switch off and reseat the ribbon cable at both ends. "
        'For a USB camera set kind = "usb" under [camera] in box.toml'
    )


def _told(error: Exception) -> CameraError:
    """`error` of picamera2 as a sentence. It wraps the real reason in others of its own, so all are looked at."""
    reasons: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(reasons) < 8:
        reasons.append(str(cause))
        cause = cause.__cause__ or cause.__context__
    if any("busy" in reason or "acquire" in reason for reason in reasons):
        return CameraError(
            "カメラは別のプログラムが使っています。rpicam-hello などを終わらせてください / "
            f"another program uses the camera; end it (rpicam-hello, for example): {reasons[-1]}"
        )
    return CameraError(f"カメラを始められません / the camera cannot be started: {'; '.join(reasons)}")


def _stopped(opened: _Opened, pictures: int) -> CameraError | EncoderError:
    """Whose fault it is that nothing comes: pictures that went in and did not come out are the encoder's."""
    given, encoded = opened.camera.frames, opened.encoder.frames_encoded
    if given > encoded or given - pictures > _ENCODER_LAG_PICTURES:
        return EncoderError(
            "カメラは動いていますが、映像の符号化が止まりました。始め直します / "
            "the camera works, but its encoder has stopped; it is started anew"
        )
    return CameraError("カメラの映像が途切れました / the camera stopped giving pictures")


def _ended(opened: _Opened) -> bool:
    """Close everything; whether it could be done in order. Otherwise the camera is taken away from what hangs."""
    ender = threading.Thread(target=_end, args=(opened,), name="camera-end", daemon=True)
    ender.start()
    ender.join(_CLOSE_S)
    if not ender.is_alive():
        return True
    atexit.unregister(opened.camera.close)  # it would hang the end of the whole program
    letting_go = threading.Thread(target=_let_go, args=(opened,), name="camera-let-go", daemon=True)
    letting_go.start()
    letting_go.join(_CLOSE_S)
    return False


def _end(opened: _Opened) -> None:
    for step in (opened.camera.stop_recording, opened.camera.close):
        with contextlib.suppress(Exception):  # the end of a broken camera; opening it again tells what is wrong
            step()


def _let_go(opened: _Opened) -> None:
    device = opened.camera.camera  # libcamera's own, which knows nothing of picamera2's locks
    # The next `Picamera2` gets the same device: should what hangs wake up, it must not stop that one's pictures.
    opened.camera.camera, opened.camera.is_open = None, False
    for step in (device.stop, device.release):
        with contextlib.suppress(Exception):
            step()
