"""The announcements of this box: a city's own WAV where its bundle has one that will do, else the one that we ship."""

import hashlib
import io
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from device.config import Bundle, Sound
from device.notices import KINDS, shipped
from device.ports import PortError

RATE_HZ: Final = 48_000
LENGTH_MAX_S: Final = 60
FILE_BYTES_MAX: Final = 64 * 1024 * 1024
PEAK_MIN: Final = 1_036
"""-30 dB of full scale: a file that nobody would hear is a mistake."""


class SoundFileError(PortError):
    """A city's own WAV cannot be used; what we ship is played instead."""

    fault = "sound_file"


@dataclass(frozen=True, slots=True)
class Announcement:
    """A mono 48 kHz 16-bit WAV. `name` says in the event log which words were heard."""

    name: str
    wav: bytes
    duration_ms: int


def load(bundle: Bundle) -> tuple[dict[str, Announcement], list[SoundFileError]]:
    """Every announcement by kind, and what is wrong with the city's own files. Never fails over a city's file."""
    chosen, problems = {}, []
    for kind in KINDS:
        try:
            own = _own(bundle.directory, bundle.settings.sound, kind)
        except SoundFileError as error:
            problems.append(error)
            own = None
        chosen[kind] = own or ours(kind, bundle.settings.media.language)
    return chosen, problems


def problems(directory: Path, sound: Sound) -> list[SoundFileError]:
    """What is wrong with the city's own files; each message says which and what to do."""
    found = []
    for kind in KINDS:
        try:
            _own(directory, sound, kind)
        except SoundFileError as error:
            found.append(error)
    return found


def ours(kind: str, language: str) -> Announcement:
    """The announcement that we ship."""
    wav = shipped(kind, language)
    with wave.open(io.BytesIO(wav)) as file:
        return Announcement(f"{kind}_{language}", wav, file.getnframes() * 1000 // file.getframerate())


def _own(directory: Path, sound: Sound, kind: str) -> Announcement | None:
    name = {"notice": sound.notice, "reminder": sound.reminder, "time_limit": sound.time_limit}[kind]
    if name is None:
        return None
    where = f"[sound] {kind} = {name}"
    content = _read(directory, name, where)
    samples = _samples(content, where)
    digest = hashlib.sha256(content).hexdigest()
    return Announcement(f"{kind}: {name[:80]} sha256:{digest}", _wav(samples), len(samples) // 2 * 1000 // RATE_HZ)


def _read(directory: Path, name: str, where: str) -> bytes:
    path = (directory / name).resolve()
    if not path.is_relative_to(directory):
        raise SoundFileError(f"{where}: 箱のフォルダの中に置いてください。 / put the file into the box's folder.")
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise _too_long(where)
        return path.read_bytes()
    except OSError as error:
        raise SoundFileError(
            f"{where}: 読めません（{error.strerror}）。ファイルを置き直してください。"
            f" / cannot be read ({error.strerror}). Put the file in place again."
        ) from error


def _samples(content: bytes, where: str) -> bytes:
    """s16le samples at 48 kHz, mono. A city's recorder may have used another rate, width or two channels."""
    import av

    try:
        with av.open(io.BytesIO(content), format="wav") as file:
            stream = file.streams.audio[0]
            if not stream.codec_context.name.startswith("pcm_"):
                raise _no_wav(where, stream.codec_context.name)
            whole = _resampled(av, file, stream, where)
    except (av.error.FFmpegError, IndexError, ValueError) as error:
        raise _no_wav(where, error.__class__.__name__) from error
    if max(map(abs, memoryview(whole).cast("h")), default=0) < PEAK_MIN:
        raise SoundFileError(
            f"{where}: 音が小さすぎます。録音し直してください。 / is too quiet to be heard. Record it again."
        )
    return whole


def _resampled(av: Any, file: Any, stream: Any, where: str) -> bytes:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
    whole = bytearray()
    for frame in [*file.decode(stream), None]:
        for part in resampler.resample(frame):
            whole += bytes(part.planes[0])[: part.samples * 2]  # a plane may be longer than its samples
        if len(whole) > LENGTH_MAX_S * RATE_HZ * 2:
            raise _too_long(where)
    return bytes(whole)


def _wav(samples: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(RATE_HZ)
        written.writeframes(samples)
    return file.getvalue()


def _too_long(where: str) -> SoundFileError:
    return SoundFileError(
        f"{where}: 長すぎます。{LENGTH_MAX_S} 秒以内にしてください。 / is too long. Keep it within {LENGTH_MAX_S} s."
    )


def _no_wav(where: str, found: str) -> SoundFileError:
    return SoundFileError(
        f"{where}: WAV（PCM）ではありません（{found}）。WAV で保存し直してください。"
        f" / is not a PCM WAV file ({found}). Save it as WAV."
    )
