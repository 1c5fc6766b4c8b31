"""Signed segments through the real broker and the real worker: what is witnessed, and what is kept without."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert
from support.hubs import LiveHub

from contract.evidence import CHAIN_START, head_of
from hub.store.engine import begin_write
from hub.store.schema import leaf, quarantine, recording, segment, timeline

pytestmark = pytest.mark.end_to_end


def kinds(hub: LiveHub, id: str) -> list[str]:
    return [row.kind for row in hub.rows(timeline, timeline.c.incident == id)]


def noted(hub: LiveHub, name: str) -> list[Any]:
    """What was noted about a box."""
    return hub.rows(quarantine, quarantine.c.box == name)


def test_segments_are_witnessed_and_the_close_fixes_their_number(hub: LiveHub) -> None:
    field = hub.box()
    id, _ = field.pressed()
    bodies = field.sealed(id, 3)
    leaves = []
    for body in bodies:
        receipt = field.receipt(field.send(field.event("segment.sealed", body)))
        assert receipt["witness"]["head"] == head_of(body["record"])
        leaves.append(receipt["witness"]["leaf"])
    assert leaves == sorted(set(leaves))
    head = head_of(bodies[-1]["record"])
    closing = field.event("recording.closed", {"incident": id, "count": 3, "head": head})
    closed = field.receipt(field.send(closing))
    assert closed["witness"]["head"] == head
    (row,) = hub.rows(recording, recording.c.incident == id)
    assert (row.count, row.head, row.leaf) == (3, head, closed["witness"]["leaf"])
    assert [row.seq for row in hub.rows(segment, segment.c.incident == id)] == [0, 1, 2]
    assert len(hub.rows(leaf, leaf.c.incident == id)) == 4
    assert "segment.sealed" not in kinds(hub, id)
    # The same events again: the same witness, nothing new in the log.
    field.receipts.clear()
    again = field.receipt(field.send(closing))
    assert again["witness"] == closed["witness"]
    assert len(hub.rows(leaf, leaf.c.incident == id)) == 4


def test_segments_may_arrive_in_any_order(hub: LiveHub) -> None:
    field = hub.box()
    id, _ = field.pressed()
    for body in reversed(field.sealed(id, 4)):
        assert "witness" in field.receipt(field.send(field.event("segment.sealed", body)))
    assert not noted(hub, field.name)


@pytest.mark.parametrize("wrong", ["signature", "chain", "key", "box", "spelling", "second"])
def test_what_does_not_hold_is_kept_without_a_witness(hub: LiveHub, wrong: str) -> None:
    field, other = hub.box(), hub.box()
    id, _ = field.pressed()
    first, second = field.sealed(id, 2)
    assert "witness" in field.receipt(field.send(field.event("segment.sealed", first)))
    if wrong == "signature":
        second["signature"] = first["signature"]
    elif wrong == "chain":
        text = field.record(id, 1, CHAIN_START).signed_text()
        second = {"incident": id, "record": text, "signature": field.sign(text)}
    elif wrong == "key":
        text = other.record(id, 1, head_of(first["record"]), box=field.name).signed_text()
        second = {"incident": id, "record": text, "signature": other.sign(text)}
    elif wrong == "box":
        text = field.record(id, 1, head_of(first["record"]), box=other.name).signed_text()
        second = {"incident": id, "record": text, "signature": field.sign(text)}
    elif wrong == "spelling":
        text = second["record"].replace('":', '": ', 1)
        second = {"incident": id, "record": text, "signature": field.sign(text)}
    elif wrong == "second":
        text = field.record(id, 0, CHAIN_START, bytes=999).signed_text()
        second = {"incident": id, "record": text, "signature": field.sign(text)}
    receipt = field.receipt(field.send(field.event("segment.sealed", second)))
    assert "witness" not in receipt
    assert noted(hub, field.name)
    assert len(hub.rows(segment, segment.c.incident == id)) == 1
    assert field.pressed()[1]  # the link lives on


def test_a_segment_whose_content_came_first_keeps_it(hub: LiveHub) -> None:
    field = hub.box()
    id, _ = field.pressed()
    (body,) = field.sealed(id, 1)
    stored = datetime.now(UTC)
    with begin_write(hub.database) as connection:
        connection.execute(
            insert(segment).values(
                incident=id,
                seq=0,
                box=field.name,
                record=body["record"],
                signature=body["signature"],
                head=head_of(body["record"]),
                start_ms=0,
                end_ms=2000,
                bytes=1000,
                stored_at=stored,
            )
        )
    assert "witness" in field.receipt(field.send(field.event("segment.sealed", body)))
    (row,) = hub.rows(segment, segment.c.incident == id)
    assert row.stored_at == stored
    assert row.leaf is not None
