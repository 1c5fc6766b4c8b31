"""What is missing of a recording that a city wants whole (YUR-02), in whatever order a box says it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contract.profile import PolicyProfile
from hub.domain.course import Course, Happened
from hub.domain.incident import Entry
from hub.domain.whole_recording import FAULTS, SAME, Gap, Signed, gaps, new, told_before, wanted
from tests.hub_domain.life import PROFILES

PRESSED = datetime(2026, 12, 31, 14, 58, tzinfo=UTC)
YURIHONJO, SHINAGAWA = PROFILES["yurihonjo"], PROFILES["shinagawa"]
THREAT = Happened(Entry.MARKED.value, PRESSED, {"mark": "act", "act": "threat"})
BEGUN = Happened("recording.started", PRESSED, {"pre_roll_ms": 2000})


def at(seconds: float) -> datetime:
    return PRESSED + timedelta(seconds=seconds)


def fault(kind: str, seconds: float, name: str = "camera") -> Happened:
    return Happened(f"fault.{kind}", at(seconds), {"fault": name})


def missing(
    *entries: Happened, signed: tuple[Signed, ...] = (), now_s: float = 600, profile: PolicyProfile = YURIHONJO,
    ended_s: float | None = None, started_s: float | None = None,
) -> list[Gap]:  # fmt: skip
    started_at = None if started_s is None else at(started_s)
    course = Course(contact_started_at=started_at, ended_at=None if ended_s is None else at(ended_s), entries=entries)
    return gaps(profile, course, signed, PRESSED, at(now_s))


def test_yur_02_of_any_other_contact_nothing_is_missing() -> None:
    broken = (BEGUN, fault("raised", 5))
    assert missing(*broken) == []
    assert missing(*broken, THREAT, profile=SHINAGAWA) == []
    assert [one.why for one in missing(*broken, THREAT)] == ["camera"]
    assert wanted(YURIHONJO, ["hold", "threat"])
    assert not wanted(YURIHONJO, ["hold"])
    assert not wanted(YURIHONJO, [])


def test_yur_02_a_fault_is_a_gap_from_when_it_came_until_it_went_and_one_that_only_went_is_none() -> None:
    assert missing(THREAT, BEGUN, fault("cleared", 5), fault("cleared", 9, "disk")) == []
    entries = (THREAT, BEGUN, fault("raised", 5), fault("raised", 8), fault("cleared", 60), fault("cleared", 61))
    assert missing(*entries) == [Gap("picture", "camera", at(5), at(60))]
    assert missing(*entries, fault("raised", 90, "disk")) == [
        Gap("picture", "camera", at(5), at(60)), Gap("whole", "disk", at(90), None),
    ]  # fmt: skip
    assert missing(THREAT, BEGUN, fault("raised", 5, "paper")) == []
    assert missing(*entries, ended_s=5) == [], "after the contact nothing is missing"
    assert missing(*entries, ended_s=5.1) == [Gap("picture", "camera", at(5), at(60))]
    quiet = YURIHONJO.model_copy(update={"recording": YURIHONJO.recording.model_copy(update={"video": "off"})})
    assert missing(*entries, profile=quiet) == [], "nobody wants pictures there"


def test_yur_02_what_the_box_signs_is_told_beside_its_faults_unless_it_is_the_same() -> None:
    def stretch(start_s: float, end_s: float, stream: Any = "picture", why: str = "lost") -> Signed:
        return Signed(stream, why, round(start_s * 1000) + 2000, round(end_s * 1000) + 2000)

    raised = (THREAT, BEGUN, fault("raised", 5), fault("cleared", 60))
    assert missing(THREAT, BEGUN, signed=(stretch(5, 9),)) == [Gap("picture", "lost", at(5), at(9))]
    assert missing(THREAT, signed=(stretch(5, 9),)) == [Gap("whole", "not_begun", PRESSED, None)]
    assert [one.why for one in missing(*raised, signed=(stretch(75, 80),))] == ["camera"]
    assert [one.why for one in missing(*raised, signed=(stretch(75.1, 80),))] == ["camera", "lost"]
    assert [one.why for one in missing(*raised, signed=(stretch(6, 9, "sound"),))] == ["camera", "lost"]
    assert missing(THREAT, BEGUN, signed=(stretch(5, 9, why="withheld"), stretch(5, 9, why="off"))) == []


def test_yur_02_a_recording_that_does_not_run_is_missing_as_a_whole() -> None:
    assert missing(THREAT, now_s=19.9) == []
    assert missing(THREAT, now_s=20) == [Gap("whole", "not_begun", PRESSED, None)]
    closed = Happened("recording.closed", at(30), {})
    assert missing(THREAT, BEGUN, closed) == [Gap("whole", "ended_early", at(30), None)]
    again = Happened("recording.started", at(30.5), {})
    assert missing(THREAT, BEGUN, closed, again) == []
    assert missing(THREAT, BEGUN, closed, ended_s=30) == []


def test_yur_02_what_was_said_before_the_recording_is_a_gap_of_its_own_beside_every_other() -> None:
    assert missing(THREAT, BEGUN, started_s=-21.9) == [], "a box needs some seconds"
    early = Gap("start", "begun_before", at(-22), at(-2))
    assert missing(THREAT, BEGUN, started_s=-22) == [early], "the picture from before the press is kept"
    assert missing(BEGUN, started_s=-22) == [], "nobody wants it whole"
    assert missing(THREAT, BEGUN, fault("raised", 0), started_s=-22) == [early, Gap("picture", "camera", at(0), None)]
    assert missing(THREAT, started_s=-1500) == [Gap("whole", "not_begun", PRESSED, None)]
    late = Happened("recording.started", at(60), {})
    corrected = missing(THREAT, late, started_s=-1500)
    assert new(corrected, [("whole", PRESSED)]) == corrected
    assert new(corrected, [("start", at(-300))]) == [], "corrected, and told already"


names = st.sampled_from([*FAULTS, "paper"])
entries = st.lists(st.tuples(st.sampled_from(["raised", "cleared"]), st.integers(0, 300), names), max_size=12)
stretches = st.lists(
    st.tuples(st.sampled_from(["picture", "sound"]), st.integers(0, 300), st.integers(0, 60)), max_size=4
)


@given(entries, stretches, st.integers(0, 12))
def test_yur_02_each_stretch_is_told_once_however_often_and_late_the_hub_looks(
    said: list[tuple[str, int, str]], stretched: list[tuple[Any, int, int]], cut: int
) -> None:
    course = [fault(kind, seconds, name) for kind, seconds, name in sorted(said, key=lambda one: one[1])]
    signed = tuple(Signed(stream, "lost", 1000 * start, 1000 * (start + length)) for stream, start, length in stretched)
    told: list[tuple[str, datetime]] = []
    for entries in (course[:cut], course, course):
        found = missing(THREAT, BEGUN, *entries, signed=signed)
        assert [one.since for one in found] == sorted(one.since for one in found)
        for one in new(found, told):
            told.append((one.stream, one.since))
        assert new(found, told) == [], "told is told"
    known = tuple(
        Happened(Entry.RECORDING_GAP.value, at(400), {"stream": stream, "since": since.isoformat()})
        for stream, since in told
    )
    assert told_before(Course(entries=known)) == told
    assert timedelta(seconds=15) == SAME
