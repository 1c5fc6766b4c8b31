"""Which segments and closes the hub witnesses, and which it doubts: no doubtful one ever gets a place in the log."""

from typing import Any

import pytest

from contract.evidence import CHAIN_START, head_of
from contract.messages import BareAlarm, Event
from hub.domain.chain import Chains, Doubtful, KnownClose, KnownSegment, Witness
from tests.hub_domain.box_says import (
    CALL,
    FORGED,
    NOW,
    OTHER_CALL,
    SHA,
    event,
    new_id,
    pressed,
    record,
    records,
    sealed,
    verify,
)

FIRST, SECOND, THIRD = records(3)


def chains(segments: Any = (), closes: Any = ()) -> Chains:
    return Chains(dict(segments), dict(closes), NOW, verify)


def known(text: str, leaf: int | None) -> KnownSegment:
    return KnownSegment(text, head_of(text), leaf)


def added(chain: Chains, one: Event) -> Witness:
    return chain.add(one, one.body, chain.check(one, one.body))  # type: ignore[arg-type]


def doubt(chain: Chains, one: Event) -> str:
    with pytest.raises(Doubtful) as error:
        added(chain, one)
    assert not chain.leaves, "what is doubtful leaves no trace"
    assert not chain.segments
    return str(error.value)


def closed(count: int = 2, head: str = SHA, call: str = CALL) -> Event:
    return event("recording.closed", incident=call, count=count, head=head)


def test_a_segment_gets_the_next_place_in_the_log_and_a_row_with_what_was_signed() -> None:
    chain = chains()
    one = sealed(FIRST)
    assert added(chain, one) == Witness(head_of(FIRST), None, 0)
    assert added(chain, sealed(SECOND)) == Witness(head_of(SECOND), None, 1)
    assert chain.segments[CALL, 1] == {
        "incident": CALL, "seq": 1, "box": "counter-01", "record": SECOND, "signature": "Z29vZA==",
        "head": head_of(SECOND), "leaf": 1, "start_ms": 2000, "end_ms": 4000, "bytes": 1001,
    }  # fmt: skip
    assert chain.leaves[0] == {"kind": "segment.sealed", "incident": CALL, "digest": head_of(FIRST), "at": NOW}
    assert chain.again(one) == Witness(head_of(FIRST), None, 0)


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (sealed("{}"), "segment record: "),
        (sealed(" " + FIRST), "segment record: "),
        (sealed(FIRST, FORGED), "segment 0: the signature does not hold"),
        (sealed(record(device_key="c3RyYW5nZXI=")), "segment 0: the signature does not hold"),
        (sealed(record(site="minami")), "another site, box or incident"),
        (sealed(record(box="counter-02")), "another site, box or incident"),
        (sealed(record(incident=OTHER_CALL)), "another site, box or incident"),
        (sealed(record(prev=SHA)), "segment 0: does not follow the one before it"),
    ],
)
def test_what_cannot_be_a_segment_of_this_recording_is_doubted_with_a_reason(one: Event, why: str) -> None:
    assert why in doubt(chains(), one)


def test_segments_may_come_in_any_order_but_each_must_fit_its_neighbours() -> None:
    chain = chains()
    for text in (THIRD, FIRST, SECOND):
        added(chain, sealed(text))
    assert [leaf["digest"] for leaf in chain.leaves] == [head_of(text) for text in (THIRD, FIRST, SECOND)]
    other_second = record(1, head_of(FIRST), bytes=7)
    assert "segment 1: does not follow" in doubt(chains({(CALL, 2): known(THIRD, 5)}), sealed(other_second))
    assert "segment 2: does not follow" in doubt(chains({(CALL, 1): known(other_second, 5)}), sealed(THIRD))
    assert "segment 0: does not follow" in doubt(chains(), sealed(record(0, head_of(THIRD))))
    assert added(chains({(OTHER_CALL, 1): known(other_second, 5)}), sealed(THIRD)).new == 0


def test_the_same_segment_again_gets_the_same_witness() -> None:
    chain = chains({(CALL, 0): known(FIRST, 17)})
    assert added(chain, sealed(FIRST)) == Witness(head_of(FIRST), 17)
    assert chain.leaves == []
    new = chains()
    assert added(new, sealed(FIRST)).new == added(new, sealed(FIRST)).new == 0
    assert len(new.leaves) == 1


def test_a_segment_whose_content_came_first_gets_its_place_when_its_record_comes() -> None:
    chain = chains({(CALL, 0): known(FIRST, None)})
    assert added(chain, sealed(FIRST)) == Witness(head_of(FIRST), None, 0)


def test_another_record_under_the_same_number_is_doubted_and_the_first_stays() -> None:
    chain = chains({(CALL, 0): known(FIRST, 17)})
    assert "segment 0: differs from the one recorded before" in doubt(chain, sealed(record(bytes=7)))


def test_a_recording_is_closed_once_and_another_end_is_doubted() -> None:
    chain = chains()
    one = closed()
    witness, row = chain.close(one, one.body)  # type: ignore[arg-type]
    assert witness == Witness(SHA, None, 0)
    assert row == {"count": 2, "head": SHA, "leaf": 0, "closed_at": NOW}
    assert chain.leaves == [{"kind": "recording.closed", "incident": CALL, "digest": SHA, "at": NOW}]
    assert chain.close(closed(), closed().body) == (witness, {})  # type: ignore[arg-type]
    for other in (closed(count=3), closed(head=CHAIN_START)):
        with pytest.raises(Doubtful, match="closed before with another count or head"):
            chain.close(other, other.body)  # type: ignore[arg-type]
    assert len(chain.leaves) == 1


def test_an_event_that_comes_again_gets_the_witness_that_it_had() -> None:
    chain = chains({(CALL, 0): known(FIRST, 17), (CALL, 1): known(SECOND, None)}, {CALL: KnownClose(2, SHA, 18)})
    assert chain.again(sealed(FIRST)) == Witness(head_of(FIRST), 17)
    assert chain.again(sealed(SECOND)) is None  # only its content came
    assert chain.again(sealed(THIRD)) is None
    assert chain.again(sealed(FIRST, incident=OTHER_CALL)) is None
    assert chain.again(closed()) == Witness(SHA, 18)
    assert chain.again(closed(count=9)) is None
    assert chain.again(closed(head=CHAIN_START)) is None
    assert chain.again(closed(call=OTHER_CALL)) is None
    assert chain.again(pressed()) is None
    bare = BareAlarm(id=new_id(), incident=CALL, site="kita", box="counter-01", level="assist", at=None)
    assert chain.again(bare) is None
