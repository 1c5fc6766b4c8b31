"""The health thread: everything that a box knows of itself goes to the hub, and what is due to the core."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.desk import IDENTITY, RULES, counted_ids

from contract.codec import decode
from contract.messages import AlarmRaised, ClockState, Event, Gesture, Health, Level, RecordingState, SelftestFinished
from device.adapters.board_linux import LinuxBoard
from device.core.board import BoardState
from device.core.box import Box
from device.core.care import DAY_MS, CareRules
from device.core.events import FaultSeen, Happening, Instant, SelftestDue
from device.core.scribe import Scribe
from device.ports import Sample, Vitals
from device.tending import CARE_FILE, CareBook, Tender

RULE = CareRules(selftest_minute=450, press_every_ms=7 * DAY_MS)


class HandClock:
    def __init__(self) -> None:
        self.ms = 10_000
        self.start = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)

    def now(self) -> Instant:
        return Instant(self.ms, self.start + timedelta(milliseconds=self.ms), ClockState.SYNCED)


class Board(LinuxBoard):
    def __init__(self) -> None:
        self.state = BoardState((), 51.5, 2**33)
        self.gone = False

    def read(self) -> BoardState:
        if self.gone:
            raise OSError(5, "Input/output error")
        return self.state


class Recorder:
    def start(self) -> None: ...

    def keep(self, incident: str, sound: bool) -> None: ...

    def allow_sound(self, incident: str, from_mono_ms: int) -> None: ...

    def stop(self, incident: str) -> None: ...

    def state(self) -> RecordingState:
        return RecordingState.ARMED

    def vitals(self) -> Vitals:
        return Vitals(camera_age_ms=40, sound_age_ms=20, sound_dbfs=-52.5)

    def sample(self, duration_ms: int) -> Sample:
        raise AssertionError("nobody takes a sample here")

    def close(self) -> None: ...


class Household:
    def __init__(self, state: Path, clock: HandClock) -> None:
        self.clock, self.board = clock, Board()
        self.posted: list[Happening] = []
        self.told: list[str] = []
        self.rooms = 0
        ids = counted_ids()
        self.scribe = Scribe(IDENTITY, lambda: next(ids))
        self.care = CareBook(state, RULE, clock)
        self.tender = Tender(
            box=Box(IDENTITY, RULES, lambda: next(ids)),
            identity=IDENTITY,
            recorder=Recorder,
            spool_depth=lambda: 3,
            care=self.care,
            board=self.board,
            clock=clock,
            post=self.posted.append,
            tell=self.told.append,
            make_room=self._room,
        )

    def _room(self) -> None:
        self.rooms += 1

    def event(self, body: Any) -> Event:
        return self.scribe.event(self.clock.now(), body)

    def press(self) -> None:
        body = AlarmRaised(incident=self.scribe.new_id(), level=Level.ASSIST, gesture=Gesture.SHORT, drill=True)
        self.care.saw(self.event(body))

    def health(self) -> Health:
        return decode(Health, self.told[-1].encode())


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def test_everything_that_the_box_knows_is_told(tmp_path: Path, clock: HandClock) -> None:
    home = Household(tmp_path, clock)
    home.board.state = BoardState(("under_voltage", "throttled"), 51.5, 2**33)
    home.press()
    home.care.saw(home.event(SelftestFinished(ok=True)))
    home.tender.look()
    health = home.health()
    assert (health.camera_age_ms, health.sound_age_ms, health.sound_dbfs) == (40, 20, -52.5)
    assert (health.power, health.temperature_c) == (("under_voltage", "throttled"), 51.5)
    assert (health.recording, health.spool_depth, health.disk_free_bytes) == (RecordingState.ARMED, 3, 2**33)
    assert (health.selftest_ok, health.selftest_at, health.pressed_at) == (True, clock.now().wall, clock.now().wall)
    assert [event.fault for event in home.posted if isinstance(event, FaultSeen)] == ["under_voltage"]
    assert home.rooms == 1


def test_a_machine_that_cannot_be_asked_stops_neither_calendar_nor_room(tmp_path: Path, clock: HandClock) -> None:
    home = Household(tmp_path, clock)
    home.tender.look()
    assert len(home.told) == 1
    home.board.gone = True
    clock.ms += 8 * DAY_MS
    home.tender.look()
    assert len(home.told) == 1  # nothing true could be told
    assert home.rooms == 2
    assert "press_overdue" in {event.fault for event in home.posted if isinstance(event, FaultSeen)}
    assert any(isinstance(event, SelftestDue) for event in home.posted)
    home.board.gone = False
    home.tender.look()
    assert len(home.told) == 2


def test_the_calendar_outlives_a_restart(tmp_path: Path, clock: HandClock) -> None:
    first = Household(tmp_path, clock)
    first.press()
    first.tender.close()
    again = CareBook(tmp_path, RULE, clock)
    assert again.record().pressed_at == clock.now().wall
    clock.ms += 7 * DAY_MS + 1
    posted: list[Happening] = []
    again.look(posted.append)
    assert "press_overdue" in {event.fault for event in posted if isinstance(event, FaultSeen)}


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"at": 7}', b'{"at": "yesterday", "clock": "synced"}', b"\xff"]
)
def test_a_damaged_calendar_is_begun_anew(tmp_path: Path, clock: HandClock, content: bytes) -> None:
    (tmp_path / CARE_FILE).write_bytes(content)
    book = CareBook(tmp_path, RULE, clock)
    assert book.record().pressed_at is None
    book.close()
    assert json.loads((tmp_path / CARE_FILE).read_text())["press_ago_ms"] == 0
