"""Who could take over at the counter: people on duty by role, none who is away, none who decides; one tap writes it."""

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import profile
from hub.domain.duty import Absence, on_duty
from hub.domain.swap import TALK, candidates, deciders
from hub.site import profile_text
from hub.store.schema import timeline
from tests.hub.test_duty import OFFICE, TEN, Person, away
from tests.hub_web.conftest import Hub

CONTACTS = """
[[contacts]]
id = "kakari"
role = "supervisor"
name = "市民課 係長席"
channel = "webhook"
target = "http://a.example/"
hours = ["Mon-Fri 08:30-17:15"]
[[contacts]]
id = "shomu"
role = "supervisor"
name = "庶務担当係長"
channel = "webhook"
target = "http://b.example/"
[[contacts]]
id = "shusa"
role = "staff"
name = "市民課 主査"
channel = "webhook"
target = "http://c.example/"
deputy_for = ["kakari"]
[[contacts]]
id = "kacho"
role = "section_head"
name = "市民課長"
channel = "webhook"
target = "http://d.example/"
deputy_for = ["shomu"]
[[contacts]]
id = "keibi"
role = "guard"
channel = "webhook"
target = "http://e.example/"
"""
CITIES = {city: profile.load(profile_text(city), city) for city in ("shinagawa", "yurihonjo", "default")}


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    """It is 11:41 on a Friday in Tokyo."""
    return make_hub(more=CONTACTS)


def asked(hub: Hub, incident: str) -> Any:
    return hub.client().get(f"/api/v1/incidents/{incident}/takers", headers=hub.machine("staff")).json


def marks(hub: Hub, incident: str, **said: Any) -> None:
    answer = hub.client().post(f"/api/v1/incidents/{incident}/mark", json=said, headers=hub.machine("staff", "田中"))
    assert answer.status_code == 200, answer.text


def buttons(page: str) -> list[str]:
    return re.findall(r'name="taker" value="([^"]+)"', page)


@pytest.mark.parametrize("act", ["threat", "authority", "sexual"])
def test_shi_34_a_suggested_swap_names_who_is_there_by_role_on_both_pages(hub: Hub, act: str) -> None:
    incident = hub.press(hub.box())
    browser = hub.signed_in("staff")
    places = (f"/incidents/{incident}", "/companion/counter-01")
    assert all("panel--swap" not in browser.get(place).text for place in places), "nobody asked for it yet"
    marks(hub, incident, mark="act", act=act)
    for place in places:
        page = browser.get(place).text
        assert "panel--swap" in page
        assert buttons(page) == ["市民課 係長席", "庶務担当係長", "市民課 主査"], (
            "a superior first, no decider, no guard"
        )
        assert "その場で決める人（所属長）は入れていません" in page
    found = asked(hub, incident)
    assert found["asked_by"] == [act]
    assert [one["role"] for one in found["takers"]] == ["supervisor", "supervisor", "staff"]


def test_shi_34_who_is_away_is_left_out_without_a_word_and_the_deputy_is_shown(hub: Hub) -> None:
    incident = hub.press(hub.box())
    marks(hub, incident, mark="act", act="sexual")
    boss = hub.signed_in("supervisor")
    for contact in ("kakari", "shomu"):
        boss.post("/alerts/away", data={"contact": contact, "until": "2026-11-20T15:00"})
    page = hub.signed_in("staff").get("/companion/counter-01").text
    assert buttons(page) == ["市民課 主査"], "the head stands in for nobody at a counter: a head decides"
    assert "市民課 係長席 の代わり" in page
    assert "不在" not in page.split("panel--swap")[1].split("</section>")[0]
    hub.time.moves(hours=8)  # 19:41: the supervisor of the section has gone home
    assert [one["name"] for one in asked(hub, incident)["takers"]] == ["庶務担当係長", "市民課 主査"]


def test_shi_34_one_tap_writes_who_took_over_and_the_list_steps_back(hub: Hub) -> None:
    incident = hub.press(hub.box())
    marks(hub, incident, mark="act", act="threat")
    browser = hub.signed_in("staff", "田中")
    form = {"mark": "staff_swapped", "taker": "庶務担当係長", "next": "/companion/counter-01"}
    assert browser.post(f"/incidents/{incident}/mark", data=form).status_code == 303
    [entry] = [one for one in hub.rows(timeline, incident=incident) if one.data.get("mark") == "staff_swapped"]
    assert (entry.data, entry.actor_name) == ({"mark": "staff_swapped", "taker": "庶務担当係長"}, "田中")
    found = asked(hub, incident)
    assert (found["taken_by"], found["asked_by"], len(found["takers"])) == ("庶務担当係長", [], 2)
    page = browser.get(f"/incidents/{incident}").text
    assert "panel--swap" not in page
    assert "いまの担当 庶務担当係長" in page
    assert "11:41:36 から 庶務担当係長 に替わりました" in page
    assert "替わった人" in page


def test_shi_34_whoever_took_over_is_relieved_as_well(hub: Hub) -> None:
    incident = hub.press(hub.box())
    browser = hub.signed_in("staff")

    def counter() -> tuple[bool, str]:
        page = browser.get("/companion/counter-01").text
        return "panel--swap" in page, str(re.findall(r'id="card-(\w+)"', page)[0])

    marks(hub, incident, mark="act", act="threat")
    assert counter() == (True, "swap")
    hub.time.moves(minutes=1)
    marks(hub, incident, mark="staff_swapped", taker="庶務担当係長")
    assert counter() == (False, "threat")
    hub.time.moves(minutes=1)
    marks(hub, incident, mark="act", act="abuse")
    assert not counter()[0], "the city wants no swap for that"
    marks(hub, incident, mark="act", act="sexual")
    assert counter() == (True, "swap")
    found = asked(hub, incident)
    assert found["asked_by"] == ["sexual"]
    assert [one["name"] for one in found["takers"]] == ["市民課 係長席", "市民課 主査"], "not whom it has just hit"
    hub.time.moves(minutes=1)
    marks(hub, incident, mark="staff_swapped", taker="市民課 主査")
    assert not counter()[0]


def test_shi_34_where_nobody_is_there_the_page_says_to_telephone_and_where_nobody_talks_there_is_no_list(
    make_hub: Callable[..., Hub],
) -> None:
    hub = make_hub()
    incident = hub.press(hub.box())
    marks(hub, incident, mark="act", act="threat")
    assert "電話で応援を求めてください" in hub.signed_in("staff").get("/companion/counter-01").text
    answer = hub.client().post(
        f"/api/v1/incidents/{incident}/contact", json={"action": "ended"}, headers=hub.machine("supervisor")
    )
    assert answer.status_code == 200
    assert "替われる人" not in hub.signed_in("staff").get(f"/incidents/{incident}").text
    assert asked(hub, incident)["takers"] == []
    unknown = hub.client().get(f"/api/v1/incidents/{incident[:-4]}0000/takers", headers=hub.machine("staff"))
    assert unknown.status_code == 404


def test_the_list_speaks_english(hub: Hub) -> None:
    incident = hub.press(hub.box(counter="Window 1"))
    marks(hub, incident, mark="act", act="sexual")
    browser = hub.signed_in("staff", "Sato")
    browser.post("/preferences", data={"language": "en", "next": "/"})
    part = browser.get("/companion/counter-01").text.split("panel--swap")[1].split("</section>")[0]
    for name in ("市民課 係長席", "庶務担当係長", "市民課 主査"):
        part = part.replace(name, "")
    assert re.findall(r"[\u3040-\u30fa\u4e00-\u9fff]+", part) == []


# --- pure -------------------------------------------------------------------------------------------------------------


_ids = st.sampled_from("abcdef")
_people = st.lists(
    st.builds(
        Person,
        id=_ids,
        role=st.sampled_from(["staff", "supervisor", "section_head", "guard", "general_affairs"]),
        hours=st.sampled_from([(), OFFICE, ("Sat,Sun 00:00-24:00",)]),
        deputy_for=st.sets(_ids, max_size=2).map(lambda found: tuple(sorted(found))),
        channel=st.sampled_from(["email", "patlite"]),
        near=st.lists(st.sampled_from(["x", "y"]), max_size=1).map(tuple),
    ),
    unique_by=lambda one: one.id,
)


@given(_people, st.sets(_ids), st.sampled_from(list(CITIES)), st.sampled_from(["x", "y", "z"]))
def test_shi_34_nobody_is_named_who_is_away_off_hours_a_lamp_or_a_decider(
    people: Sequence[Person], gone: set[str], city: str, box: str
) -> None:
    rules, absences = CITIES[city], away(*gone)
    duty = on_duty(people, absences, TEN)
    found = candidates(rules, duty, people, box)
    known = {one.id: one for one in people}
    assert len({one.contact for one in found}) == len(found)
    for one in found:
        assert duty.presence[one.contact] == "here"
        assert not known[one.contact].shows_only
        assert one.role in TALK
        assert not {one.role, known[one.contact].role} & deciders(rules)
    assert bool(deciders(rules)) == (city == "shinagawa")
    for person in people:
        there = duty.presence[person.id] == "here" and not person.shows_only
        if there and person.role in set(TALK) - deciders(rules) and (not person.near or box in person.near):
            assert person.id in {one.contact for one in found}, "whoever is there can be asked"


def test_an_absence_that_is_over_counts_no_more() -> None:
    people = [Person("chief")]
    over = Absence("chief", TEN - timedelta(hours=2), TEN)
    assert [one.contact for one in candidates(CITIES["default"], on_duty(people, [over], TEN), people, "x")] == [
        "chief"
    ]
