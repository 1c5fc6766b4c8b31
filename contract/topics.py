"""The only place where MQTT topic strings are spelled (design, section 4)."""

import re
from dataclasses import dataclass
from enum import StrEnum

ROOT = "madomori/v1"

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
"""A site or box name: it fills one topic level and one certificate CN."""

RESERVED_NAMES = frozenset({"hub"})


class Kind(StrEnum):
    """The last level of a topic."""

    EVENT = "event"
    ALARM = "alarm"
    PRESENCE = "presence"
    HEALTH = "health"
    RECEIPT = "receipt"
    COMMAND = "command"


_KINDS = frozenset(kind.value for kind in Kind)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message was published. `box` is None on the hub's own presence topic."""

    site: str
    box: str | None
    kind: Kind


def is_name(text: str) -> bool:
    """Whether `text` may name a site or a box."""
    return bool(NAME.match(text)) and text not in RESERVED_NAMES


def box_topic(site: str, box: str, kind: Kind) -> str:
    """The topic of one box. `+` as `box` makes the hub's subscription filter."""
    return f"{ROOT}/{site}/box/{box}/{kind}"


def hub_presence(site: str) -> str:
    """The retained topic that tells whether anyone listens."""
    return f"{ROOT}/{site}/hub/presence"


def parse(topic: str) -> Address | None:
    """The address spelled by `topic`, or None when it is none of ours."""
    match topic.split("/"):
        case ["madomori", "v1", site, "box", box, kind] if is_name(site) and is_name(box) and kind in _KINDS:
            return Address(site, box, Kind(kind))
        case ["madomori", "v1", site, "hub", "presence"] if is_name(site):
            return Address(site, None, Kind.PRESENCE)
        case _:
            return None
