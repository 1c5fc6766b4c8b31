"""From what was measured to the lines that are printed: each figure beside its floor."""

from typing import Any

from bench import evidence
from bench.figures import Row, Spread, ms
from bench.floors import Floors

CASES = {
    "recording": "during a recording (emergency)",
    "blind": "with a dead camera",
    "full": "with a full disk",
}


class Floor:
    """The floors of the run: halfway between those measured before and after, as other work on the machine varies."""

    def __init__(self, measured: list[Floors]) -> None:
        self._measured = measured
        self.f50, self.f99 = self._mean("f50"), self._mean("f99")
        self.one_way, self.puback = self._spread("mqtt.one_way"), self._spread("mqtt.puback")
        self.commit, self.sse = self._spread("commit"), self._spread("sse")
        self.sync, self.dump = self._spread("sync"), self._spread("dump")
        self.per_second = self._mean("mqtt.per_second")

    @property
    def drift(self) -> float:
        """F50 after the run to F50 before it."""
        return self._measured[-1].f50 / self._measured[0].f50

    @property
    def drift99(self) -> float:
        """The same of F99."""
        return self._measured[-1].f99 / self._measured[0].f99

    def _values(self, path: str) -> list[Any]:
        found: list[Any] = list(self._measured)
        for name in path.split("."):
            found = [getattr(one, name) for one in found]
        return found

    def _mean(self, path: str) -> float:
        values = self._values(path)
        return float(sum(values)) / len(values)

    def _spread(self, path: str) -> tuple[float, float]:
        spreads: list[Spread] = self._values(path)
        return sum(one.p50 for one in spreads) / len(spreads), sum(one.p99 for one in spreads) / len(spreads)


def machine_line(place: dict[str, Any]) -> str:
    """One line on the machine."""
    load = " ".join(f"{value:.2f}" for value in place["load_average_at_start"])
    parts = [
        place["date"],
        f"{place['cores']} cores {place['cpu']}",
        f"kernel {place['kernel']}",
        place["file_system"],
        f"Python {place['python']}",
        place["mosquitto"],
        f"SQLite {place['sqlite']}",
        f"load at start {load}",
    ]
    return " · ".join(parts)


def floor_lines(results: Any) -> str:
    """The floors, and how far they moved during the run."""
    floor = Floor(results.floors)
    named = {
        "MQTT one way, QoS 1, mutual TLS": floor.one_way,
        "MQTT publish to PUBACK": floor.puback,
        "SQLite commit, one row, full sync": floor.commit,
        "SSE to one client": floor.sse,
        "F = one way + commit + SSE": (floor.f50, floor.f99),
        "append one page + fdatasync": floor.sync,
        "append ten seconds + fdatasync": floor.dump,
    }
    lines = [f"  {name:<34} p50 {ms(p50):>9}  p99 {ms(p99):>9}" for name, (p50, p99) in named.items()]
    lines.append(f"  {'MQTT QoS 1, window 20':<34} {floor.per_second:.0f}/s")
    lines.append(f"  noise: F50 after the run is {floor.drift:.2f} x that before it, F99 {floor.drift99:.2f} x")
    return "\n".join(["floors (mean of before and after)", *lines])


def rows(results: Any) -> list[Row]:
    """The table."""
    floor = Floor(results.floors)
    quiet: dict[str, Spread] = results.times["quiet"].spreads()
    found = [
        *_one(quiet, floor),
        *(row for case in CASES if case in results.times for row in _troubled(case, results, quiet)),
        *_crowd(results, floor),
        *_lamp(results),
        *_recorder(results),
        *_policy(results),
        *_counting(results),
        Row("presses lost", str(len(results.lost)), note="any is a failure"),
        Row("presses doubled", str(len(results.doubled)), note="any is a failure"),
    ]  # fmt: skip
    return found


def _recorder(results: Any) -> list[Row]:
    """The recorder's work and memory, as far as they could be measured."""
    found = []
    if results.cpu:
        share, ratio = results.cpu["share_of_one_core_at_25_fps"], results.cpu["recorder_cpu_ratio"]
        note = "picture and sound, sealed, on disk; 25 fps"
        found.append(Row("recorder CPU", f"{share:.2f} core", "bare encode", ratio, 1.15, note=note))
    if results.evidence:
        first_ms, floor_ms = results.evidence["first_ms"], results.evidence["floor_ms"]
        note = "floor: bare mux of the ring + fdatasync"
        found.append(_row("Keep → first segment durable, p50", first_ms, floor_ms, 1.5, note))
    if results.memory:
        most, goal = results.memory["most_mib"], evidence.GOAL_MIB
        name = "box memory, 30 s ring, 720p 3 Mb/s"
        found.append(Row(name, f"{most:.0f} MiB", f"{goal} MiB", most / goal, 1, note="most, recording"))
    return found


def _policy(results: Any) -> list[Row]:
    """The policy's clocks and the fullest pages; the floor is what was asked for, in ms."""
    asked = {
        "clocks_steady": ("clocks of 1,000 incidents, a cycle", 50),
        "dashboard_p95": ("dashboard, 200 counters, 50 open, p95", 100),
        "incident_p95": ("incident page, 500 entries, p95", 150),
        "form_first": ("form, 30 entries, process started for it", 2000),
        "form_p95": ("form, 30 entries, p95", 2000),
    }
    found = {name: results.policy[name] for name in asked if name in results.policy}
    rows = [
        Row(asked[name][0], f"{ms:.1f} ms", f"{asked[name][1]} ms", ms / asked[name][1], 1, note="in one process")
        for name, ms in found.items()
    ]
    if "form_long" in results.policy:
        rows.append(
            _row("form, 500 entries", results.policy["form_long"], results.policy["form_p95"], note="floor: 30")
        )
    return rows


def _counting(results: Any) -> list[Row]:
    """Statistics and the list in front of many entries, beside few."""
    asked = {
        "cold_ms": ("statistics, first after a start", "read ahead before anybody asks"),
        "warm_ms": ("statistics, p95", ""),
        "touched_ms": ("statistics after a change, p95", ""),
        "list_ms": ("list of incidents, p95", ""),
    }
    if not results.counting:
        return []
    small, large, ratio = (results.counting[name] for name in ("small", "large", "ratio"))
    entries = f"{large['entries']:,} entries; floor: {small['entries']:,}"
    return [
        Row(name, ms(large[key]), ms(small[key]), ratio[key], None if key == "cold_ms" else 3, note=note or entries)
        for key, (name, note) in asked.items()
    ]


def _one(quiet: dict[str, Spread], floor: Floor) -> list[Row]:
    """A press on a quiet box, one at a time."""
    commit, wire = floor.commit, floor.one_way
    there_and_back = tuple(2 * commit[place] + 2 * wire[place] for place in (0, 1))
    return [
        _row("press → lamp, p50", quiet["lamp"].p50),
        _row("press → lamp, p99", quiet["lamp"].p99),
        _row("press → spool durable, p50", quiet["durable"].p50, commit[0], note="floor: a commit"),
        _row("press → spool durable, p99", quiet["durable"].p99, commit[1]),
        _row(
            "press → receipt at the box, p50", quiet["receipt"].p50, there_and_back[0], note="floor: 2 commits, 2 ways"
        ),
        _row("press → receipt at the box, p99", quiet["receipt"].p99, there_and_back[1]),
        _row("press → dashboard, p50", quiet["dashboard"].p50, floor.f50, 8, "floor: F; aim 4"),
        _row("press → dashboard, p99", quiet["dashboard"].p99, floor.f99, 8, "floor: F; aim 4"),
        _row("press → webhook, p50", quiet["webhook"].p50, floor.f50, note="floor: F"),
        _row("press → webhook, p99", quiet["webhook"].p99, floor.f99),
        _row("press → first evidence durable, p50", quiet["evidence"].p50, floor.dump[0], note="floor: 10 s appended"),
        _row("press → first evidence durable, p99", quiet["evidence"].p99, floor.dump[1]),
    ]


def _troubled(case: str, results: Any, quiet: dict[str, Spread]) -> list[Row]:
    """As fast as any: beside the same figure of the quiet box."""
    spreads: dict[str, Spread] = results.times[case].spreads()
    return [
        _row(f"{CASES[case]}: {figure}, p50", spreads[figure].p50, quiet[figure].p50, 1.25, "floor: the quiet box")
        for figure in ("lamp", "durable", "receipt", "webhook")
        if figure in spreads
    ]


def _crowd(results: Any, floor: Floor) -> list[Row]:
    """Boxes without a camera: the hub alone."""
    single, storm = results.single, results.storm
    of = f"{storm.pressed} in 1 s"
    return [
        _row("box's uplink → dashboard, p50", single.dashboard.p50, floor.f50, note="20 a second, 100 boxes; floor: F"),
        _row("box's uplink → dashboard, p99", single.dashboard.p99, floor.f99),
        _row("box's uplink → receipt, p50", single.receipt.p50),
        _row(f"{of}: dashboard, p50", storm.dashboard.p50, single.dashboard.p50, note="floor: 20 a second, p50"),
        _row(f"{of}: dashboard, p99", storm.dashboard.p99, single.dashboard.p50, 5, "floor: 20 a second, p50"),
        _row(f"{of}: receipt, p50", storm.receipt.p50, single.receipt.p50),
        _row(f"{of}: receipt, p99", storm.receipt.p99, single.receipt.p50, 5),
        _row(f"{of}: sent late by, p99", storm.sending.p99, note="the rig shares the cores; counted in the above"),
        Row(
            f"{of}: last receipt after", f"{storm.last_receipt_s:.2f} s", "2 s", storm.last_receipt_s / 2, 1,
            note=f"{storm.resent} sent again, stream cut {storm.interruptions} x",
        ),
        Row(
            "ingest without a pause", f"{results.sustained_per_s:.0f}/s", f"{floor.per_second:.0f}/s",
            results.sustained_per_s / floor.per_second, 0.12, at_least=True, note="floor: paho QoS 1, window 20",
        ),
    ]  # fmt: skip


def _row(figure: str, value_ms: float, floor_ms: float | None = None, goal: float | None = None, note: str = "") -> Row:
    if floor_ms is None:
        return Row(figure, ms(value_ms), note=note)
    return Row(figure, ms(value_ms), ms(floor_ms), value_ms / floor_ms, goal, note=note)


def _lamp(results: Any) -> list[Row]:
    if results.lamp is None:
        return []
    box, bare = results.lamp.box, results.lamp.bare
    return [
        _row("pin → lamp's pin, p50", box.p50, bare.p50, note="floor: bare gpiozero"),
        _row("pin → lamp's pin, p99", box.p99, bare.p99, 2),
    ]
