"""The bench of statistics counts what it has written: figures of a wrong database would measure nothing."""

from pathlib import Path

from bench.counting import ENTRIES, NOW, YEARS, fill, rules

from hub.domain.statistics import Period
from hub.store.engine import begin_read, open_database
from hub.store.statistics import Months


def test_every_incident_of_the_bench_is_counted_once(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/bench.db")
    count = fill(engine, 100 * ENTRIES)
    assert count == 100
    with begin_read(engine) as connection:
        months = Months(rules())
        years = [months.of(connection, Period("year", 2026 - place), NOW) for place in range(YEARS + 1)]
        again = [months.of(connection, Period("year", 2026 - place), NOW) for place in range(YEARS + 1)]
    engine.dispose()
    assert sum(figures.totals["cases"] + figures.totals["drills"] for figures in years) == count
    acts = sum((figures.table("act") for figures in years), start=years[0].table("nothing"))
    assert acts["threat"] + acts["abuse"] + acts["repeat"] == sum(figures.totals["cases"] for figures in years)
    assert [figures.totals for figures in again] == [figures.totals for figures in years]
