"""Whatever comes in, it is a message of ours or `MalformedMessage`, and never any other error (W09-W11, W23)."""

import contextlib
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.codec import PAYLOAD_BYTES_MAX, MalformedMessage, decode, decode_alarm, decode_event, encode
from contract.messages import BODIES, BareAlarm, BareEvent, Event, Health, Level, Message, UnknownBody
from tests.contract import samples
from tests.contract.schemas import Json, fields_of, is_of, schema_of, types_of

DEEP = 60_000
PRESS = samples.sample("event.alarm.raised")
HEALTH = samples.sample("health")


def spelled(fields: Json, extra: str) -> bytes:
    """`fields` with one more member, spelled by hand."""
    return (json.dumps(fields)[:-1] + ", " + extra + "}").encode("utf-8", "surrogatepass")


MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "white space": b" \n",
    "not UTF-8": b"\xff\xfe{}",
    "UTF-16": json.dumps(PRESS).encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf" + json.dumps(PRESS).encode(),
    "CBOR": b"\xa2\x61v\x01\x62id\x61x",
    "half": json.dumps(PRESS).encode()[:100],
    "two": json.dumps(PRESS).encode() * 2,
    "an array": b"[]",
    "an array with a message": json.dumps([PRESS]).encode(),
    "null": b"null",
    "a number": b"1",
    "a text": b'"alarm.raised"',
    "an empty object": b"{}",
    "single quotes": b"{'v': 1}",
    "NaN": spelled(PRESS, '"x": NaN'),
    "Infinity": spelled(PRESS, '"x": [Infinity]'),
    "-Infinity": spelled(PRESS, '"x": {"y": -Infinity}'),
    "infinity by overflow": spelled(PRESS, '"x": 1e999'),
    "minus infinity by overflow": spelled(PRESS, '"x": -1e999'),
    "a key twice": spelled(PRESS, '"v": 1'),
    "a key twice, deep inside": spelled(PRESS, '"x": {"a": 1, "a": 1}'),
    "a huge number": spelled(PRESS, '"x": 1' + "0" * 5000),
    "a huge number where one belongs": (json.dumps(PRESS).replace("123456", "1" + "0" * 5000)).encode(),
    "a big number where one belongs": (json.dumps(PRESS).replace("123456", "1" + "0" * 400)).encode(),
    "deep arrays": b"[" * DEEP,
    "deep objects": b'{"a":' * (DEEP // 5),
    "deep in an unknown field": spelled(PRESS, '"x": ' + "[" * 100 + "]" * 100),
    "deep enough to break Python": spelled(PRESS, '"x": ' + "[" * 900 + "]" * 900),
    "half a surrogate pair": json.dumps({**PRESS, "site": "\ud800"}).encode(),
    "half a surrogate pair, raw": samples.payload({**PRESS, "x": "\udfff"}),
    "a raw NUL": spelled(PRESS, '"x": "\0"'),
    "too large": spelled(PRESS, '"x": "' + "x" * PAYLOAD_BYTES_MAX + '"'),
}


@pytest.mark.parametrize("name", ["event.alarm.raised", "health", "receipt", "command.seen", "segment-record"])
@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_bytes_are_refused(case: str, name: str) -> None:
    with pytest.raises(MalformedMessage) as refusal:
        samples.reader(name)(MALFORMED[case])
    assert "\n" not in str(refusal.value)


def test_the_largest_payload_is_read_and_one_byte_more_is_not() -> None:
    room = PAYLOAD_BYTES_MAX - len(spelled(PRESS, '"x": ""'))
    assert decode_event(spelled(PRESS, f'"x": "{"x" * room}"'))
    with pytest.raises(MalformedMessage, match="over the limit"):
        decode_event(spelled(PRESS, f'"x": "{"x" * (room + 1)}"'))


@pytest.mark.parametrize(
    "inside",
    [
        "[" * (PAYLOAD_BYTES_MAX - 1000),
        "[" + "[]," * 20_000 + "0]",
        "[" + ("9" * 4300 + ",") * 14 + "0]",
        "[" + "1e400," * 10_000 + "0]",
        "{" + ",".join(f'"{n}":0' for n in range(6000)) + "}",
        '"' + "\\ud800" * 10_000 + '"',
        "1" + "0" * 60_000 + ".0",
    ],
    ids=["deep", "wide", "digits", "infinities", "keys", "surrogates", "long float"],
)
def test_no_payload_keeps_the_processor_busy(inside: str) -> None:
    """W11: not more than 50 ms."""
    payload = spelled(PRESS, f'"x": {inside}')
    assert len(payload) <= PAYLOAD_BYTES_MAX
    assert min(_cpu_s(payload) for _ in range(5)) < 0.05


def _cpu_s(payload: bytes) -> float:
    start_s = time.process_time()
    with contextlib.suppress(MalformedMessage):
        decode_event(payload)
    return time.process_time() - start_s


# --- each field of each message ---------------------------------------------------------------------------------------

SECRET = "himitsu-0451"
ODD: tuple[Any, ...] = (None, True, False, 0, 1, -1, 1.0, 1.5, SECRET, [], [0], [SECRET], {}, {"a": SECRET})

WRONG_BY_FORMAT: dict[str, tuple[Any, ...]] = {
    "uuid": ("", "x", PRESS["id"][:-1], PRESS["id"] + "0", "{" + PRESS["id"] + "}", PRESS["id"].replace("-", "")),
    "date-time": (
        "", "now", "17", "1700000000", "2026-11-20", "2026-11-20T02:41:36", "2026-13-20T02:41:36Z",
        "2026-11-20T25:41:36Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "２０２６-11-20T02:41:36Z",
    ),
    "name": ("", "A", "-a", "a-", "a" * 64, "a\n", "a/b", "+", "#", "窓", "a b", "a\0"),
    "digest": ("", "sha256:", "sha256:" + "A" * 64, "sha256:" + "0" * 63, "sha256:" + "0" * 65, "md5:" + "0" * 64),
    "base64": ("", "=", "a b", "a\n", "a===", "=a", "A" * 513, "窓"),
    "record": ("", "\n", "{}\0", "窓", "x" * 4097),
    "line": ("x" * 201, "\0", "a\0b", "\ud800"),
    "number": (-1, 2**53, 10**400),
    "choice": ("", "nonsense", SECRET),
}  # fmt: skip


def _format_of(field: Json) -> str | None:
    field = field["anyOf"][0] if "anyOf" in field else field
    if "enum" in field or "const" in field:
        return "choice"
    pattern = field.get("pattern", "")
    for start, name in (
        ("^[a-z0-9]", "name"),
        ("^sha256", "digest"),
        ("^[A-Za-z0-9+/]", "base64"),
        ("^[ -~]", "record"),
    ):
        if pattern.startswith(start):
            return name
    if field.get("type") == "integer":
        return "number"
    if field.get("type") == "string":
        return field.get("format", "line")
    return None


def _put(fields: Json, path: tuple[str, ...], value: Any) -> Json | None:
    """`fields` with another value at `path`; None when the sample has nothing on the way there."""
    if len(path) == 1:
        return {**fields, path[0]: value}
    inner = fields.get(path[0])
    changed = _put(inner, path[1:], value) if isinstance(inner, dict) else None
    return None if changed is None else {**fields, path[0]: changed}


def _without(fields: Json, path: tuple[str, ...]) -> Json:
    if len(path) == 1:
        return {name: value for name, value in fields.items() if name != path[0]}
    return {**fields, path[0]: _without(fields[path[0]], path[1:])}


def _every_field() -> Iterator[Any]:
    for name in samples.NAMES:
        if name == "receipt" or (name.startswith("command.") and name != "command.seen"):
            continue  # the same model as a fuller sample
        for path, field, required in fields_of(schema_of(name)):
            yield pytest.param(name, path, field, required, id=f"{name}:{'.'.join(path)}")


@pytest.mark.parametrize(("name", "path", "field", "required"), list(_every_field()))
def test_a_wrong_value_in_any_field_is_refused(name: str, path: tuple[str, ...], field: Json, required: bool) -> None:
    fields = samples.sample(name)
    wrong = [value for value in ODD if not is_of(value, types_of(field))]
    assert wrong
    wrong += WRONG_BY_FORMAT.get(_format_of(field) or "", ())
    if path == ("type",) and name.startswith("event."):
        wrong = [value for value in wrong if not isinstance(value, str)]  # another type is a newer box's, not wrong
    for value in wrong:
        changed = _put(fields, path, value)
        assert changed is not None, "the sample has nothing there"
        with pytest.raises(MalformedMessage) as refusal:
            samples.reader(name)(json.dumps(changed).encode())
        assert SECRET not in str(refusal.value), "a refusal repeats what was sent"
    if required:
        with pytest.raises(MalformedMessage):
            samples.reader(name)(samples.payload(_without(fields, path)))
    else:
        assert samples.reader(name)(samples.payload(_without(fields, path)))


@pytest.mark.parametrize("faults", [["x"] * 51, [1], [None], ["\0"], "camera", {"camera": True}])
def test_a_list_with_something_wrong_in_it_is_refused(faults: Any) -> None:
    with pytest.raises(MalformedMessage):
        decode(Health, samples.payload({**HEALTH, "faults": faults}))


@pytest.mark.parametrize("body", [None, [], "x", 1])
def test_an_event_s_body_is_an_object(body: Any) -> None:
    with pytest.raises(MalformedMessage, match="body"):
        decode_event(samples.payload({**PRESS, "body": body}))


# --- anything at all --------------------------------------------------------------------------------------------------

READERS = [samples.reader(name) for name in ("event.alarm.raised", *samples.OTHER_MODELS)]
TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from([PRESS["id"], PRESS["at"], "kita", "assist", *BODIES]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(list(PRESS)), inner, max_size=6)
    ),
    max_leaves=20,
)


def _read_or_refused(payload: bytes) -> None:
    for read in READERS:
        try:
            message = read(payload)
        except MalformedMessage:
            continue
        encode(message)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(payload: bytes) -> None:
    _read_or_refused(payload)


@given(TREES)
def test_any_json_is_read_or_refused(tree: Any) -> None:
    _read_or_refused(json.dumps(tree).encode())


@given(st.sampled_from(samples.NAMES), TREES, st.data())
def test_any_message_with_anything_in_one_place_is_read_or_refused(name: str, tree: Any, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([path for path, _, _ in fields_of(schema_of(name))]))
    changed = _put(samples.sample(name), path, tree) or {}
    _read_or_refused(json.dumps(changed).encode())


@given(st.sampled_from(samples.NAMES), st.data())
def test_a_damaged_message_is_read_or_refused(name: str, data: st.DataObject) -> None:
    payload = bytearray(samples.payload(samples.sample(name)))
    for place in data.draw(st.lists(st.integers(0, len(payload) - 1), min_size=1, max_size=3)):
        payload[place] = data.draw(st.integers(0, 255))
    _read_or_refused(bytes(payload))


# --- later versions (W23) ---------------------------------------------------------------------------------------------

LATER = [2, 3, 2**60, 10**400]


@pytest.mark.parametrize("version", LATER, ids=["2", "3", "2^60", "10^400"])
@pytest.mark.parametrize("kind", ["alarm.raised", "alarm.repeated", "alarm.shouted", "", None, 7, ["alarm.raised"]])
def test_a_call_in_a_later_version_is_not_lost(kind: Any, version: int) -> None:
    alarm = decode_event(samples.payload({**PRESS, "v": version, "type": kind}))
    assert isinstance(alarm, BareAlarm)
    assert (alarm.id, alarm.incident) == (PRESS["id"], PRESS["body"]["incident"])
    assert (alarm.site, alarm.box, alarm.level) == ("kita", "counter-01", Level.ASSIST)
    press = decode_event(samples.payload(PRESS))
    assert isinstance(press, Event)
    assert alarm.at == press.at


@pytest.mark.parametrize("kind", sorted(set(BODIES) - {"alarm.raised", "alarm.repeated"}))
def test_what_is_known_to_be_no_call_never_becomes_one_and_can_be_receipted(kind: str) -> None:
    sample = samples.sample(f"event.{kind}")
    odd: dict[str, Any] = {"boot": 5, "seq": None, "at": "?", "body": []}
    for changed in ({}, odd):
        event = decode_event(samples.payload({**sample, "v": 2, **changed}))
        assert isinstance(event, BareEvent)
        assert (event.id, event.type, event.box, event.incident) == (sample["id"], kind, sample["box"], None)


@pytest.mark.parametrize("name", ["alarm", "presence", "health", "receipt", "command.seen", "hub-presence"])
def test_other_messages_of_a_later_version_are_refused(name: str) -> None:
    with pytest.raises(MalformedMessage):
        samples.reader(name)(samples.payload({**samples.sample(name), "v": 2}))


@pytest.mark.parametrize("odd", [None, 5, [], {}, ["emergency"], {"level": "loud"}, "loud", "\0", "17"])
def test_a_later_version_may_spell_everything_else_differently(odd: Any) -> None:
    later = {**PRESS, "v": 2, "boot": odd, "seq": odd, "mono_ms": odd, "clock": odd, "profile": odd, "at": odd}
    for body in (odd, {"incident": odd, "level": odd}):
        alarm = decode_event(samples.payload({**later, "body": body}))
        assert isinstance(alarm, BareAlarm)
        assert (alarm.incident, alarm.level, alarm.at) == (PRESS["id"], Level.ASSIST, None)


def test_a_later_version_s_emergency_stays_one() -> None:
    alarm = decode_event(samples.payload({**PRESS, "v": 2, "body": {"level": "emergency"}}))
    assert isinstance(alarm, BareAlarm)
    assert alarm.level is Level.EMERGENCY


@pytest.mark.parametrize("field", ["id", "site", "box"])
def test_without_an_id_and_a_sender_there_is_no_call(field: str) -> None:
    later = {**PRESS, "v": 2}
    for changed in (_without(later, (field,)), {**later, field: "?!"}, {**later, field: []}):
        with pytest.raises(MalformedMessage):
            decode_event(samples.payload(changed))


@pytest.mark.parametrize("version", [0, -1, True, 1.0, "1", "2", None, [], 2.0])
def test_what_is_no_version_is_refused(version: Any) -> None:
    with pytest.raises(MalformedMessage):
        decode_event(samples.payload({**PRESS, "v": version}))


def test_w23_an_event_of_a_type_of_a_newer_box_is_read_without_effect_so_that_it_can_be_receipted() -> None:
    event = decode_event(samples.payload({**PRESS, "type": "door.opened", "body": {"door": 3}}))
    assert isinstance(event, Event)
    assert (event.id, event.type, event.incident) == (PRESS["id"], "door.opened", None)
    assert event.body == UnknownBody()


def test_what_would_be_too_large_is_never_sent() -> None:
    class Heavy(Message):
        text: str

    with pytest.raises(MalformedMessage, match="over the limit"):
        encode(Heavy(text="x" * PAYLOAD_BYTES_MAX))


def test_a_newer_boxs_alarm_still_lights_a_beacon() -> None:
    newer = {"v": 2, "state": "red", "counter": {"ja": "1階"}, "since": "?", "seen": 1, "drill": False}
    alarm = decode_alarm(json.dumps(newer).encode(), "counter-02")
    assert (alarm.state, alarm.counter, alarm.seen, alarm.drill) == ("assist", "counter-02", False, False)
    over = decode_alarm(json.dumps(newer | {"state": "none"}).encode(), "counter-02")
    assert over.state == "none"


def test_an_alarm_of_this_version_is_read_strictly() -> None:
    with pytest.raises(MalformedMessage):
        decode_alarm(b'{"v": 1, "state": "red", "counter": "1", "at": "2026-11-20T02:00:00Z"}', "counter-02")
