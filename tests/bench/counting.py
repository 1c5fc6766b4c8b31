"""How statistics and the list of incidents answer in front of 1,000,000 timeline entries, beside 10,000.

    .venv/bin/python tests/bench/counting.py [--small 10000] [--large 1000000] [--rounds 40]

Prints one JSON object. The goal is a p95 ratio of at most 3. Both databases spread their incidents over the same five
years, so that the larger one has more in every period too. `cold` is the first answer after a start, when no month is
known; `touched` is one right after somebody changed an incident of the running month.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import Engine, insert

from contract.units import Rules, Written
from contract.units import rules as made_rules
from hub.domain.statistics import Period
from hub.store import time_signs
from hub.store.engine import begin_read, begin_write, open_database
from hub.store.schema import box, change, incident, metadata, timeline
from hub.store.statistics import Months

NOW = datetime(2026, 11, 20, 2, 41, tzinfo=UTC)
YEARS = 5
ENTRIES = 30
"""Timeline entries of one incident."""
KINDS = ("segment.sealed",) * 20 + (
    "alarm.raised", "notice.played", "acknowledged", "responding", "contact.started", "noted", "marked", "step.taken",
    "contact.ended", "judged",
)  # fmt: skip
DATA: dict[str, Any] = {
    "marked": {"mark": "stalemate"},
    "step.taken": {"step": "warn", "count": 1},
    "judged": {"finding": "harassment", "acts": ["abuse", "hold"], "persons": ["佐藤", "田中"]},
}
ACTS = (["abuse", "hold"], ["threat"], ["repeat", "demand"])


def fill(engine: Engine, entries: int) -> int:
    """A database with so many timeline entries; the number of incidents."""
    metadata.create_all(engine)
    count = entries // ENTRIES
    with begin_write(engine) as connection:
        for number in range(20):
            connection.execute(
                insert(box).values(name=f"counter-{number:02}", counter=f"窓口{number}", enrolled_at=NOW, faults=[])
            )
    for start in range(0, count, 500):
        made = list(_incidents(range(start, min(start + 500, count)), count))
        with begin_write(engine) as connection:
            connection.execute(insert(incident), made)
            connection.execute(insert(timeline), [entry for one in made for entry in _timeline(one)])
            connection.execute(
                insert(change), [{"kind": "incident", "incident": one["id"], "at": one["pressed_at"]} for one in made]
            )
    return count


def _incidents(numbers: range, count: int) -> Iterator[dict[str, Any]]:
    for number in numbers:
        at = NOW - timedelta(days=365 * YEARS) * (1 - number / count)
        yield {
            "id": f"{number:08x}-0000-7000-8000-000000000000",
            "number": f"{at.year}-{number:06d}",
            "box": f"counter-{number % 20:02}",
            "counter": f"窓口{number % 20}",
            "level": "emergency" if number % 7 == 0 else "assist",
            "state": "closed",
            "drill": number % 50 == 0,
            "presses": 1,
            "pressed_at": at,
            "clock": "synced",
            "received_at": at,
            "raised_at": at,
            "seen_at": at + timedelta(seconds=number % 60),
            "responder": f"person-{number % 40}",
            "contact_started_at": at,
            "contact_ended_at": at + timedelta(minutes=number % 90),
            "closed_at": at + timedelta(hours=2),
            "outcome": ("harassment", "near_miss", "not_harassment")[number % 3],
            "profile_id": "default",
            "profile_digest": "sha256:0",
            "changed_at": at,
        }


def _timeline(one: dict[str, Any]) -> Iterator[dict[str, Any]]:
    number = int(one["id"][:8], 16)
    for place, kind in enumerate(KINDS):
        at = one["pressed_at"] + timedelta(seconds=place)
        data = DATA.get(kind, {}) | ({"acts": ACTS[number % 3]} if kind == "judged" else {})
        yield {
            "incident": one["id"], "at": at, "recorded_at": at, "kind": kind, "source": "box", "text": "", "data": data,
        }  # fmt: skip


def rules() -> Rules:
    """Those of Shinagawa, which has the most clocks, with one unit that half of the boxes belong to."""
    city = (Path(__file__).parents[2] / "contract" / "profiles" / "shinagawa.toml").read_text("utf-8")
    boxes = ", ".join(f'"counter-{number:02}"' for number in range(10))
    unit = f'[unit]\nid = "kokuho"\nlabel_ja = "国保年金課"\nlabel_en = "Health insurance"\nboxes = [{boxes}]\n'
    return made_rules(city, "shinagawa.toml", [Written("kokuho", "kokuho.toml", unit)])


def measured(engine: Engine, rounds: int) -> dict[str, float]:
    """p95 in ms of each question."""
    months, year = Months(rules()), Period("year", 2026)

    def both() -> None:
        with begin_read(engine) as connection:
            months.of(connection, year, NOW)
            months.of(connection, year.before, NOW)

    def touched() -> None:
        with begin_write(engine) as connection:
            newest = connection.execute(incident.select().order_by(incident.c.pressed_at.desc()).limit(1)).one()
            connection.execute(insert(change).values(kind="incident", incident=newest.id, at=NOW))

    def listed() -> None:
        with begin_read(engine) as connection:
            rows = connection.execute(
                incident.select().order_by(incident.c.pressed_at.desc(), incident.c.id.desc()).limit(51)
            ).all()
            time_signs.again(connection, rows)

    return {
        "cold_ms": _p95(both, 1),
        "warm_ms": _p95(both, rounds),
        "touched_ms": _p95(both, max(3, rounds // 4), touched),
        "list_ms": _p95(listed, rounds),
    }


def _p95(ask: Callable[[], None], rounds: int, before: Callable[[], None] = lambda: None) -> float:
    times = []
    for _ in range(rounds):
        before()
        begun = time.perf_counter()
        ask()
        times.append((time.perf_counter() - begun) * 1000)
    return round(sorted(times)[int(len(times) * 0.95)], 3)


def compare(small: int = 10_000, large: int = 1_000_000, rounds: int = 40) -> dict[str, Any]:
    """`small` and `large` (entries, incidents, p95 in ms of each question), and the `ratio` of each question."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, entries in (("small", small), ("large", large)):
            engine = open_database(f"sqlite:///{folder}/{name}.db")
            found[name] = {"entries": entries, "incidents": fill(engine, entries), **measured(engine, rounds)}
            engine.dispose()
    found["ratio"] = {
        key: round(found["large"][key] / found["small"][key], 2)
        for key in ("cold_ms", "warm_ms", "touched_ms", "list_ms")
    }
    return found


def main() -> None:
    """Measure both and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=40)
    wanted = parser.parse_args()
    print(json.dumps(compare(wanted.small, wanted.large, wanted.rounds)))


if __name__ == "__main__":
    main()
