"""`kill -9` of box, uplink, broker, worker, pages and the whole hub, at any moment, while people go on pressing.

The model is a list: every press that the box called received must be in the hub's timelines exactly once (I1, I4).
"""

import os
import random
import signal
import threading
import time
from typing import Any

import httpx
import pytest
from support.api import Api
from support.stage import BoxOnStage, Stage, StageError, descendants

from device.adapters.control_unix import NobodyAnswers, call

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(1800)]

DRAINED_S = 60
VICTIMS = ("box", "uplink", "mosquitto", " worker ", " web ", "hub")


class Hand(threading.Thread):
    """Presses one box again and again, and remembers what the box called received."""

    def __init__(self, box: BoxOnStage, seed: int) -> None:
        super().__init__(daemon=True)
        self.box = box
        self.random = random.Random(seed)
        self.received: list[dict[str, Any]] = []
        self.refused = 0
        self.stopping = threading.Event()

    def run(self) -> None:
        while not self.stopping.wait(self.random.uniform(0.05, 0.4)):
            level = self.random.choice(["assist", "assist", "emergency"])
            message = {"do": "press", "level": level, "until": "received", "timeout_s": 5}
            try:
                report = call(self.box.bundle / "state", message, 10)
            except (NobodyAnswers, FileNotFoundError):
                self.refused += 1  # the box is dead: nobody was told that the press counts
                continue
            if report["ok"]:
                self.received.append(report)


def kill_something(stage: Stage, victim: str, box: BoxOnStage) -> None:
    """Kill, assert that it died of it, and bring back what no supervisor brings back."""
    if victim == "box":
        assert box.process is not None
        stage.stop_box(box, signal.SIGKILL)
        stage.start_box(box)
    elif victim == "uplink":
        assert box.process is not None
        pid = descendants(box.process.pid)[0]
        os.kill(pid, signal.SIGKILL)
        stage.wait_until(lambda: pid not in descendants(box.process.pid if box.process else 0), 5, "the uplink dies")
    elif victim == "hub":
        stage.stop_hub(signal.SIGKILL)
        stage.start_hub()
    else:
        pid = stage.kill(victim)
        stage.wait_until(lambda: not os.path.exists(f"/proc/{pid}"), 5, f"{victim} dies")  # noqa: PTH110


def calls_finished(api: Api) -> bool:
    """Somebody ends what stands, so that the next press is a new incident. False while the hub is on its way back."""
    try:
        for incident in api.incidents():
            if incident["contact_ended_at"] is None:
                api.do(incident["id"], "contact", action="ended")
    except httpx.HTTPError:
        return False
    return True


def told(api: Api) -> list[str]:
    """Event ids of all presses in all timelines."""
    return [
        entry["data"]["event"]
        for incident in api.incidents()
        for entry in api.incident(incident["id"])["timeline"]
        if entry["kind"] in ("alarm.raised", "alarm.repeated")
    ]


def lives(stage: Stage, rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    api = Api(stage.url, stage.token("supervisor"))
    hands = [Hand(box, seed + place) for place, box in enumerate(stage.boxes)]
    for hand in hands:
        hand.start()
    stage.wait_until(lambda: all(hand.received for hand in hands), 20, "the clean case: presses are received")
    stage.wait_until(lambda: len(told(api)) > 2, 20, "the clean case: presses are told")

    killed = []
    victims = [VICTIMS[place % len(VICTIMS)] for place in range(rounds)]
    chance.shuffle(victims)
    for victim in victims:
        time.sleep(chance.uniform(0.0, 0.8))  # the moment of the kill, at random; nothing waits for it to be enough
        kill_something(stage, victim, chance.choice(stage.boxes))
        killed.append(victim)
        if chance.random() < 0.5:
            stage.wait_until(lambda: calls_finished(api), 40, f"the hub answers again after {killed}")
    for hand in hands:
        hand.stopping.set()
        hand.join(15)
    stage.wait_until(lambda: stage.ready() and calls_finished(api), 40, "ready at the end")

    received = [report["event"] for hand in hands for report in hand.received]
    try:
        stage.wait_until(lambda: set(received) <= set(told(api)), DRAINED_S, "everything received is told")
    except StageError:
        missing = set(received) - set(told(api))
        pytest.fail(f"seed {seed}: lost {len(missing)} of {len(received)} presses after {killed}: {sorted(missing)}")
    seen = told(api)
    assert len(seen) == len(set(seen)), f"seed {seed}: told twice after {killed}"
    assert len(killed) == rounds
    numbers = [incident["number"] for incident in api.incidents()]
    assert len(numbers) == len(set(numbers))


def test_no_press_is_lost_or_doubled_whatever_is_killed(stage: Stage) -> None:
    lives(stage, rounds=len(VICTIMS), seed=20261120)


@pytest.mark.long_faults
@pytest.mark.parametrize("seed", range(5))
def test_no_press_is_lost_or_doubled_in_long_lives(stage: Stage, seed: int) -> None:
    lives(stage, rounds=10 * len(VICTIMS), seed=seed)
