"""The ladder through a running worker, to a real mail server and a real webhook."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from support.hubs import LiveHub, free_port, make_site, until
from support.sinks import Mailbox, Webhook

from hub.poke import poke
from hub.store.engine import begin_write
from hub.store.schema import alert, command, incident, timeline

pytestmark = pytest.mark.end_to_end

CONTACTS = """
[alerts.email]
smtp_host = "127.0.0.1"
smtp_port = {smtp}
sender = "madomori@city.example"
security = "none"
timeout_s = 1.0

[[contacts]]
id = "chief"
role = "supervisor"
channel = "webhook"
target = "http://127.0.0.1:{web}/chief"

[[contacts]]
id = "head"
role = "section_head"
channel = "email"
target = "head@city.example"
"""

QUICK = """
repeat_s = 5
assist = [{ after_s = 0, roles = ["supervisor"] }, { after_s = 2, roles = ["section_head"] }]
emergency = [{ after_s = 0, roles = ["supervisor", "section_head"] }]
"""


@dataclass
class City:
    """A running hub with a quick ladder, a webhook and a mailbox."""

    hub: LiveHub
    chief: Webhook
    head: Mailbox

    def rang(self, call: str) -> list[Any]:
        """Alerts about a call that the webhook got."""
        return [one for item in self.chief.pile.items for one in item.data["alerts"] if one["incident"] == call]

    def mailed(self, number: str) -> int:
        return len([item for item in self.head.pile.items if number in item.text])


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    directory = tmp_path_factory.mktemp("city")
    chief, head = Webhook(0), Mailbox(free_port())
    chief.start()
    head.start()
    text = (Path(__file__).parents[2] / "contract/profiles/default.toml").read_text("utf-8")
    before, _, rest = text.partition("[alert]\n")
    profile = directory / "quick.toml"
    profile.write_text(before + "[alert]\n" + QUICK + "\n[source]" + rest.partition("[source]")[2], "utf-8")
    extra = CONTACTS.format(smtp=head.port, web=chief.port)
    hub = LiveHub(make_site(directory / "site", profile=str(profile), extra=extra))
    try:
        hub.start()
        yield City(hub, chief, head)
    finally:
        hub.stop()
        chief.stop()
        head.stop()


def answer(city: City, call: str, **columns: Any) -> None:
    """What a page does when somebody answers."""
    with begin_write(city.hub.database) as connection:
        connection.execute(update(incident).where(incident.c.id == call).values(**columns))
    poke(city.hub.directory, "worker")


def test_the_ladder_climbs_until_somebody_has_seen_it(city: City) -> None:
    call, receipt = city.hub.box().pressed()
    number = receipt["incident"]["number"]
    (first,) = until(lambda: city.rang(call), 5, "the first alert")
    assert (first["number"], first["level"], first["drill"]) == (number, "assist", False)
    until(lambda: city.mailed(number), 10, "the second stage")
    until(lambda: len(city.rang(call)) >= 2, 10, "the repeat")
    answer(city, call, seen_at=datetime.now(UTC), state="seen")
    until(
        lambda: city.hub.rows(alert, alert.c.incident == call, alert.c.state.in_(["sent", "cancelled"])), what="quiet"
    )
    rows = city.hub.rows(alert, alert.c.incident == call)
    entries = [row for row in city.hub.rows(timeline, timeline.c.incident == call) if row.kind == "alerted"]
    assert [entry.data["stage_s"] for entry in entries][:2] == [0, 2]
    assert all("late_ms" not in entry.data for entry in entries)
    other, _ = city.hub.box().pressed()
    until(lambda: len(city.rang(other)) >= 2, 15, "a whole round of another call")
    assert len(city.hub.rows(alert, alert.c.incident == call)) == len(rows)
    answer(city, other, responding_at=datetime.now(UTC), state="attended")


def test_a_call_that_nobody_hears_is_told_to_its_box_once(city: City) -> None:
    box = city.hub.box()
    call, _ = box.pressed()

    def told() -> list[Any]:
        rows = city.hub.rows(command, command.c.incident == call, command.c.type == "nobody.available")
        return [row for row in rows if row.sent_at is not None]

    until(told, 20, "the ladder was climbed and repeated")
    until(lambda: len(city.rang(call)) >= 3, 20, "calling goes on")
    assert len(told()) == 1
    kinds = [row.kind for row in city.hub.rows(timeline, timeline.c.incident == call)]
    assert kinds.count("nobody.available") == 1
    answer(city, call, responding_at=datetime.now(UTC), state="attended")


def test_a_raise_to_emergency_calls_everyone_although_it_was_seen(city: City) -> None:
    box = city.hub.box()
    call, receipt = box.pressed()
    until(lambda: city.rang(call), 5, "the first alert")
    answer(city, call, seen_at=datetime.now(UTC), state="seen")
    box.receipt(box.send(box.event("alarm.repeated", {"incident": call, "level": "emergency", "gesture": "long"})))
    until(lambda: [one for one in city.rang(call) if one["level"] == "emergency"], 5, "the raise")
    until(lambda: city.mailed(receipt["incident"]["number"]), 5, "the raise by mail")
    until(lambda: len([one for one in city.rang(call) if one["level"] == "emergency"]) >= 2, 15, "its repeat")
    answer(city, call, responding_at=datetime.now(UTC), state="attended")


def test_h10_overdue_stages_fire_once_at_start_marked_late(city: City) -> None:
    box = city.hub.box()
    call, receipt = box.pressed()
    until(lambda: city.rang(call), 5, "the first alert")
    city.hub.kill("worker")
    assert city.mailed(receipt["incident"]["number"]) == 0
    raised = city.hub.rows(incident, incident.c.id == call)[0].raised_at
    until(lambda: (datetime.now(UTC) - raised).total_seconds() > 4.7, 10, "the stage to pass")
    city.hub.start_worker()
    until(lambda: city.mailed(receipt["incident"]["number"]), 10, "the overdue stage")
    answer(city, call, seen_at=datetime.now(UTC), state="seen")
    late = [
        row.data
        for row in city.hub.rows(timeline, timeline.c.incident == call)
        if row.kind == "alerted" and "late_ms" in row.data
    ]
    assert late
    assert late[0]["late_ms"] > 2000
    heads = [
        row for row in city.hub.rows(alert, alert.c.incident == call) if row.contact == "head" and row.stage_s == 2
    ]
    assert len({row.key for row in heads}) == len(heads)


def test_a_kill_while_sending_loses_no_alert(city: City) -> None:
    """The lease of the killed worker ends after ten seconds; then the alert goes out, under the same id."""
    box = city.hub.box()
    call, _ = box.pressed()
    until(lambda: city.rang(call), 5, "the first alert")
    answer(city, call, seen_at=datetime.now(UTC), state="seen")
    city.hub.kill("worker")
    with begin_write(city.hub.database) as connection:
        later = datetime.now(UTC) + timedelta(seconds=3)
        connection.execute(
            update(alert).where(alert.c.incident == call).values(state="leased", lease_until=later, sent_at=None)
        )
    before = {one["id"] for one in city.rang(call)}
    city.hub.start_worker()
    until(lambda: len(city.rang(call)) > len(before), 15, "the second sending")
    assert {one["id"] for one in city.rang(call)} == before
