"""A contact that the city wants recorded as a whole: each gap is told once, for such acts only."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.profile import load
from hub.config import load as load_settings
from hub.domain.course import Course, Happened
from hub.domain.whole_recording import SAME, Gap, Signed, gaps, new
from hub.recording_watch import LATER_S, RecordingWatch
from hub.store.schema import alert, segment
from tests.hub.rounds import CONTACTS, Round
from tests.hub_web.conftest import NOW, PROFILES, Hub
from tests.hub_web.sealing import SigningBox
from tests.hub_web.sealing import segment as content


class Counter:
    """A counter of a city with full_types, an incident there, and the worker's look at it."""

    def __init__(self, hub: Hub) -> None:
        self.hub, self.incident, self.at = hub, hub.press(), hub.time
        self.watch = RecordingWatch(hub.site.rules.of, hub.site.roster, hub.engine)
        self.begun, self.box = hub.time.at, SigningBox()

    def says(self, deed: str, **said: Any) -> None:
        path = f"/api/v1/incidents/{self.incident}/{deed}"
        answer = self.hub.client().post(path, json=said, headers=self.hub.machine("supervisor"))
        assert answer.status_code == 200, answer.text

    def tells(self, kind: str, **data: Any) -> None:
        self.hub.told(self.incident, kind, data=data)

    def passes(self, seconds: float) -> None:
        self.hub.time.moves(seconds=seconds)
        self.looks()

    def looks(self) -> None:
        self.watch.cycle(self.hub.time.at, (self.hub.time.at - self.begun).total_seconds())

    def signs(self, *told: dict[str, Any]) -> None:
        """The box's next segment, as the worker writes it."""
        seq = len(self.hub.rows(segment))
        record = self.box.record(self.incident, seq, content(seq), gaps=tuple(told) or None)
        with self.hub.engine.begin() as connection:
            connection.execute(
                segment.insert().values(
                    incident=self.incident, seq=seq, box="counter-01", record=record, signature="", head="",
                    start_ms=seq * 2000, end_ms=seq * 2000 + 2000, bytes=1,
                )
            )  # fmt: skip
        self.tells("segment.sealed", seq=seq)

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(row.why, row.contact) for row in self.hub.rows(alert)]


@pytest.fixture
def counter(make_hub: Callable[..., Hub]) -> Counter:
    return Counter(make_hub(profile="yurihonjo", more=CONTACTS))


GAP = [("recording_gap", "chief")]


def test_yur_02_a_gap_while_a_threat_goes_on_is_told_to_supervisors_once(counter: Counter) -> None:
    counter.tells("recording.started", pre_roll_ms=0, video=True, audio=True)
    counter.says("mark", mark="act", act="threat")
    counter.passes(60)
    assert counter.told == []
    counter.tells("fault.raised", fault="microphone")
    counter.passes(5)
    counter.passes(5)
    assert counter.told == GAP
    counter.signs({"stream": "sound", "start_ms": 61_000, "end_ms": 69_000, "why": "lost"})  # the same, as signed
    counter.passes(5)
    assert counter.told == GAP
    counter.tells("fault.cleared", fault="microphone")
    counter.passes(120)
    counter.tells("fault.raised", fault="microphone")  # another one
    counter.passes(1)
    assert counter.told == GAP * 2


def test_yur_02_an_act_that_is_marked_after_the_gap_brings_the_alert_with_the_mark(counter: Counter) -> None:
    counter.tells("recording.started", pre_roll_ms=0, video=True, audio=True)
    counter.signs({"stream": "picture", "start_ms": 500, "end_ms": 1900, "why": "frozen"})
    counter.passes(300)
    assert counter.told == []
    counter.says("mark", mark="act", act="demand")
    counter.looks()
    assert counter.told == GAP
    page = counter.hub.signed_in("staff")
    for path in (f"/incidents/{counter.incident}", "/companion/counter-01"):
        text = page.get(path).text
        assert "初めから終わりまで残す応対ですが" in text, path
        assert "映像：止まったままの映像です" in text, path
        assert "言葉と時刻を書き留めてください" in text, path


def test_yur_02_a_recording_that_never_begins_or_ends_early_is_told(counter: Counter) -> None:
    counter.says("mark", mark="act", act="threat")
    counter.passes(1)
    assert counter.told == []
    counter.passes(LATER_S)
    assert counter.told == GAP
    counter.tells("recording.started", pre_roll_ms=0, video=True, audio=True)
    counter.passes(60)
    counter.tells("recording.closed", count=3)
    counter.passes(1)
    assert counter.told == GAP * 2
    whys = [entry["data"]["why"] for entry in _timeline(counter) if entry["kind"] == "recording.gap"]
    assert whys == ["not_begun", "ended_early"]


@pytest.mark.parametrize("apart", [{"drill": True}, {"origin": "visit"}])
def test_yur_02_only_calls_in_earnest_at_counters_are_watched(counter: Counter, apart: dict[str, Any]) -> None:
    earnest, counter.incident = counter.incident, counter.hub.press("counter-01", **apart)
    counter.says("mark", mark="act", act="threat")
    counter.passes(1)
    counter.passes(LATER_S)
    assert counter.told == []
    counter.incident = earnest
    counter.says("mark", mark="act", act="threat")
    counter.passes(1)
    assert counter.told == GAP


@pytest.mark.parametrize("act", ["threat", "abuse", "violence", "danger"])
def test_yur_02_a_talk_from_before_the_press_lacks_its_beginning_which_is_told_once(counter: Counter, act: str) -> None:
    counter.hub.time.moves(minutes=25)
    counter.says("contact", action="started")
    counter.passes(3)
    counter.tells("recording.started", pre_roll_ms=0, video=True, audio=True)
    counter.says("mark", mark="act", act=act)
    counter.passes(60)
    assert counter.told == []
    counter.says("contact", action="started", at=NOW.isoformat())
    counter.passes(5)
    assert counter.told == GAP
    counter.says("contact", action="started", at=(NOW + timedelta(minutes=10)).isoformat())
    counter.passes(5)
    assert counter.told == GAP
    counter.tells("fault.raised", fault="microphone")  # another one
    counter.passes(5)
    assert counter.told == GAP * 2
    at_the_counter = counter.hub.sees("staff", "/companion/counter-01").text
    assert "応対の始め：録音・録画が始まる前から応対していました" in at_the_counter
    paper = counter.hub.sees("section_head", f"/api/v1/incidents/{counter.incident}/report.csv?form=record").text
    assert "録音・録画が欠けています" in paper


def test_yur_02_the_recording_may_end_with_the_contact(counter: Counter) -> None:
    counter.tells("recording.started", pre_roll_ms=0, video=True, audio=True)
    counter.says("mark", mark="act", act="threat")
    counter.passes(60)
    counter.says("contact", action="ended")
    counter.passes(2)
    counter.tells("recording.closed", count=3)
    counter.tells("fault.raised", fault="camera")
    counter.passes(60)
    assert counter.told == []


def test_yur_02_gaps_are_told_once_across_a_restart_of_the_worker(counter: Counter) -> None:
    counter.says("mark", mark="act", act="threat")
    counter.passes(LATER_S + 1)
    counter.watch = RecordingWatch(counter.hub.site.rules.of, counter.hub.site.roster, counter.hub.engine)
    counter.looks()
    assert counter.told == GAP


def test_yur_02_other_acts_and_gaps_that_the_rules_want_are_never_told(counter: Counter) -> None:
    counter.tells("recording.started", pre_roll_ms=0, video=True, audio=True)
    counter.tells("fault.raised", fault="camera")
    counter.says("mark", mark="act", act="hold")
    counter.passes(600)
    assert counter.told == []
    counter.tells("fault.cleared", fault="camera")
    other = Counter(counter.hub)
    other.tells("recording.started", pre_roll_ms=0, video=True, audio=True)
    other.says("mark", mark="act", act="threat")
    other.signs({"stream": "sound", "start_ms": 0, "end_ms": 1500, "why": "withheld"})
    other.passes(60)
    assert counter.told == []


def _timeline(counter: Counter) -> Any:
    path = f"/api/v1/incidents/{counter.incident}"
    return counter.hub.client().get(path, headers=counter.hub.machine()).json["timeline"]


def test_yur_02_the_engine_looks_by_itself_where_the_city_wants_it(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(profile="yurihonjo", more=CONTACTS)
    turn = Round(load_settings(hub.directory))
    call = turn.call(received_at=turn.at - timedelta(minutes=1), state="seen", seen_at=turn.at)
    hub.told(call, "marked", data={"mark": "act", "act": "threat"}, at=turn.at)
    turn.cycle()
    rows = turn.rows(alert, alert.c.incident == call, alert.c.why == "recording_gap")
    assert [row.contact for row in rows] == ["chief"]
    turn.database.dispose()


# --- the rule itself -------------------------------------------------------------------------------------------------


PROFILE = load((PROFILES / "yurihonjo.toml").read_text("utf-8"), "yurihonjo.toml")


def happened(kind: str, second: float, **data: Any) -> Happened:
    return Happened(kind, NOW + timedelta(seconds=second), data)


spans = st.lists(
    st.tuples(st.sampled_from(["picture", "sound"]), st.integers(0, 600_000), st.integers(1, 60_000)), max_size=8
)


@given(spans=spans, seen=st.integers(0, 8))
def test_yur_02_each_gap_is_told_once_however_late_segments_come(spans: list[tuple[Any, int, int]], seen: int) -> None:
    course = Course(
        entries=(
            happened("recording.started", 0, pre_roll_ms=0),
            happened("marked", 1, mark="act", act="threat"),
        )
    )
    signed = [Signed(stream, "lost", start, start + length) for stream, start, length in spans]
    now: datetime = NOW + timedelta(hours=1)
    told: list[Gap] = []
    for part in (signed[:seen], signed):
        told += new(gaps(PROFILE, course, part, NOW, now), [(gap.stream, gap.since) for gap in told])
    again = new(gaps(PROFILE, course, signed, NOW, now), [(gap.stream, gap.since) for gap in told])
    assert again == []
    for gap in gaps(PROFILE, course, signed, NOW, now):  # and nothing that is missing goes untold
        assert gap.until is not None
        assert any(one.stream == gap.stream and gap.since - SAME <= one.since <= gap.until + SAME for one in told)
