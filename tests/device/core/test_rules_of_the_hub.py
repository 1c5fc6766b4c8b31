"""A box whose rules are not the hub's says so on its lamp and at the hub, and goes on calling and recording."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.desk import IDENTITY, Desk

from contract.messages import CommandType, FaultCleared, FaultRaised
from device.core.effects import AllowSound, KeepRecording, PlayNotice, PublishAlarm, StopRecording
from device.core.events import ButtonName, CommandArrived, LinkChanged
from device.core.follow import Following
from device.core.lamp import LampState

OWN = IDENTITY.profile.digest
OTHER = "sha256:" + "a" * 64
MISMATCH = "profile_mismatch"


def there(rules: str | None, responders: int = 1) -> LinkChanged:
    return LinkChanged(True, responders, connected=True, rules=rules)


def away() -> LinkChanged:
    return LinkChanged(False, 0)


def told(desk: Desk) -> list[str]:
    """What was said to the hub of the mismatch."""
    return [event.type for event in desk.events() if getattr(event.body, "fault", None) == MISMATCH]


def test_rules_that_are_not_the_hub_s_are_a_fault_on_the_lamp_and_told_once_with_both_digests() -> None:
    desk = Desk()
    desk.feed(there(OWN))
    assert desk.lamp().state is LampState.READY
    desk.feed(there(OTHER))
    desk.feed(there(OTHER, responders=2))
    assert (desk.lamp().state, desk.lamp().faults) == (LampState.FAULT, (MISMATCH,))
    assert told(desk) == ["fault.raised"]
    body = desk.events()[-1].body
    assert isinstance(body, FaultRaised)
    assert OWN in body.detail
    assert OTHER in body.detail


def test_the_fault_ends_when_the_hub_follows_the_same_rules_again() -> None:
    desk = Desk()
    for rules in (OTHER, OWN):
        desk.feed(there(rules))
    assert desk.lamp().state is LampState.READY
    assert desk.events()[-1].body == FaultCleared(fault=MISMATCH)


def test_an_older_hub_that_says_nothing_of_its_rules_is_no_mismatch() -> None:
    desk = Desk()
    desk.feed(there(None))
    assert desk.lamp().state is LampState.READY
    desk.feed(there(OTHER))
    desk.feed(there(None))  # the hub was set back to the older version
    assert desk.lamp().state is LampState.READY


def test_while_the_hub_is_away_nothing_new_is_known() -> None:
    desk = Desk()
    desk.feed(away())
    assert told(desk) == []
    desk.feed(there(OTHER))
    desk.feed(away())
    assert (desk.lamp().state, desk.lamp().faults) == (LampState.HUB_LOST, (MISMATCH,))
    assert told(desk) == ["fault.raised"]


def test_the_longest_digest_that_the_wire_lets_through_still_fits_into_the_news() -> None:
    desk = Desk()
    desk.feed(there("x" * 80))
    assert "x" * 80 in str(desk.events()[-1].body)


@pytest.mark.parametrize("quiet", [False, True], ids=["beacon", "wall lamp"])
def test_a_beacon_compares_as_well(quiet: bool) -> None:
    beacon = Desk(following=Following(quiet=quiet))
    beacon.feed(there(OTHER))
    assert (beacon.lamp().state, beacon.lamp().faults) == (LampState.FAULT, (MISMATCH,))
    beacon.feed(there(OWN))
    assert beacon.lamp().state is LampState.WATCHING


def of_a_call(desk: Desk) -> tuple[list[str], list[str]]:
    """What a box did for its calls, and what it told: everything but the fault itself."""
    media = PlayNotice, KeepRecording, AllowSound, StopRecording, PublishAlarm
    done = [type(effect).__name__ for effect in desk.effects if isinstance(effect, media)]
    return done, [kind for kind in desk.types() if not kind.startswith("fault.")]


deeds = st.lists(st.sampled_from(["tap", "hold", "second", "seen", "coming", "end", "stored"]), max_size=8)


@given(deeds=deeds, told_at=st.integers(0, 8))
def test_a_mismatch_stops_neither_a_call_nor_a_recording(deeds: list[str], told_at: int) -> None:
    """The same hands at two boxes, one of which hears during it all that its rules are others."""
    sound, other = Desk(), Desk()
    for number, deed in enumerate([*deeds, "tap", "stored"]):
        if number == told_at:
            sound.feed(there(OWN))
            other.feed(there(OTHER))
        for desk in (sound, other):
            does(desk, deed)
    assert of_a_call(other) == of_a_call(sound)
    assert other.lamp().state is sound.lamp().state  # the call, and not the fault
    assert other.box.standing is not None


def does(desk: Desk, deed: str) -> None:
    standing = desk.box.standing
    match deed:
        case "tap":
            desk.tap()
        case "second":
            desk.tap(ButtonName.SECOND)
        case "hold":
            desk.edge(True)
            desk.wait(2_500)
            desk.edge(False)
            desk.wait(200)
        case "stored":
            desk.persist_all()
        case _ if standing is not None:
            commands = {
                "seen": CommandType.SEEN, "coming": CommandType.RESPONDER_COMING, "end": CommandType.RECORDING_STOP
            }  # fmt: skip
            desk.feed(CommandArrived(commands[deed], standing.incident, "佐藤"))
