"""Looks at picture and sound, and the holes that are found from them: the parts with no library in them."""

from array import array
from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.evidence import Gap
from device.core.events import FaultGone, FaultSeen
from device.recorder.gaps import GAPS_MAX, GapFinder, Hole, joined
from device.recorder.packets import SOUND_FRAME_US, Packet, Piece
from device.recorder.seeing import Ear, Eye, Heard, Look, Spell
from device.recorder.senses import Senses
from device.recorder.settings import RecorderSettings
from device.recorder.watching import Faults

FRAME_US = 40_000
S = 1_000_000
SETTINGS = RecorderSettings()


def frame(rows: list[bytes], rest: bytes = b"") -> object:
    """As PyAV's: one plane of rows, with `rest` after the end of each."""
    content = bytearray(b"".join(row + rest for row in rows))
    sizes = {"width": len(rows[0]), "line_size": len(rows[0]) + len(rest)}
    return SimpleNamespace(planes=[type("Plane", (bytearray,), sizes)(content)])


def piece(start_us: int, end_us: int, video: range | None = None, sound: range | None = None) -> Piece:
    """A piece with pictures and sound frames that begin within the ranges."""
    return Piece(
        start_us,
        end_us,
        [Packet(True, at, FRAME_US, True, b"") for at in video or ()],
        [Packet(False, at, SOUND_FRAME_US, False, b"") for at in sound or ()],
    )


def whole(start_us: int, end_us: int) -> Piece:
    return piece(start_us, end_us, range(start_us, end_us, FRAME_US), range(start_us, end_us, SOUND_FRAME_US))


# --- looking and listening --------------------------------------------------------------------------------------------


def test_pictures_are_looked_at_once_a_second_however_many_come() -> None:
    eye = Eye(1_000)
    looks = [eye.look(at_ms, frame([bytes(640)] * 4)) for at_ms in range(0, 10_000, 40)]
    assert [look.at_us // 1000 for look in looks if look] == list(range(0, 10_000, 1_000))


def test_the_least_change_of_a_single_dot_is_another_picture() -> None:
    rows = [bytes([120]) * 640 for _ in range(360)]
    changed = [*rows[:200], rows[200][:333] + b"\x79" + rows[200][334:], *rows[201:]]
    first, same, other = (
        Eye(1_000).look(0, frame(content, rest)) for content, rest in ((rows, b"aa"), (rows, b"bb"), (changed, b"aa"))
    )
    assert first is not None
    assert same is not None
    assert other is not None
    assert first.digest == same.digest != other.digest
    assert not first.dark


@pytest.mark.parametrize(("luma", "dark"), [(16, True), (30, True), (60, False), (235, False)])
def test_a_covered_lens_is_dark_and_a_dim_room_is_not(luma: int, dark: bool) -> None:
    grain = [bytes((luma + (column * 7 + row) % 5) for column in range(640)) for row in range(360)]
    look = Eye(1_000).look(0, frame(grain))
    assert look is not None
    assert look.dark is dark


def test_the_level_is_that_of_the_last_second() -> None:
    ear, half = Ear(1_000), array("h", [16_384, -16_384] * 480).tobytes()
    heard = [ear.listen(at_ms, half) for at_ms in range(0, 3_000, 20)]
    levels = [one for one in heard if one]
    assert len(levels) == 3
    assert [round(one.dbfs, 1) for one in levels] == [-6.0] * 3
    assert not any(one.flat for one in levels)


@pytest.mark.parametrize("constant", [0, 300])
def test_sound_without_any_movement_is_flat_also_with_a_bias(constant: int) -> None:
    ear = Ear(1_000)
    [heard] = [one for n in range(50) if (one := ear.listen(n * 20, array("h", [constant] * 960).tobytes()))]
    assert heard.flat
    assert (heard.dbfs == -200) is (constant == 0)


def senses() -> tuple[Senses, list[object]]:
    posted: list[object] = []
    return Senses(Faults(posted.append), SETTINGS), posted


def faults(posted: list[object]) -> list[str]:
    return [f"{'+' if isinstance(one, FaultSeen) else '-'}{one.fault}" for one in posted]  # type: ignore[attr-defined]


def test_a_frozen_picture_is_a_fault_and_a_spell_from_its_first_moment() -> None:
    seen, posted = senses()
    for second in range(20):
        seen.look(Look(second * S, 7 if 4 <= second < 14 else second + 100, dark=False))
    assert faults(posted) == ["+camera_frozen", "-camera_frozen"]
    [spell] = seen.spells()
    assert (spell.why, spell.start_us, spell.until_us, spell.over) == ("frozen", 4 * S, 14 * S, True)


def test_a_scene_that_moves_a_little_is_never_frozen() -> None:
    seen, posted = senses()
    for second in range(600):
        seen.look(Look(second * S, second // 4, dark=False))  # a noise-free camera whose clock shows every fourth
    assert posted == []
    assert seen.spells() == ()


def test_a_black_picture_that_stands_still_is_black_and_not_also_frozen() -> None:
    seen, posted = senses()
    for second in range(30):
        seen.look(Look(second * S, 7 if second < 20 else second, dark=second < 20))
    assert faults(posted) == ["+camera_black", "-camera_black"]
    assert posted[1] == FaultGone("camera_black")


def test_silence_between_words_is_no_fault_and_ten_seconds_of_zeros_are() -> None:
    seen, posted = senses()
    for second in range(100):
        seen.listen(Heard(second * S, -60.0, flat=second % 10 != 0))
    assert posted == []
    for second in range(100, 120):
        seen.listen(Heard(second * S, -200.0, flat=True))
    assert faults(posted) == ["+microphone_silent"]


def test_what_was_frozen_before_the_camera_was_lost_does_not_go_on_meanwhile() -> None:
    seen, posted = senses()
    for second in [*range(10), *range(60, 63)]:
        seen.look(Look(second * S, 7, dark=False))
    [spell] = seen.spells()
    assert spell.until_us == 9 * S
    assert faults(posted) == ["+camera_frozen", "-camera_frozen"]


# --- holes -----------------------------------------------------------------------------------------------------------


def test_a_whole_recording_has_no_gap() -> None:
    finder = GapFinder()
    assert [finder.of(whole(start, start + 2 * S), ()) for start in range(0, 20 * S, 2 * S)] == [[]] * 10


def test_a_lost_camera_is_a_gap_in_each_segment_it_is_missing_from() -> None:
    finder = GapFinder()
    sound = range(0, 6 * S, SOUND_FRAME_US)
    pieces = [
        piece(0, 2 * S, range(0, S, FRAME_US), sound[:94]),
        piece(2 * S, 4 * S, None, sound[94:188]),
        piece(4 * S, 6 * S, range(5 * S, 6 * S, FRAME_US), sound[188:]),
    ]
    holes = [hole for one in pieces for hole in finder.of(one, ())]
    assert holes == [
        Hole("picture", S, 2 * S, "lost"),
        Hole("picture", 2 * S, 4 * S, "lost"),
        Hole("picture", 4 * S, 5 * S, "lost"),
    ]


def test_the_short_end_of_a_long_gap_is_told_too() -> None:
    finder = GapFinder()
    sound = range(0, 4 * S, SOUND_FRAME_US)
    holes = finder.of(piece(0, 2 * S, range(0, S // 2, FRAME_US), sound[:94]), ())
    holes += finder.of(piece(2 * S, 4 * S, range(2 * S + 200_000, 4 * S, FRAME_US), sound[94:]), ())
    assert [(hole.start_us, hole.end_us) for hole in holes] == [(520_000, 2 * S), (2 * S, 2 * S + 200_000)]


def test_a_gap_that_is_short_in_either_segment_is_told_whole() -> None:
    finder = GapFinder()
    sound = range(0, 4 * S, SOUND_FRAME_US)
    assert finder.of(piece(0, 2 * S, range(0, 1_800_000, FRAME_US), sound[:94]), ()) == []
    after = finder.of(piece(2 * S, 4 * S, range(2_160_000, 4 * S, FRAME_US), sound[94:]), ())
    assert after == [Hole("picture", 1_800_000, 2_160_000, "lost")]


def test_nothing_from_either_is_told_by_the_next_segment() -> None:
    finder = GapFinder()
    finder.of(whole(0, 2 * S), ())
    assert finder.of(whole(10 * S, 12 * S), ()) == [
        Hole("picture", 2 * S, 10 * S, "lost"),
        Hole("sound", finder_sound_end(), 10 * S, "lost"),
    ]


def finder_sound_end() -> int:
    return range(0, 2 * S, SOUND_FRAME_US)[-1] + SOUND_FRAME_US


def test_sound_that_was_under_way_when_the_recording_was_stopped_is_not_called_lost() -> None:
    one = piece(0, 2 * S, range(0, 2 * S, FRAME_US), range(0, 2 * S - 250_000, SOUND_FRAME_US))
    assert GapFinder().of(one, (), stopped=True) == []
    assert len(GapFinder().of(one, ())) == 1


def test_a_hiccup_of_two_pictures_is_no_gap() -> None:
    pictures = [at for at in range(0, 2 * S, FRAME_US) if at not in (S, S + FRAME_US)]
    one = whole(0, 2 * S)
    one.video = [packet for packet in one.video if packet.at_us in pictures]
    assert GapFinder().of(one, ()) == []


def test_withheld_sound_is_told_with_its_reason_and_is_not_called_silent() -> None:
    one = whole(0, 2 * S)
    one.sound, one.withheld = one.sound[47:], [(0, one.sound[47].at_us)]
    silent = Spell("sound", "silent", -5 * S, S // 2, over=True)
    assert GapFinder().of(one, (silent,)) == [Hole("sound", 0, one.withheld[0][1], "withheld")]


def test_packets_dropped_for_want_of_time_are_told_as_such() -> None:
    one = whole(0, 4 * S)
    one.video = [packet for packet in one.video if not S <= packet.at_us < 2 * S]
    one.video[25].overrun = True
    assert GapFinder().of(one, ()) == [Hole("picture", S, 2 * S, "overrun")]


def test_a_segment_that_could_not_be_made_is_told_by_the_next() -> None:
    finder = GapFinder()
    finder.of(whole(0, 2 * S), ())
    finder.failed()
    holes = finder.of(whole(4 * S, 6 * S), ())
    assert [(hole.stream, hole.end_us, hole.why) for hole in holes] == [
        ("picture", 4 * S, "overrun"),
        ("sound", 4 * S, "overrun"),
    ]


def test_a_spell_is_told_from_its_beginning_and_never_twice() -> None:
    finder, spell = GapFinder(), Spell("picture", "frozen", 3 * S, 3 * S)
    spells: tuple[Spell, ...] = ()
    holes: list[Hole] = []
    for start in range(0, 20 * S, 2 * S):
        if start >= 8 * S:
            spells = (spell,)
            spell.until_us = min(start + S, 13 * S)
        holes += finder.of(whole(start, start + 2 * S), spells)
    assert (holes[0].start_us, holes[-1].end_us) == (3 * S, 13 * S)
    assert all(earlier.end_us == later.start_us for earlier, later in pairwise(holes))


def test_of_what_was_frozen_before_the_press_only_the_kept_part_is_told() -> None:
    spell = Spell("picture", "frozen", -100 * S, S)
    assert GapFinder().of(whole(0, 2 * S), (spell,)) == [Hole("picture", 0, S, "frozen")]


GAPS = st.builds(
    lambda stream, why, start, length: Gap(stream=stream, why=why, start_ms=start, end_ms=start + length),
    st.sampled_from(["picture", "sound"]),
    st.sampled_from(["lost", "frozen", "disk"]),
    st.integers(0, 100_000),
    st.integers(0, 5_000),
)


@given(st.lists(GAPS, max_size=60))
def test_however_many_gaps_a_record_tells_of_every_one(gaps: list[Gap]) -> None:
    told = joined(gaps)
    assert len(told) <= GAPS_MAX
    for gap in gaps:
        assert any(
            one.stream == gap.stream and one.start_ms <= gap.start_ms and gap.end_ms <= one.end_ms for one in told
        )
    assert joined(told) == told


def test_gaps_that_touch_are_one_and_others_stay_apart() -> None:
    lost = Gap(stream="picture", start_ms=0, end_ms=2_000, why="lost")
    more = lost.model_copy(update={"start_ms": 2_000, "end_ms": 3_000})
    other = lost.model_copy(update={"start_ms": 2_000, "why": "frozen"})
    assert joined([more, lost, other]) == (lost.model_copy(update={"end_ms": 3_000}), other)
