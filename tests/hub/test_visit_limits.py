"""Visits in the worker: the limit prompts, a missed check-in alerts the office; once, on time, across restarts."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from support.hubs import make_site

from hub import visits
from hub.alerts import webhook, wording
from hub.alerts.dispatch import ChannelWorker
from hub.config import HubConfig
from hub.domain import visit_saying as saying
from hub.domain.deed import Person
from hub.store import alerts
from hub.store.engine import begin_write
from hub.store.opening import Holding
from hub.store.schema import alert, command, incident, metadata, timeline, visit_clock, visit_entry
from hub.store.visits import Machine
from hub.visit_limits import VisitLimits
from tests.hub.rounds import CONTACTS, Round

MINUTE = 60.0
TEAM = WHO = Person("p1", "鈴木", "staff")
OFFICE = Person("p2", "佐藤", "supervisor")


class Trip(Round):
    """A site on Shinagawa's rules with a visit. `boot` names the machine's boot."""

    boot = "boot-1"
    visit = ""

    @property
    def rules(self) -> visits.VisitRules:
        profile = self.profile
        holding = Holding(profile.rules, profile.digest, self.config.roster)
        return visits.VisitRules(lambda _box: (profile.rules, "main"), holding)

    def restart(self) -> None:
        """The worker ends and begins anew: it knows what the database holds."""
        self.engine._limits_due_s = 0.0
        self.engine._visits = VisitLimits(lambda _box: self.profile.rules, self.rules.holding, self.database, self.boot)

    def plan(self, *minutes: float, limit: int = 60) -> str:
        said = saying.Plan.model_validate(
            {
                "box": "counter-01", "place": "中央二丁目", "contact": "佐藤", "limit_minutes": limit,
                "team": [{"name": "鈴木", "role": "responder"}, {"name": "田中", "role": "note_taker"}],
                "checkins": [(self.at + timedelta(minutes=one)).isoformat() for one in minutes],
            }
        )  # fmt: skip
        with begin_write(self.database) as connection:
            self.visit = visits.plan(connection, said, WHO, self.at, self.rules)
        return self.visit

    def say(self, said: Any, who: Person = TEAM) -> None:
        with begin_write(self.database) as connection:
            machine = Machine(self.boot, self.mono_s)
            visits.perform(connection, self.visit, said, who, self.at, self.rules, machine)

    def entries(self, kind: str) -> list[Any]:
        return self.rows(visit_entry, visit_entry.c.kind == kind)

    def until(self, kind: str, count: int = 1, most_s: float = 3 * 3600) -> float:
        """Turn the engine as it asks to be turned until that entry came; how long it took, in s."""
        begun_s = self.mono_s
        while True:
            wait_s, _ = self.engine._visits.cycle(self.at, self.mono_s)
            if len(self.entries(kind)) >= count:
                return self.mono_s - begun_s
            assert self.mono_s - begun_s < most_s, f"no {kind}"
            self.passes(max(0.01, min(wait_s, MINUTE)))

    def goes_on(self, seconds: float) -> None:
        end_s = self.mono_s + seconds
        while self.mono_s < end_s:
            wait_s, _ = self.engine._visits.cycle(self.at, self.mono_s)
            self.passes(max(0.01, min(wait_s, MINUTE, end_s - self.mono_s)))

    def calls(self) -> list[Any]:
        return self.rows(incident, incident.c.origin == "visit")


@dataclass(frozen=True)
class Message:
    """What the chief is sent: as a mail, and as a webhook posts it."""

    subject: str
    body: str
    posted: list[dict[str, Any]]


def message(trip: Trip) -> Message:
    """The next message that waits for somebody."""
    worker = ChannelWorker("webhook", None, trip.config, trip.database)  # type: ignore[arg-type]
    with begin_write(trip.database) as connection:
        lease = alerts.lease(connection, "webhook", trip.at, [])
        assert lease is not None
        alerts.sent(connection, [row.id for row in lease.alerts], trip.at)
    bundle = worker._bundle(lease)
    return Message(wording.subject(bundle), wording.body(bundle), json.loads(webhook.payload(bundle))["alerts"])


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> HubConfig:
    """One site for all: making it takes longer than most of these stories."""
    return make_site(tmp_path_factory.mktemp("visits") / "site", profile="shinagawa", extra=CONTACTS)


@pytest.fixture
def trip(config: HubConfig) -> Iterator[Trip]:
    trip = Trip(config)
    trip.restart()
    yield trip
    with begin_write(trip.database) as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    trip.database.dispose()


def test_shi_12_a_missed_check_in_alerts_the_office_until_a_person_answers(trip: Trip) -> None:
    trip.plan(30)
    trip.say(saying.Left())
    assert trip.until("checkin.asked") == pytest.approx(30 * MINUTE, abs=1.0)
    assert trip.calls() == []
    assert trip.until("checkin.missed") == pytest.approx(5 * MINUTE, abs=1.0)
    (call,) = trip.calls()
    assert (call.level, call.state, call.counter) == ("assist", "raised", "中央二丁目")
    assert trip.alerted(call.id) == [("chief", 0)]
    for _ in range(80):  # the ladder of the unit climbs, and nothing is called a second time
        trip.passes(trip.cycle())
    assert ("head", 0) in trip.alerted(call.id)
    assert trip.rows(command) == [], "the unit's box is told nothing"
    trip.say(saying.CheckIn(text="電池が切れていた"))
    (row,) = trip.calls()
    assert row.seen_at is None, "late word is an entry; a person answers the call"
    told = trip.rows(timeline, timeline.c.kind == "visit.told")
    assert [(one.data["said"], one.data["late"], one.text) for one in told] == [
        ("checked.in", True, "電池が切れていた")
    ]
    trip.say(saying.Safe(), OFFICE)
    (row,) = trip.calls()
    assert (row.seen_name, row.state) == ("佐藤", "seen")
    trip.goes_on(3600)
    assert (len(trip.calls()), len(trip.entries("checkin.missed"))) == (1, 1)


def test_shi_12_the_alert_says_where_who_since_when_and_what_to_do_and_sends_nobody_to_a_counter(trip: Trip) -> None:
    trip.at = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
    trip.plan(30)
    trip.say(saying.Left())
    trip.until("checkin.missed")
    missed = message(trip)
    assert missed.subject.startswith(
        "【応援】訪問先から連絡がありません: 中央二丁目（鈴木・田中、14:00 から） 約束は 14:30"
    )
    assert "no word from a visit: 中央二丁目 (鈴木・田中, out since 14:00), agreed for 14:30, 佐藤" in missed.body
    assert "全員に電話" in missed.body
    assert "窓口" not in missed.body
    assert "counter" not in missed.body
    (posted,) = missed.posted
    assert (posted["origin"], posted["visit"]["team"]) == ("visit", "鈴木・田中")
    assert posted["visit"] | {"id": ""} == {
        "id": "", "team": "鈴木・田中", "since": "2026-11-20T05:00:00.000Z", "contact": "佐藤",
        "agreed_at": "2026-11-20T05:30:00.000Z",
    }  # fmt: skip
    trip.say(saying.Trouble())
    trouble = message(trip)
    assert trouble.subject.startswith("【緊急】訪問先で助けを求めています: 中央二丁目（鈴木・田中、14:00 から）")
    assert "呼び戻し" in trouble.body
    assert "窓口" not in trouble.body


def test_shi_12_word_in_time_calls_nobody(trip: Trip) -> None:
    trip.plan(30, 60)
    trip.say(saying.Left())
    trip.goes_on(25 * MINUTE)
    trip.say(saying.CheckIn())
    trip.goes_on(30 * MINUTE)
    assert trip.entries("checkin.asked") == []
    trip.goes_on(8 * MINUTE)  # three minutes after the second time: still within the grace
    trip.say(saying.CheckIn())
    trip.goes_on(3600)
    assert trip.calls() == []


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1), timedelta(days=400), timedelta(days=-400)])
def test_shi_12_h11_a_set_wall_clock_and_a_restart_move_no_agreed_time(trip: Trip, jump: timedelta) -> None:
    trip.plan(30)
    trip.say(saying.Left())
    trip.goes_on(10 * MINUTE)
    trip.at += jump
    trip.restart()
    assert trip.until("checkin.missed") == pytest.approx(25 * MINUTE, abs=1.0)
    trip.restart()
    trip.at -= 2 * jump
    trip.goes_on(3600)
    assert (len(trip.calls()), len(trip.entries("checkin.missed"))) == (1, 1)
    assert "late_ms" not in trip.entries("checkin.missed")[0].data


def test_word_answers_by_the_clock_that_nobody_sets(trip: Trip) -> None:
    trip.plan(30, 90)
    trip.goes_on(28 * MINUTE)
    trip.at -= timedelta(hours=5)  # by the wall clock both times lie hours ahead
    trip.say(saying.CheckIn())
    (entry,) = trip.entries("checked.in")
    assert len(entry.data["answers"]) == 1
    assert trip.until("checkin.missed") == pytest.approx(67 * MINUTE, abs=1.0)


def test_shi_12_a_hub_that_was_down_makes_up_for_a_missed_time_once_and_says_how_late(trip: Trip) -> None:
    trip.plan(30)
    trip.goes_on(MINUTE)
    trip.passes(74 * MINUTE)
    trip.restart()
    trip.goes_on(2 * MINUTE)
    (entry,) = trip.entries("checkin.missed")
    assert entry.data["late_ms"] == pytest.approx(40 * MINUTE * 1000, abs=1000)
    assert trip.entries("checkin.asked") == []
    assert len(trip.calls()) == 1


def test_after_a_reboot_the_wall_clock_says_how_long_it_has_been(trip: Trip) -> None:
    trip.plan(30)
    trip.goes_on(10 * MINUTE)
    trip.boot, trip.mono_s = "boot-2", 30.0
    trip.restart()
    assert trip.until("checkin.missed") == pytest.approx(25 * MINUTE, abs=1.0)
    assert {row.boot for row in trip.rows(visit_clock)} == {"boot-2"}


def test_shi_12_the_limit_prompts_ahead_and_when_due_and_ends_nothing(trip: Trip) -> None:
    trip.plan(120, limit=30)
    trip.say(saying.Left())
    trip.goes_on(20 * MINUTE)
    trip.say(saying.Arrived())
    assert trip.until("limit.lead") == pytest.approx(25 * MINUTE, abs=1.0)
    assert trip.until("limit.due") == pytest.approx(5 * MINUTE, abs=1.0)
    trip.goes_on(10 * MINUTE)
    assert len(trip.entries("limit.lead") + trip.entries("limit.due")) == 2
    assert trip.calls() == []
    trip.say(saying.Change(reason="あと少し", limit_minutes=45), OFFICE)
    assert trip.until("limit.due", 2) == pytest.approx(5 * MINUTE, abs=1.0)


def test_they_took_their_leave_before_the_limit_and_nothing_prompts(trip: Trip) -> None:
    trip.plan(120, limit=30)
    trip.say(saying.Arrived())
    trip.goes_on(10 * MINUTE)
    trip.say(saying.Ended())
    trip.goes_on(60 * MINUTE)
    assert trip.entries("limit.lead") + trip.entries("limit.due") == []
    trip.say(saying.Back())
    trip.goes_on(120 * MINUTE)
    assert trip.calls() == []


def test_shi_12_trouble_is_an_emergency_at_once_whatever_the_state(trip: Trip) -> None:
    trip.plan(30)
    trip.say(saying.Trouble())
    (call,) = trip.calls()
    assert (call.level, call.state) == ("emergency", "raised")
    assert trip.rows(alert, alert.c.incident == call.id)
    trip.say(saying.Trouble(text="来てください"))
    assert len(trip.calls()) == 1, "while it is unanswered a second tap is told in the same call"
    trip.answer(call.id, responding_at=trip.at, state="attended")
    trip.say(saying.Trouble())
    assert len(trip.calls()) == 2, "an answered call hears no new trouble: it is called anew"


def test_a_missed_time_is_told_in_a_call_that_climbs_already_and_calls_anew_after_an_answer(trip: Trip) -> None:
    trip.plan(30, 60, 90)
    trip.until("checkin.missed", 2)
    (call,) = trip.calls()
    assert [one.data["said"] for one in trip.rows(timeline, timeline.c.kind == "visit.told")] == ["missed"]
    trip.answer(call.id, seen_at=trip.at, state="seen")
    trip.until("checkin.missed", 3)
    assert len(trip.calls()) == 2


def test_a_time_that_was_agreed_otherwise_calls_nobody_at_the_old_one(trip: Trip) -> None:
    trip.plan(30)
    trip.goes_on(20 * MINUTE)
    later = (trip.at + timedelta(minutes=40)).isoformat()
    trip.say(saying.Change.model_validate({"reason": "道が混んでいる", "checkins": [later]}), OFFICE)
    assert trip.until("checkin.missed") == pytest.approx(45 * MINUTE, abs=1.0)
    assert len(trip.calls()) == 1


def test_a_database_that_refuses_delays_the_alert_and_loses_none(trip: Trip, monkeypatch: pytest.MonkeyPatch) -> None:
    trip.plan(30)
    trip.goes_on(20 * MINUTE)
    trip.passes(16 * MINUTE)
    with monkeypatch.context() as patch:

        def refuse(*_: Any) -> None:
            raise OperationalError("", {}, Exception("disk full"))

        patch.setattr("hub.limits.begin_write", refuse)
        with pytest.raises(OperationalError):
            trip.engine._visits.cycle(trip.at, trip.mono_s)
    trip.goes_on(MINUTE)
    assert len(trip.calls()) == 1


def test_the_engine_itself_turns_the_clocks_of_visits_and_wakes_the_alerts(trip: Trip) -> None:
    woken: list[datetime] = []
    trip.engine._alert = lambda: woken.append(trip.at)
    trip.plan(1)
    trip.cycle()
    trip.passes(6 * MINUTE + 1)
    trip.cycle()
    assert woken
    assert len(trip.calls()) == 1
