"""A piece of recording in RAM, decoded: is there a picture, is there sound, is the melody in it?"""

import io
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from device.ports import EncoderError, Segment
from device.recorder.seeing import Ear, Eye
from device.tone import FOUND, RATE_HZ, score


@dataclass(slots=True)
class Watched:
    """What was seen and heard."""

    length_ms: int
    pictures: int = 0
    width: int = 0
    height: int = 0
    dark: bool = False
    """The last picture looked at."""
    samples: int = 0
    silent: bool = False
    melody_found: bool = False


def watch(segment: Segment, stop: Callable[[], bool]) -> Watched:
    """Decode `segment`; ends early, with what it has, when `stop` says so.

    Raises:
        EncoderError: it cannot be decoded.
    """
    import av

    seen = Watched(segment.end_ms - segment.start_ms)
    sound = array("h")
    eye = Eye(1)
    to_s16 = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
    try:
        with av.open(io.BytesIO(segment.content), "r") as container:
            frame: Any
            for frame in container.decode():
                if stop():
                    return seen
                if isinstance(frame, av.VideoFrame):
                    seen.pictures += 1
                    seen.width, seen.height = frame.width, frame.height
                    look = eye.look(seen.pictures * 10, frame)
                    if look is not None:
                        seen.dark = look.dark
                elif isinstance(frame, av.AudioFrame):
                    for part in to_s16.resample(frame):
                        sound.frombytes(bytes(part.planes[0])[: part.samples * 2])
    except (av.error.FFmpegError, ValueError) as error:
        raise EncoderError(f"録ったものを再生できません / what is recorded cannot be played: {error}") from error
    seen.samples = len(sound)
    heard = Ear(5).listen  # five looks make one judgement
    looks = [heard(at_ms, sound[at_ms * 48 : at_ms * 48 + 960].tobytes()) for at_ms in range(0, len(sound) // 48, 20)]
    judged = [look for look in looks if look is not None]
    seen.silent = bool(judged) and all(look.flat for look in judged)
    seen.melody_found = not stop() and score(sound) > FOUND
    return seen
