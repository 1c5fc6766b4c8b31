"""What `make demo-check` does: press, pull things out, read everything back through the public interfaces."""

import io
import signal
import statistics
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import av
from support.api import Api, Stream
from support.sinks import Pile
from support.stage import BoxOnStage, Stage

WARM_S = 12.0
"""The ring has to hold the whole pre-roll before it can be measured."""

RECORD_S = 6.0


class Check:
    """One run: counts presses, and gathers what did not hold."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.people = Api(stage.url, stage.token("supervisor", "check supervisor"))
        self.custodian = Api(stage.url, stage.token("evidence_custodian", "check custodian"))
        self.stream = Stream(self.people)
        self.pressed: list[dict[str, Any]] = []
        self.broken: list[str] = []
        self.times: dict[str, list[float]] = {}

    def hold(self, promise: str, kept: object) -> bool:
        """Note a promise that was not kept."""
        if not kept:
            self.broken.append(promise)
        return bool(kept)

    def press(self, box: BoxOnStage, level: str = "assist", until: str = "hub") -> dict[str, Any]:
        """Press, and count it."""
        report = box.press(level, until)
        self.pressed.append(report)
        self.hold(f"{box.name}: pressed, reached {until} (lamp {report['lamp']})", report["ok"])
        return report

    def note(self, figure: str, value_ms: float | None) -> None:
        """Keep one measured time."""
        if self.hold(f"{figure}: arrived", value_ms is not None) and value_ms is not None:
            self.times.setdefault(figure, []).append(value_ms)

    def settle(self, incident: str, box: BoxOnStage) -> None:
        """See the incident through to the end of its contact."""
        self.people.do(incident, "acknowledge")
        self.people.do(incident, "respond")
        self.people.do(incident, "contact", action="ended")
        self.stage.wait_until(lambda: box.shown().get("state") in ("ready", "nobody", "fault"), 15, f"{box.name} quiet")


def check(stage: Stage) -> dict[str, Any]:
    """Run the check on a started stage; the figures, `ok` when every promise held."""
    run = Check(stage)
    run.stream.start()
    stage.say("前置き録画をためています / filling the pre-roll")
    for box in stage.boxes:
        stage.wait_until(lambda box=box: box.shown().get("state") in ("ready", "nobody"), 30, f"{box.name} armed")
    threading.Event().wait(WARM_S)

    recording = _recorded_press(run)
    stage.say("押してから届くまで / press to everywhere")
    for turn in range(6):
        _timed_press(run, stage.boxes[turn % 2], "emergency" if turn % 3 == 0 else "assist")
    hub_survived = _hub_restart(run)
    broker_survived = _kill_under_press(run, "mosquitto")
    worker_survived = _kill_under_press(run, " worker ")
    box_survived = _box_kill(run)

    run.stream.stop()
    lost, doubled = _count(run)
    return {
        "ok": not run.broken and not lost and not doubled,
        "presses": len(run.pressed),
        "lost": len(lost),
        "doubled": len(doubled),
        **{f"{name}_ms": _figures(values) for name, values in run.times.items()},
        **recording,
        "hub_restart_survived": hub_survived,
        "broker_kill_survived": broker_survived,
        "hub_kill_survived": worker_survived,
        "box_kill_survived": box_survived,
        "broken_promises": run.broken,
    }


def _recorded_press(run: Check) -> dict[str, Any]:
    run.stage.say("録画つきの通報 / a call with a recording")
    box = run.stage.boxes[0]
    incident = _measured(run, box, "emergency")
    run.people.do(incident, "acknowledge")
    run.people.do(incident, "respond")
    run.stage.wait_until(lambda: box.shown().get("state") == "coming", 10, "box names the person")
    threading.Event().wait(RECORD_S)
    run.people.do(incident, "contact", action="ended")
    run.stage.wait_until(lambda: _complete(_recording(run, incident)), 30, "recording complete at the hub")
    facts = _recording(run, incident)
    answer = run.custodian.recording(incident, "demo-check")
    run.hold("recording plays", answer.status_code == 200)
    played = _decode(answer.content)
    asked_ms = 10_000
    run.hold("pre-roll delivered within one GOP", facts["pre_roll_ms"] >= asked_ms - 100)
    run.hold("recording is longer than pre-roll and contact", played["duration_s"] >= asked_ms / 1000 + RECORD_S - 1)
    run.hold("picture present", played["video"] > 0)
    run.hold("sound present", played["audio"] > 0)
    seek = run.custodian.recording(incident, "demo-check", "bytes=1000-1999")
    run.hold("recording seeks (206)", seek.status_code == 206 and seek.content == answer.content[1000:2000])
    return {
        "pre_roll_asked_ms": asked_ms,
        "pre_roll_delivered_ms": facts["pre_roll_ms"],
        "segments": facts["segments"],
        "recording_duration_s": played["duration_s"],
        "video_present": played["video"] > 0,
        "audio_present": played["audio"] > 0,
    }


def _recording(run: Check, incident: str) -> dict[str, Any]:
    recordings = run.people.incident(incident)["recordings"]
    return dict(recordings[0]) if recordings else {}


def _complete(recording: dict[str, Any]) -> bool:
    return bool(recording and recording["closed_at"] and recording["stops"] is None)


def _timed_press(run: Check, box: BoxOnStage, level: str) -> None:
    run.settle(_measured(run, box, level), box)


def _measured(run: Check, box: BoxOnStage, level: str) -> str:
    report = run.press(box, level)
    incident, pressed_s = str(report["incident"]), float(report["pressed_s"])
    run.note("press_to_lamp", report["lamp_ms"])
    run.note("press_to_receipt", report["reached_ms"].get("hub_has"))
    news = run.stream.wait_for(lambda item: item.event == "incident" and item.data.get("incident") == incident, 10)
    run.note("press_to_dashboard", None if news is None else (news.at_s - pressed_s) * 1000)
    run.note("press_to_webhook", _arrived(run.stage.webhook.pile, incident, pressed_s))
    if level == "emergency":
        run.note("press_to_email", _arrived(run.stage.mail.pile, incident, pressed_s))
    return incident


def _arrived(pile: Pile, incident: str, pressed_s: float) -> float | None:
    arrival = pile.wait_for(lambda item: incident in item.text, 15)
    return None if arrival is None else (arrival.at_s - pressed_s) * 1000


def _hub_restart(run: Check) -> bool:
    run.stage.say("ハブを止めて押す / pressing while the hub is away")
    box, before = run.stage.boxes[0], len(run.broken)
    run.stage.stop_hub()
    run.stage.wait_until(lambda: box.shown().get("state") == "hub_lost", 20, "box shows that nobody listens")
    report = run.press(box, until="received")
    pressed_at = datetime.now(UTC) - timedelta(seconds=time.monotonic() - float(report["pressed_s"]))
    run.hold("box says that nobody has the call", report["lamp"] == "call_lost")
    run.stage.start_hub()
    incident = str(report["incident"])
    run.stage.wait_until(lambda: _known(run, incident), 40, "the press arrives after the restart")
    told_at = datetime.fromisoformat(run.people.incident(incident)["pressed_at"])
    run.hold("true time of the press", abs((told_at - pressed_at).total_seconds()) < 0.1)
    run.settle(incident, box)
    return len(run.broken) == before


def _kill_under_press(run: Check, program: str) -> bool:
    run.stage.say(f"kill -9{program if program.startswith(' ') else ' ' + program}")
    box, before = run.stage.boxes[1], len(run.broken)
    run.stage.kill(program)
    report = run.press(box, until="hub")
    incident = str(report["incident"])
    run.stage.wait_until(lambda: _known(run, incident), 40, "the press arrives after the kill")
    run.stage.wait_until(run.stage.ready, 40, "ready again")
    run.settle(incident, box)
    return len(run.broken) == before


def _box_kill(run: Check) -> bool:
    run.stage.say("箱を kill -9 / kill -9 of the box")
    box, before = run.stage.boxes[1], len(run.broken)
    run.stage.stop_hub()
    report = run.press(box, until="received")
    run.stage.stop_box(box, signal.SIGKILL)
    run.stage.start_hub()
    run.stage.start_box(box)
    incident = str(report["incident"])
    run.stage.wait_until(lambda: _known(run, incident), 40, "the press outlives the box")
    run.stage.wait_until(lambda: (run.stage.shown_or_none(box) or {}).get("recording"), 30, "the recording goes on")
    run.settle(incident, box)
    return len(run.broken) == before


def _known(run: Check, incident: str) -> bool:
    return any(item["id"] == incident for item in run.people.incidents())


def _count(run: Check) -> tuple[list[str], list[str]]:
    """Presses that no incident tells of, and presses that are told twice."""
    incidents = {item["id"]: run.people.incident(item["id"]) for item in run.people.incidents()}
    told: list[str] = []
    for incident in incidents.values():
        told += [
            str(entry["data"].get("event"))
            for entry in incident["timeline"]
            if entry["kind"] in ("alarm.raised", "alarm.repeated")
        ]
    made = [str(report["event"]) for report in run.pressed]
    return [event for event in made if event not in told], sorted({event for event in told if told.count(event) > 1})


def _decode(content: bytes) -> dict[str, Any]:
    """What a player finds: seconds from first to last picture, frames of picture and sound."""
    with av.open(io.BytesIO(content), "r") as container:
        video_s: list[float] = []
        audio = 0
        for frame in container.decode():
            if isinstance(frame, av.VideoFrame):
                video_s.append(float(frame.time or 0))
            elif isinstance(frame, av.AudioFrame):
                audio += frame.samples
    return {
        "duration_s": round(max(video_s) - min(video_s), 2) if video_s else 0.0,
        "video": len(video_s),
        "audio": audio,
    }


def _figures(values: Iterable[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {"p50": round(statistics.median(ordered), 1), "max": round(ordered[-1], 1), "n": len(ordered)}
