"""Presses one at a time, through a simulated box with the real hub behind it."""

import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.figures import Broken, Spread
from bench.listening import LiveStream, Webhooks
from support.api import Api
from support.stage import BoxOnStage

from device.adapters.control_unix import call
from device.simulated.control import TAP_MS

WARM_UP = 8
QUIET_S = 20.0
_QUIET = ("ready", "nobody", "fault")
_HUB_HAS = ("hub_has", "seen", "coming", "nobody_comes")
_LOOK_S = 0.02
_FINGER_UP_S = TAP_MS / 1000 + 0.1
"""After this the simulated finger has let go, and the contact no longer bounces."""
_EVIDENCE_LOOK_S = 0.001


@dataclass(slots=True)
class Times:
    """What was measured, figure by figure, in ms from the edge."""

    values: dict[str, list[float]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    def note(self, figure: str, value_ms: float | None, incident: str) -> None:
        """Keep a time; one that is missing is a broken promise."""
        if value_ms is None:
            self.missing.append(f"{figure} of {incident}")
        else:
            self.values.setdefault(figure, []).append(value_ms)

    def note_at(self, figure: str, at_s: float | None, pressed_s: float, incident: str) -> None:
        """Keep the moment `at_s` as a time since the press."""
        self.note(figure, None if at_s is None else (at_s - pressed_s) * 1000, incident)

    def spreads(self) -> dict[str, Spread]:
        """Every figure's spread."""
        return {figure: Spread.of(values) for figure, values in self.values.items()}


class Presser:
    """Presses the button of one running simulated box, and looks everywhere for what comes of it."""

    def __init__(
        self, box: BoxOnStage, people: Api, stream: LiveStream, webhooks: Webhooks, *, uploads: bool = True
    ) -> None:
        self._uploads = uploads
        self._box, self._people, self._stream, self._webhooks = box, people, stream, webhooks
        self._state = box.bundle / "state"
        self.pressed: list[tuple[str, str]] = []
        """(incident, event) of each press."""
        self._done: set[str] = set()
        self._pressed_s = 0.0

    def series(self, count: int, *, recording: int = 0, evidence: bool = False) -> tuple[Times, Times]:
        """Times of `count` calls, each a new incident on a quiet box; and of an emergency while the first `recording`
        of them are being recorded. The first calls warm up and do not count.
        """
        quiet, while_recording = Times(), Times()
        for number in range(-WARM_UP, count):
            self._wait_quiet()
            incident = self._press("assist", quiet if number >= 0 else Times(), evidence)
            if 0 <= number < recording:
                self._wait_for(lambda: self._lamp().get("recording"), "a running recording")
                time.sleep(max(0.0, self._pressed_s + _FINGER_UP_S - time.monotonic()))
                self._press("emergency", while_recording, evidence=False)
            self._people.do(incident, "contact", action="ended")
        self._wait_quiet()
        return quiet, while_recording

    def _press(self, level: str, times: Times, evidence: bool) -> str:
        watch = _EvidenceWatch(self._state / "segments") if evidence else None
        report = call(self._state, {"do": "press", "level": level, "until": "hub", "timeout_s": 20}, 30)
        if not report.get("ok"):
            raise Broken(f"a press did not reach the hub: {report}")
        incident, event, pressed_s = str(report["incident"]), str(report["event"]), float(report["pressed_s"])
        self.pressed.append((incident, event))
        self._pressed_s = pressed_s
        if report["type"] == "alarm.raised":
            times.note("lamp", report["lamp_ms"], incident)
            reached: dict[str, float] = report["reached_ms"]
            times.note("receipt", min((reached[one] for one in _HUB_HAS if one in reached), default=None), incident)
        else:
            times.note("receipt", self._released_ms(event, pressed_s), incident)
        times.note("durable", report["durable_ms"], incident)
        if report["type"] == "alarm.raised":  # later changes of an incident may have other causes
            times.note_at(
                "dashboard", self._stream.first_after(("incident", incident), pressed_s, 10), pressed_s, incident
            )
        times.note_at("webhook", self._webhooks.first(incident, level, 10), pressed_s, incident)
        if watch is not None:
            times.note_at("evidence", watch.wait(), pressed_s, incident)
        return incident

    def _released_ms(self, event: str, pressed_s: float) -> float | None:
        """When the spool let go of the event: the receipt came, and that was written down too."""
        end_s = time.monotonic() + 20
        with closing(sqlite3.connect(self._state / "spool.db", timeout=5)) as spool:
            while spool.execute("SELECT 1 FROM event WHERE id = ?", (event,)).fetchone() is not None:
                if time.monotonic() > end_s:
                    return None
                time.sleep(_EVIDENCE_LOOK_S / 2)
        return (time.monotonic() - pressed_s) * 1000

    def _lamp(self) -> dict[str, Any]:
        return call(self._state, {"do": "state"}, 10)

    def _wait_quiet(self) -> None:
        """Until no alarm stands, nothing is recorded, and the hub has everything."""
        self._wait_for(self._is_quiet, "a quiet box")

    def _is_quiet(self) -> bool:
        lamp = self._lamp()
        if time.monotonic() < self._pressed_s + _FINGER_UP_S:
            return False
        return (
            lamp["lamp"] in _QUIET
            and not lamp["recording"]
            and self._depth() == 0
            and (not self._uploads or self._uploaded())
        )

    def _uploaded(self) -> bool:
        notes = self._state / "uploads"
        segments = self._state / "segments"
        for folder in segments.iterdir() if segments.is_dir() else ():
            if folder.name not in self._done:
                note = notes / folder.name
                sealed = len(list(folder.glob("*.seg")))
                if sealed and not (note.exists() and int(note.read_text("ascii")) >= sealed):
                    return False
                self._done.add(folder.name)
        return True

    def _depth(self) -> int:
        with closing(sqlite3.connect(self._state / "spool.db", timeout=5)) as spool:
            return int(spool.execute("SELECT count(*) FROM event").fetchone()[0])

    def _wait_for(self, met: Any, what: str) -> None:
        end_s = time.monotonic() + QUIET_S
        while not met():
            if time.monotonic() > end_s:
                raise Broken(f"{self._box.name}: {what} did not come in {QUIET_S:.0f} s ({self._lamp()})")
            time.sleep(_LOOK_S)


class _EvidenceWatch:
    """Sees the first sealed segment of the next incident appear under its final name, which it gets after its fsync."""

    def __init__(self, segments: Path) -> None:
        self._segments = segments
        self._before = set(segments.iterdir()) if segments.is_dir() else set()
        self._seen_s: float | None = None
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def wait(self) -> float | None:
        """When it appeared, within a millisecond; None when it did not in 20 s."""
        self._thread.join()
        return self._seen_s

    def _look(self) -> None:
        end_s = time.monotonic() + 20
        folder: Path | None = None
        while time.monotonic() < end_s:
            if folder is None and self._segments.is_dir():
                folder = next((path for path in self._segments.iterdir() if path not in self._before), None)
            if folder is not None and (folder / "000000.seg").exists():
                self._seen_s = time.monotonic()
                return
            time.sleep(_EVIDENCE_LOOK_S)
