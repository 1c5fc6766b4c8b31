"""The policy's own work: the clocks of a thousand open incidents, a full dashboard, a long timeline on page and paper.

In one process on an empty site's database (SQLite on this disk), through Flask's test client: no server, no network.
A form is set by the product's setting process.
"""

import json
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.figures import Broken

from hub.limits import Limits
from hub.store.engine import open_database
from hub.store.schema import metadata
from hub.web import create_app
from hub.web.server import read_ahead
from tests.hub_web.conftest import Hub, Time, make_site

KINDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("noted", {}),
    ("marked", {"mark": "act", "act": "abuse"}),
    ("noted", {}),
    ("step.taken", {"step": "warn", "count": 1}),
)
INCIDENTS, COUNTERS, OPEN, ENTRIES, SHORT, ROUNDS = 1000, 200, 50, 500, 30, 30


def measure() -> dict[str, float]:
    """Milliseconds: `clocks_steady` and `clocks_first` of a cycle over 1,000 open incidents with a clock each,
    `dashboard_p95` with 200 counters and 50 open incidents, `incident_p95` of a page with 500 entries, `form_first` of
    a record with 30 by a setting process that is started for it, `form_p95` by one that runs, `form_long` with 500.
    """
    with tempfile.TemporaryDirectory() as folder:
        crowded = _hub(Path(folder) / "crowded")
        for number in range(INCIDENTS):
            incident = crowded.press(crowded.box(f"counter-{number % COUNTERS:03d}", f"窓口 {number % COUNTERS}"))
            crowded.told(incident, "marked", source="person", data={"mark": "stalemate"})
        limits = Limits(crowded.site.rules.of, crowded.site.digest_of, crowded.engine, "bench")
        first = _ms(lambda: limits.cycle(crowded.time.at, time.monotonic()))
        steady = [_ms(lambda: limits.cycle(crowded.time.at, time.monotonic())) for _ in range(ROUNDS)]
        usual = _hub(Path(folder) / "usual")
        for number in range(COUNTERS):
            usual.box(f"counter-{number:03d}", f"窓口 {number}")
        *_, short, incident = [usual.press(f"counter-{number:03d}") for number in range(OPEN)]
        _tell(usual, short, SHORT)
        _tell(usual, incident, ENTRIES)
        browser = usual.signed_in("section_head")
        dashboard = [_ms(lambda: browser.get("/")) for _ in range(ROUNDS)]
        page = [_ms(lambda: browser.get(f"/incidents/{incident}")) for _ in range(ROUNDS)]
        form = [_ms(lambda: _form(browser, short)) for _ in range(ROUNDS)]
        long = _ms(lambda: _form(browser, incident))
        usual.site.setter.stop()
        for hub in (crowded, usual):
            hub.site.broadcaster.stop()
            hub.engine.dispose()
    return {
        "clocks_first": round(first, 1),
        "clocks_steady": round(statistics.median(steady), 1),
        "dashboard_p95": round(statistics.quantiles(dashboard, n=20)[-1], 1),
        "incident_p95": round(statistics.quantiles(page, n=20)[-1], 1),
        "form_first": round(form[0], 1),
        "form_p95": round(statistics.quantiles(form[1:], n=20)[-1], 1),
        "form_long": round(long, 1),
    }


def _tell(hub: Hub, incident: str, entries: int) -> None:
    for number in range(entries):
        kind, data = KINDS[number % len(KINDS)]
        hub.told(incident, kind, source="person", actor_name="佐藤", text=f"見たこと {number}", data=data)


def _form(browser: Any, incident: str) -> None:
    answer = browser.get(f"/api/v1/incidents/{incident}/report.pdf?form=record")
    if answer.status_code != 200:
        raise Broken(f"no form: {answer.text[:300]}")


def _hub(directory: Path) -> Hub:
    directory.mkdir()
    config = make_site(directory)
    engine = open_database(config.database_url)
    metadata.create_all(engine)
    clock = Time(datetime.now(UTC))
    hub = Hub(create_app(config, engine, clock), directory, clock)
    read_ahead(hub.app)
    return hub


def _ms(work: Any) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    print(json.dumps(measure()))
