"""Signal towers: what they show, that they go out, and what happens when they drop, stall or refuse."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from support.alert_desk import Channels, Desk
from support.hubs import free_port, make_site, until
from support.tower import SimulatedTower

from hub.alerts import dispatch, patlite, towers
from hub.alerts.channel import Bundle, Item, SendFailed
from hub.alerts.patlite import CALM, PatliteChannel, frame, pattern
from hub.contacts import Contact
from hub.store.engine import begin_write
from hub.store.ids import new_id
from hub.store.schema import alert, incident

AT = datetime(2026, 11, 20, 2, 41, 36, tzinfo=UTC)


def contact(target: str, **options: Any) -> Contact:
    return Contact(id="tower", role="guard", channel="patlite", target=target, **options)


def bundle(target: str, *calls: tuple[str, bool]) -> Bundle:
    items = [
        Item(new_id(), new_id(), "2026-000001", "窓口", level, AT, drill, "http://hub/incidents/x")
        for level, drill in calls
    ]
    return Bundle("kita", target, "ja", items)


@pytest.fixture
def tower() -> Iterator[SimulatedTower]:
    tower = SimulatedTower()
    yield tower
    tower.stop()


# --- the protocol -----------------------------------------------------------------------------------------------------


def test_the_command_is_what_the_manuals_say() -> None:
    assert frame("nh", patlite.EMERGENCY) == bytes.fromhex("585853000006" + "030000000001")
    assert frame("la6", patlite.ASSIST) == bytes.fromhex("414253000006" + "000200000000")
    assert frame("nh", {}, ("white", "buzzer")) == bytes.fromhex("585853000006" + "000000000909")


def test_each_level_has_a_look_of_its_own_and_a_drill_too() -> None:
    looks = [frame("nh", one) for one in (patlite.EMERGENCY, patlite.ASSIST, patlite.DRILL, *CALM.values())]
    assert len(set(looks)) == 5
    assert pattern([("assist", False), ("emergency", True)], {}) == patlite.ASSIST, "a drill never hides a call"
    assert pattern([("assist", False), ("emergency", False), ("assist", True)], {}) == patlite.EMERGENCY


@given(st.lists(st.tuples(st.sampled_from(["assist", "emergency"]), st.booleans())))
def test_a_tower_sounds_only_for_a_real_emergency_and_is_calm_only_without_calls(calls: list[tuple[str, bool]]) -> None:
    shown = pattern(calls, CALM["green"])
    assert ("buzzer" in shown) == (("emergency", False) in calls)
    assert (shown == CALM["green"]) == (not calls)


@pytest.mark.parametrize(("model", "product"), [("nh", b"XX"), ("la6", b"AB")])
def test_both_models_light_up_and_leave_alone_what_others_use(model: str, product: bytes) -> None:
    tower = SimulatedTower(product=product)
    try:
        tower.lights["white"] = 1
        channel = PatliteChannel([contact(tower.target, model=model, leave=("white",))], 2, CALM["off"])
        channel.send(bundle(tower.target, ("emergency", False)))
        assert tower.lit == {"red", "buzzer", "white"}
        channel.send(bundle(tower.target, ("assist", False)))
        assert tower.lit == {"red", "buzzer", "white"}, "a newer call does not hide a more urgent one"
    finally:
        tower.stop()


@pytest.mark.parametrize(
    ("mood", "words"), [("nak", "NAK"), ("mute", "no answer"), ("stall", "Timeout"), ("drop", r"no answer|Reset")]
)
def test_h06_a_tower_that_drops_stalls_or_refuses_is_a_failed_attempt(
    tower: SimulatedTower, mood: Any, words: str
) -> None:
    tower.mood = mood
    channel = PatliteChannel([contact(tower.target)], 0.3, CALM["off"])
    with pytest.raises(SendFailed, match=words) as failed:
        channel.send(bundle(tower.target, ("assist", False)))
    assert "127.0.0.1" not in str(failed.value)


def test_a_tower_that_is_away_or_of_another_model_is_a_failed_attempt(tower: SimulatedTower) -> None:
    channel = PatliteChannel([contact(f"127.0.0.1:{free_port()}"), contact(tower.target, model="la6")], 1, {})
    for target in channel.towers:
        with pytest.raises(SendFailed, match=r"Refused|NAK"):
            channel.send(bundle(target, ("assist", False)))
    with pytest.raises(SendFailed, match=r"hub\.toml"):
        channel.send(bundle("10.0.0.1:10000", ("assist", False)))


# --- with the worker's queue and minder -------------------------------------------------------------------------------

CONTACTS = """
[alerts.patlite]
timeout_s = 0.5
calm = "{calm}"
[[contacts]]
id = "guard-room"
role = "guard"
channel = "webhook"
target = "http://127.0.0.1:9/"
[[contacts]]
id = "tower"
role = "guard"
channel = "patlite"
target = "{target}"
"""


@pytest.fixture
def make_desk(tmp_path: Path, tower: SimulatedTower, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Desk]]:
    monkeypatch.setattr(dispatch, "backoff_s", lambda _tries: 0.05)
    monkeypatch.setattr(dispatch, "REST_MAX_S", 0.05)
    monkeypatch.setattr(towers, "RETRY_MAX_S", 0.05)
    monkeypatch.setattr(towers, "LOOK_EVERY_S", 0.05)
    made: list[Desk] = []

    def make(calm: str = "off", target: str = "") -> Desk:
        made.append(Desk(make_site(tmp_path / "site", extra=CONTACTS.format(target=target or tower.target, calm=calm))))
        return made[-1]

    yield make
    for desk in made:
        desk.database.dispose()


def answer(desk: Desk, call: str, **columns: Any) -> None:
    with begin_write(desk.database) as connection:
        connection.execute(update(incident).where(incident.c.id == call).values(**columns))


def test_shi_33_the_lamp_is_lit_until_somebody_answers_and_then_goes_out(
    make_desk: Callable[..., Desk], tower: SimulatedTower
) -> None:
    desk = make_desk()
    running = Channels(desk.config, desk.database)
    try:
        assist, emergency = desk.call(), desk.call(level="emergency")
        first = desk.alert(assist, tower.target, "patlite")
        running.wake()
        assert tower.wait_for({"amber"})
        second = desk.alert(emergency, tower.target, "patlite")
        running.wake()
        assert tower.wait_for({"red", "buzzer"})
        answer(desk, emergency, seen_at=datetime.now(UTC), state="seen")
        running.wake()
        until(lambda: desk.state(first) == desk.state(second) == "sent", what="both alerts")
        assert tower.lit == {"red", "buzzer"}, "seen is no answer to an emergency"
        answer(desk, emergency, responding_at=datetime.now(UTC), state="attended")
        running.wake()
        assert tower.wait_for({"amber"}), "the other call still stands"
        answer(desk, assist, state="closed")
        running.wake()
        assert tower.wait_for(set())
    finally:
        running.stop()


def test_a_drill_has_its_own_light_and_the_calm_state_is_shown_when_it_is_over(
    make_desk: Callable[..., Desk], tower: SimulatedTower
) -> None:
    desk = make_desk(calm="green")
    running = Channels(desk.config, desk.database)
    try:
        assert tower.wait_for({"green"})
        drill = desk.call(level="emergency", drill=True)
        desk.alert(drill, tower.target, "patlite")
        running.wake()
        assert tower.wait_for({"green", "blue"})
        answer(desk, drill, state="closed")
        running.wake()
        assert tower.wait_for({"green"})
        assert tower.lights["green"] == 1
    finally:
        running.stop()


@pytest.mark.parametrize("mood", ["nak", "drop", "stall", "mute"])
def test_h06_a_tower_that_fails_is_told_again_until_it_confirms(
    make_desk: Callable[..., Desk], tower: SimulatedTower, mood: Any
) -> None:
    desk = make_desk()
    tower.mood = mood
    running = Channels(desk.config, desk.database)
    try:
        id = desk.alert(desk.call(level="emergency"), tower.target, "patlite")
        running.wake()
        until(lambda: desk.rows(alert, alert.c.id == id)[0].error, what="a failed attempt")
        tower.mood = "good"
        assert tower.wait_for({"red", "buzzer"})
        until(lambda: desk.state(id) in ("sent", "failed"), what="an end")
    finally:
        running.stop()


def test_a_failed_tower_is_lit_after_its_last_attempt_too_and_put_out_when_it_could_not_be_told(
    make_desk: Callable[..., Desk], tower: SimulatedTower
) -> None:
    desk = make_desk()
    tower.mood = "nak"
    running = Channels(desk.config, desk.database)
    try:
        call = desk.call()
        id = desk.alert(call, tower.target, "patlite")
        running.wake()
        until(lambda: desk.state(id) == "failed", 20, "giving up")
        tower.mood = "good"
        assert tower.wait_for({"amber"})
        tower.mood = "drop"
        answer(desk, call, state="closed")
        running.wake()
        before = len(tower.frames)
        tower.mood = "nak"
        until(lambda: len(tower.frames) > before + 1, what="attempts to put it out")
        assert tower.lit == {"amber"}
        tower.mood = "good"
        assert tower.wait_for(set())
    finally:
        running.stop()


def test_a_restart_in_the_middle_puts_out_what_the_run_before_left_lit(
    make_desk: Callable[..., Desk], tower: SimulatedTower
) -> None:
    desk = make_desk()
    running = Channels(desk.config, desk.database)
    call = desk.call(level="emergency")
    desk.alert(call, tower.target, "patlite")
    running.wake()
    assert tower.wait_for({"red", "buzzer"})
    running.stop()
    answer(desk, call, responding_at=datetime.now(UTC) + timedelta(seconds=1), state="attended")
    again = Channels(desk.config, desk.database)
    try:
        assert tower.wait_for(set())
    finally:
        again.stop()


def test_a_tower_that_lost_power_is_told_again_while_nothing_has_changed(
    make_desk: Callable[..., Desk], tower: SimulatedTower
) -> None:
    """By hand, with moments of our own: no thread is started."""
    desk = make_desk()
    channel = patlite.make(desk.config)
    assert channel is not None
    (one,) = channel.towers.values()
    minder = towers.Minder(desk.config, desk.database, channel, one)
    desk.alert(desk.call(), tower.target, "patlite")
    minder.look(1000.0)
    assert tower.lit == {"amber"}
    tower.loses_power()
    minder.look(1000.0 + towers.AGAIN_S - 0.1)
    assert tower.lit == set(), "not all the time"
    minder.look(1000.0 + towers.AGAIN_S)
    assert tower.lit == {"amber"}


def test_while_an_alert_is_under_way_the_minder_does_not_put_the_lamp_out(
    make_desk: Callable[..., Desk], tower: SimulatedTower
) -> None:
    desk = make_desk()
    channel = patlite.make(desk.config)
    assert channel is not None
    (one,) = channel.towers.values()
    minder = towers.Minder(desk.config, desk.database, channel, one)
    minder.look(1000.0)
    with one.turn:  # the channel is sending: whatever the minder read before would be old
        looking = threading.Thread(target=minder.look, args=(1001.0,))
        looking.start()
        desk.alert(desk.call(), tower.target, "patlite")
        channel.show(one, {("assist", False)})
    looking.join(10)
    assert tower.lit == {"amber"}


def test_towers_are_asked_one_at_a_time(make_desk: Callable[..., Desk], tower: SimulatedTower) -> None:
    desk = make_desk()
    running = Channels(desk.config, desk.database)
    try:
        ids = [desk.alert(desk.call(), tower.target, "patlite") for _ in range(30)]
        running.wake()
        until(lambda: all(desk.state(id) == "sent" for id in ids), 20, "all of them")
        assert tower.open_most <= 2, "one closing while the next opens"
    finally:
        running.stop()
