"""Every message has a golden sample that both sides can be written against, and each reads and writes it alike."""

import base64
import json
from typing import Any

import pytest

from contract.codec import canonical, decode, decode_event, encode
from contract.evidence import CHAIN_START, SegmentRecord, check_chain, head_of, read_record, signed_bytes
from contract.messages import (
    BODIES,
    ON_TOPIC,
    BareAlarm,
    CommandType,
    Event,
    Receipt,
    RecordingClosed,
    SegmentSealed,
)
from tests.contract import samples

EVENT_FIELDS = ["v", "id", "type", "site", "box", "boot", "seq", "at", "mono_ms", "clock", "profile", "body"]


def test_every_message_has_a_sample() -> None:
    assert set(samples.EVENT_NAMES) == {f"event.{kind}" for kind in BODIES}
    assert {name for name in samples.NAMES if name.startswith("command.")} == {
        f"command.{kind}" for kind in CommandType
    }
    others = {name.split(".")[0] for name in samples.NAMES} - {"event"}
    assert others == {topic.replace("/", "-") for topic in ON_TOPIC} | {"segment-record"}


@pytest.mark.parametrize("name", samples.NAMES)
def test_a_sample_is_read_and_written_alike(name: str) -> None:
    fields = samples.sample(name)
    message = samples.reader(name)(samples.payload(fields))
    assert not isinstance(message, BareAlarm)
    assert json.loads(encode(message)) == fields
    assert samples.reader(name)(encode(message)) == message


@pytest.mark.parametrize("name", samples.NAMES)
def test_fields_that_nobody_knows_are_ignored(name: str) -> None:
    fields = samples.sample(name)
    expected = samples.reader(name)(samples.payload(fields))
    newer = _with_unknown_fields(fields)
    assert samples.reader(name)(samples.payload(newer)) == expected


def _with_unknown_fields(value: Any) -> Any:
    if isinstance(value, dict):
        return {"z_new": [1, {"a": None}], **{key: _with_unknown_fields(part) for key, part in value.items()}}
    return value


@pytest.mark.parametrize("name", samples.EVENT_NAMES)
def test_an_event_has_the_envelope_of_the_design(name: str) -> None:
    fields = samples.sample(name)
    assert list(fields) == EVENT_FIELDS
    event = decode_event(samples.payload(fields))
    assert isinstance(event, Event)
    assert type(event.body) is BODIES[event.type]
    assert event.incident == fields["body"].get("incident")


def test_the_design_s_own_example_of_a_press_is_the_sample() -> None:
    fields = samples.sample("event.alarm.raised")
    assert {**fields, "profile": None} == {
        "v": 1,
        "id": "01938f2e-6b0a-7c11-9a3e-3f2f8d5f0a01",
        "type": "alarm.raised",
        "site": "kita",
        "box": "counter-01",
        "boot": "01938f00-0000-7000-8000-000000000001",
        "seq": 17,
        "at": "2026-11-20T02:41:36.544Z",
        "mono_ms": 123456,
        "clock": "synced",
        "profile": None,
        "body": {
            "incident": "01938f2e-6b0a-7c11-9a3e-3f2f8d5f0a02",
            "level": "assist",
            "gesture": "short",
            "drill": False,
        },
    }


def test_the_published_keys_are_those_of_the_words() -> None:
    for words, public in (
        (samples.HUB_KEY_WORDS, samples.HUB_PUBLIC_KEY),
        (samples.BOX_KEY_WORDS, samples.BOX_PUBLIC_KEY),
    ):
        raw = samples.private_key(words).public_key().public_bytes_raw()
        assert base64.b64encode(raw).decode("ascii") == public


@pytest.mark.parametrize("name", ["receipt", "receipt.witness"])
def test_a_receipt_s_signature_covers_every_other_field(name: str) -> None:
    fields = samples.sample(name)
    signature = fields.pop("signature")
    assert samples.verify(samples.HUB_PUBLIC_KEY, canonical(fields), signature)
    assert samples.sign(samples.HUB_KEY_WORDS, canonical(fields)) == signature
    for field in fields:
        less = {key: value for key, value in fields.items() if key != field}
        assert not samples.verify(samples.HUB_PUBLIC_KEY, canonical(less), signature), field


def test_a_receipt_read_by_its_model_still_verifies() -> None:
    receipt = decode(Receipt, samples.payload(samples.sample("receipt.witness")))
    fields = receipt.to_wire()
    signature = fields.pop("signature")
    assert samples.verify(samples.HUB_PUBLIC_KEY, canonical(fields), signature)


def test_the_sealed_segment_carries_the_sample_record_signed_by_the_box() -> None:
    event = decode_event(samples.payload(samples.sample("event.segment.sealed")))
    assert isinstance(event, Event)
    assert isinstance(event.body, SegmentSealed)
    record = decode(SegmentRecord, samples.payload(samples.sample("segment-record")))
    assert event.body.record == record.signed_text()
    assert read_record(event.body.record) == record
    assert record.device_key == samples.BOX_PUBLIC_KEY
    assert samples.sign(samples.BOX_KEY_WORDS, signed_bytes(event.body.record)) == event.body.signature
    assert check_chain([(event.body.record, event.body.signature)], samples.verify) == head_of(event.body.record)
    assert record.prev == CHAIN_START


def test_the_witnessing_receipt_answers_the_sealed_segment() -> None:
    event = samples.sample("event.segment.sealed")
    receipt = samples.sample("receipt.witness")
    assert receipt["events"] == [event["id"]]
    assert receipt["witness"]["head"] == head_of(event["body"]["record"])
    closed = decode_event(samples.payload(samples.sample("event.recording.closed")))
    assert isinstance(closed, Event)
    assert isinstance(closed.body, RecordingClosed)
