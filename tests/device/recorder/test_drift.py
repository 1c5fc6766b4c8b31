"""A sound card's crystal that is off: picture and sound stay together for hours, by time stamps and by counting."""

import io
import math
from array import array
from collections.abc import Iterator
from typing import Any, Final

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.studio import header, joined

from device.recorder.encoding import Encoders, SoundEncoder, VideoEncoder
from device.recorder.packets import SAMPLE_RATE_HZ, SOUND_FRAME_SAMPLES
from device.recorder.placing import SoundPlacer
from device.recorder.recording import Recording
from device.recorder.settings import RecorderSettings
from device.recorder.watching import Faults
from device.simulated.crystal import Crystal

BLOCK: Final = 960
START_MS: Final = 7_000_000
HOUR_MS: Final = 3_600_000
EARLY_MS, LATE_MS = 45.0, 125.0
"""How much the sound may lead, and lag behind, the picture (ITU-R BT.1359)."""


def noise(count: int) -> bytes:
    return array("h", [(n * 7919) % 2000 - 1000 for n in range(count)]).tobytes()


# --- the placer ------------------------------------------------------------------------------------------------------


def errors_ms(crystal: Crystal, blocks: int, lost: frozenset[int] = frozenset()) -> Iterator[tuple[int, float]]:
    """(block, how much later than captured it was placed); blocks in `lost` never arrive."""
    placer, block = SoundPlacer(), noise(BLOCK)
    for number in range(blocks):
        if number in lost:
            continue
        fitted = placer.fit((START_MS + crystal.stamp_ms(number * BLOCK)) * 1000, block)
        if fitted.samples:
            behind = (len(fitted.samples) // 2 - BLOCK) * 1000 / SAMPLE_RATE_HZ  # zeros in front of it
            shown_ms = fitted.start_us / 1000 + max(0.0, behind)
            yield number, shown_ms - START_MS - crystal.true_ms(number * BLOCK)


@pytest.mark.parametrize("ppm", [-200, -20, 0, 20, 200])
def test_after_an_hour_the_count_of_samples_is_that_of_the_clock(ppm: float) -> None:
    crystal = Crystal(ppm, jitter_ms=15)
    shown = [error for _, error in errors_ms(crystal, HOUR_MS // 20)]
    assert min(shown) > -6
    assert max(shown[:100]) < 16  # the first callback may have come as late as that
    assert max(shown[500:]) < 6


def test_uncorrected_the_same_hour_would_end_720_ms_apart() -> None:
    blocks = HOUR_MS // 20
    counted_ms = blocks * 20
    assert abs(Crystal(200).true_ms(blocks * BLOCK) - counted_ms) == pytest.approx(720, abs=1)


@given(
    ppm=st.floats(-300, 300),
    jitter_ms=st.floats(0, 25),
    seed=st.integers(0, 1_000),
    lost=st.frozensets(st.integers(100, 2_900), max_size=4),
    length=st.integers(1, 40),
)
@settings(deadline=None, max_examples=40)
def test_whatever_is_lost_or_late_sound_is_soon_where_it_belongs(
    ppm: float, jitter_ms: float, seed: int, lost: frozenset[int], length: int
) -> None:
    missing = frozenset(first + n for first in lost for n in range(length))
    for number, error in errors_ms(Crystal(ppm, jitter_ms, seed), 3_000, missing):
        calm = not any(number - 60 <= gone <= number for gone in missing)
        if number > 60 and calm:  # a second after whatever happened
            assert -EARLY_MS < error < LATE_MS, (number, error)
        assert -20 * length - EARLY_MS < error < LATE_MS


@given(st.lists(st.integers(-400_000, 3_000_000), min_size=1, max_size=200))
@settings(deadline=None)
def test_whatever_the_stamps_say_frames_stay_on_one_grid_and_never_go_back(steps_us: list[int]) -> None:
    placer, block, stamp_us, rest = SoundPlacer(), noise(BLOCK), 10**9, 0
    origin_us, last_us = None, 0.0
    for step_us in steps_us:
        stamp_us = max(0, stamp_us + step_us)
        fitted = placer.fit(stamp_us, block)
        origin_us = fitted.start_us if origin_us is None else origin_us
        if fitted.jumped:
            rest = 0
        frame = (fitted.start_us - origin_us) * SAMPLE_RATE_HZ / 1_000_000 - rest
        assert round(frame) % SOUND_FRAME_SAMPLES == 0
        assert abs(frame - round(frame)) < 0.01
        assert fitted.start_us >= last_us - 1
        last_us = fitted.start_us
        rest = (rest + len(fitted.samples) // 2) % SOUND_FRAME_SAMPLES


def test_a_sample_more_or_less_is_not_heard() -> None:
    """A sine keeps its shape: what is left when it is taken away is far below it."""
    crystal, placer = Crystal(200), SoundPlacer()
    out = array("h")
    for number in range(1_500):
        tone = array("h", [round(8_000 * _sine(number * BLOCK + n)) for n in range(BLOCK)])
        out.extend(array("h", placer.fit(crystal.stamp_ms(number * BLOCK) * 1000, tone.tobytes()).samples))
    assert 0 < 1_500 * BLOCK - len(out) < 400
    steps = [abs(later - 2 * now + before) for before, now, later in zip(out, out[1:], out[2:], strict=False)]
    assert (
        max(steps) < 3 * 8_000 * (2 * 3.1416 * 200 / SAMPLE_RATE_HZ) ** 2 + 12
    )  # a click would stand out by 100 times


def _sine(place: int) -> float:
    return math.sin(2 * math.pi * 200 * place / SAMPLE_RATE_HZ)


def test_a_real_gap_is_a_gap_and_a_short_one_is_filled() -> None:
    placer, block = SoundPlacer(), noise(BLOCK)
    assert placer.fit(1_000_000, block).start_us == 1_000_000
    assert not placer.fit(1_020_000, block).jumped
    gone = placer.fit(3_000_000, block)
    assert gone.jumped
    padding = len(gone.samples) // 2 - BLOCK
    assert gone.samples == bytes(2 * padding) + block
    assert gone.start_us + padding * 1_000_000 / SAMPLE_RATE_HZ == pytest.approx(3_000_000, abs=25)
    after = [placer.fit(3_020_000 + 60_000 + n * 20_000, block) for n in range(50)]  # three blocks were lost
    assert not any(fitted.jumped for fitted in after)
    assert len(after[-1].samples) // 2 == pytest.approx(BLOCK + 60 * 48, abs=2)
    assert after[-1].samples.endswith(block)


# --- the whole way, decoded ------------------------------------------------------------------------------------------

SECONDS_APART: Final = 120
WIDTH, HEIGHT, FPS = 160, 120, 5
TONE: Final = array("h", [12_000 if n // 24 % 2 else -12_000 for n in range(2_880)])
"""60 ms, loud: the sign that goes with a white picture."""


def marks_ms(length_ms: int) -> list[int]:
    return list(range(10_000, length_ms - 5_000, SECONDS_APART * 1000))


def recorded(crystal: Crystal, length_ms: int) -> list[bytes]:
    """An incident of `length_ms` whose camera and microphone see and hear the same marks, in simulated time."""
    encoders = Encoders((WIDTH, HEIGHT, FPS), RecorderSettings(video_bit_rate=100_000))
    video, sound = VideoEncoder(encoders), SoundEncoder(encoders)
    kept = Recording(encoders, Faults(lambda event: None), "incident", True, START_MS, 0, 2_000)
    marks = marks_ms(length_ms)
    signs = {crystal.sample_at(mark) // BLOCK: crystal.sample_at(mark) % BLOCK for mark in marks}
    zeros, tail = bytes(2 * BLOCK), array("h")
    contents: list[bytes] = []
    number = 0
    for at_ms in range(0, length_ms, 1000 // FPS):
        frame = _plain(235 if at_ms in set(marks) else 16)
        for packet in video.encode(START_MS + at_ms, frame, False):
            contents += [segment.content for segment in kept.add(packet)]
        while crystal.true_ms((number + 1) * BLOCK) <= at_ms + 1000 // FPS:
            block = zeros
            if number in signs:
                tail = array("h", bytes(2 * signs[number])) + TONE
            if tail:
                filled = tail[:BLOCK] + array("h", bytes(2 * max(0, BLOCK - len(tail))))
                block, tail = filled.tobytes(), tail[BLOCK:]
            for packet in sound.encode(START_MS + crystal.stamp_ms(number * BLOCK), block):
                contents += [segment.content for segment in kept.add(packet)]
            number += 1
    return contents + [segment.content for segment in kept.finish()]


def _plain(luma: int) -> Any:
    frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
    for plane, value in zip(frame.planes, (luma, 128, 128), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    return frame


def _ms(frame: "av.VideoFrame | av.AudioFrame") -> float:
    return (frame.time or 0.0) * 1000


def seen_and_heard_ms(content: bytes) -> tuple[list[float], list[float], list[float]]:
    """When white pictures came; when tones began by the stamps; and when, for a player that counts samples."""
    seen: list[float] = []
    stamped: list[float] = []
    counted: list[float] = []
    count = quiet = 0
    with av.open(io.BytesIO(content), "r") as container:
        for frame in container.decode():
            if isinstance(frame, av.VideoFrame):
                if bytes(frame.planes[0])[WIDTH * HEIGHT // 2] > 120:
                    seen.append(_ms(frame))
                continue
            assert isinstance(frame, av.AudioFrame)
            samples = memoryview(bytes(frame.planes[0])).cast("f")[: frame.samples]
            loud = None
            if max(samples[::8]) > 0.05:
                loud = next((place for place, value in enumerate(samples) if abs(value) > 0.1), None)
            if loud is not None and quiet > 5:
                stamped.append(_ms(frame) + loud / 48)
                counted.append((count + loud) / 48)
            quiet = quiet + 1 if loud is None else 0
            count += frame.samples
    return seen, stamped, counted


@pytest.mark.media
@pytest.mark.parametrize(
    ("ppm", "minutes"),
    [
        (200, 10),  # uncorrected 120 ms: ten times what may be
        pytest.param(200, 60, marks=pytest.mark.long_faults),
        pytest.param(-200, 60, marks=pytest.mark.long_faults),
        pytest.param(200, 240, marks=pytest.mark.long_faults),
    ],
)
def test_picture_and_sound_stay_together_for_an_hour_with_a_crystal_that_is_off(ppm: float, minutes: int) -> None:
    length_ms = minutes * 60_000
    segments = recorded(Crystal(ppm, jitter_ms=10), length_ms)
    assert len(segments) == pytest.approx(length_ms / 2_000, abs=2)
    assert len({header(content) for content in segments}) == 1
    seen, stamped, counted = seen_and_heard_ms(joined(segments))
    assert [round(at) for at in seen] == marks_ms(length_ms)
    assert len(stamped) == len(counted) == len(seen)
    for at, by_stamp, by_count in zip(seen, stamped, counted, strict=True):
        assert -EARLY_MS < by_stamp - at < LATE_MS
        assert -EARLY_MS < by_count - at < LATE_MS
    spread = [heard - at for at, heard in zip(seen, counted, strict=True)]
    print(f"sound - picture: {min(spread):.1f} to {max(spread):.1f} ms")
    assert max(spread) - min(spread) < 12  # it does not grow
