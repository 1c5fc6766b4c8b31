"""Every five seconds: the hub is told how the box is, the core what is due or wrong, and room is made on the disk."""

import json
import logging
import sqlite3
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from contract.codec import encode
from contract.messages import AlarmRaised, AlarmRepeated, ClockState, Event, Health, RecordingState, SelftestFinished
from device.adapters.board_linux import LinuxBoard
from device.core.board import Board, BoardState
from device.core.box import Box
from device.core.care import Care, CareRecord, CareRules
from device.core.scribe import Identity
from device.ports import Clock, PortError, Post, Recorder

log = logging.getLogger("madomori.tending")

EVERY_S: Final = 5.0
KEPT_EVERY_MS: Final = 10 * 60_000
"""How often the counts are written down: a power cut costs so much of them, and the card is spared."""
CARE_FILE: Final = "care.json"


class CareBook:
    """`state/care.json`: what was pressed and tested when. Safe from any thread."""

    def __init__(self, state: Path, rules: CareRules, clock: Clock) -> None:
        self._path = state / CARE_FILE
        self._clock = clock
        self._lock = threading.Lock()
        now = clock.now()
        self._born_ms = now.mono_ms
        self._kept_ms: int | None = None
        self._care = Care(rules, _read(self._path), now)

    def look(self, post: Post) -> None:
        """Post what is due or overdue now, and keep the counts now and then."""
        now = self._clock.now()
        local = now.wall.astimezone()
        with self._lock:
            news = self._care.look(now, local.hour * 60 + local.minute, now.mono_ms - self._born_ms)
            if self._kept_ms is None or now.mono_ms - self._kept_ms >= KEPT_EVERY_MS:
                self._keep()
        for item in news:
            post(item)

    def saw(self, event: Event) -> None:
        """An event was made; only presses and self-tests are of interest. Returns at once."""
        match event.body:
            case AlarmRaised() | AlarmRepeated():
                with self._lock:
                    self._care.pressed(self._clock.now())
                    self._kept_ms = None  # kept at the next look, not on the thread of a press
            case SelftestFinished(ok=ok):
                with self._lock:
                    self._care.selftested(self._clock.now(), ok)
                    self._kept_ms = None
            case _:
                pass

    def record(self) -> CareRecord:
        """As it stands now."""
        with self._lock:
            return self._care.record(self._clock.now())

    def close(self) -> None:
        """Keep the counts."""
        with self._lock:
            self._keep()

    def _keep(self) -> None:
        now = self._clock.now()
        self._kept_ms = now.mono_ms
        temporary = self._path.with_suffix(".new")
        try:
            temporary.write_text(_written(self._care.record(now)), "utf-8")
            temporary.replace(self._path)
        except OSError as error:
            log.error("presses and self-tests cannot be written down: %s", error)  # disk faults show elsewhere


class Tender:
    """The health thread. `tell` gets each `Health` as the wire has it; `make_room` frees what the hub has."""

    def __init__(
        self,
        *,
        box: Box,
        identity: Identity,
        recorder: Callable[[], Recorder | None],
        spool_depth: Callable[[], int],
        care: CareBook,
        board: LinuxBoard,
        clock: Clock,
        post: Post,
        tell: Callable[[str], object],
        make_room: Callable[[], object],
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._box = box
        self._identity = identity
        self._recorder = recorder
        self._spool_depth = spool_depth
        self._care = care
        self._machine = board
        self._board = Board()
        self._clock = clock
        self._post = post
        self._tell = tell
        self._make_room = make_room
        self._beat = beat
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End, and keep the counts."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(2 * EVERY_S)
        self._care.close()

    def look(self) -> None:
        """Once around."""
        steps: tuple[Callable[[], object], ...] = (self._see_to_board, self._see_to_care, self._make_room)
        for step in steps:
            try:
                step()
            except (OSError, sqlite3.Error, PortError) as error:
                log.error("%s", error)

    def _run(self) -> None:
        while not self._closing.wait(EVERY_S):
            self._beat()
            try:
                self.look()
            except Exception:  # a bug here must neither end the heartbeat nor hide
                log.exception("health")

    def _see_to_care(self) -> None:
        self._care.look(self._post)

    def _see_to_board(self) -> None:
        state = self._machine.read()
        for news in self._board.look(state):
            self._post(news)
        self._tell(encode(self._health(state)).decode())

    def _health(self, board: BoardState) -> Health:
        now, identity, standing, recorder = self._clock.now(), self._identity, self._box.standing, self._recorder()
        vitals = recorder.vitals() if recorder is not None else None
        care = self._care.record()
        return Health(
            box=identity.box,
            boot=identity.boot,
            at=now.wall,
            mono_ms=now.mono_ms,
            clock=now.clock,
            profile=identity.profile,
            recording=recorder.state() if recorder is not None else RecordingState.OFF,
            incident=standing.incident if standing is not None else None,
            faults=self._box.faults[:50],
            spool_depth=self._spool_depth(),
            disk_free_bytes=board.disk_free_bytes,
            temperature_c=board.temperature_c,
            power=board.power,
            camera_age_ms=vitals and vitals.camera_age_ms,
            sound_age_ms=vitals and vitals.sound_age_ms,
            sound_dbfs=vitals and vitals.sound_dbfs,
            selftest_at=care.selftest_at,
            selftest_ok=care.selftest_ok,
            pressed_at=care.pressed_at,
            drill_s=self._box.drill_left_s(now),
        )


def _read(path: Path) -> CareRecord | None:
    try:
        fields: dict[str, Any] = json.loads(path.read_text("utf-8"))
        for name in ("at", "pressed_at", "selftest_at"):
            fields[name] = fields[name] and datetime.fromisoformat(fields[name])
        fields["clock"] = ClockState(fields["clock"])
        return CareRecord(**fields)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.error("%s cannot be read, presses and self-tests are counted anew: %s", path, error)
        return None


def _written(record: CareRecord) -> str:
    return json.dumps(
        {
            "at": record.at.isoformat(),
            "clock": record.clock.value,
            "pressed_at": record.pressed_at and record.pressed_at.isoformat(),
            "press_ago_ms": record.press_ago_ms,
            "selftest_at": record.selftest_at and record.selftest_at.isoformat(),
            "selftest_ok": record.selftest_ok,
            "selftest_ago_ms": record.selftest_ago_ms,
        }
    )
