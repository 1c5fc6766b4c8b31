"""One box gone bad must not drown the others (faults W20), nor may a broken clock spoil a page for everybody."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hubs import LiveHub, until

from hub.domain.flood import LARGE_BYTES, Meter
from hub.store.schema import incident, quarantine
from hub.wording import clock_time, date_and_time, full_date_and_time

pytestmark = pytest.mark.end_to_end


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(0, 65_536)), max_size=300))
def test_no_box_passes_more_than_its_burst_and_its_rate(messages: list[tuple[float, int]]) -> None:
    meter, now_s, passed = Meter(burst=50, per_second=10), 0.0, 0.0
    for wait_s, size in messages:
        now_s += wait_s
        if meter.allows("counter-01", size, now_s):
            passed += 1 + size // LARGE_BYTES
    assert passed <= 50 + 10 * now_s + 1e-6


@given(st.integers(1, 5_000))
def test_what_one_box_wastes_costs_the_other_nothing(flood: int) -> None:
    meter = Meter(burst=50, per_second=10)
    passed = sum(meter.allows("evil", 100, 0.0) for _ in range(flood))
    assert passed == min(flood, 50)
    assert all(meter.allows("good", 100, 0.0) for _ in range(50))
    assert meter.take_dropped() == ({"evil": flood - 50} if flood > 50 else {})
    assert meter.take_dropped() == {}


@pytest.mark.end_to_end
def test_w20_a_press_goes_through_while_another_box_floods_and_the_flood_is_shown(hub: LiveHub) -> None:
    good, evil = hub.box(), hub.box()
    assert good.pressed()[1]  # the clean case
    stopping = threading.Event()

    def flood() -> None:
        sent = 0
        while not stopping.is_set() and sent < 200_000:
            evil.publish("event", b"{garbage", qos=0)
            sent += 1

    flooding = threading.Thread(target=flood, daemon=True)
    flooding.start()
    try:
        until(lambda: hub.rows(quarantine, quarantine.c.box == evil.name, quarantine.c.reason.like("%floods%")), 30)
        assert good.pressed()[1]
    finally:
        stopping.set()
        flooding.join(20)
    assert good.pressed()[1]


@pytest.mark.end_to_end
@pytest.mark.parametrize("at", ["9999-12-31T23:00:00Z", "0001-01-02T00:00:00Z", "1970-01-01T00:00:00Z"])
def test_a_clock_that_cannot_be_true_is_replaced_by_the_hubs_and_marked(hub: LiveHub, at: str) -> None:
    field = hub.box()
    sent = field.event("alarm.raised", {"incident": field.event("x", {})["id"], "level": "assist", "gesture": "short"})
    assert field.receipt(field.send({**sent, "at": at}))
    (row,) = hub.rows(incident, incident.c.id == sent["body"]["incident"])
    assert abs(row.pressed_at - datetime.now(UTC)) < timedelta(minutes=5)
    assert row.clock == "unsynced"


@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from(["ja", "en"]))
def test_no_moment_breaks_a_page(at: datetime, language: str) -> None:
    for words in (clock_time, date_and_time, full_date_and_time):
        assert words(language, at)
