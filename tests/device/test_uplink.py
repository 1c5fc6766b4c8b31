"""What the network process owes: resend until the signed receipt, a bounded window, nothing believed unsigned."""

import base64
import itertools
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from contract.codec import canonical
from device.pacing import BURST, PER_SECOND, Pace
from device.receipts import ReceiptKeys
from device.session import next_session
from device.uplink import RESEND_MAX_S, WINDOW, Outbox

EVENT = "01938f2e-6b0a-7c11-9a3e-3f2f8d5f0a01"


def public(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def receipt(signer: Ed25519PrivateKey, changed: dict[str, object] | None = None) -> bytes:
    fields: dict[str, object] = {"v": 1, "events": [EVENT], "at": "2026-11-20T02:41:36.571Z", "key": "hub-1"}
    signature = base64.b64encode(signer.sign(canonical(fields))).decode()
    return json.dumps({**fields, "signature": signature, **(changed or {})}).encode()


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def test_a_receipt_by_the_hubs_key_counts(key: Ed25519PrivateKey) -> None:
    accepted = ReceiptKeys({"hub-1": public(key)}).accept(receipt(key))
    assert accepted is not None
    assert accepted.events == (EVENT,)


def test_an_unknown_field_inside_the_signature_is_no_reason_to_refuse(key: Ed25519PrivateKey) -> None:
    fields = {"v": 1, "events": [EVENT], "at": "2026-11-20T02:41:36.571Z", "key": "hub-1", "later": [1]}
    signed = {**fields, "signature": base64.b64encode(key.sign(canonical(fields))).decode()}
    assert ReceiptKeys({"hub-1": public(key)}).accept(json.dumps(signed).encode()) is not None


@pytest.mark.parametrize(
    "changed",
    [
        {"events": ["01938f2e-6b0a-7c11-9a3e-3f2f8d5f0a99"]},
        {"at": "2026-11-20T02:41:36.572Z"},
        {"key": "hub-2"},
        {"signature": base64.b64encode(bytes(64)).decode()},
        {"signature": "?"},
        {"added": True},
        {"incident": {"id": EVENT, "number": "2026-000001"}},
    ],
)
def test_d29_anything_the_signature_does_not_cover_is_not_believed(
    key: Ed25519PrivateKey, changed: dict[str, object]
) -> None:
    keys = ReceiptKeys({"hub-1": public(key)})
    assert keys.accept(receipt(key)) is not None
    assert keys.accept(receipt(key, changed)) is None


def test_d29_another_key_under_the_hubs_name_is_not_believed(key: Ed25519PrivateKey) -> None:
    keys = ReceiptKeys({"hub-1": public(key)})
    assert keys.accept(receipt(key)) is not None
    assert keys.accept(receipt(Ed25519PrivateKey.generate())) is None


@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise(payload: bytes) -> None:
    assert ReceiptKeys({}).accept(payload) is None


def test_an_event_is_sent_at_once_then_ever_more_rarely_until_its_receipt() -> None:
    outbox, sent = Outbox(), []
    assert outbox.add("a", b"A", 100.0)
    for tenth in range(2000):
        now = 100.0 + tenth / 10
        sent += [round(now - 100.0, 1) for _ in outbox.due(now)]
    assert sent[:6] == [0.0, 2.0, 6.0, 14.0, 30.0, 60.0]
    assert max(later - earlier for earlier, later in itertools.pairwise(sent)) <= RESEND_MAX_S + 0.1
    outbox.receipted(("a",))
    assert outbox.due(1e9) == []
    assert outbox.next_s() is None


def test_a_new_connection_makes_everything_due_at_once() -> None:
    outbox = Outbox()
    outbox.add("a", b"A", 0.0)
    outbox.due(0.0)
    assert outbox.due(0.5) == []
    outbox.again(1.0)
    assert outbox.due(1.0) == [b"A"]


def test_the_window_is_bounded_and_refuses_only_what_the_spool_still_has() -> None:
    outbox = Outbox()
    taken = [outbox.add(f"{n}", b"", 0.0) for n in range(WINDOW + 5)]
    assert taken == [True] * WINDOW + [False] * 5
    assert not outbox.add("0", b"", 0.0)
    outbox.receipted(("3",))
    assert outbox.add("late", b"", 0.0)


def test_events_that_never_get_a_receipt_cannot_stand_in_the_way_of_a_call() -> None:
    outbox = Outbox()
    for n in range(WINDOW):
        assert outbox.add(f"dull-{n}", b"", 0.0)
    assert not outbox.add("dull-too-many", b"", 0.0)
    assert outbox.add("call", b"HELP", 0.0, urgent=True)
    assert b"HELP" in outbox.due(0.0)


def test_session_numbers_only_rise_even_when_the_clock_was_set_back(tmp_path: Path) -> None:
    path = tmp_path / "session"
    first = next_session(path)
    assert next_session(path) > first
    path.write_text(str(2**52), "ascii")  # as if the clock had been years ahead
    assert next_session(path) == 2**52 + 1
    path.write_text("damaged", "ascii")
    assert next_session(path) > 0


@given(st.lists(st.tuples(st.floats(0, 2), st.integers(0, 60)), max_size=200))
def test_w02_a_backlog_never_drains_faster_than_the_hub_takes_from_one_box(asked: list[tuple[float, int]]) -> None:
    pace, now_s, given_out = Pace(at_s=0.0), 0.0, 0
    for wait_s, wanted in asked:
        now_s += wait_s
        given_out += pace.take(wanted, now_s)
    assert given_out <= BURST + PER_SECOND * now_s + 1e-6


def test_w02_leave_that_was_not_needed_is_not_used_up() -> None:
    pace = Pace()
    for _ in range(100):
        taken = pace.take(20, 0.0)
        pace.give_back(taken)
        assert taken == 20
    assert pace.take(1000, 0.0) == BURST
    assert pace.take(1000, 0.0) == 0
    assert pace.take(1000, 0.1) == 10
