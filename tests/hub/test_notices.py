"""Messages for a reason: once, durable, in words that say why, to a real webhook and a real mail server."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from support.alert_desk import Channels, Desk
from support.hubs import free_port, make_site
from support.sinks import Mailbox, Webhook
from support.waiting import until

from hub.alerts import wording
from hub.alerts.channel import Bundle, Item
from hub.domain import notices as domain
from hub.domain.duty import Absence, Called
from hub.domain.notices import Why
from hub.store import absences, alerts, notices
from hub.store.engine import begin_write
from hub.store.schema import alert, change, incident, timeline

CONTACTS = """
[alerts.email]
smtp_host = "127.0.0.1"
smtp_port = {smtp}
sender = "madomori@city.example"
security = "none"
[[contacts]]
id = "building"
role = "building_manager"
channel = "webhook"
target = "http://127.0.0.1:{hook}/building"
[[contacts]]
id = "deputy"
role = "staff"
channel = "webhook"
target = "http://127.0.0.1:{hook}/deputy"
deputy_for = ["building"]
[[contacts]]
id = "head"
role = "section_head"
channel = "email"
target = "head@city.example"
[[contacts]]
id = "tower"
role = "building_manager"
channel = "patlite"
target = "127.0.0.1:9"
"""
REASONS = [why for why in Why if why is not Why.CALL]


class City:
    """A site, its sinks and its channels."""

    def __init__(self, directory: Path) -> None:
        self.hook, self.mail = Webhook(0), Mailbox(free_port())
        self.hook.start()
        self.mail.start()
        extra = CONTACTS.format(hook=self.hook.port, smtp=self.mail.port)
        self.desk = Desk(make_site(directory / "site", extra=extra))
        self.roster = self.desk.config.roster
        self.now = datetime.now(UTC)

    def tell(self, call: str, roles: list[str], why: Why = Why.URGENT, occasion: int = 1) -> list[str]:
        with begin_write(self.desk.database) as connection:
            return notices.broadcast(connection, self.roster, call, roles, why, self.now, occasion)

    def posted(self) -> list[dict[str, Any]]:
        return [one for item in self.hook.pile.items for one in item.data["alerts"]]

    def stop(self) -> None:
        self.desk.database.dispose()
        self.hook.stop()
        self.mail.stop()


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    city = City(tmp_path)
    yield city
    city.stop()


def test_who_heard_of_a_drill_hears_again_in_earnest() -> None:
    found = [Called("chief", "building_manager", "email", "chief@city.example")]
    (drill,), (real,) = (
        domain.rows("i", found, Why.URGENT, 1, lambda: "id", datetime(2026, 11, 20, tzinfo=UTC), drill)
        for drill in (True, False)
    )
    assert drill["key"] != real["key"]


def test_shi_16_building_management_is_told_when_a_request_to_stop_is_not_followed(city: City) -> None:
    channels = Channels(city.desk.config, city.desk.database)
    call = city.desk.call(counter="2階 住民票 3番")
    told = city.tell(call, ["building_manager"], Why.CEASE_REFUSED)
    channels.wake()
    assert told == ["building"]
    got = city.hook.pile.wait_for(lambda item: call in item.text, 15)
    channels.stop()
    assert got is not None
    assert got.to == "/building"
    entries = city.desk.rows(timeline, timeline.c.incident == call)
    assert [entry.kind for entry in entries if entry.kind.startswith("noti")] == ["notified", "notice.sent"]
    assert entries[-1].data == {"why": "cease_refused", "contacts": ["building"], "roles": ["building_manager"]}
    (one,) = got.data["alerts"]
    assert (one["why"], one["counter"], one["number"]) == ("cease_refused", "2階 住民票 3番", "2026-000001")
    assert "やめるよう求めましたが、応じてもらえていません" in one["text_ja"]
    assert "a request to stop was not followed" in one["text_en"]


def test_set_07_a_message_that_cannot_be_sent_is_not_noted_as_sent(city: City) -> None:
    channels = Channels(city.desk.config, city.desk.database)
    call = city.desk.call()
    with begin_write(city.desk.database) as connection:
        notices.broadcast(connection, city.roster, call, ["building_manager"], Why.CEASE_REFUSED, datetime.now(UTC))
        connection.execute(update(alert).values(target=f"http://127.0.0.1:{free_port()}/nobody"))
    channels.wake()
    until(lambda: city.desk.rows(alert, alert.c.error.is_not(None)), what="a failed attempt")
    channels.stop()
    assert "notice.sent" not in [entry.kind for entry in city.desk.rows(timeline, timeline.c.incident == call)]


def test_a_message_about_filming_says_what_to_look_at(city: City) -> None:
    call = city.desk.call()
    city.tell(call, ["section_head"], Why.FILMING)
    channels = Channels(city.desk.config, city.desk.database)
    letter = city.mail.pile.wait_for(lambda item: "2026-000001" in item.text, 15)
    channels.stop()
    assert letter is not None
    assert letter.data["Subject"].startswith("【撮影・録音】窓口 で相手が撮影・録音しています。")
    assert "permits" in letter.text


def test_set_15_an_urgent_case_reaches_all_the_roles_by_every_channel(city: City) -> None:
    call = city.desk.call(counter="1階 福祉 2番")
    assert city.tell(call, ["building_manager", "section_head"]) == ["building", "head"]
    channels = Channels(city.desk.config, city.desk.database)
    letter = city.mail.pile.wait_for(lambda item: "1階 福祉 2番" in item.text and "2026-000001" in item.text, 15)
    post = city.hook.pile.wait_for(lambda item: "1階 福祉 2番" in item.text and "2026-000001" in item.text, 15)
    channels.stop()
    assert letter is not None
    assert post is not None
    assert "至急" in letter.text
    assert f"/incidents/{call}" in letter.text
    (entry,) = city.desk.rows(timeline, timeline.c.kind == "notified")
    assert entry.data == {
        "why": "urgent", "contacts": ["building", "head"], "roles": ["building_manager", "section_head"]
    }  # fmt: skip
    assert [row.kind for row in city.desk.rows(change, change.c.incident == call)][:1] == ["alert"]


def test_set_15_flagging_twice_tells_nobody_twice_and_a_second_occasion_does(city: City) -> None:
    call = city.desk.call()
    assert city.tell(call, ["section_head"]) == ["head"]
    assert city.tell(call, ["section_head"]) == []
    assert city.tell(call, ["section_head", "building_manager"]) == ["building"]
    assert city.tell(call, ["section_head"], occasion=2) == ["head"]
    assert len(city.desk.rows(alert)) == 3
    assert [row.data["contacts"] for row in city.desk.rows(timeline)] == [["head"], ["building"], ["head"]]


def test_no_answer_to_the_call_takes_a_notice_back(city: City) -> None:
    call = city.desk.call()
    city.tell(call, ["section_head"])
    with begin_write(city.desk.database) as connection:
        later = datetime.now(UTC) + timedelta(seconds=5)
        connection.execute(update(incident).values(seen_at=later, responding_at=later, state="closed"))
        assert alerts.needless(connection) == []


def test_the_deputy_is_told_while_somebody_is_away_and_a_role_without_contacts_is_noted_once(city: City) -> None:
    call = city.desk.call()
    with begin_write(city.desk.database) as connection:
        absence = Absence("building", city.now, city.now + timedelta(hours=1))
        absences.add(connection, absence, ("x", "佐藤"), city.now)
    assert city.tell(call, ["building_manager", "general_affairs"]) == ["deputy"]
    assert city.tell(call, ["general_affairs"]) == []
    (entry,) = city.desk.rows(timeline)
    assert entry.data["nobody"] == ["general_affairs"]


def test_an_unknown_incident_is_an_error_of_the_caller(city: City) -> None:
    with pytest.raises(LookupError), begin_write(city.desk.database) as connection:
        notices.broadcast(connection, city.roster, "none", ["guard"], Why.URGENT, city.now)


# --- pure -------------------------------------------------------------------------------------------------------------


_called = st.lists(
    st.builds(
        Called,
        id=st.sampled_from(["a", "b", "x" * 60]),
        role=st.sampled_from(["guard", "supervisor"]),
        channel=st.just("email"),
        target=st.just("a@b"),
        shows_only=st.booleans(),
    ),
    unique_by=lambda one: (one.id, one.role),
)


@given(
    _called,
    st.lists(st.sampled_from(["guard", "supervisor", "auditor"])),
    st.sampled_from(REASONS),
    st.integers(1, 10**7 - 1),
)
def test_each_contact_gets_one_row_whose_key_fits_its_column(
    called: list[Called], roles: list[str], why: Why, occasion: int
) -> None:
    found, missing = domain.told(called, roles)
    rows = domain.rows("01938f2e-6b0a-7c11-9a3e-3f2f8d5f0a02", found, why, occasion, lambda: "id", datetime.now(UTC))
    assert len({row["key"] for row in rows}) == len(rows) == len({one.id for one in found})
    assert all(len(row["key"]) <= 120 for row in rows)
    readers = {one.role for one in called if not one.shows_only}
    assert set(missing) == set(roles) - readers
    for one in called:
        if one.role in roles and not one.shows_only:
            assert one.id in {row["contact"] for row in rows}


@pytest.mark.parametrize("why", REASONS)
@pytest.mark.parametrize("drill", [False, True])
def test_every_reason_has_words_and_something_to_do_in_both_languages(why: Why, drill: bool) -> None:
    at = datetime(2026, 11, 20, 2, 41, 36, tzinfo=UTC)
    item = Item(
        "a", "i", "2026-000001", "窓口", "assist", at, drill, "http://x", why=why, told_at=at + timedelta(hours=1)
    )
    call = Item("b", "i", "2026-000001", "窓口", "assist", at, drill, "http://x")
    for text in (wording.text_ja(item), wording.text_en(item)):
        assert "窓口" in text
        assert "2026-000001" in text
        assert "12:41:36" in text, "when it was noticed, not when the button was pressed"
        assert ("訓練" in text or "DRILL" in text) is drill
    body = wording.body(Bundle("kita", "x", "ja", [call, item]))
    assert wording.text_ja(call) in body
    assert wording.text_ja(item) in body, "a notice does not hide behind the call of the same incident"
    assert wording.text_en(item) in body
    assert body.count("http://x") == 4
