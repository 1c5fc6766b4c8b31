"""The published description is what the programs do: same topics, same shapes, same limits."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft7Validator

from contract import topics
from contract.codec import encode
from contract.messages import BareAlarm, HubPresence, Message, Presence
from contract.topics import Kind
from device.uplink import KEEPALIVE_S as BOX_KEEPALIVE_S
from hub import authority, link
from hub.broker import PACKET_BYTES_MAX
from tests.contract import samples
from tests.contract.schemas import made_up, published, schema_of

EVERY_MESSAGE = [name for name in samples.NAMES if name != "receipt" and not name.startswith("command.")]
EVERY_MESSAGE.append("command.seen")


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for part in value.values():
            yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)


def test_every_reference_leads_somewhere() -> None:
    for reference in set(_references(published())):
        place: Any = published()
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


def test_every_topic_has_its_channel_and_the_hub_a_part_in_all_but_the_alarm() -> None:
    addresses = {channel["address"] for channel in published()["channels"].values()}
    boxes = {topics.box_topic("{site}", "{box}", kind) for kind in Kind}
    assert addresses == boxes | {topics.hub_presence("{site}")}
    used = {operation["channel"]["$ref"] for operation in published()["operations"].values()}
    assert used == {f"#/channels/{name}" for name in published()["channels"] if name != "boxAlarm"}


def test_the_hub_sends_what_boxes_may_only_read() -> None:
    sent = {name for name, operation in published()["operations"].items() if operation["action"] == "send"}
    assert sent == {"sendBoxReceipt", "sendBoxCommand", "sendHubPresence"}
    retained = {
        operation["channel"]["$ref"].rpartition("/")[2]
        for operation in published()["operations"].values()
        if operation["bindings"]["mqtt"]["retain"]
    }
    assert retained == {"boxPresence", "hubPresence"}


def test_every_sample_is_an_example() -> None:
    shown = {
        example["name"]: example["payload"]
        for message in published()["components"]["messages"].values()
        for example in message["examples"]
    }
    shown["segment-record"] = published()["components"]["schemas"]["SegmentRecord"]["examples"][0]
    assert shown == samples.samples()


@pytest.mark.parametrize("name", samples.NAMES)
def test_a_sample_fits_its_published_schema(name: str) -> None:
    Draft7Validator(schema_of(name)).validate(samples.sample(name))


@pytest.mark.parametrize("name", EVERY_MESSAGE)
def test_what_the_schema_allows_is_read_and_written_alike(name: str) -> None:
    """Whoever builds a box from the description alone is understood."""

    @settings(max_examples=40)
    @given(fields=made_up(schema_of(name)))
    def holds(fields: dict[str, Any]) -> None:
        Draft7Validator(schema_of(name)).validate(fields)
        read = samples.reader(name)
        message = read(samples.payload(fields))
        assert isinstance(message, Message)
        assert not isinstance(message, BareAlarm)
        assert read(encode(message)) == message
        assert _kept(fields, message.to_wire())

    holds()


def _kept(said: Any, written: Any) -> bool:
    """Everything that was said is written again; defaults may be added."""
    if isinstance(said, dict):
        return all(name in written and _kept(value, written[name]) for name, value in said.items())
    return bool(said == written)


@pytest.mark.parametrize("letter", ["\x01", "\U0001f6d1", '"', "窓"])
@pytest.mark.parametrize("name", EVERY_MESSAGE)
def test_a_message_of_the_longest_texts_is_still_sent(name: str, letter: str) -> None:
    """The limits of the fields keep every message under the limit of the broker, so that none blocks the link."""
    message = samples.reader(name)(samples.payload(_filled(schema_of(name), samples.sample(name), letter)))
    assert isinstance(message, Message)
    encode(message)


def _filled(schema: Any, value: Any, letter: str) -> Any:
    if "anyOf" in schema:
        schema = schema["anyOf"][0]
    if "properties" in schema:
        value = value or {}
        return {name: _filled(part, value.get(name), letter) for name, part in schema["properties"].items()}
    if schema.get("type") == "array":
        one = (value or [None])[0]
        return [_filled(schema["items"], one, letter)] * schema["maxItems"]
    if schema.get("type") == "string" and not {"enum", "const", "pattern", "format"} & set(schema):
        return letter * schema["maxLength"]
    if schema.get("pattern") == "^[ -~]+$":
        return '"' * schema["maxLength"]
    if value is None and "enum" in schema:
        return max(schema["enum"], key=len)
    if value is None and schema.get("type") == "integer":
        return schema.get("maximum", 0)
    return value


def test_both_sides_keep_to_the_published_limits() -> None:
    servers = published()["servers"]
    for server in servers.values():
        assert server["bindings"]["mqtt"]["maximumPacketSize"] == PACKET_BYTES_MAX
    assert servers["box"]["bindings"]["mqtt"]["keepAlive"] == BOX_KEEPALIVE_S
    assert servers["hub"]["bindings"]["mqtt"]["keepAlive"] == link.KEEPALIVE_S
    assert servers["hub"]["bindings"]["mqtt"]["sessionExpiryInterval"] == link.SESSION_S
    assert servers["hub"]["bindings"]["mqtt"]["clientId"] == authority.HUB


@pytest.mark.parametrize(("server", "model"), [("hub", HubPresence), ("box", Presence)])
def test_a_will_is_a_message_of_ours(server: str, model: type[Presence | HubPresence]) -> None:
    will = published()["servers"][server]["bindings"]["mqtt"]["lastWill"]
    assert model.model_validate_json(will["message"]).state == "offline"
    assert topics.parse(will["topic"].replace("{site}", "kita").replace("{box}", "counter-01")) is not None
