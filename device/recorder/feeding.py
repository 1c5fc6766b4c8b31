"""The two threads that capture and encode. A lost camera or microphone is tried again until it comes back."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from device.ports import Camera, EncodedCamera, EncoderError, Microphone, PortError
from device.recorder.encoded import EncodedVideo, KeyframeEye
from device.recorder.encoding import Encoders, SoundEncoder, VideoEncoder
from device.recorder.inbox import Broke, Inbox
from device.recorder.seeing import Ear, Eye

_JOIN_S = 0.2
_RAN_WELL_S = 5.0
"""A stream that lived for so long is tried again at once: most often its driver or encoder only wants a new start."""


class Feed(ABC):
    """A thread from one stream to the inbox.

    `fault` is the stream's fault name. An error of the stream is told to the writer, and the stream is opened again:
    at once when it had run well, else after `retry_s`. An error of the encoder costs that frame and is told as well.
    """

    def __init__(self, fault: str, source: Camera | EncodedCamera | Microphone, inbox: Inbox, retry_s: float) -> None:
        self._fault = fault
        self._source = source
        self._inbox = inbox
        self._retry_s = retry_s
        self._ending = threading.Event()
        self.beat: Callable[[], None] = lambda: None
        """Called for each piece of the stream and before each try. Set before `start`."""
        self._thread = threading.Thread(target=self._run, name=f"recorder-{fault}", daemon=True)

    def start(self) -> None:
        """Begin to capture."""
        self._thread.start()

    def reopen(self) -> None:
        """Close the stream, so that it is opened anew. For a stream that hangs; safe from any thread."""
        self._source.close()

    def close(self, patience_s: float) -> bool:
        """End the thread; whether it ended within `patience_s`. A driver that hangs for good is left behind."""
        self._ending.set()
        for _ in range(max(1, round(patience_s / _JOIN_S))):
            # Again and again, because a stream that is just being opened may not have heard the first call.
            self._source.close()
            if self._thread.ident is not None:
                self._thread.join(_JOIN_S)
            if not self._thread.is_alive():
                return True
        return False

    def _run(self) -> None:
        while not self._ending.is_set():
            self.beat()
            opened_s, fault = time.monotonic(), self._fault
            try:
                self._pump()
                detail = "途切れました / the stream ended"
            except PortError as error:
                detail = str(error)
                fault = error.fault if isinstance(error, EncoderError) else fault
            except Exception as error:  # noqa: BLE001 - whatever a driver raises, this thread must live on and say so
                detail = f"予期しない誤り / unexpected: {error!r}"
            if self._ending.is_set():
                return
            self._inbox.tell(Broke(fault, detail))
            if time.monotonic() - opened_s < _RAN_WELL_S:
                self._ending.wait(self._retry_s)

    @abstractmethod
    def _pump(self) -> None:
        """Carry the stream to the inbox until it ends.

        Raises:
            PortError: the stream failed.
        """


class CameraFeed(Feed):
    """Pictures. `want_keyframe` makes the next picture a keyframe."""

    def __init__(self, camera: Camera, encoders: Encoders, inbox: Inbox, retry_s: float, look_ms: int) -> None:
        super().__init__("camera", camera, inbox, retry_s)
        self._camera = camera
        self._encoder = VideoEncoder(encoders)
        self._eye = Eye(look_ms)
        self._keyframe_wanted = threading.Event()

    def want_keyframe(self) -> None:
        """The next picture shall be a keyframe. Safe from any thread."""
        self._keyframe_wanted.set()

    def _pump(self) -> None:
        self.want_keyframe()  # nothing before a pause may be referred to
        for at_ms, frame in self._camera.frames():
            self.beat()
            if self._ending.is_set():
                return
            seen = self._eye.look(at_ms, frame)  # before the encoder takes the frame over
            if seen is not None:
                self._inbox.note(seen)
            self._encode(at_ms, frame)

    def _encode(self, at_ms: int, frame: Any) -> None:
        force = self._keyframe_wanted.is_set()
        if force:
            self._keyframe_wanted.clear()
        try:
            for packet in self._encoder.encode(at_ms, frame, force):
                self._inbox.put(packet)
        except EncoderError as error:
            self.want_keyframe()
            self._inbox.tell(Broke(error.fault, str(error)))


class EncodedCameraFeed(Feed):
    """Pictures of a camera that encodes them itself."""

    def __init__(self, camera: EncodedCamera, video: EncodedVideo, inbox: Inbox, retry_s: float, look_ms: int) -> None:
        super().__init__("camera", camera, inbox, retry_s)
        self._camera = camera
        self._video = video
        self._eye = KeyframeEye(look_ms)

    def want_keyframe(self) -> None:
        """The next picture shall be a keyframe. Safe from any thread."""
        self._camera.want_keyframe()

    def _pump(self) -> None:
        refer_back = False  # to a picture that never came, or came from the encoder before this one
        for at_us, keyframe, data in self._camera.packets():
            self.beat()
            if self._ending.is_set():
                return
            if not keyframe and not refer_back:
                continue
            try:
                packet = self._video.packet(at_us, keyframe, data)
            except EncoderError as error:
                refer_back = False
                self.want_keyframe()
                self._inbox.tell(Broke(error.fault, str(error)))
                continue
            refer_back = True
            self._inbox.put(packet)
            seen = self._eye.look(packet)
            if seen is not None:
                self._inbox.note(seen)


class MicrophoneFeed(Feed):
    """Sound."""

    def __init__(self, microphone: Microphone, encoders: Encoders, inbox: Inbox, retry_s: float, look_ms: int) -> None:
        super().__init__("microphone", microphone, inbox, retry_s)
        self._microphone = microphone
        self._encoder = SoundEncoder(encoders)
        self._ear = Ear(look_ms)

    def _pump(self) -> None:
        for at_ms, block in self._microphone.blocks():
            self.beat()
            if self._ending.is_set():
                return
            heard = self._ear.listen(at_ms, block)
            if heard is not None:
                self._inbox.note(heard)
            try:
                for packet in self._encoder.encode(at_ms, block):
                    self._inbox.put(packet)
            except EncoderError as error:
                self._inbox.tell(Broke(error.fault, str(error)))
