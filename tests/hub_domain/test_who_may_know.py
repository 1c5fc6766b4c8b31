"""What a reader may know of an entry, of whom a load is told, what the log says (SHI-39, SHI-40, SET-17)."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain import practice
from hub.domain.incident import Entry
from hub.domain.load import Carried, Limits, Load, loads
from hub.domain.permissions import Action, Role, allows
from hub.domain.privacy import told_to
from hub.domain.witnessed import entry_digest

NOW = datetime(2027, 1, 1, 3, 0, tzinfo=UTC)
CARERS = {"supervisor", "section_head", "general_affairs"}
ROLES = [role.value for role in Role]
JUDGES = {role for role in ROLES if allows(Action.JUDGE, role)}
HEALTH = "腕が上がらない"


# --- what a reader may know ------------------------------------------------------------------------------------------

entries = st.tuples(
    st.sampled_from(["account", "account", "disclosure", "task.done", "marked"]),
    st.fixed_dictionaries(
        {},
        optional={
            "kind": st.sampled_from(["record", "statement", "damage", "rest", "answer"]), "hurt": st.just(HEALTH),
            "broken": st.just("椅子"), "private": st.just(True), "task": st.just("rest:0"),
        },
    ),
)  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
@settings(max_examples=40)
@given(entry=entries)
def test_shi_39_shi_40_a_reader_who_looks_after_nobody_learns_that_something_was_written_and_not_what(
    role: str, entry: tuple[str, dict[str, Any]]
) -> None:
    kind, data = entry
    before = deepcopy(data)
    told = told_to(role, kind, HEALTH, data)
    assert data == before
    if told is None:
        assert (data.get("private") and role not in CARERS) or (
            kind == "disclosure" and not allows(Action.DISCLOSURES_READ, role)
        )
        return
    text, seen = told
    assert role in CARERS or not data.get("private"), "a worker's health is for those who look after them"
    assert kind != "disclosure" or allows(Action.DISCLOSURES_READ, role)
    if kind == "account" and role not in CARERS | JUDGES:
        assert "hurt" not in seen
        if data.get("kind") == "statement":
            assert (text, seen) == ("", {"kind": "statement", "withheld": ["text"]})
            return
        if "hurt" in data:
            assert seen.pop("withheld") == ["hurt"], "that something is kept back is said"
    rest = {name: value for name, value in data.items() if name in seen}
    assert (text, seen) == (HEALTH, rest)
    assert set(data) - set(seen) <= {"hurt"}


@pytest.mark.parametrize("role", sorted(CARERS | JUDGES))
def test_shi_40_who_looks_after_people_or_judges_reads_all_of_an_account(role: str) -> None:
    for kind in ("record", "statement", "damage"):
        data = {"kind": kind, "hurt": HEALTH}
        assert told_to(role, Entry.ACCOUNT.value, "言葉", data) == ("言葉", data)


# --- who carries how much --------------------------------------------------------------------------------------------


def carried(person: str, begun_h: float, ended_h: float | None) -> Carried:
    at = NOW - timedelta(hours=begun_h)
    return Carried(
        f"{person} {begun_h}", person, person.upper(), at, None if ended_h is None else NOW - timedelta(hours=ended_h)
    )


def test_set_17_a_load_counts_what_lies_in_the_last_days_beside_the_median_of_everybody_else() -> None:
    week = 7 * 24
    found = loads(
        [
            carried("a", 2, 1), carried("a", 50, 49), carried("a", week + 1, week - 1), carried("a", 0.5, None),
            carried("b", 3, 2.5), carried("c", week + 2, week + 1), carried("d", -1, None), carried("b", 30, 29),
            carried("e", 5, 4),
        ],
        Limits(), NOW,
    )  # fmt: skip
    assert found == [
        Load("a", "A", 4, 210, 1.5, True), Load("b", "B", 2, 90, 2.5, False), Load("e", "E", 1, 60, 3.0, False),
    ]  # fmt: skip
    assert loads([carried("a", 1, 0)], Limits(), NOW) == [Load("a", "A", 1, 60, 0.0, False)]
    assert loads([], Limits(), NOW) == []


@pytest.mark.parametrize(
    ("hours", "limits", "over"),
    [(3.99, Limits(), False), (4, Limits(), True), (1, Limits(contacts=1), True), (1, Limits(hours=1), True)],
)
def test_set_17_somebody_is_named_from_the_limit_on(hours: float, limits: Limits, over: bool) -> None:
    (found,) = loads([carried("a", hours, 0)], limits, NOW)
    assert found.over is over


spans = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 300), st.integers(0, 40)), max_size=10)


@given(spans, st.integers(0, 10))
def test_set_17_one_contact_more_never_makes_anybodys_load_lighter(told: list[tuple[str, int, int]], cut: int) -> None:
    every = [carried(person, ago, max(0, ago - length)) for person, ago, length in told]
    fewer, all_of_it = ({one.person: one for one in loads(some, Limits(), NOW)} for some in (every[:cut], every))
    assert set(fewer) <= set(all_of_it)
    for person, one in fewer.items():
        more = all_of_it[person]
        assert more.contacts >= one.contacts
        assert more.minutes >= one.minutes
        assert more.over or not one.over


# --- what the log says -----------------------------------------------------------------------------------------------

ENTRY: dict[str, Any] = {
    "incident": "i", "kind": "evidence.kept", "source": "person", "actor": "7", "actor_name": "佐藤",
    "actor_role": "supervisor", "text": "写し", "profile_digest": "sha256:0", "at": NOW, "recorded_at": NOW,
    "data": {"number": 1},
}  # fmt: skip


def test_an_entrys_digest_is_of_everything_that_stands_in_it_but_its_place_in_the_log() -> None:
    known = entry_digest(ENTRY)
    assert known.startswith("sha256:")
    japan = NOW.astimezone(timezone(timedelta(hours=9)))
    assert entry_digest({**ENTRY, "at": japan, "recorded_at": japan}) == known, "the same moment said otherwise"
    assert entry_digest({**ENTRY, "data": {"number": 1, "leaf": 77}}) == known
    others = [
        entry_digest({**ENTRY, name: value})
        for name in ENTRY
        for value in (
            [NOW + timedelta(seconds=1)] if name.endswith("at") else [{"number": 2}] if name == "data" else ["x"]
        )
    ]
    assert len({known, *others}) == len(ENTRY) + 1, "whatever is changed, the digest is another one"


# --- practice --------------------------------------------------------------------------------------------------------


@given(st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True), st.uuids().map(str))
def test_a_practice_box_says_by_its_name_that_it_is_one_and_whose_rules_it_follows(profile: str, person: str) -> None:
    name = practice.box_name(profile, person)
    assert practice.is_practice(name)
    assert practice.profile_of(name) == profile
    assert practice.speed(name) == 30
    assert name != practice.box_name(profile, "0" * 36) or person.endswith("0" * 12)


@pytest.mark.parametrize("name", ["counter-01", "practic-x-000000000000", "my-practice-x-000000000000"])
def test_a_counters_box_runs_in_earnest(name: str) -> None:
    assert not practice.is_practice(name)
    assert practice.profile_of(name) is None
    assert practice.speed(name) == 1
