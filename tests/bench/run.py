"""`make bench`: floors and our figures side by side, in one run on this machine. Only ratios hold on another one.

Goals are shown, not asserted: the exit code is 0 when everything was measured, and 1 when a press was lost or doubled.
"""

import argparse
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import counting, evidence, floors, lamp, policy, recorder, report, storms, troubles
from bench.figures import Broken, machine, table
from bench.floors import Floors
from bench.lamp import LampTimes
from bench.listening import LiveStream, Webhooks
from bench.presses import Presser, Times
from bench.storms import Crowd, Outcome
from support.api import Api
from support.stage import Ports, Stage, StageError

_T = TypeVar("_T")
OUT = Path(__file__).resolve().parents[2] / ".bench"
COUNTERS = (("quiet", "2階 住民票 3番"), ("blind", "1階 国保 1番"), ("full", "3階 税務 2番"))


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    presses: int = 200
    recorded: int = 60
    troubled: int = 40
    floor: int = 200
    flood_s: float = 3.0
    crowd_single: int = 200
    storm: int = 1000
    sustained_s: float = 8.0
    recorder_rounds: int = recorder.ROUNDS
    lamp: int = 200
    entries: int = 1_000_000


QUICK = Size(20, 8, 6, 50, 1.0, 60, 1000, 5.0, 1, 30, 100_000)


@dataclass(slots=True)
class Results:
    """Everything that was measured. `times` by circumstance: quiet, recording, blind, full."""

    floors: list[Floors] = field(default_factory=list)
    times: dict[str, Times] = field(default_factory=dict)
    single: Outcome | None = None
    storm: Outcome | None = None
    sustained_per_s: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)
    evidence: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    policy: dict[str, float] = field(default_factory=dict)
    counting: dict[str, Any] = field(default_factory=dict)
    lamp: LampTimes | None = None
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def main() -> int:
    """Measure, print the table, write `.bench/result.json`; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute instead of several; to try the bench itself")
    size = QUICK if parser.parse_args().quick else Size()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the programs on the stage are ended
    OUT.mkdir(exist_ok=True)
    place, begun_s = machine(OUT), time.monotonic()
    try:
        results = _measure(size)
    except (Broken, StageError, OSError, TimeoutError) as error:
        print(f"測れませんでした / could not be measured: {error}", file=sys.stderr)
        return 1
    rows = report.rows(results)
    figures = {
        "machine": place | {"load_average_at_end": [round(value, 2) for value in os.getloadavg()]},
        "seconds": round(time.monotonic() - begun_s),
        "rows": [row.as_json() for row in rows],
        **_raw(results),
    }
    (OUT / "result.json").write_text(json.dumps(figures, ensure_ascii=False, indent=2) + "\n", "utf-8")
    print("\n".join([report.machine_line(place), "", report.floor_lines(results), "", table(rows), ""]))
    for skipped in results.skipped:
        print(f"測っていません / NOT MEASURED: {skipped}")
    for wrong in [*results.lost, *results.doubled][:20]:
        print(f"約束が破れました / BROKEN: {wrong}", file=sys.stderr)
    return 1 if results.lost or results.doubled else 0


def _measure(size: Size) -> Results:
    results = Results()
    with tempfile.TemporaryDirectory(prefix="run-", dir=OUT) as name:
        directory, webhooks = Path(name), Webhooks()
        stage = Stage(directory, Ports.free(len(COUNTERS)), counters=COUNTERS, say=_say, told=webhooks.took)
        with troubles.small_disk(directory / "full") as small, _hub(stage):
            people = Api(stage.url, stage.token("supervisor", "bench"))
            stream = LiveStream(f"{stage.url}/api/v1/stream", stage.token("supervisor", "bench stream"))
            stream.start()
            _say("100 台の箱を登録しています / enrolling a hundred boxes")
            bundles = directory / "crowd"
            storms.enrol_crowd(stage.site, bundles)
            pair = (bundles / "crowd-000", bundles / "crowd-001")

            def floor() -> None:
                _say("下限を測っています / measuring the floors")
                results.floors.append(
                    floors.measure(directory, *pair, count=size.floor, flood_s=size.flood_s),
                )

            _one_at_a_time(stage, (people, stream, webhooks), size, results, floor, small)
            _many(Crowd(bundles, people, stream), size, results)
            floor()
            stream.stop()
        _say("ボタンのピンからランプのピンまで / from the button's pin to the lamp's")
        results.lamp = _part(results, "pin to lamp", lambda: lamp.measure(directory, size.lamp))
    _say("録画の CPU / recorder's CPU")
    recorder.ROUNDS = size.recorder_rounds
    results.cpu = _part(results, "recorder's CPU", recorder.measure) or {}
    _say("最初の証拠と記憶量 / first evidence, memory")
    results.evidence = _part(results, "first evidence", evidence.first_evidence) or {}
    results.memory = _part(results, "memory", evidence.memory) or {}
    _say("時計と画面 / clocks and pages")
    results.policy = _part(results, "clocks and pages", policy.measure) or {}
    _say("統計と一覧 / statistics and lists")
    results.counting = _part(results, "statistics", lambda: counting.compare(large=size.entries)) or {}
    return results


def _part(results: Results, name: str, measure: Callable[[], _T]) -> _T | None:
    """A part that the others can stand without: when it cannot be measured the table says so, loudly."""
    try:
        return measure()
    except (Broken, OSError, subprocess.SubprocessError, queue.Empty) as error:
        results.skipped.append(f"{name} ({error!r})")
        return None


@contextmanager
def _hub(stage: Stage) -> Iterator[None]:
    """Site, sinks and hub; boxes are started one by one, because each one's encoder takes its part of the machine."""
    stage.make()
    try:
        stage.mail.start()
        stage.webhook.start()
        stage.start_hub()
        yield
    finally:
        stage.stop()


def _one_at_a_time(
    stage: Stage, watched: tuple[Api, LiveStream, Webhooks], size: Size, results: Results, floor: Any, small: bool
) -> None:
    quiet, blind, full = stage.boxes
    made: list[tuple[str, str]] = []
    with troubles.running_box(stage, quiet):
        floor()  # beside a box that encodes, like everything that follows
        _say("1 回ずつ押しています / pressing, one at a time")
        presser = Presser(quiet, *watched)
        results.times["quiet"], results.times["recording"] = presser.series(
            size.presses, recording=size.recorded, evidence=True
        )
        made += presser.pressed
    with troubles.running_box(stage, blind, camera=str(stage.directory / "no-such-camera")):
        _say("カメラなしで押しています / pressing with a dead camera")
        presser = Presser(blind, *watched)
        results.times["blind"], _ = presser.series(size.troubled)
        made += presser.pressed
    if not small:
        results.skipped.append("a full disk (needs root, to mount a small file system)")
    else:
        with troubles.running_box(stage, full), troubles.filled(full.bundle):
            _say("空きのないディスクで押しています / pressing with a full disk")
            presser = Presser(full, *watched, uploads=False)
            results.times["full"], _ = presser.series(size.troubled)
            made += presser.pressed
    for times in results.times.values():
        results.lost += times.missing
    _count(watched[0], made, results)


def _count(people: Api, made: list[tuple[str, str]], results: Results) -> None:
    """Every press must be told exactly once by the API."""
    presses = Counter(incident for incident, _ in made)
    told = {item["id"]: item["presses"] for item in people.incidents()}
    results.lost += [f"{incident} is told {told.get(incident, 0)} of {n} times" for incident, n in presses.items()
                     if told.get(incident, 0) < n]  # fmt: skip
    results.doubled += [f"{incident} is told {told[incident]} times, pressed {n}" for incident, n in presses.items()
                        if told.get(incident, 0) > n]  # fmt: skip


def _many(crowd: Crowd, size: Size, results: Results) -> None:
    _say("100 台から 1 回ずつ / a hundred boxes, one press at a time")
    results.single = crowd.presses(storms.CROWD, size.crowd_single, size.crowd_single / 20)
    _say("止まらずに書き込む / ingest without a pause")
    results.sustained_per_s, wrong = crowd.sustained(20, size.sustained_s)
    _say(f"1 秒に {size.storm} 回 / {size.storm} presses in one second")
    results.storm = crowd.presses(storms.CROWD, size.storm, 1.0)
    results.lost += [*wrong, *results.single.lost, *results.storm.lost]
    results.doubled += [*results.single.doubled, *results.storm.doubled]


def _raw(results: Results) -> dict[str, Any]:
    times = {name: {figure: asdict(spread) for figure, spread in one.spreads().items()}
             for name, one in results.times.items()}  # fmt: skip
    return {
        "floors": [asdict(one) | {"f50_ms": round(one.f50, 3), "f99_ms": round(one.f99, 3)} for one in results.floors],
        "presses": times,
        "single": results.single and asdict(results.single),
        "storm": results.storm and asdict(results.storm),
        "sustained_per_s": results.sustained_per_s,
        "recorder": results.cpu,
        "evidence": results.evidence,
        "memory": results.memory,
        "policy": results.policy,
        "counting": results.counting,
        "lamp": results.lamp and asdict(results.lamp),
        "lost": results.lost,
        "doubled": results.doubled,
        "skipped": results.skipped,
    }


_BEGUN_S = time.monotonic()


def _say(text: str) -> None:
    print(f"  {time.monotonic() - _BEGUN_S:4.0f} s  {text} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
