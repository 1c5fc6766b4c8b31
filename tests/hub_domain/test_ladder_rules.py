"""The steps towards the police, rule by rule: what each asks for, what comes next, and what is left out."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contract.profile import PolicyProfile
from hub.domain import ladder
from hub.domain.course import Course, Happened
from hub.domain.incident import Entry
from hub.domain.ladder import Stand
from hub.domain.saying import StepTaken
from tests.hub_domain.life import PROFILES

NOON = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
SHINAGAWA, SETAGAYA, YURIHONJO = PROFILES["shinagawa"], PROFILES["setagaya"], PROFILES["yurihonjo"]
GROUND = SHINAGAWA.ladder.leave.grounds[0]
PHONE = Happened(Entry.CONTACT_STARTED.value, NOON, {"means": "phone"})
TOLD = Happened(Entry.MARKED.value, NOON, {"mark": "manager_told"})
REFUSED = Happened(Entry.MARKED.value, NOON, {"mark": "cease_refused"})
QUEUED = Happened(Entry.NOTIFIED.value, NOON, {"why": "cease_refused", "contacts": ["desk"]})
REACHED = Happened(Entry.NOTICE_SENT.value, NOON, {"why": "cease_refused", "contacts": ["desk"]})
NOBODY = Happened(Entry.NOTIFIED.value, NOON, {"why": "cease_refused", "contacts": [], "nobody": ["building_manager"]})
GUARDS = Happened(Entry.NOTICE_SENT.value, NOON, {"why": "guards", "contacts": ["gate"]})
UP_TO_LEAVE = ("warn", "stop", "cease")


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def steps(*names: str) -> list[Happened]:
    """Each step a minute after the one before."""
    return [Happened(Entry.STEP_TAKEN.value, at(place), {"step": name}) for place, name in enumerate(names)]


def decided(outcome: str) -> Happened:
    return Happened(Entry.DECIDED.value, NOON, {"about": "stop", "outcome": outcome})


def course(*entries: Happened | Iterable[Happened]) -> Course:
    found = [one for entry in entries for one in ([entry] if isinstance(entry, Happened) else entry)]
    return Course(entries=tuple(found))


def lacking(
    before: Course, step: str, *, city: PolicyProfile = SHINAGAWA, site: str = "main", role: str = "building_manager",
    minutes: float = 60, **said: Any,
) -> list[str]:  # fmt: skip
    return [one.field for one in ladder.problems(city, site, before, StepTaken(step=step, **said), role, at(minutes))]


def test_a_step_that_the_city_does_not_know_is_refused_by_naming_those_it_knows() -> None:
    (problem,) = ladder.problems(SETAGAYA, "main", course(), StepTaken(step="warn"), "supervisor", NOON)
    assert (problem.field, "cease" in problem.ja, "stop_and_urge" in problem.en) == ("step", True, True)
    assert lacking(course(), "cease", city=YURIHONJO) == ["step"]


def test_shi_18_the_police_ask_at_most_for_a_route_that_the_city_knows() -> None:
    assert lacking(course(), "police") == []
    assert lacking(course(), "police", route="110") == []
    assert lacking(course(), "police", route="119") == ["route"]
    free = SHINAGAWA.model_copy(update={"police": SHINAGAWA.police.model_copy(update={"routes": ()})})
    assert lacking(course(), "police", city=free, route="119") == []
    assert lacking(course(), "police", city=YURIHONJO) == []  # the city's own ladder does not name it


@pytest.mark.parametrize(
    ("city", "step"),
    [(SHINAGAWA, "leave"), (SHINAGAWA, "final"), (SETAGAYA, "announce_police"), (YURIHONJO, "ask_leave")],
)
def test_set_06_on_the_telephone_there_is_nobody_to_leave(city: PolicyProfile, step: str) -> None:
    assert lacking(course(PHONE), step, city=city, reason="x") == ["step"]


def test_set_06_on_the_telephone_the_other_steps_go_on() -> None:
    assert lacking(course(PHONE), "warn") == []
    assert ladder.skipped(YURIHONJO, course(PHONE, steps("superior", "warn", "end")), "legal") == ()


def test_yur_08_to_ask_somebody_to_leave_is_optional_on_the_way_to_the_courts() -> None:
    assert ladder.skipped(YURIHONJO, course(steps("superior", "warn", "end")), "legal") == ()
    assert ladder.skipped(YURIHONJO, course(steps("superior", "warn")), "ask_leave") == ("end",)
    assert ladder.skipped(YURIHONJO, course(steps("superior", "warn")), "legal") == ("end",)


@pytest.mark.parametrize(
    ("taken", "step", "left_out"),
    [
        ((), "warn", ()),
        ((), "stop", ("warn",)),
        (("warn",), "cease", ("stop",)),
        (("stop",), "cease", ("warn",)),
        (UP_TO_LEAVE, "leave", ()),
        (UP_TO_LEAVE, "final", ("leave",)),
        ((*UP_TO_LEAVE, "leave"), "final", ("leave",)),
        ((*UP_TO_LEAVE, "leave", "leave"), "final", ()),
        (("warn", "warn"), "warn", ()),
    ],
)
def test_shi_14_what_was_left_out_is_every_step_before_that_was_not_taken_often_enough(
    taken: tuple[str, ...], step: str, left_out: tuple[str, ...]
) -> None:
    assert ladder.skipped(SHINAGAWA, course(steps(*taken)), step) == left_out
    said: dict[str, Any] = {"announcer": "鈴木", "acknowledged": True, "ground": GROUND}
    fields = lacking(course(steps(*taken), decided("stop")), step, **said)
    assert ("reason" in fields) is bool(left_out)
    assert "reason" not in lacking(course(steps(*taken), decided("stop")), step, **said, reason="急ぐ")


def test_shi_14_where_no_number_of_orders_is_named_one_is_enough() -> None:
    leave = SHINAGAWA.ladder.leave.model_copy(update={"count": None})
    city = SHINAGAWA.model_copy(update={"ladder": SHINAGAWA.ladder.model_copy(update={"leave": leave})})
    assert ladder.skipped(city, course(steps(*UP_TO_LEAVE, "leave")), "final") == ()
    assert ladder.skipped(city, course(steps(*UP_TO_LEAVE)), "final") == ("leave",)
    assert ladder.next_step(city, {"leave": 1}, in_building=True) == "final"


def test_shi_17_an_order_waits_for_the_interval_and_asks_for_a_reason_beyond_the_most() -> None:
    once, thrice = course(steps(*UP_TO_LEAVE, "leave")), course(steps(*UP_TO_LEAVE, "leave", "leave", "leave"))
    assert ladder.wait_until(SHINAGAWA, course()) is None
    assert ladder.wait_until(SHINAGAWA, once) == at(8)
    assert ladder.wait_until(SHINAGAWA, thrice) == at(10)
    assert ladder.wait_until(YURIHONJO, once) is None
    assert lacking(once, "leave", minutes=7.9, ground=GROUND) == ["reason"]
    assert lacking(once, "leave", minutes=8, ground=GROUND) == []
    assert lacking(thrice, "leave", minutes=9, ground=GROUND) == ["reason", "reason"]
    assert lacking(thrice, "leave", minutes=30, ground=GROUND) == ["reason"]
    assert lacking(course(steps(*UP_TO_LEAVE, "leave", "leave")), "leave", minutes=30, ground=GROUND) == []
    for step in ("warn", "cease", "final"):  # the last has an office, and no interval
        assert lacking(thrice, step, minutes=5) == []  # the interval is between orders, and for nothing else
    assert lacking(thrice, "leave", minutes=9, ground=GROUND, reason="人が増えた") == []
    four = course(thrice.entries, steps(*[""] * 6, "leave"))
    assert lacking(four, "leave", minutes=30, ground=GROUND) == ["reason"]  # beyond the most, however far


@pytest.mark.parametrize(
    ("site", "role", "said", "fields"),
    [
        ("main", "building_manager", {}, []),
        ("main", "supervisor", {}, ["issuer"]),
        ("main", "supervisor", {"issuer": "所属長"}, ["issuer"]),
        ("main", "supervisor", {"issuer": "庁舎管理者"}, ["issuer_name"]),
        ("main", "supervisor", {"issuer": "庁舎管理者", "issuer_name": "山本"}, []),
        ("main", "building_manager", {"issuer": "庁舎管理者"}, []),
        ("branch", "section_head", {}, []),
        ("branch", "building_manager", {}, ["issuer"]),
        ("branch", "guard", {"issuer": "所属長"}, ["issuer_name"]),
        ("branch", "section_head", {"issuer": "庁舎管理者"}, ["issuer"]),
    ],
)
def test_shi_15_an_order_is_given_by_an_office_of_this_site_and_has_a_name(
    site: str, role: str, said: dict[str, Any], fields: list[str]
) -> None:
    before = course(steps(*UP_TO_LEAVE), TOLD)
    assert lacking(before, "leave", site=site, role=role, ground=GROUND, **said) == fields


@pytest.mark.parametrize(
    ("count", "most", "counted"), [(2, 3, True), (3, 3, False), (None, 3, False), (2, None, False)]
)
def test_shi_15_a_final_warning_that_counts_as_an_order_has_an_office_and_a_ground(
    count: int | None, most: int | None, counted: bool
) -> None:
    leave = SHINAGAWA.ladder.leave.model_copy(update={"count": count, "max": most})
    city = SHINAGAWA.model_copy(update={"ladder": SHINAGAWA.ladder.model_copy(update={"leave": leave})})
    ordered = course(steps(*UP_TO_LEAVE, "leave", "leave", "leave"))
    said: dict[str, Any] = {"city": city, "reason": "x"}
    assert lacking(ordered, "final", role="staff", **said) == (["issuer"] if counted else [])
    assert lacking(ordered, "final", role="staff", issuer="庁舎管理者", **said) == (["issuer_name"] if counted else [])
    assert lacking(ordered, "final", **said) == []  # on the ground of the orders
    assert lacking(ordered, "final", **said, ground="x") == ["ground"] * counted
    assert lacking(course(), "final", **said) == ["ground"] * counted
    assert lacking(course(), "police", role="staff", **said) == []


def test_set_08_to_announce_the_police_is_no_order() -> None:
    assert ladder.by_authority(SETAGAYA) == ladder.by_authority(YURIHONJO) == ladder.ORDERS


def test_shi_15_a_branch_without_offices_of_its_own_has_those_of_the_main_building() -> None:
    leave = SHINAGAWA.ladder.leave.model_copy(update={"issuer_branch": ()})
    city = SHINAGAWA.model_copy(update={"ladder": SHINAGAWA.ladder.model_copy(update={"leave": leave})})
    assert ladder.issuers(city, "branch") == ladder.issuers(SHINAGAWA, "main") == ("庁舎管理者",)
    assert ladder.issuers(SHINAGAWA, "branch") == ("所属長",)
    assert ladder.own_office(SHINAGAWA, ("所属長", "施設長"), "section_head") == "所属長"
    assert ladder.own_office(SHINAGAWA, ("所属長", "庁舎管理者"), "building_manager") == "庁舎管理者"
    assert ladder.own_office(SHINAGAWA, ("所属長",), "guard") is None


def test_where_no_office_is_named_anybody_asks_a_person_to_leave_and_another_office_has_a_name() -> None:
    before = course(steps("superior", "warn", "end"))
    assert lacking(before, "ask_leave", city=YURIHONJO, role="staff") == []
    assert lacking(before, "ask_leave", city=YURIHONJO, role="staff", issuer="所属長") == ["issuer_name"]
    assert lacking(before, "ask_leave", city=YURIHONJO, role="section_head", issuer="所属長") == []


def test_shi_30_the_ground_is_one_of_those_the_city_names_and_free_where_it_names_none() -> None:
    before = course(steps(*UP_TO_LEAVE))
    assert lacking(before, "leave") == ["ground"]
    assert lacking(before, "leave", ground="noise") == ["ground"]
    assert lacking(before, "leave", ground=GROUND) == []
    orders = course(steps("cease", "announce_stop", "stop_and_urge"), TOLD)
    assert lacking(orders, "leave", city=SETAGAYA, role="section_head") == []


def test_set_07_the_buildings_manager_is_told_before_another_office_orders() -> None:
    untold = course(steps(*UP_TO_LEAVE))
    for_a_branch: dict[str, Any] = {"site": "branch", "role": "section_head", "city": PROFILES["default"]}
    assert lacking(untold, "leave", **for_a_branch) == ["manager_told"]
    assert lacking(untold, "leave", site="branch", role="section_head", ground=GROUND) == []  # the head manages it
    assert lacking(untold, "leave", ground=GROUND) == []
    for told in ((TOLD,), (REFUSED, QUEUED, REACHED)):
        assert ladder.told_first(course(told))
        assert lacking(course(untold.entries, told), "leave", **for_a_branch) == []
    assert not ladder.told_first(untold)


@pytest.mark.parametrize(
    "later",
    [
        Happened("alarm.raised", at(2)),
        Happened("alarm.repeated", at(2)),
        Happened(Entry.MARKED.value, at(2), {"mark": "visitor_back"}),
        Happened(Entry.MARKED.value, at(2), {"mark": "act", "act": "danger"}),
    ],
)
def test_who_left_is_gone_until_something_says_that_they_are_back(later: Happened) -> None:
    left = Happened(Entry.MARKED.value, at(1), {"mark": "visitor_left"})
    assert course((left,)).gone
    assert course((Happened(Entry.MARKED.value, at(2), {"mark": "act", "act": "abuse"}), left)).gone
    assert not course((left, later)).gone
    assert not course((later,)).gone


def test_set_07_a_notice_that_waits_or_reached_nobody_or_was_about_something_else_told_the_manager_nothing() -> None:
    for untold in ((REFUSED,), (REFUSED, QUEUED), (REFUSED, NOBODY), (REFUSED, GUARDS)):
        assert not ladder.told_first(course(untold))


@pytest.mark.parametrize(
    ("before", "said", "fields"),
    [
        ([], {}, ["decision", "announcer", "acknowledged"]),
        ([decided("stop")], {}, ["announcer", "acknowledged"]),
        ([decided("stop"), decided("go_on")], {"announcer": "鈴木", "acknowledged": True}, ["decision"]),
        ([decided("go_on"), decided("stop")], {"announcer": "鈴木", "acknowledged": True}, []),
        ([decided("stop")], {"announcer": "鈴木"}, ["acknowledged"]),
        ([decided("stop")], {"acknowledged": True}, ["announcer"]),
    ],
)
def test_shi_13_the_response_ends_by_a_decision_and_through_a_superior(
    before: list[Happened], said: dict[str, Any], fields: list[str]
) -> None:
    assert lacking(course(steps("warn"), before), "stop", **said) == fields


@pytest.mark.parametrize("rule", ["min_persons", "roles", "circumstances", None])
def test_shi_07_a_decision_is_asked_for_where_the_city_says_anything_about_it(rule: str | None) -> None:
    stop: dict[str, Any] = {"min_persons": None, "roles": (), "announcer": None}
    own: dict[str | None, dict[str, Any]] = {"min_persons": {"min_persons": 2}, "roles": {"roles": ("所属長",)}}
    stop |= own.get(rule, {})
    rules = SHINAGAWA.ladder.model_copy(update={"stop": SHINAGAWA.ladder.stop.model_copy(update=stop)})
    looked_at = ("age",) if rule == "circumstances" else ()
    clock = SHINAGAWA.clock.model_copy(update={"circumstances": looked_at})
    city = SHINAGAWA.model_copy(update={"ladder": rules, "clock": clock})
    assert lacking(course(steps("warn")), "stop", city=city) == (["decision"] if rule else [])


def test_only_the_steps_that_end_the_response_need_the_decision() -> None:
    assert ladder.STOPS == ("stop", "end", "stop_and_urge")
    assert lacking(course(), "warn") == []
    assert lacking(course(steps("cease", "announce_stop")), "stop_and_urge", city=SETAGAYA) == ["decision"]
    assert lacking(course(steps("superior", "warn")), "end", city=YURIHONJO) == ["decision"]


@pytest.mark.parametrize(
    ("city", "taken", "in_building", "comes"),
    [
        ("shinagawa", {}, True, "warn"),
        ("shinagawa", {"warn": 0}, True, "warn"),
        ("shinagawa", {"warn": 2}, True, "stop"),
        ("shinagawa", {"cease": 1}, True, "leave"),
        ("shinagawa", {"warn": 1, "leave": 1}, True, "leave"),
        ("shinagawa", {"leave": 2}, True, "final"),
        ("shinagawa", {"leave": 3}, True, "final"),
        ("shinagawa", {"leave": 3, "final": 1}, True, "police"),
        ("shinagawa", {"police": 1}, True, None),
        ("shinagawa", {"warn": 1, "police": 1}, True, None),
        ("shinagawa", {}, False, "warn"),
        ("shinagawa", {"warn": 1}, False, "stop"),
        ("shinagawa", {"stop": 1}, False, None),
        ("setagaya", {"announce_stop": 1}, False, "stop_and_urge"),
        ("setagaya", {"stop_and_urge": 1}, False, None),
        ("setagaya", {"stop_and_urge": 1}, True, "leave"),
        ("setagaya", {"leave": 3}, True, "announce_police"),
        ("yurihonjo", {"end": 1}, False, None),
        ("yurihonjo", {"end": 1}, True, "ask_leave"),
        ("yurihonjo", {"legal": 1}, True, None),
    ],
)
def test_the_next_step_follows_the_last_one_that_was_taken(
    city: str, taken: dict[str, int], in_building: bool, comes: str | None
) -> None:
    assert ladder.next_step(PROFILES[city], taken, in_building=in_building) == comes


def test_a_ladder_that_has_only_orders_names_none_on_the_telephone() -> None:
    rules = SHINAGAWA.ladder.model_copy(update={"steps": ("leave", "final")})
    assert ladder.next_step(SHINAGAWA.model_copy(update={"ladder": rules}), {}, in_building=False) is None


def test_the_ladder_as_a_person_sees_it() -> None:
    before = course(steps("warn", "warn"), PHONE)
    assert ladder.stands(SHINAGAWA, "main", before, "building_manager", at(60)) == [
        Stand("warn", 2, at(1), True, ()),
        Stand("stop", 0, None, True, ("decision", "announcer", "acknowledged")),
        Stand("cease", 0, None, True, ("reason",)),
        Stand("leave", 0, None, False, ("step",)),
        Stand("final", 0, None, False, ("step",)),
        Stand("police", 0, None, True, ()),
    ]


def test_each_step_asks_for_a_field_once_however_many_reasons_it_has() -> None:
    before = course(steps("leave", "leave", "leave"))
    found = {one.step: one for one in ladder.stands(SHINAGAWA, "main", before, "building_manager", at(3))}
    assert (found["leave"].count, found["leave"].last_at) == (3, at(2))
    assert found["leave"].missing == ("reason", "ground")


def test_a_clock_is_answered_by_what_people_decided_since_it_was_over_or_by_the_decision_to_stop() -> None:
    def said(outcome: str, minutes: float, about: str = "stop") -> Happened:
        return Happened(Entry.DECIDED.value, at(minutes), {"about": about, "outcome": outcome})

    due = at(30)
    assert not ladder.answered(course(), due)
    assert not ladder.answered(course(said("go_on", 29)), due)
    assert ladder.answered(course(said("go_on", 30)), due)
    assert ladder.answered(course(said("go_on", 31)), due)
    assert not ladder.answered(course(said("go_on", 31, about="recording")), due)
    assert ladder.answered(course(said("stop", 1)), due)
    assert not ladder.answered(course(said("stop", 1), said("go_on", 2)), due)
    assert not ladder.stop_decided(course(said("stop", 1), said("without", 2)))


def test_in_practice_the_next_order_comes_as_much_sooner_as_the_clocks_run_faster() -> None:
    given = steps("leave")
    assert ladder.wait_until(SHINAGAWA, course(given)) == at(5)
    assert ladder.wait_until(SHINAGAWA, Course(entries=tuple(given), speed=30)) == at(5 / 30)
    assert ladder.wait_until(SHINAGAWA, course()) is None
