"""One tap for each thing that may happen at the counter, where it belongs, so that the rules that hang on it follow."""

import pytest
from sqlalchemy import insert

from hub.store.schema import recording, timeline
from tests.hub_web.at_the_counter import does, fields_of, first_card, shown, taps
from tests.hub_web.conftest import Hub


def test_shi_16_beside_the_next_card_one_tap_tells_the_building_manager_that_it_goes_on(hub: Hub) -> None:
    hub.box()
    incident = hub.press("counter-01")
    assert "cease_refused" not in shown(hub)
    does(hub, incident, "steps", step="cease", reason="大声が続く")
    page = shown(hub)
    assert first_card(page) == "leave"
    does(hub, incident, "mark", "staff", **fields_of(page, "cease_refused-leave"))
    assert [row.data["why"] for row in hub.rows(timeline, kind="notified")] == ["cease_refused"]
    assert "cease_refused" not in shown(hub)


def test_shi_11_the_special_demand_that_was_dropped_is_one_tap_where_its_clock_was_begun(hub: Hub) -> None:
    hub.box()
    incident = hub.press("counter-01")
    assert "tap-demand_dropped" not in taps(shown(hub))
    does(hub, incident, "mark", "staff", mark="demand_refused")
    assert "特別扱いの求め" in shown(hub)
    does(hub, incident, "mark", "staff", **fields_of(shown(hub), "tap-demand_dropped"))
    assert "tap-demand_dropped" not in taps(shown(hub))
    head = hub.machine("section_head")
    assert "special_demand" not in hub.client().get(f"/api/v1/incidents/{incident}", headers=head).text


@pytest.mark.parametrize(
    ("mark", "card"), [("superior_demanded", "superior_demanded"), ("apology_demanded", "apology")]
)
def test_what_the_visitor_demands_of_the_counter_is_one_tap_among_the_acts(hub: Hub, mark: str, card: str) -> None:
    hub.box()
    incident = hub.press("counter-01")
    page = shown(hub)
    assert page.index('data-id="acts"') < page.index(f'data-id="tap-{mark}"')
    does(hub, incident, "mark", "staff", **fields_of(page, f"tap-{mark}"))
    assert first_card(shown(hub)) == card


def test_shi_22_once_the_police_are_called_their_panel_asks_for_what_they_are_told_and_shown(hub: Hub) -> None:
    hub.box()
    incident = hub.press("counter-01")
    asked = {"tap-police_arrived", "tap-recording_shown", "tap-removal_wished"}
    assert not asked & set(taps(shown(hub)))
    does(hub, incident, "steps", step="police")
    page = shown(hub)
    assert asked & set(taps(page)) == {"tap-police_arrived"}
    assert page.index("panel--police") < page.index("companion__taps")
    does(hub, incident, "mark", "staff", **fields_of(page, "tap-police_arrived"))
    assert asked - set(taps(shown(hub))) == {"tap-recording_shown"}  # there is none to show
    with hub.engine.begin() as connection:
        connection.execute(insert(recording).values(incident=incident, box="counter-01", video=True, audio=True))
    assert asked <= set(taps(shown(hub)))
    does(hub, incident, "mark", "staff", **fields_of(shown(hub), "tap-removal_wished"))
    assert hub.rows(timeline, kind="marked")[-1].data["mark"] == "removal_wished"


def test_set_06_a_talk_on_the_telephone_begins_as_one_and_nobody_there_is_ordered_out(hub: Hub) -> None:
    hub.box()
    incident = hub.press("counter-01")
    does(hub, incident, "contact", "staff", **fields_of(shown(hub), "contact-phone"))
    assert "contact-phone" not in shown(hub)
    head = hub.machine("section_head")
    found = hub.client().get(f"/api/v1/incidents/{incident}", headers=head).json
    assert {one["step"] for one in found["steps"] if not one["offered"]} == {"leave", "final"}


def test_the_page_of_the_incident_says_why_a_clock_stopped(hub: Hub) -> None:
    hub.box()
    incident = hub.press("counter-01")
    does(hub, incident, "mark", "staff", **fields_of(shown(hub), "tap-stalemate"))
    hub.time.moves(minutes=2)
    does(hub, incident, "mark", "staff", **fields_of(shown(hub), "tap-visitor_left"))
    page = hub.sees("supervisor", f"/incidents/{incident}").text
    assert page.count("相手が帰ったので止まりました") == 2  # stuck, and the talk as a whole
    assert "応対の終わりとともに止まりました" not in page
