"""Segments: each plays alone, and one header with all fragments is the whole recording."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from support.studio import FPS, Film, Watched, boxes, decode_messages, header, joined

from device.core.events import FaultSeen
from device.ports import EncoderError, Segment
from device.recorder import muxing, recording
from device.recorder.packets import Packet, Piece
from device.recorder.recording import Recording
from device.recorder.watching import Faults

pytestmark = pytest.mark.media

START_MS = 123_456_000


@pytest.fixture
def film() -> Film:
    return Film()


def record(
    film: Film,
    packets: list[Packet],
    sound: bool = True,
    base_ms: int = 0,
    allow_at: tuple[int, int] | None = None,
    faults: Callable[[Any], None] = lambda event: None,
) -> list[Segment]:
    """`packets` as an incident pressed one second after the start; `allow_at` is (told at, from) in monotonic ms."""
    kept = Recording(film.encoders, Faults(faults), "incident", sound, START_MS + 1_000, base_ms, 2_000)
    segments: list[Segment] = []
    for packet in packets:
        if allow_at is not None and packet.at_us >= allow_at[0] * 1000:
            kept.allow_sound(allow_at[1])
        segments += kept.add(packet)
    return segments + kept.finish()


def steady(times_s: list[float]) -> bool:
    return all(later > earlier for earlier, later in pairwise(times_s))


def test_a_damaged_recording_would_be_noticed(film: Film) -> None:
    whole = bytearray(joined([segment.content for segment in record(film, film.shoot(START_MS, 3))]))
    assert decode_messages(bytes(whole)) == []
    picture = whole.rindex(b"mdat") + 2_000
    whole[picture : picture + 300] = bytes(300)
    assert decode_messages(bytes(whole)) != []


def test_every_segment_plays_alone(film: Film) -> None:
    segments = record(film, film.shoot(START_MS, 7))
    assert [segment.last for segment in segments] == [False] * (len(segments) - 1) + [True]
    for segment in segments:
        assert decode_messages(segment.content) == []
        watched = Watched(segment.content)
        assert watched.tracks == ["h264", "aac"]
        assert watched.video_s[0] == pytest.approx(segment.start_ms / 1000, abs=0.001)
        assert len(watched.video_s) == round((segment.end_ms - segment.start_ms) / 1000 * FPS)
        assert watched.loudness(0, 1e9) > 5_000


def test_one_header_and_all_fragments_are_the_whole_recording(film: Film) -> None:
    segments = record(film, film.shoot(START_MS, 7))
    assert len({header(segment.content) for segment in segments}) == 1
    assert [kind for kind, _ in boxes(segments[0].content)] == ["ftyp", "moov", "moof", "mdat"]
    whole = joined([segment.content for segment in segments])
    assert decode_messages(whole) == []
    watched = Watched(whole)
    assert len(watched.video_s) == 7 * FPS
    assert steady(watched.video_s)
    assert steady([at_s for at_s, _ in watched.sound])
    assert watched.video_s[0] == 0
    assert watched.duration_s == pytest.approx(7, abs=0.03)
    total_ms = sum(segment.end_ms - segment.start_ms for segment in segments)
    assert watched.duration_s == pytest.approx(total_ms / 1000, abs=0.03)


def test_a_recording_goes_on_after_a_restart(film: Film) -> None:
    before = record(film, film.shoot(START_MS, 4))
    again = Film()  # a new program has new encoders
    after = record(again, again.shoot(START_MS + 60_000, 4), base_ms=before[-1].end_ms)
    assert after[0].start_ms == before[-1].end_ms
    assert {header(segment.content) for segment in (*before, *after)} == {header(before[0].content)}
    whole = joined([segment.content for segment in (*before, *after)])
    assert decode_messages(whole) == []
    watched = Watched(whole)
    assert len(watched.video_s) == 8 * FPS
    assert steady(watched.video_s)
    assert steady([at_s for at_s, _ in watched.sound])
    assert watched.duration_s == pytest.approx(8, abs=0.06)


def test_sound_from_before_the_notice_is_silence(film: Film) -> None:
    # Loud until the notice starts at 3 s, digital silence from then on: anything heard would be from before.
    notice_ms = START_MS + 3_000
    packets = film.shoot(START_MS, 6, loud_until_ms=notice_ms)
    kept = Watched(joined([s.content for s in record(film, packets)]))
    assert kept.loudness(0, 2.9) > 5_000
    fair = record(film, packets, sound=False, allow_at=(notice_ms + 30, notice_ms))
    heard = Watched(joined([segment.content for segment in fair]))
    assert heard.loudness(0, 1e9) <= 2  # the least step of 16 bits, from rounding
    assert heard.duration_s == pytest.approx(6, abs=0.03)
    assert [segment.audio for segment in fair] == [segment.end_ms > 3_000 for segment in fair]


def test_sound_from_the_notice_on_is_kept_and_in_its_place(film: Film) -> None:
    notice_ms = START_MS + 2_480
    packets = film.shoot(START_MS, 6)
    fair = record(film, packets, sound=False, allow_at=(notice_ms + 40, notice_ms))
    heard = Watched(joined([segment.content for segment in fair]))
    assert heard.loudness(0, 2.45) <= 2
    assert heard.loudness(2.53, 2.6) > 5_000
    times_s = [at_s for at_s, _ in heard.sound]
    assert times_s[0] < 0.03  # silence stands where sound may not be kept, so that no player loses lip-sync
    assert (
        max(later - earlier for earlier, later in pairwise(times_s)) < 2 * 1024 / 48_000
    )  # less than a frame is missing
    assert heard.loudness(5.5, 6) > 5_000


def test_with_no_permission_the_recording_is_silent_but_whole(film: Film) -> None:
    segments = record(film, film.shoot(START_MS, 5), sound=False)
    heard = Watched(joined([segment.content for segment in segments]))
    assert not any(segment.audio for segment in segments)
    assert heard.loudness(0, 1e9) <= 2
    assert heard.tracks == ["h264", "aac"]
    assert heard.duration_s == pytest.approx(5, abs=0.03)


@pytest.mark.parametrize("step_us", [0, 5, 11, 78, 1_000])
def test_pictures_at_nearly_the_same_time_do_not_end_the_recording(film: Film, step_us: int) -> None:
    packets = film.shoot(START_MS, 3)
    pictures = [packet for packet in packets if packet.video]
    for packet, earlier in zip(pictures[30:40], pictures[29:39], strict=True):
        packet.at_us = earlier.at_us + step_us
    faults: list[Any] = []
    segments = record(film, packets, faults=faults.append)
    assert faults == []
    watched = Watched(joined([segment.content for segment in segments]))
    assert len(watched.video_s) == 3 * FPS
    assert steady(watched.video_s)


def test_a_mux_error_is_a_fault_and_the_next_segment_is_whole(film: Film, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing(muxing.SegmentMuxer):
        left = 1

        def mux(self, piece: Piece, last: bool) -> Segment:
            if self.origin_us is not None and Failing.left:
                Failing.left -= 1
                raise EncoderError("told to")
            return super().mux(piece, last)

    monkeypatch.setattr(recording, "SegmentMuxer", Failing)
    faults: list[Any] = []
    segments = record(film, film.shoot(START_MS, 7), faults=faults.append)
    assert faults == [FaultSeen("encoder", "told to")]
    assert segments[1].start_ms > segments[0].end_ms  # the gap is plain to see
    assert segments[-1].last
    watched = Watched(joined([segment.content for segment in segments]))
    assert steady(watched.video_s)


def test_a_camera_that_comes_back_is_in_the_picture_again(film: Film) -> None:
    packets = [p for p in film.shoot(START_MS, 9) if not (p.video and 2_000 < p.at_us // 1000 - START_MS < 5_500)]
    resumed = next(p for p in packets if p.video and p.at_us // 1000 - START_MS >= 5_500)
    packets[packets.index(resumed)] = replace(resumed, after_gap=True)
    segments = record(film, packets)
    assert any(not segment.video and segment.audio for segment in segments)
    watched = Watched(joined([segment.content for segment in segments]))
    assert steady(watched.video_s)
    assert watched.video_s[-1] == pytest.approx(8.96, abs=0.01)
    assert not [at_s for at_s in watched.video_s if 2.01 < at_s < 5.9]


def test_the_hash_is_that_of_the_content(film: Film) -> None:
    for segment in record(film, film.shoot(START_MS, 3)):
        assert segment.sha256_hex == hashlib.sha256(segment.content).hexdigest()
