"""Guard, ring, cutter and placer: the parts with no library in them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.core.events import FaultGone, FaultSeen
from device.recorder.cutting import Cutter
from device.recorder.muxing import RisingGuard
from device.recorder.packets import SOUND_FRAME_US, Packet, Piece
from device.recorder.ring import Ring
from device.recorder.watching import Faults, StreamWatch

FRAME_US = 40_000
GOP_US = 1_000_000


def video(at_us: int, keyframe: bool | None = None, after_gap: bool = False) -> Packet:
    key = at_us % GOP_US == 0 if keyframe is None else keyframe
    return Packet(True, at_us, FRAME_US, key, b"v" * 100, after_gap)


def sound(at_us: int) -> Packet:
    return Packet(False, at_us, SOUND_FRAME_US, False, b"s" * 20)


def film(start_us: int, end_us: int, late_us: int = 60_000) -> list[Packet]:
    """Both streams in the order of arrival, the sound `late_us` behind."""
    pictures = [(at, video(at)) for at in range(start_us, end_us, FRAME_US)]
    sounds = [(at + late_us, sound(at)) for at in range(start_us, end_us, SOUND_FRAME_US)]
    return [packet for _, packet in sorted(pictures + sounds, key=lambda pair: pair[0])]


def cut(cutter: Cutter, packets: list[Packet]) -> list[Piece]:
    return [piece for packet in packets for piece in cutter.add(packet)] + cutter.finish()


# --- guard -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_ticks", "placed"),
    [([5, 5, 5], [5, 6, 7]), ([9, 3, 4], [9, 10, 11]), ([0, 1, 1, 90], [0, 1, 2, 90])],
    ids=["equal", "decreasing", "near-equal"],
)
def test_the_guard_gives_each_sample_a_later_tick(given_ticks: list[int], placed: list[int]) -> None:
    guard = RisingGuard(0)
    assert [guard.place(ticks) for ticks in given_ticks] == placed


@given(st.lists(st.integers(-1000, 100_000)), st.integers(0, 1000))
def test_the_guard_always_rises_and_never_moves_a_sample_without_need(ticks: list[int], floor: int) -> None:
    guard = RisingGuard(floor)
    placed = [guard.place(tick) for tick in ticks]
    assert all(later > earlier for earlier, later in zip([floor - 1, *placed], placed, strict=False))
    free = floor
    for tick, at in zip(ticks, placed, strict=True):
        assert at == max(tick, free)
        free = at + 1


# --- ring ------------------------------------------------------------------------------------------------------------


@given(st.integers(0, 20), st.integers(21_000_000, 40_000_000))
def test_the_ring_gives_the_whole_pre_roll_and_at_most_one_gop_more(seconds: int, asked_us: int) -> None:
    ring = Ring(seconds * 1_000_000, GOP_US, 10**9)
    for packet in film(0, asked_us):
        ring.add(packet)
    kept = ring.since(asked_us)
    first_key = next((packet.at_us for packet in kept if packet.keyframe), asked_us)
    if seconds:
        assert seconds * 1_000_000 <= asked_us - first_key <= seconds * 1_000_000 + GOP_US
        assert kept[0].at_us == first_key
    else:
        assert all(packet.at_us >= asked_us for packet in kept)


def test_the_ring_is_bounded_in_time_and_in_bytes() -> None:
    by_time, by_bytes = Ring(2_000_000, GOP_US, 10**9), Ring(2_000_000, GOP_US, 1_000)
    for packet in film(0, 60_000_000):
        by_time.add(packet)
        by_bytes.add(packet)
    assert len(by_time) <= 3 * (25 + 47) + 4
    assert len(by_bytes) <= 1_000 // 20


def test_without_a_camera_the_ring_gives_the_sound() -> None:
    ring = Ring(2_000_000, GOP_US, 10**9)
    for at_us in range(0, 9_000_000, SOUND_FRAME_US):
        ring.add(sound(at_us))
    assert ring.since(9_000_000)[0].at_us == pytest.approx(7_000_000, abs=SOUND_FRAME_US)


# --- cutter ----------------------------------------------------------------------------------------------------------


def test_pieces_begin_with_keyframes_follow_each_other_and_lose_nothing() -> None:
    packets = film(0, 10_000_000)
    pieces = cut(Cutter(3_500_000, 2_000_000, sound=True), packets)
    assert [piece.start_us for piece in pieces] == [0, 2_000_000, 4_000_000, 6_000_000, 8_000_000]
    assert all(piece.video[0].keyframe and piece.video[0].at_us == piece.start_us for piece in pieces)
    assert all(earlier.end_us == later.start_us for earlier, later in pairwise(pieces))
    assert sum(len(piece.video) + len(piece.sound) for piece in pieces) == len(packets)
    for piece in pieces:
        assert all(piece.start_us <= packet.at_us < piece.end_us for packet in piece.sound)


def test_the_press_itself_cuts() -> None:
    packets = film(0, 5_000_000)
    pieces = cut(Cutter(1_000_000, 2_000_000, sound=True), packets)
    assert [piece.start_us for piece in pieces] == [0, 1_000_000, 3_000_000]


def test_sound_before_the_first_keyframe_is_dropped() -> None:
    packets = [sound(at) for at in range(0, 500_000, SOUND_FRAME_US)] + film(1_000_000, 3_000_000)
    pieces = cut(Cutter(1_000_000, 2_000_000, sound=True), packets)
    assert pieces[0].start_us == 1_000_000
    assert pieces[0].sound[0].at_us == 1_000_000


@given(st.integers(0, 8_000_000), st.integers(0, 8_000_000))
def test_no_sound_from_before_the_permission_is_ever_in_a_piece(allowed_us: int, told_us: int) -> None:
    cutter = Cutter(2_000_000, 2_000_000, sound=False)
    pieces = []
    told = False
    for packet in film(0, 8_000_000):
        if not told and packet.at_us >= told_us:
            told = True
            cutter.allow_sound(allowed_us)
        pieces += cutter.add(packet)
    pieces += cutter.finish()
    kept = [packet.at_us for piece in pieces for packet in piece.sound]
    assert all(at_us >= allowed_us for at_us in kept)
    wanted = [at for at in range(0, 8_000_000, SOUND_FRAME_US) if at >= max(allowed_us, told_us)]
    assert set(wanted) <= set(kept)


def test_without_a_camera_sound_is_cut_by_time() -> None:
    sounds = [sound(at) for at in range(0, 10_000_000, SOUND_FRAME_US)]
    pieces = cut(Cutter(1_000_000, 2_000_000, sound=True), sounds)
    assert len(pieces) == 5
    assert sum(len(piece.sound) for piece in pieces) == len(sounds)
    assert all(piece.end_us - piece.start_us < 2_100_000 for piece in pieces)


def test_nothing_is_kept_while_there_is_neither_picture_nor_permitted_sound() -> None:
    sounds = [sound(at) for at in range(0, 10_000_000, SOUND_FRAME_US)]
    assert cut(Cutter(1_000_000, 2_000_000, sound=False), sounds) == []


def test_after_lost_packets_the_picture_waits_for_a_keyframe() -> None:
    packets = [video(at) for at in range(0, 1_400_000, FRAME_US)]
    packets += [video(at, after_gap=at == 1_600_000) for at in range(1_600_000, 3_000_000, FRAME_US)]
    kept = [packet.at_us for piece in cut(Cutter(0, 2_000_000, sound=True), packets) for packet in piece.video]
    assert not [at for at in kept if 1_400_000 <= at < 2_000_000]
    assert 2_000_000 in kept


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 2_500_000), st.booleans()), min_size=1, max_size=300),
    st.booleans(),
)
def test_whatever_comes_pieces_stay_playable_and_bounded(steps: list[tuple[bool, int, bool]], allowed: bool) -> None:
    cutter = Cutter(1_000_000, 2_000_000, allowed)
    clocks = {True: 0, False: 0}
    pieces: list[Piece] = []
    for is_video, step_us, keyframe in steps:
        clocks[is_video] += step_us
        at_us = clocks[is_video]
        pieces += cutter.add(video(at_us, keyframe) if is_video else sound(at_us))
        pieces += cutter.idle(max(clocks.values()))
    pieces += cutter.finish()
    for piece in pieces:
        assert not piece.video or piece.video[0].keyframe
        assert piece.video or piece.sound
        assert all(packet.at_us >= piece.start_us for packet in (*piece.video, *piece.sound))
    assert all(earlier.start_us <= later.start_us for earlier, later in pairwise(pieces))


# --- watch -----------------------------------------------------------------------------------------------------------


def test_one_fault_one_return() -> None:
    posted: list[object] = []
    faults = Faults(posted.append)
    for _ in range(3):
        faults.seen("camera", "gone")
    for _ in range(3):
        faults.gone("camera")
    assert posted == [FaultSeen("camera", "gone"), FaultGone("camera")]


def test_a_stream_that_keeps_breaking_is_not_steady() -> None:
    watch = StreamWatch(stall_ms=3_000, steady_ms=1_000)
    for start_ms in range(0, 20_000, 3_000):
        for at_ms in range(start_ms, start_ms + 600, 40):
            watch.packet(at_ms)
            assert not watch.is_steady(at_ms)
        watch.broke()
    for at_ms in range(30_000, 31_100, 40):
        watch.packet(at_ms)
    assert watch.is_steady(31_100)
    assert watch.is_live(33_000)
    assert not watch.is_live(35_000)
