"""Who hears of which counter, and which contact would never hear of anything: said before somebody relies on it."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from support.hubs import make_site

from contract import profile
from hub import worker
from hub.__main__ import main
from hub.command_line import never_told, warned_of
from hub.domain import escalation
from hub.domain.duty import Absence, on_duty
from hub.domain.hearing import called_roles, hears, notice_roles, warnings
from hub.domain.nearness import nearby
from hub.domain.notices import Why
from hub.domain.permissions import Role
from hub.site import profile_text
from hub.store import notices
from hub.store.engine import begin_write, open_database
from hub.store.schema import alert
from tests.hub.rounds import Round
from tests.hub.test_duty import TEN, Person

CITIES = ("default", "shinagawa", "setagaya", "sapporo", "yurihonjo")
PROFILES = {city: profile.load(profile_text(city), city) for city in CITIES}
STAFF = """
[[contacts]]
id = "next-to-it"
role = "staff"
channel = "webhook"
target = "http://127.0.0.1:9/a"
near = ["counter-01"]
[[contacts]]
id = "upstairs"
role = "staff"
channel = "webhook"
target = "http://127.0.0.1:9/b"
near = ["counter-02", "counter-77"]
[[contacts]]
id = "chief"
role = "supervisor"
channel = "webhook"
target = "http://127.0.0.1:9/c"
[[contacts]]
id = "auditor"
role = "auditor"
channel = "webhook"
target = "http://127.0.0.1:9/d"
"""


def ids(found: list[Any]) -> list[str]:
    return [one.id for one in found]


# --- nearby staff -----------------------------------------------------------------------------------------------------


def test_shi_20_colleagues_next_to_the_counter_are_called_and_those_upstairs_are_not() -> None:
    people = [Person("a", "staff", near=("counter-01",)), Person("b", "staff", near=("counter-02",)), Person("chief")]
    called = on_duty(people, [], TEN).called
    assert ids(nearby(called, "counter-01")) == ["a", "chief"]
    assert ids(nearby(called, "counter-02")) == ["b", "chief"]
    assert ids(nearby(called, "counter-03")) == ["a", "b", "chief"], "from farther away is better than nobody"


def test_a_deputy_hears_of_the_counters_of_the_one_whose_place_they_take_besides_their_own() -> None:
    people = [
        Person("a", "staff", near=("counter-01",)),
        Person("b", "staff", near=("counter-02",), deputy_for=("a",)),
        Person("c", "staff", near=("counter-01",)),
    ]
    hour = timedelta(hours=1)
    called = on_duty(people, [Absence("a", TEN - hour, TEN + hour)], TEN).called
    assert ids(nearby(called, "counter-01")) == ["b", "c"]
    assert ids(nearby(called, "counter-02")) == ["b"]


_near = st.lists(st.sampled_from(["x", "y", "z"]), max_size=2).map(tuple)
_people = st.lists(
    st.builds(
        Person,
        id=st.sampled_from("abcdef"),
        role=st.sampled_from(["staff", "supervisor", "guard"]),
        channel=st.sampled_from(["email", "patlite"]),
        near=_near,
    ),
    unique_by=lambda one: one.id,
)


@given(_people, st.sampled_from(["x", "y", "z", "elsewhere"]))
def test_no_role_is_left_without_a_person_for_any_counter(people: list[Person], box: str) -> None:
    found = nearby(people, box)
    for one in people:
        if not one.near or box in one.near:
            assert one in found
        if not one.shows_only:
            assert any(other.role == one.role and not other.shows_only for other in found)


def test_shi_20_an_emergency_reaches_nearby_staff_at_once_and_again_until_somebody_is_going(tmp_path: Path) -> None:
    turn = Round(make_site(tmp_path / "site", profile="shinagawa", extra=STAFF))
    call = turn.call(level="emergency")
    turn.cycle()
    turn.passes(30.01)
    turn.cycle()
    assert turn.alerted(call) == [("chief", 0), ("chief", 1), ("next-to-it", 0), ("next-to-it", 1)]
    with begin_write(turn.database) as connection:
        told = notices.broadcast(connection, turn.config.roster, call, ["staff"], Why.GUARDS, turn.at)
    assert told == ["next-to-it"], "messages for another reason go to whoever is close too"
    assert turn.rows(alert, alert.c.contact == "upstairs") == []
    with begin_write(turn.database) as connection:
        told = notices.broadcast(connection, turn.config.roster, call, ["staff"], Why.URGENT, turn.at)
    assert sorted(told) == ["next-to-it", "upstairs"], "an urgent case concerns every workplace (SET-15)"
    turn.database.dispose()


# --- contacts that would never be told --------------------------------------------------------------------------------


@pytest.mark.parametrize("city", CITIES)
def test_what_a_contact_hears_is_what_the_ladder_and_the_notices_would_send_it(city: str) -> None:
    rules = PROFILES[city]
    people = [Person(role.value, role.value) for role in Role]
    for one, heard in hears(rules, people).items():
        reached = any(
            stage_people and one in ids(stage_people)
            for level in ("assist", "emergency")
            for _, stage_people in escalation.plan(rules.alert, level, people)
        )
        assert (heard == "calls") == reached
    assert hears(rules, people)["general_affairs"] == "notices"
    silent = {one.field.split(".")[1] for one in warnings(rules, people)}
    assert silent == {role.value for role in Role} - called_roles(rules) - notice_roles(rules)
    assert ("staff" in silent) == (city != "shinagawa")


def test_a_deputy_of_a_deputy_is_told_and_a_circle_of_deputies_is_not() -> None:
    rules = PROFILES["setagaya"]
    people = [
        Person("chief"),
        Person("first", "staff", deputy_for=("chief",)),
        Person("second", "auditor", deputy_for=("first",)),
        Person("round", "staff", deputy_for=("about",)),
        Person("about", "staff", deputy_for=("round",)),
        Person("lamp", "general_affairs", channel="patlite"),
    ]
    assert hears(rules, people) == {
        "chief": "calls", "first": "as_deputy", "second": "as_deputy", "round": "nothing", "about": "nothing",
        "lamp": "nothing",
    }  # fmt: skip
    assert [one.field for one in warnings(rules, people)] == [
        "contacts.round.role", "contacts.about.role", "contacts.lamp.role"
    ]  # fmt: skip


def check(*arguments: str | Path) -> tuple[int, str]:
    answer = CliRunner().invoke(main, ["profile", "check", *map(str, arguments)])
    return answer.exit_code, answer.output


def test_shi_20_the_check_of_a_profile_names_every_contact_that_it_would_leave_out(tmp_path: Path) -> None:
    config = make_site(tmp_path / "site", profile="setagaya", extra=STAFF)
    file = config.places.settings
    code, told = check("setagaya", "--contacts", file)
    assert code == 0, "a warning: the site works, and people decide"
    for contact in ("next-to-it", "upstairs", "auditor"):
        assert f"contacts.{contact}.role" in told
    assert "contacts.chief" not in told
    assert told.index("この連絡先には何も届きません") < told.index("never told of anything")
    report = json.loads(check("shinagawa", "--contacts", file, "--json")[1])
    assert [one["field"] for one in report["warnings"]] == ["contacts.auditor.role"]
    assert json.loads(check("shinagawa", "--json")[1])["warnings"] == []
    draft = tmp_path / "draft.toml"
    draft.write_text(
        '[[contacts]]\nid = "a"\nrole = "king"\nchannel = "email"\ntarget = "a@b"\nnear = ["hub"]\n', "utf-8"
    )
    code, told = check("shinagawa", "--contacts", draft, "--json")
    assert code == 1
    assert {one["field"] for one in json.loads(told)["problems"]} == {"contacts.0.role", "contacts.0.near.0"}


def test_a_hub_that_starts_names_every_contact_that_would_never_be_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[tuple[str, str]] = []

    class Log:
        def warning(self, _event: str, *, field: str, value: str, why: str) -> None:
            assert why
            logged.append((field, value))

    config = make_site(tmp_path / "site", profile="shinagawa", extra=STAFF)
    first, *lines = warned_of(never_told(config))
    assert "(3)" in first
    assert len(lines) == 3
    assert warned_of([]) == []
    monkeypatch.setattr(worker, "_log", Log())
    database = open_database(config.database_url)
    worker._log_never_told(config, PROFILES["shinagawa"], database)
    database.dispose()
    assert logged == [
        ("contacts.next-to-it.near", "'counter-01'"),
        ("contacts.upstairs.near", "'counter-02, counter-77'"),
        ("contacts.auditor.role", "'auditor'"),
    ]
