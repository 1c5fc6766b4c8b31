"""kill -9 of broker and worker under presses: nothing lost, nothing doubled, and proof that the kill hit."""

import threading

import pytest
from support.field_box import FieldBox
from support.hubs import LiveHub, until

from hub.store.schema import event, incident

pytestmark = pytest.mark.end_to_end


def burst(boxes: list[FieldBox], presses: int) -> tuple[list[tuple[str, str]], threading.Thread]:
    """Presses by all boxes in turn, on a thread of their own, so that something is always under way."""
    made: list[tuple[str, str]] = []

    def go() -> None:
        for turn in range(presses):
            made.append(boxes[turn % len(boxes)].press())
            threading.Event().wait(0.002)

    thread = threading.Thread(target=go)
    thread.start()
    return made, thread


def check_all(hub: LiveHub, boxes: list[FieldBox], made: list[tuple[str, str]]) -> None:
    """Every press has its receipt, one incident, and a number without gaps."""
    until(lambda: not any(box.outbox for box in boxes), 60, "empty outboxes")
    stored = {row.id: row for row in hub.rows(incident)}
    assert set(stored) == {incident for incident, _ in made}
    assert all(row.presses == 1 for row in stored.values())
    assert len(hub.rows(event)) == len(made)
    numbers = sorted(int(row.number.split("-")[1]) for row in stored.values())
    assert numbers == list(range(1, len(made) + 1))
    for box in boxes:
        for receipt in box.receipts:
            assert stored[receipt["incident"]["id"]].number == receipt["incident"]["number"]


def test_w01_broker_killed_after_puback(fresh_hub: LiveHub) -> None:
    boxes = [fresh_hub.box() for _ in range(3)]
    made, thread = burst(boxes, 300)
    until(lambda: len(made) > 60, what="presses")
    fresh_hub.kill("worker")  # so that the broker holds presses that it has acknowledged
    until(lambda: len(made) > 200, what="presses")
    held = sum(len(box.outbox) for box in boxes)
    assert held > 0
    fresh_hub.kill("broker")
    fresh_hub.start_broker()
    fresh_hub.start_worker()
    thread.join()
    check_all(fresh_hub, boxes, made)


def test_h01_worker_killed_again_and_again_under_presses(fresh_hub: LiveHub) -> None:
    boxes = [fresh_hub.box() for _ in range(3)]
    made, thread = burst(boxes, 600)
    for kill in range(3):
        until(lambda kill=kill: len(made) > 60 + kill * 120, 60, "presses")
        until(lambda: any(box.receipts for box in boxes), what="receipts")
        fresh_hub.kill("worker")
        fresh_hub.start_worker()
    thread.join()
    check_all(fresh_hub, boxes, made)


def test_a_press_while_the_worker_is_away_waits_in_the_broker(fresh_hub: LiveHub) -> None:
    box = fresh_hub.box(resend=False)
    box.pressed()  # the clean case
    fresh_hub.kill("worker")
    sent = [box.press() for _ in range(20)]
    until(lambda: (box.hub_presence() or {}).get("state") == "offline", 30, "the hub's will")
    fresh_hub.start_worker()
    for incident_id, event_id in sent:
        assert box.receipt(event_id)["incident"]["id"] == incident_id


def test_w21_fifty_boxes_press_at_once(fresh_hub: LiveHub) -> None:
    boxes = [fresh_hub.box(connect=False) for _ in range(50)]
    for box in boxes:
        box.connect(wait=False)
    until(lambda: all(box.connected.is_set() for box in boxes), 60, "connections")
    made = [box.press() for box in boxes]
    for box, (_, event_id) in zip(boxes, made, strict=True):
        box.receipt(event_id, 10)
    check_all(fresh_hub, boxes, made)
