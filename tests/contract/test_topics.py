"""Topics: what is built is parsed back, and nothing else is taken for ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from contract import topics
from contract.messages import Name
from contract.topics import Address, Kind

NAMES = st.from_regex(topics.NAME, fullmatch=True).filter(lambda name: name not in topics.RESERVED_NAMES)


@given(NAMES, NAMES, st.sampled_from(Kind))
def test_what_is_built_is_parsed_back(site: str, box: str, kind: Kind) -> None:
    assert topics.parse(topics.box_topic(site, box, kind)) == Address(site, box, kind)
    assert topics.parse(topics.hub_presence(site)) == Address(site, None, Kind.PRESENCE)


def test_topics_are_those_of_the_design() -> None:
    assert topics.box_topic("kita", "counter-01", Kind.EVENT) == "madomori/v1/kita/box/counter-01/event"
    assert topics.hub_presence("kita") == "madomori/v1/kita/hub/presence"
    assert topics.box_topic("kita", "+", Kind.RECEIPT) == "madomori/v1/kita/box/+/receipt"
    assert {kind.value for kind in Kind} == {"event", "alarm", "presence", "health", "receipt", "command"}


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "/",
        "#",
        "madomori/#",
        "madomori/v1/+/box/+/event",
        "madomori/v1/kita/box/+/event",
        "madomori/v1/kita/box/#",
        "madomori/v1/kita/box/counter-01/+",
        "$share/group/madomori/v1/kita/box/counter-01/event",
        "$SYS/broker/version",
        "madomori/v1/Kita/box/counter-01/event",
        "madomori/v1/kita/box/Counter-01/event",
        "madomori/v1/kita/BOX/counter-01/event",
        "MADOMORI/v1/kita/box/counter-01/event",
        "madomori/v1/kita/box/counter-01/Event",
        "madomori/v1/kita/box/counter-01",
        "madomori/v1/kita/box/counter-01/",
        "madomori/v1/kita/box/counter-01/event/",
        "madomori/v1/kita/box/counter-01/event/more",
        "/madomori/v1/kita/box/counter-01/event",
        "madomori/v1/kita/box//event",
        "madomori/v1//box/counter-01/event",
        "madomori/v1/kita/counter-01/event",
        "madomori/v2/kita/box/counter-01/event",
        "madomori/v1/kita/box/counter-01/other",
        "madomori/v1/kita/box/hub/event",
        "madomori/v1/hub/box/counter-01/event",
        "madomori/v1/hub/hub/presence",
        "madomori/v1/kita/hub/event",
        "madomori/v1/kita/hub/presence/more",
        "madomori/v1/kita/box/-counter/event",
        "madomori/v1/kita/box/counter-/event",
        "madomori/v1/kita/box/counter_01/event",
        "madomori/v1/kita/box/窓口/event",
        "madomori/v1/kita/box/counter-01\n/event",
        "madomori/v1/kita/box/counter-01/event\n",
        "madomori/v1/kita/box/a\0/event",
        "madomori/v1/kita/box/" + "a" * 64 + "/event",
        "madomori/v1/kita/box/٣/event",
    ],
)
def test_what_is_not_ours_is_no_address(topic: str) -> None:
    assert topics.parse(topic) is None


@given(
    st.lists(st.sampled_from(["madomori", "v1", "kita", "box", "hub", "presence", "event", "+", "#", "", "A", "a-"]))
)
def test_an_address_is_always_spelled_back_to_its_topic(levels: list[str]) -> None:
    topic = "/".join(levels)
    address = topics.parse(topic)
    if address is not None:
        built = (
            topics.hub_presence(address.site)
            if address.box is None
            else topics.box_topic(address.site, address.box, address.kind)
        )
        assert built == topic


@given(st.text(st.sampled_from("ab-0A_\n窓/+#"), max_size=70) | NAMES | st.sampled_from(["a" * 63, "a" * 64]))
def test_a_name_in_a_message_is_a_name_in_a_topic(text: str) -> None:
    try:
        TypeAdapter(Name).validate_python(text)
        in_message = True
    except ValidationError:
        in_message = False
    assert topics.is_name(text) == in_message


def test_nobody_may_be_called_hub() -> None:
    assert not topics.is_name("hub")
