"""The policy's own work: the clocks of a thousand open incidents, a full dashboard, an incident with a long timeline.

In one process on an empty site's database (SQLite on this disk), through Flask's test client: no server, no network.
"""

import json
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.limits import Limits
from hub.store.engine import open_database
from hub.store.schema import metadata
from hub.web import create_app
from tests.hub_web.conftest import Hub, Time, make_site

KINDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("noted", {}),
    ("marked", {"mark": "act", "act": "abuse"}),
    ("noted", {}),
    ("step.taken", {"step": "warn", "count": 1}),
)
INCIDENTS, COUNTERS, OPEN, ENTRIES, ROUNDS = 1000, 200, 50, 500, 30


def measure() -> dict[str, float]:
    """Milliseconds: `clocks_steady` and `clocks_first` of a cycle over 1,000 open incidents with a clock each,
    `dashboard_p95` with 200 counters and 50 open incidents, `incident_p95` of a page with 500 entries.
    """
    with tempfile.TemporaryDirectory() as folder:
        crowded = _hub(Path(folder) / "crowded")
        for number in range(INCIDENTS):
            incident = crowded.press(crowded.box(f"counter-{number % COUNTERS:03d}", f"窓口 {number % COUNTERS}"))
            crowded.told(incident, "marked", source="person", data={"mark": "stalemate"})
        limits = Limits(crowded.site.rules.of, crowded.site.profile_digest, crowded.engine, "bench")
        first = _ms(lambda: limits.cycle(crowded.time.at, time.monotonic()))
        steady = [_ms(lambda: limits.cycle(crowded.time.at, time.monotonic())) for _ in range(ROUNDS)]
        usual = _hub(Path(folder) / "usual")
        for number in range(COUNTERS):
            usual.box(f"counter-{number:03d}", f"窓口 {number}")
        incident = [usual.press(f"counter-{number:03d}") for number in range(OPEN)][-1]
        for number in range(ENTRIES):
            kind, data = KINDS[number % len(KINDS)]
            usual.told(incident, kind, source="person", actor_name="佐藤", text=f"見たこと {number}", data=data)
        browser = usual.signed_in("section_head")
        dashboard = [_ms(lambda: browser.get("/")) for _ in range(ROUNDS)]
        page = [_ms(lambda: browser.get(f"/incidents/{incident}")) for _ in range(ROUNDS)]
        for hub in (crowded, usual):
            hub.site.broadcaster.stop()
            hub.engine.dispose()
    return {
        "clocks_first": round(first, 1),
        "clocks_steady": round(statistics.median(steady), 1),
        "dashboard_p95": round(statistics.quantiles(dashboard, n=20)[-1], 1),
        "incident_p95": round(statistics.quantiles(page, n=20)[-1], 1),
    }


def _hub(directory: Path) -> Hub:
    directory.mkdir()
    config = make_site(directory)
    engine = open_database(config.database_url)
    metadata.create_all(engine)
    clock = Time(datetime.now(UTC))
    return Hub(create_app(config, engine, clock), directory, clock)


def _ms(work: Any) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    print(json.dumps(measure()))
