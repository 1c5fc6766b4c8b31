"""Which sentences of a card are written down as spoken, and what cards tell of our own recording: nothing untrue."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from contract.profile import PolicyProfile, load
from hub import card_files
from hub.domain import card_facts
from hub.domain.card import Cue, as_said, for_profile, read
from hub.domain.course import Happened

NOON = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
PROFILES = Path(card_files.__file__).parents[1] / "contract" / "profiles"
CARDS = card_files.cards()
WORDS = dict.fromkeys(card_facts.WORDS, "7")


def profile(name: str = "default") -> PolicyProfile:
    """A bundled profile."""
    return load((PROFILES / f"{name}.toml").read_text("utf-8"), name)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("name", CARDS)
def test_shi_28_one_tap_writes_down_no_sentence_for_another_moment_and_none_with_a_gap(
    name: str, language: str
) -> None:
    shown = read(CARDS[name], language, WORDS)
    for moment in get_args(Cue):
        said = as_said(shown, moment)
        assert not re.search("[〇…(]", said)
        cues = {line.cue for line in shown.say if line.text in said} - {""}
        assert cues <= {moment}


def test_shi_28_what_one_tap_writes_down_of_a_card_is_what_is_said_at_once_or_now() -> None:
    rules = for_profile(CARDS["slot"], profile(name="shinagawa"))
    slot = read(rules, "ja", {"minutes": "30"})
    assert as_said(slot) == "ほかの仕事がございますので、30分までお話を伺います。"
    assert as_said(slot, "ends") == "お約束の時間になりました。今日はお帰りください。"
    assert as_said(read(CARDS["swap"], "ja", {})) == ""
    assert as_said(read(CARDS["hear"], "en", {})).split("　") == [
        "Please tell me from the start.",
        "I am sorry for the inconvenience. I understand how you feel.",
    ]


def test_shi_28_nobody_is_said_to_have_apologised_where_no_apology_was_due() -> None:
    authority = read(CARDS["authority"], "ja", {})
    assert [line.cue for line in authority.say if "お詫びは、先ほど" in line.text] == ["own_slip"]
    assert as_said(authority).startswith("どなたにも、同じように")


@pytest.mark.parametrize(("own", "said"), [
    (("では時間を決めます。", "時間です。", "後ほど。"), "では時間を決めます。"),
    (("お約束の時間になりました。今日はお帰りください。", "では時間を決めます。"), "では時間を決めます。"),
])  # fmt: skip
def test_shi_28_a_city_s_own_sentence_is_said_when_the_one_in_its_place_is(own: tuple[str, ...], said: str) -> None:
    shown = read(CARDS["slot"], "ja", {}, own)
    assert as_said(shown) == said
    assert [line.cue for line in shown.say if line.text != said] == ["ends"] * (len(own) - 1)


@pytest.mark.parametrize(("told", "on"), [
    ([], "none"),
    (["recording.started"], "sound_and_picture"),
    (["recording.started", "recording.closed"], "none"),
    (["recording.started", "recording.closed", "recording.started"], "sound_and_picture"),
    (["recording.started", "fault.raised microphone"], "picture"),
    (["recording.started", "fault.raised camera_black"], "sound"),
    (["recording.started", "fault.raised disk"], "none"),
    (["recording.started", "fault.raised disk", "fault.cleared disk"], "sound_and_picture"),
    (["recording.started", "fault.raised clock"], "sound_and_picture"),
])  # fmt: skip
def test_shi_31_no_card_speaks_of_a_recording_that_the_box_does_not_make(told: list[str], on: str) -> None:
    entries = []
    for kind, _, fault in (one.partition(" ") for one in told):
        data = {"fault": fault} if fault else {"video": True, "audio": True} if kind == "recording.started" else {}
        entries.append(Happened(kind, NOON, data))
    assert card_facts.recorded(entries) == on
    shown = read(for_profile(CARDS["notice"], profile(), {"recording.on": on}), "ja", {})
    words = {"none": "書き取って", "sound": "録音を", "picture": "録画を", "sound_and_picture": "録音と録画を"}[on]
    assert words in "".join(line.text for line in shown.say)
