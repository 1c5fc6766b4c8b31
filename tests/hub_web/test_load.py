"""Whether contacts fall on one person: told to carers only, over a limit the city chooses, in words without blame."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.load import Carried, Limits, loads, parts
from hub.domain.swap import Taken
from hub.store.schema import user
from tests.hub_web.conftest import NOW, Hub

BLAME = ("多すぎ", "遅い", "問題", "能力", "責任", "too slow", "fault", "blame", "poor")


def contact(hub: Hub, person: str, minutes: int = 30, **columns: Any) -> str:
    begun = hub.time() - timedelta(days=1)
    return hub.press(
        **{
            "state": "closed", "responder": person, "responder_name": f"{person}さん", "pressed_at": begun,
            "responding_at": begun, "contact_started_at": begun, "contact_ended_at": begun + timedelta(minutes=minutes),
            **columns,
        }
    )  # fmt: skip


def test_set_17_who_carries_much_more_than_the_others_is_named_to_carers_only(hub: Hub) -> None:
    for _ in range(4):
        contact(hub, "mori")
    contact(hub, "kato")
    contact(hub, "kato", drill=True)
    contact(hub, "kato", outcome="false_press")
    contact(hub, "kato", pressed_at=NOW - timedelta(days=30), contact_started_at=NOW - timedelta(days=30),
            contact_ended_at=NOW - timedelta(days=30) + timedelta(hours=1))  # fmt: skip
    found = hub.client().get("/api/v1/load", headers=hub.machine("section_head")).json
    assert [(one["name"], one["contacts"], one["minutes"], one["others"], one["over"]) for one in found["people"]] == [
        ("moriさん", 4, 120, 1.0, True), ("katoさん", 1, 30, 4.0, False),
    ]  # fmt: skip
    assert (found["contacts_limit"], found["source"]) == (4, "choice")
    running = hub.press("counter-01", state="attended", responder="mori", responder_name="moriさん",
                        responding_at=NOW)  # fmt: skip
    for role, sees in (("supervisor", True), ("general_affairs", True), ("staff", False), ("administrator", False)):
        assert (hub.client().get("/api/v1/load", headers=hub.machine(role)).status_code == 200) is sees, role
        page = hub.sees(role, f"/incidents/{running}").text
        assert ("moriさん さんに応対が続いています" in page) is sees, role
    text = hub.sees("supervisor", "/tasks").text
    assert "交替や休憩、応援を考えてください" in text
    panel = text.split('id="load-title"')[1].split("</section>")[0]
    assert [word for word in BLAME if word in panel] == []


def test_set_17_who_took_over_carries_the_contact_from_then_on(hub: Hub) -> None:
    """Five contacts of a day each: the chief goes there, and after ten minutes the same clerk takes over every time."""
    chief, mori = hub.person("supervisor", "佐藤"), hub.person("staff", "森")
    accounts = {row.login: row.id for row in hub.rows(user)}
    begun = hub.time() - timedelta(days=1)
    incidents = [contact(hub, accounts[chief], minutes=1440, responder_name="佐藤") for _ in range(5)]
    for incident, how in zip(incidents, ("森", "主任　森", "森", "森", "森"), strict=True):
        hub.told(incident, "marked", at=begun + timedelta(minutes=10), data={"mark": "staff_swapped", "taker": how})
    assert [(one["person"], one["name"], one["contacts"], one["minutes"], one["over"]) for one in _people(hub)] == [
        (accounts[mori], "森", 5, 7150, True), (accounts[chief], "佐藤", 5, 50, True),
    ]  # fmt: skip
    incident = incidents[0]
    hub.told(incident, "marked", at=begun + timedelta(minutes=20), data={"mark": "staff_swapped"})
    hub.told(incident, "marked", at=begun + timedelta(minutes=40), data={"mark": "staff_swapped", "taker": "窓口応援"})
    assert [(one["name"], one["contacts"], one["minutes"]) for one in _people(hub)] == [
        ("森", 5, 4 * 1430 + 10), ("佐藤", 5, 50), ("窓口応援", 1, 1400),
    ]  # fmt: skip
    panel = hub.sees("supervisor", "/tasks").text.split('id="load-title"')[1].split("</section>")[0]
    assert "初めから窓口にいた人はここに出ません" in panel


def test_set_17_a_clerk_who_takes_over_before_anybody_goes_there_is_counted_and_two_of_a_name_are_not_mixed_up(
    hub: Hub,
) -> None:
    first, second = hub.person("staff", "森"), hub.person("supervisor", "森")
    incident = contact(hub, "", responder=None, responder_name=None, responding_at=None, minutes=60)
    swapped = {"mark": "staff_swapped", "taker": "森"}
    hub.told(incident, "marked", at=hub.time() - timedelta(days=2), data=swapped)
    (one,) = _people(hub)
    assert (one["person"], one["contacts"], one["minutes"]) == ("森", 1, 60)
    assert first != second


def test_set_17_the_limit_is_the_citys_own_choice(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(more="[load]\ndays = 3\ncontacts = 50\nhours = 1.5\n")
    contact(hub, "mori", minutes=89)
    assert [one["over"] for one in _people(hub)] == [False]
    contact(hub, "mori", minutes=1)
    assert [one["over"] for one in _people(hub)] == [True]
    hub.time.moves(days=3)
    assert _people(hub) == []


def _people(hub: Hub) -> Any:
    return hub.client().get("/api/v1/load", headers=hub.machine("supervisor")).json["people"]


swaps = st.lists(st.tuples(st.sampled_from(["a", "係長 b", "x", None]), st.integers(-60, 200)), max_size=5)


@given(swaps, st.none() | st.integers(0, 120))
def test_set_17_each_minute_of_a_contact_is_one_person_s_whoever_took_over(
    said: list[tuple[str | None, int]], minutes: int | None
) -> None:
    ended = None if minutes is None else NOW + timedelta(minutes=minutes)
    taken = [Taken(who, NOW + timedelta(minutes=after)) for who, after in sorted(said, key=lambda one: one[1])]
    whole = Carried("i", "A", "a", NOW, ended)
    found = list(parts(whole, taken, {"a": "A", "b": "B"}))
    assert [one.begun_at for one in found[1:]] == [one.ended_at for one in found[:-1]]
    assert (found[0].begun_at, found[-1].ended_at) == (NOW, ended)
    assert {one.person for one in found} <= {"A", "B", "x", None}


moments = st.integers(-20 * 24 * 60, 60).map(lambda minutes: NOW + timedelta(minutes=minutes))


@given(
    carried=st.lists(
        st.builds(
            lambda person, begun, length: Carried(f"{begun}", person, person, begun, length and begun + length),
            st.sampled_from("abc"), moments, st.none() | st.integers(0, 3000).map(lambda m: timedelta(minutes=m)),
        ),
        max_size=20,
    )
)  # fmt: skip
def test_set_17_nobody_is_counted_twice_nor_for_more_time_than_there_was(carried: list[Carried]) -> None:
    limits = Limits()
    found = loads(carried, limits, NOW)
    assert sum(one.contacts for one in found) <= len(carried)
    assert len({one.person for one in found}) == len(found)
    for one in found:
        assert 0 <= one.minutes <= one.contacts * 24 * 60
        assert one.over == (one.contacts >= limits.contacts or one.minutes >= limits.hours * 60)


@pytest.mark.parametrize("wrong", ["days = 0", "contacts = 0", "hours = 0", "people = 3"])
def test_a_limit_that_means_nothing_is_refused(make_hub: Callable[..., Hub], wrong: str) -> None:
    with pytest.raises(ValueError, match="load"):
        make_hub(more=f"[load]\n{wrong}\n")
