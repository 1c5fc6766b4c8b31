"""Bytes to messages and back: size limits, one error for everything malformed, canonical JSON for signatures."""

import json
import math
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from contract.messages import (
    BODIES,
    VERSION,
    AlarmState,
    AnyEvent,
    BareAlarm,
    BareEvent,
    Envelope,
    Event,
    Id,
    Level,
    Line,
    Message,
    Moment,
    UnknownBody,
)

PAYLOAD_BYTES_MAX: Final = 64 * 1024
"""The broker's `max_packet_size`; a bigger message would cut the connection at every resend (mosquitto, faults W10)."""

NESTING_MAX: Final = 32
"""Messages are three deep. A bound of our own, because Python's differs between reading, writing and versions."""

_CALLS_FOR_HELP: Final = frozenset({"alarm.raised", "alarm.repeated"})

_MessageT = TypeVar("_MessageT", bound=Message)


class MalformedMessage(ValueError):
    """The bytes are not a message of ours. The text says what is wrong and never repeats the payload."""


def canonical(value: dict[str, Any]) -> bytes:
    """The one spelling of `value` that signatures cover: sorted keys, no spaces, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")


def encode(message: Message) -> bytes:
    """`message` as payload bytes.

    Raises:
        MalformedMessage: it would be larger than the broker accepts.
    """
    payload = json.dumps(message.to_wire(), separators=(",", ":"), ensure_ascii=False).encode()
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise MalformedMessage(f"payload of {len(payload)} bytes is over the limit of {PAYLOAD_BYTES_MAX}")
    return payload


def decode(model: type[_MessageT], payload: bytes) -> _MessageT:
    """The message in `payload`.

    Raises:
        MalformedMessage: wrong size, not JSON, or not what `model` says.
    """
    return _validated(model, _json_object(payload))


def decode_event(payload: bytes) -> AnyEvent:
    """The event in `payload`; of an unknown major version only the call for help is read (design, section 4).

    Raises:
        MalformedMessage: wrong size, not JSON, or fields of the wrong kind.
    """
    fields = _json_object(payload)
    version = fields.get("v")
    if type(version) is int and version > VERSION:
        return _bare(fields)
    envelope = _validated(Envelope, fields)
    # A newer box's event must get its receipt as well, or the box would send it for ever (faults, W23).
    body_model = BODIES.get(envelope.type, UnknownBody)
    body = fields.get("body")
    if not isinstance(body, dict):
        raise MalformedMessage("body: must be an object")
    parts: dict[str, Any] = {name: getattr(envelope, name) for name in Envelope.model_fields}
    parts["body"] = _validated(body_model, body)
    return Event.model_construct(**parts)


def decode_alarm(payload: bytes, box: str) -> AlarmState:
    """The retained alarm of `box`. Of an unknown major version as much is taken as can be read: a lamp must light.

    Raises:
        MalformedMessage: wrong size, not JSON, or fields of the wrong kind.
    """
    fields = _json_object(payload)
    version = fields.get("v")
    if type(version) is not int or version <= VERSION:
        return _validated(AlarmState, fields)
    state, counter = fields.get("state"), _or_none(_LINE, fields.get("counter"))
    return AlarmState(
        state=state if state in ("none", "assist", "emergency") else "assist",
        counter=counter or box,
        since=_or_none(_MOMENT, fields.get("since")),
        seen=fields.get("seen") is True,
        drill=fields.get("drill") is True,
        at=_or_none(_MOMENT, fields.get("at")) or _UNKNOWN_MOMENT,
    )


def _bare(fields: dict[str, Any]) -> BareAlarm | BareEvent:
    """Whatever a later version spells differently is made up for: only without an id or a sender is there no event."""
    known = {name: fields.get(name) for name in ("id", "site", "box")} | {"at": _or_none(_MOMENT, fields.get("at"))}
    kind = fields.get("type")
    if isinstance(kind, str) and kind in BODIES and kind not in _CALLS_FOR_HELP:
        return _validated(BareEvent, known | {"type": kind})
    body = fields.get("body")
    body = body if isinstance(body, dict) else {}
    incident = _or_none(_ID, body.get("incident")) or fields.get("id")
    return _validated(
        BareAlarm, known | {"incident": incident, "level": _or_none(_LEVEL, body.get("level")) or Level.ASSIST}
    )


_ID: Final[TypeAdapter[Any]] = TypeAdapter(Id)
_LEVEL: Final[TypeAdapter[Any]] = TypeAdapter(Level)
_MOMENT: Final[TypeAdapter[Any]] = TypeAdapter(Moment)
_LINE: Final[TypeAdapter[Any]] = TypeAdapter(Line)
_UNKNOWN_MOMENT: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _or_none(kind: TypeAdapter[Any], value: object) -> Any:
    try:
        return kind.validate_python(value)
    except ValidationError:
        return None


def _json_object(payload: bytes) -> dict[str, Any]:
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise MalformedMessage(f"payload of {len(payload)} bytes is over the limit of {PAYLOAD_BYTES_MAX}")
    try:
        value = json.loads(
            payload.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except UnicodeDecodeError as error:
        raise MalformedMessage("not UTF-8") from error
    except RecursionError as error:
        raise MalformedMessage("nested too deeply") from error
    except MalformedMessage:
        raise
    except ValueError as error:
        raise MalformedMessage(f"not JSON: {str(error)[:120]}") from error
    if not isinstance(value, dict):
        raise MalformedMessage("must be a JSON object")
    _refuse_depth(value)
    return value


def _refuse_depth(value: dict[str, Any]) -> None:
    level: list[Any] = [value]
    for _ in range(NESTING_MAX):
        inner = [part.values() if isinstance(part, dict) else part for part in level]
        level = [part for parts in inner for part in parts if isinstance(part, dict | list)]
        if not level:
            return
    raise MalformedMessage("nested too deeply")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise MalformedMessage("a key appears twice")
    return fields


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):  # 1e999 is infinity by another name
        raise MalformedMessage("a number is too large")
    return number


def _refuse_constant(name: str) -> None:
    raise MalformedMessage(f"{name} is not JSON")


def _validated(model: type[_MessageT], fields: dict[str, Any]) -> _MessageT:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise MalformedMessage(problems_of(error)) from error


def problems_of(error: ValidationError) -> str:
    """The first ten problems of a validation error on one line, without repeating the input."""
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc']) or 'message'}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_url=False, include_context=False)[:10]
    )
