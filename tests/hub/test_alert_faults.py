"""Servers that refuse, stall, put off or forget: no alert lost, none endless, and the ladder goes on meanwhile.

The moments of the ladder are given by hand; what is waited for is a row or an arrival, never a length of time.
"""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from support.alert_desk import Channels, raw_server, silent
from support.hubs import free_port, make_site, until
from support.sinks import Mailbox, Webhook
from support.tower import SimulatedTower

from hub.alerts import dispatch, mail, patlite, towers, webhook
from hub.config import load
from hub.store.engine import begin_write
from hub.store.schema import alert, incident
from tests.hub.rounds import Round

CONTACTS = """
[alerts]
tries_max = 3
[alerts.email]
smtp_host = "127.0.0.1"
smtp_port = {smtp}
sender = "madomori@city.example"
security = "none"
timeout_s = 0.5
[alerts.webhook]
timeout_s = 0.5
[alerts.patlite]
timeout_s = 0.5
[[contacts]]
id = "chief"
role = "supervisor"
channel = "email"
target = "chief@city.example"
[[contacts]]
id = "wall"
role = "supervisor"
channel = "patlite"
target = "{tower}"
[[contacts]]
id = "head"
role = "section_head"
channel = "webhook"
target = "http://127.0.0.1:{hook}/head"
[[contacts]]
id = "guard"
role = "guard"
channel = "webhook"
target = "http://127.0.0.1:{guard}/guard"
"""
FINAL = {"sent", "failed", "cancelled"}


class Strict(Mailbox):  # type: ignore[misc]
    """A mail server in a mood: `answers` are used up one by one, the last for ever. Only a 250 keeps the letter."""

    def __init__(self, port: int, answers: list[str]) -> None:
        super().__init__(port)
        self.answers, self.asked = answers, 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer != "250 OK":
            return answer
        return await super().handle_DATA(server, session, envelope)


class Forgetful(Strict):
    """It says yes, and no letter ever arrives."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.asked += 1
        return "250 OK"


class Town:
    """A ladder turned by hand, real channels, and the sinks they send to."""

    def __init__(self, directory: Path, mailbox: Mailbox | None, smtp: int, hook: int, guard: int, tower: str) -> None:
        extra = CONTACTS.format(smtp=smtp, hook=hook, guard=guard, tower=tower)
        settings = make_site(directory / "site")
        text = (directory / "site" / "hub.toml").read_text("utf-8")
        (directory / "site" / "hub.toml").write_text(text.replace("[alerts]\ntries_max = 10\n", "") + extra, "utf-8")
        self.turn = Round(load(settings.places.directory))
        self.mailbox = mailbox
        self.channels: Channels | None = None

    def now(self) -> datetime:
        """The moment that the ladder and the channels share."""
        return self.turn.at

    def starts(self) -> None:
        self.channels = Channels(self.turn.config, self.turn.database)

    def stops(self) -> None:
        if self.channels is not None:
            self.channels.stop()
        self.channels = None

    def climbs(self, seconds: float) -> None:
        """Time passes for the ladder, and the channels are woken as the engine wakes them."""
        self.turn.passes(seconds)
        self.turn.cycle()
        if self.channels is not None:
            self.channels.wake()

    def states(self, contact: str) -> list[str]:
        return [row.state for row in self.turn.rows(alert, alert.c.contact == contact)]

    def settled(self, count: int) -> bool:
        rows = self.turn.rows(alert)
        return len(rows) == count and all(row.state in FINAL for row in rows)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting between attempts."""
    monkeypatch.setattr(dispatch, "backoff_s", lambda _tries: 0.0)
    monkeypatch.setattr(dispatch, "REST_MAX_S", 0.0)
    monkeypatch.setattr(towers, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(towers, "RETRY_MAX_S", 0.05)
    for channel in (mail, webhook):
        monkeypatch.setattr(channel, "SENDING_S", 1.5)


@pytest.fixture
def sinks() -> Iterator[dict[str, Any]]:
    found: dict[str, Any] = {"hook": Webhook(0), "guard": Webhook(0), "tower": SimulatedTower()}
    found["hook"].start()
    found["guard"].start()
    yield found
    for one in found.values():
        one.stop()


@pytest.fixture
def make_town(
    tmp_path: Path, sinks: dict[str, Any], quick: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Town]]:
    made: list[Town] = []

    def make(mailbox: Mailbox | None = None, smtp: int = 0, hook: int = 0) -> Town:
        if mailbox is not None:
            mailbox.start()
        hook = hook or sinks["hook"].port
        smtp = mailbox.port if mailbox is not None else smtp or free_port()
        made.append(Town(tmp_path, mailbox, smtp, hook, sinks["guard"].port, sinks["tower"].target))
        monkeypatch.setattr(dispatch, "now_utc", made[-1].now)
        return made[-1]

    yield make
    for town in made:
        town.stops()
        if town.mailbox is not None:
            town.mailbox.stop()
        town.turn.database.dispose()


REFUSING = ["554 5.7.1 no"]


@pytest.mark.parametrize("answers", [REFUSING, ["452 4.3.1 full"]], ids=["refuses", "full"])
def test_h06_a_mail_server_that_refuses_ends_as_failed_and_the_next_stage_hears_on_time(
    make_town: Callable[..., Town], sinks: dict[str, Any], answers: list[str]
) -> None:
    server = Strict(free_port(), answers)
    town = make_town(server)
    town.starts()
    call = town.turn.call()
    town.climbs(0)
    until(lambda: town.states("chief") == ["failed"], what="giving up")
    assert server.asked == 3, "not endless"
    town.climbs(30.01)
    assert sinks["hook"].pile.wait_for(lambda item: call in item.text, 15)
    heads = town.turn.rows(alert, alert.c.contact == "head")
    assert [(row.stage_s, row.round) for row in heads] == [(30, 0)]


def test_h06_a_mail_server_that_puts_off_gets_the_same_letter_again_until_it_takes_it(
    make_town: Callable[..., Town],
) -> None:
    server = Strict(free_port(), ["451 4.7.1 greylisted, come again", "451 4.7.1 greylisted, come again", "250 OK"])
    town = make_town(server)
    town.starts()
    town.turn.call()
    town.climbs(0)
    until(lambda: town.states("chief") == ["sent"], what="the third attempt")
    assert server.asked == 3
    (letter,) = server.pile.items
    (row,) = town.turn.rows(alert, alert.c.contact == "chief")
    assert letter.data["Message-ID"] == f"<{row.id}@kita.madomori>"


def test_h06_a_mail_server_that_takes_letters_and_forgets_them_does_not_end_the_ladder(
    make_town: Callable[..., Town], sinks: dict[str, Any]
) -> None:
    """Nobody can know; so what counts is that a person answers, and until then others hear as well."""
    server = Forgetful(free_port(), [])
    town = make_town(server)
    town.starts()
    call = town.turn.call()
    town.climbs(0)
    until(lambda: town.states("chief") == ["sent"], what="the letter that is forgotten")
    town.climbs(30.01)
    town.climbs(30.01)
    assert sinks["hook"].pile.wait_for(lambda item: call in item.text, 15)
    assert sinks["guard"].pile.wait_for(lambda item: call in item.text, 15)
    until(lambda: town.states("chief") == ["sent"] * 3, what="the repeats")


@pytest.mark.parametrize("kind", ["mail", "webhook"])
def test_h06_a_server_that_stalls_holds_up_neither_the_ladder_nor_the_other_channels(
    make_town: Callable[..., Town], sinks: dict[str, Any], kind: str
) -> None:
    with raw_server(silent) as stalled:
        town = make_town(smtp=stalled) if kind == "mail" else make_town(Strict(free_port(), ["250 OK"]), hook=stalled)
        town.starts()
        call = town.turn.call(level="emergency")
        town.climbs(0)
        assert sinks["guard"].pile.wait_for(lambda item: call in item.text, 15)
        assert sinks["tower"].wait_for({"red", "buzzer"})
        until(lambda: town.settled(4), 30, "an end for every alert")
        assert town.states("chief" if kind == "mail" else "head") == ["failed"]
        town.climbs(30.01)
        until(lambda: town.states("guard") == ["sent", "sent"], what="the repeat")


def test_h06_a_tower_that_drops_leaves_the_mail_alone_and_is_lit_when_it_is_back(
    make_town: Callable[..., Town], sinks: dict[str, Any]
) -> None:
    tower = sinks["tower"]
    tower.mood = "drop"
    town = make_town(Strict(free_port(), ["250 OK"]))
    town.starts()
    call = town.turn.call()
    town.climbs(0)
    until(lambda: town.states("chief") == ["sent"] and town.states("wall") == ["failed"], what="both ends")
    tower.mood = "good"
    assert tower.wait_for({"amber"})
    town.turn.answer(call, seen_at=town.turn.at, state="seen")
    town.climbs(0)
    assert tower.wait_for(set())


def test_h09_a_restart_in_the_middle_loses_no_alert_and_sends_none_for_ever(
    make_town: Callable[..., Town], sinks: dict[str, Any]
) -> None:
    server = Strict(free_port(), ["451 4.7.1 come again", "250 OK"])
    town = make_town(server)
    calls = [town.turn.call() for _ in range(5)] + [town.turn.call(level="emergency")]
    town.turn.cycle()
    before = len(town.turn.rows(alert))
    with begin_write(town.turn.database) as connection:  # a worker that was killed while it was sending
        ids = [row.id for row in town.turn.rows(alert)][:4]
        connection.execute(
            update(alert).where(alert.c.id.in_(ids)).values(state="leased", lease_until=town.now(), tries=1)
        )
    town.starts()
    town.stops()
    town.starts()
    until(lambda: town.settled(before), 30, "an end for every alert")
    assert {row.state for row in town.turn.rows(alert)} == {"sent"}
    letters = [call for call in calls if any(call in item.text for item in server.pile.items)]
    assert letters == calls, "every call, by the same mail or by its own"
    assert len({row.key for row in town.turn.rows(alert)}) == before


def test_calls_from_many_counters_at_once_are_coalesced_but_every_one_is_named(
    make_town: Callable[..., Town], sinks: dict[str, Any]
) -> None:
    server = Strict(free_port(), ["250 OK"])
    town = make_town(server)
    calls = [town.turn.call(counter=f"窓口{number}") for number in range(60)]
    town.turn.cycle()
    town.starts()
    until(lambda: town.settled(120), 30, "an end for every alert")
    text = "\n".join(item.text for item in server.pile.items)
    assert len(server.pile.items) < 60
    for number, call in enumerate(calls):
        assert call in text
        assert f"窓口{number} で" in text, "no counter is throttled for another"


def test_an_acknowledged_call_is_quiet_while_another_counters_call_goes_on(
    make_town: Callable[..., Town], sinks: dict[str, Any]
) -> None:
    town = make_town(Strict(free_port(), ["250 OK"]))
    town.starts()
    quiet, loud = town.turn.call(), town.turn.call()
    town.climbs(0)
    until(lambda: town.settled(4), 30, "the first alerts")
    town.turn.answer(quiet, seen_at=town.turn.at, state="seen")
    for _ in range(3):
        town.climbs(30.01)
    until(lambda: all(row.state in FINAL for row in town.turn.rows(alert)), 30, "an end for every alert")
    assert {row.round for row in town.turn.rows(alert, alert.c.incident == quiet)} == {0}
    contacts = {row.contact for row in town.turn.rows(alert, alert.c.incident == loud)}
    assert contacts == {"chief", "wall", "head", "guard"}
    assert max(row.round for row in town.turn.rows(alert, alert.c.incident == loud)) == 3


def test_the_moments_of_escalation_do_not_depend_on_how_long_a_channel_takes(
    make_town: Callable[..., Town], monkeypatch: pytest.MonkeyPatch
) -> None:
    held = threading.Event()
    monkeypatch.setattr(mail.MailChannel, "send", lambda *_: held.wait(20))
    monkeypatch.setattr(webhook.WebhookChannel, "send", lambda *_: held.wait(20))
    monkeypatch.setattr(patlite.PatliteChannel, "send", lambda *_: held.wait(20))
    town = make_town()
    town.starts()
    town.turn.call()
    for _ in range(4):
        town.climbs(15.005)
    held.set()
    found = sorted((row.stage_s, row.round, row.contact) for row in town.turn.rows(alert))
    assert (30, 0, "head") in found
    assert (60, 0, "guard") in found
    started = min(row.created_at for row in town.turn.rows(alert))
    guard = next(row for row in town.turn.rows(alert) if row.contact == "guard")
    assert timedelta(seconds=60) <= guard.created_at - started + timedelta(seconds=15.005) < timedelta(seconds=76)
    assert town.turn.rows(incident)[0].state == "raised"
