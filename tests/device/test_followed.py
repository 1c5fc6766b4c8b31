"""What the network process of a beacon passes on: every alarm, at once, again when nobody took it, none for ever."""

from pathlib import Path
from typing import Any

import pytest
from support.bundles import make_bundle

from contract import topics
from device.config import Bundle
from device.followed import SETTLE_S, Followed


class Box:
    """The box's end of the mailbox."""

    def __init__(self, directory: Path, role: str) -> None:
        self.there = True
        self.mails: list[dict[str, Any]] = []
        self.followed = Followed(Bundle(make_bundle(directory / "bundle", extra=role)).settings, self._take)

    def _take(self, mail: dict[str, Any]) -> bool:
        if self.there:
            self.mails.append(mail)
        return self.there

    def alarm(self, box: str, payload: bytes = b"{}") -> bool:
        return self.followed.message(topics.box_topic("kita", box, topics.Kind.ALARM), payload)

    def told(self, now_s: float) -> list[tuple[str, Any]]:
        self.mails.clear()
        self.followed.pass_on(now_s)
        return [(mail["t"], mail.get("box", mail.get("boxes"))) for mail in self.mails]


@pytest.fixture
def beacon(tmp_path: Path) -> Box:
    made = Box(tmp_path, '\n[role]\nkind = "beacon"\n')
    made.followed.connected(100.0)
    return made


def test_a_counter_follows_nobody(tmp_path: Path) -> None:
    counter = Box(tmp_path, "")
    assert counter.followed.filters == []
    assert not counter.alarm("counter-02")


@pytest.mark.parametrize("kind", ["beacon", "wall_lamp"])
def test_a_beacon_follows_all_of_the_site_or_those_that_are_named(tmp_path: Path, kind: str) -> None:
    everybody = Box(tmp_path / "a", f'\n[role]\nkind = "{kind}"\n')
    assert everybody.followed.filters == ["madomori/v1/kita/box/+/alarm"]
    named = Box(tmp_path / "b", f'\n[role]\nkind = "{kind}"\nfollow = ["counter-02", "counter-03"]\n')
    assert named.followed.filters == [f"madomori/v1/kita/box/counter-0{n}/alarm" for n in (2, 3)]


def test_an_alarm_is_passed_on_at_once_and_once_but_not_its_own(beacon: Box) -> None:
    assert beacon.alarm("counter-02")
    assert beacon.alarm("counter-01")  # this bundle's own
    assert beacon.told(100.0) == [("followed", "counter-02")]
    assert beacon.told(100.1) == []


def test_what_the_boxs_process_did_not_take_is_told_again(beacon: Box) -> None:
    beacon.there = False
    beacon.alarm("counter-02")
    beacon.alarm("counter-03")
    assert beacon.told(100.0) == []
    beacon.there = True
    assert beacon.told(100.2) == [("followed", "counter-02"), ("followed", "counter-03")]
    beacon.followed.again()  # it was started anew
    assert beacon.told(100.4) == [("followed", "counter-02"), ("followed", "counter-03")]


def test_an_alarm_that_was_taken_away_while_the_link_was_lost_does_not_stay_for_ever(beacon: Box) -> None:
    beacon.alarm("counter-02")
    beacon.alarm("counter-03")
    beacon.told(100.0)
    assert beacon.told(100.0 + SETTLE_S) == [("following", ["counter-02", "counter-03"])]
    beacon.followed.disconnected()
    assert beacon.told(500.0) == []
    beacon.followed.connected(600.0)
    beacon.alarm("counter-03")
    assert beacon.told(600.0) == [("followed", "counter-03")]
    assert beacon.told(600.0 + SETTLE_S) == [("following", ["counter-03"])]
    beacon.followed.again()
    assert beacon.told(700.0) == [("followed", "counter-03"), ("following", ["counter-03"])]


def test_a_connection_that_breaks_before_everything_has_come_takes_nothing_away(beacon: Box) -> None:
    beacon.alarm("counter-02")
    beacon.told(100.0 + SETTLE_S)
    beacon.followed.disconnected()
    beacon.followed.connected(200.0)
    beacon.followed.disconnected()
    assert beacon.told(200.0 + 10 * SETTLE_S) == []
