"""Many boxes at once: a storm of presses, the same boxes one at a time, and ingest without a pause."""

import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.figures import Broken, Spread
from bench.listening import LiveStream
from support.api import Api

from hub import enrol
from hub.config import load
from hub.store.engine import open_database

CROWD = 100
ARRIVE_S = 15.0


@dataclass(slots=True)
class Outcome:
    """What became of presses that were sent on a plan. Spreads are from the planned instant, in ms."""

    pressed: int
    dashboard: Spread
    receipt: Spread
    sending: Spread
    last_receipt_s: float
    resent: int
    generator_cpu_s: float
    interruptions: int
    lost: list[str]
    doubled: list[str]


def enrol_crowd(site: Path, bundles: Path, count: int = CROWD) -> None:
    """Enrol boxes into `bundles`, one folder each, without starting a program for each."""
    config = load(site)
    database = open_database(config.database_url)
    for number in range(count):
        name = f"crowd-{number:03d}"
        enrol.enrol(config, database, name, f"窓口 {number}", bundles / name, datetime.now(UTC))
    database.dispose()


class Crowd:
    """The boxes of `bundles` against the running hub."""

    def __init__(self, bundles: Path, people: Api, stream: LiveStream) -> None:
        self._bundles, self._people, self._stream = bundles, people, stream

    def presses(self, boxes: int, count: int, span_s: float) -> Outcome:
        """`count` calls over `span_s`, seen through to the API."""
        interruptions = self._stream.interruptions
        begun_s, said = self._drive(boxes, "--presses", str(count), "--span", str(span_s))
        sent = said["sent"]
        shown = [self._stream.first_after(("incident", one["incident"]), one["planned_s"], ARRIVE_S) for one in sent]
        receipts = [one["receipt_s"] for one in sent if one["receipt_s"] is not None]
        lost = [f"no receipt: {one['event']}" for one in sent if one["receipt_s"] is None]
        lost += [
            f"not on the dashboard: {one['incident']}" for one, at_s in zip(sent, shown, strict=True) if at_s is None
        ]
        known = Counter({item["id"]: item["presses"] for item in self._people.incidents()})
        lost += [f"not in the API: {one['incident']}" for one in sent if one["incident"] not in known]
        if len(receipts) < len(sent) // 2:
            raise Broken(f"only {len(receipts)} of {len(sent)} presses were receipted")
        return Outcome(
            pressed=len(sent),
            dashboard=_after(sent, shown),
            receipt=_after(sent, [one["receipt_s"] for one in sent]),
            sending=_after(sent, [one["sent_s"] for one in sent]),
            last_receipt_s=round(max(receipts) - begun_s, 3),
            resent=said["resent"],
            generator_cpu_s=round(said["cpu_s"], 3),
            interruptions=self._stream.interruptions - interruptions,
            lost=lost,
            doubled=[one["incident"] for one in sent if known[one["incident"]] > 1],
        )

    def sustained(self, boxes: int, span_s: float) -> tuple[float, list[str]]:
        """Events per second that were receipted while the writer was kept busy for `span_s`, and what was lost."""
        begun_s, said = self._drive(boxes, "--span", str(span_s))
        arrivals = sorted(one["receipt_s"] for one in said["sent"] if one["receipt_s"] is not None)
        settled = [at_s for at_s in arrivals if begun_s + 1.0 <= at_s <= begun_s + span_s]
        if len(settled) < 2:
            raise Broken("the writer took nothing for seconds")
        told = Counter({item["id"]: item["presses"] for item in self._people.incidents()})
        pressed = Counter(one["incident"] for one in said["sent"])
        wrong = [
            f"{incident}: {told[incident]} of {count}" for incident, count in pressed.items() if told[incident] != count
        ]
        wrong += [f"no receipt: {one['event']}" for one in said["sent"] if one["receipt_s"] is None]
        return round((len(settled) - 1) / (settled[-1] - settled[0]), 1), wrong

    def settle(self) -> None:
        """End every contact, so that the ladder has nothing to climb in the next measurement."""
        for item in self._people.incidents():
            if item["contact_ended_at"] is None:
                self._people.do(item["id"], "contact", action="ended")

    def _drive(self, boxes: int, *asked: str) -> tuple[float, dict[str, Any]]:
        command = [sys.executable, str(Path(__file__).with_name("field.py")), str(self._bundles), str(boxes), *asked]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            if process.stdout.readline().strip() != "ready":
                raise Broken("the boxes of the crowd could not connect")
            begin_s = time.monotonic() + 0.5
            process.stdin.write(f"{begin_s}\n")
            process.stdin.flush()
            said = process.stdout.read()
        return begin_s, json.loads(said)


def _after(sent: list[dict[str, Any]], moments: list[float | None]) -> Spread:
    pairs = zip(sent, moments, strict=True)
    return Spread.of((at_s - one["planned_s"]) * 1000 for one, at_s in pairs if at_s is not None)
