"""Each repeat and climb says how long nobody has answered and who has seen it; guards hear what they walk into."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert
from support.hubs import make_site, until

from hub.alerts import dispatch, mail, webhook, wording
from hub.alerts.channel import Bundle, Item, Trip
from hub.alerts.dispatch import ChannelWorker
from hub.domain.incident import NOBODY
from hub.domain.notices import Why
from hub.domain.standing import Standing, standing
from hub.store import notices
from hub.store.engine import begin_write
from hub.store.schema import timeline
from tests.hub.rounds import Round

CONTACTS = """
[[contacts]]
id = "chief"
role = "supervisor"
channel = "webhook"
target = "http://127.0.0.1:9/chief"
[[contacts]]
id = "guard-room"
role = "guard"
channel = "webhook"
target = "http://127.0.0.1:9/guard"
"""
AT = datetime(2026, 11, 20, 2, 41, 36, tzinfo=UTC)


class Post:
    """A ladder turned by hand and the sender of one channel, which keeps what it is given."""

    def __init__(self, directory: Path) -> None:
        self.turn = Round(make_site(directory / "site", extra=CONTACTS))
        self.sent: list[Bundle] = []
        self.worker = ChannelWorker("webhook", self, self.turn.config, self.turn.database)
        self.worker.start()

    def send(self, bundle: Bundle) -> None:
        self.sent.append(bundle)

    def climbs(self, seconds: float, count: int) -> list[Item]:
        """Time passes; the `count` messages that went out for it."""
        before = len(self.items)
        self.turn.passes(seconds)
        self.turn.cycle()
        self.worker.wake()
        until(lambda: len(self.items) >= before + count, 10, "the messages")
        return self.items[before:]

    @property
    def items(self) -> list[Item]:
        return [item for bundle in self.sent for item in bundle.items]

    def marks(self, call: str, **data: Any) -> None:
        with begin_write(self.turn.database) as connection:
            entry = {"incident": call, "at": self.turn.at, "recorded_at": self.turn.at, "kind": "marked"}
            connection.execute(insert(timeline).values(**entry, source="person", text="出てこい、殴る", data=data))


@pytest.fixture
def post(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    monkeypatch.setattr(dispatch, "REST_S", 0.0)
    post = Post(tmp_path)
    monkeypatch.setattr(dispatch, "now_utc", lambda: post.turn.at)
    yield post
    post.worker.stop()
    for thread in post.worker._threads:
        thread.join(10)
    post.turn.database.dispose()


def said(item: Item) -> tuple[str, str, dict[str, Any]]:
    """The same message as a mail's subject, a mail's text, and JSON. Apprise gets the subject and the text."""
    bundle = Bundle("kita", "a@b", "ja", [item])
    (posted,) = json.loads(webhook.payload(bundle))["alerts"]
    body = mail.compose(bundle, "m@c", AT).get_body()
    assert body is not None
    return wording.subject(bundle), body.get_content(), posted


def test_shi_33_each_repeat_and_climb_names_the_minutes_without_an_answer_by_every_channel(post: Post) -> None:
    post.turn.call(counter="2階 住民票 3番")
    (first,) = post.climbs(0, 1)
    assert "見ていません" not in wording.text_ja(first), "nobody can have seen a press of this moment"
    (again,) = post.climbs(30.01, 1)
    assert "30 秒たっても、まだ誰も見ていません" in wording.text_ja(again)
    climbed = post.climbs(150, 2)
    for item in climbed:
        subject, letter, posted = said(item)
        for text in (subject, letter, posted["text_ja"]):
            assert "【応援】2階 住民票 3番 で呼び出し。3 分たっても、まだ誰も見ていません" in text
            assert item.number in text
        for text in (subject, letter, posted["text_en"]):
            assert "assist: call at 2階 住民票 3番; 3 min since the call, nobody has seen it yet" in text.replace(
                "\n", " "
            )
        told = posted["standing"]
        assert (told["minutes"], told["waited_s"], told["seen_by"], told["responder"]) == (3, 180, None, None)
    assert {item.standing.after_s for item in climbed if item.standing} == {0, 60}
    assert max(item.standing.repeat for item in climbed if item.standing) == 6


def test_an_emergency_that_was_seen_says_by_whom_and_that_nobody_is_going(post: Post) -> None:
    call = post.turn.call(level="emergency")
    post.climbs(0, 2)
    post.turn.answer(call, seen_at=post.turn.at, seen_name="佐藤", seen_by="x", state="seen")
    for item in post.climbs(60.01, 2):
        subject, letter, posted = said(item)
        for text in (subject, letter, posted["text_ja"]):
            assert "【緊急】窓口 で呼び出し。1 分たちました。佐藤 さんが見ましたが、向かう人がまだいません" in text
        assert "1 min since the call, 佐藤 has seen it, but nobody is going yet" in posted["text_en"]
        assert posted["standing"]["seen_by"] == "佐藤"


def test_a_raise_counts_anew(post: Post) -> None:
    call = post.turn.call()
    post.climbs(0, 1)
    post.turn.answer(call, seen_at=post.turn.at, seen_name="佐藤", seen_by="x", state="seen")
    post.turn.passes(600)
    post.turn.answer(call, level="emergency", raised_at=post.turn.at, state="raised", **NOBODY)
    post.climbs(0, 2)
    (item, _) = post.climbs(30.01, 2)
    assert "緊急になってから 30 秒たっても、まだ誰も見ていません" in wording.text_ja(item)
    assert "30 s since it became an emergency, nobody has seen it yet" in wording.text_en(item)


def test_shi_20_guards_are_told_which_acts_were_seen_and_no_word_that_was_said(post: Post) -> None:
    call = post.turn.call()
    post.climbs(0, 1)
    post.marks(call, mark="act", act="violence")
    post.marks(call, mark="injury")
    post.marks(call, mark="act", act="threat")
    with begin_write(post.turn.database) as connection:
        notices.broadcast(connection, post.turn.config.roster, call, ["guard"], Why.GUARDS, post.turn.at)
        notices.broadcast(connection, post.turn.config.roster, call, ["supervisor"], Why.URGENT, post.turn.at)
    told = {item.why: said(item) for item in post.climbs(0.01, 2)}
    subject, letter, posted = told[Why.GUARDS]
    for text in (subject, letter, posted["text_ja"]):
        assert "身の危険につながる行為がありました。見た行為: 暴力・物を壊す、威嚇・脅迫（" in text
    assert "seen: Violence, damage" in posted["text_en"]
    assert posted["acts"] == ["violence", "threat"]
    assert "殴る" not in json.dumps(told, ensure_ascii=False, default=str)
    assert "acts" not in told[Why.URGENT][2]
    assert "暴力" not in told[Why.URGENT][0], "whoever is not to go there reads it on the page"
    climbed = post.climbs(60.01, 2)
    assert sorted(item.acts for item in climbed) == [(), ("violence", "threat")], "guards who are called hear it too"


# --- pure -------------------------------------------------------------------------------------------------------------


_moments = st.integers(-7200, 7200).map(lambda seconds: AT + timedelta(seconds=seconds))


@given(_moments, _moments, _moments, st.booleans(), st.none() | _moments, st.integers(0, 99), st.integers(0, 3600))
def test_the_wait_is_never_negative_and_a_wrong_clock_of_the_box_never_counts(
    pressed: datetime, raised: datetime, now: datetime, right: bool, seen: datetime | None, repeat: int, after_s: int
) -> None:
    row = SimpleNamespace(
        pressed_at=pressed, received_at=AT, raised_at=max(AT, raised), clock="synced" if right else "unsynced",
        round=repeat, stage_s=after_s, seen_at=seen, seen_name="佐藤" if seen else None, responder_name=None,
    )  # fmt: skip
    found = standing(row, now)
    assert found.waited_s >= 0
    assert found.since_at <= max(row.received_at, row.raised_at)
    if not right:
        assert found.since_at >= row.received_at
    if repeat or after_s or seen:
        assert found.worth_saying


@pytest.mark.parametrize("level", ["assist", "emergency"])
@pytest.mark.parametrize("trip", [False, True])
def test_whoever_is_going_is_named_so_that_nobody_else_sets_out_in_vain(level: str, trip: bool) -> None:
    going = Standing(AT, 200, repeat=2, seen_by="佐藤", responder="田中")
    visit = Trip("v", "鈴木・高橋", AT, "山田", AT) if trip else None
    item = Item("a", "i", "2026-000001", "窓口", level, AT, False, "http://x", trip=visit, standing=going)
    assert "田中 さんが向かっています" in wording.text_ja(item)
    assert "田中 is going" in wording.text_en(item)
