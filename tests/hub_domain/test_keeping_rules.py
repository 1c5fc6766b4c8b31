"""The register of disclosure requests and the reasons to keep, said exactly; `keeping.py` shows that no order harms."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.domain import disclosure, retention
from hub.domain.disclosure import Amended, Closed, Decided, HandedOver, NotNow, Received, Request, Stage
from hub.domain.incident import OPEN, State
from hub.domain.retention import Held, Hold

NOW = datetime(2026, 12, 31, 15, 30, tzinfo=UTC)  # half past midnight of the new year in the office
TODAY, YESTERDAY, TOMORROW = date(2027, 1, 1), date(2026, 12, 31), date(2027, 1, 2)


def received(**changed: Any) -> Received:
    values: dict[str, Any] = {
        "received_on": YESTERDAY.isoformat(), "reference": "開示8-12", "kind": "resident", "wanted": "recording",
        "incidents": ["2026-000001"], "due_on": TOMORROW.isoformat(), "handler": "佐藤",
    }  # fmt: skip
    return Received.model_validate(values | changed)


def entry(kind: str, /, **data: Any) -> SimpleNamespace:
    return SimpleNamespace(kind=kind, data=data)


RECEIVED = entry("received", **disclosure.written(received(case="R8-1")), incident_ids=["a"])


def wrong(said: disclosure.Told) -> list[str]:
    return [one.field for one in disclosure.problems(said, NOW)]


# --- reasons to keep -------------------------------------------------------------------------------------------------


@given(
    st.sampled_from(State),
    st.lists(st.tuples(st.uuids().map(str), st.integers(1, 9999).map("D2026-{:04d}".format)), max_size=4),
    st.lists(st.dates().map(date.isoformat), max_size=4),
)
def test_shi_27_an_incident_is_free_only_when_it_is_closed_and_nobody_needs_it_and_every_reason_is_told(
    state: State, requests: list[tuple[str, str]], promises: list[str]
) -> None:
    found = retention.held(state, requests, promises)
    assert (found == ()) is (state is State.CLOSED and not requests and not promises)
    assert found == (
        *([Hold("incident_open", "", "")] if state in OPEN else []),
        *(Hold("disclosure", number, id) for id, number in requests),
        *(Hold("promise", day, "") for day in promises),
    )
    assert retention.held(State.CLOSED) == ()
    every = retention.held(State.RAISED, [("1", "D2026-0001")], ["2027-01-04"])
    assert tuple(hold.reason for hold in every) == get_args(retention.Reason), "there is no other reason"
    refusal = Held("i-1", found)
    assert (refusal.incident, refusal.holds) == ("i-1", found)


def test_shi_27_who_may_not_delete_reads_why() -> None:
    refusal = Held("i-1", (Hold("incident_open"), Hold("disclosure", "D2026-0001", "x"), Hold("promise", "2027-01-04")))
    assert str(refusal) == "i-1 is held: incident_open, disclosure D2026-0001, promise 2027-01-04"


# --- a request -------------------------------------------------------------------------------------------------------


def test_shi_27_a_request_is_the_sum_of_its_entries_and_none_takes_anything_away() -> None:
    came = disclosure.request([RECEIVED])
    assert came == Request(Stage.RECEIVED, RECEIVED.data, ("a",), None, ())
    assert (came.case, came.due_on) == ("R8-1", TOMORROW)
    given = {"on": "2027-01-01", "what": "写し", "how": "窓口"}
    later = [
        RECEIVED,
        entry("amended", due_on="2027-02-01", incidents=["2026-000002", "2026-000001"], incident_ids=["b", "a"]),
        entry("decided", outcome="refused", incident_ids=["c"]),
        entry("amended", handler="田中"),
        entry("decided", outcome="partial"),
        entry("handed_over", **given),
        *(entry(kind, outcome="full", due_on="2030-01-01") for kind in ("accessed", "noted", "seen")),
    ]  # the last three are of a later version, and change nothing here
    found = disclosure.request(later)
    assert (found.stage, found.outcome, found.incidents) == (Stage.HANDED_OVER, "partial", ("a", "b", "c"))
    assert found.handed_over == (given,)
    assert (found.due_on, found.facts["handler"]) == (date(2027, 2, 1), "田中")
    assert found.facts["incidents"] == ["2026-000001", "2026-000002"]
    assert found.facts["reference"] == "開示8-12"
    assert disclosure.request([*later, entry("closed")]).stage is Stage.CLOSED
    assert disclosure.request([]) == Request()


def test_shi_27_a_request_concerns_what_it_names_and_whatever_belongs_to_its_case() -> None:
    found = disclosure.request([RECEIVED])
    assert found.concerns("a", None)
    assert found.concerns("a", "R8-9")
    assert found.concerns("b", "R8-1")
    for other in ("R8-0", "R8-9", None):
        assert not found.concerns("b", other)
    without = disclosure.request([entry("received", incident_ids=["a"])])
    assert not without.concerns("b", None), "no case is not a case that both have"


FULL, REFUSED = entry("decided", outcome="full"), entry("decided", outcome="refused")
GIVEN, CLOSED = entry("handed_over"), entry("closed")
DEEDS: dict[str, disclosure.Told] = {
    "decided": Decided(outcome="full", text="x"),
    "handed_over": HandedOver.model_validate({"on": TODAY.isoformat(), "what": "写し", "how": "窓口"}),
    "amended": Amended(handler="田中"),
    "closed": Closed(),
}


@pytest.mark.parametrize(
    ("entries", "possible"),
    [
        ([], {"decided", "amended"}),
        ([FULL], {"decided", "amended", "handed_over"}),
        ([entry("decided", outcome="partial")], {"decided", "amended", "handed_over"}),
        ([REFUSED], {"decided", "amended", "closed"}),
        ([entry("decided", outcome="withdrawn")], {"decided", "amended", "closed"}),
        ([FULL, GIVEN], {"decided", "amended", "handed_over", "closed"}),
        ([FULL, GIVEN, REFUSED], {"decided", "amended", "closed"}),
        ([FULL, GIVEN, FULL], {"decided", "amended", "handed_over"}),
        ([FULL, GIVEN, CLOSED], set()),
    ],
)
def test_what_was_granted_is_handed_over_before_a_request_is_closed_and_what_is_closed_stays_so(
    entries: list[Any], possible: set[str]
) -> None:
    found = disclosure.request([RECEIVED, *entries])
    for name, said in DEEDS.items():
        if name in possible:
            disclosure.check(found, said)
            continue
        with pytest.raises(NotNow, match=f"{name} is not possible while the request is {found.stage}") as refusal:
            disclosure.check(found, said)
        assert refusal.value.stage is found.stage


# --- dates and words -------------------------------------------------------------------------------------------------


def day(after: int) -> str:
    return (TODAY + timedelta(days=after)).isoformat()


def test_days_are_the_offices_and_such_as_can_be_meant() -> None:
    assert wrong(received(received_on=day(0), due_on=day(0))) == []
    assert wrong(received(received_on=day(1), due_on=day(1))) == ["received_on"]
    assert wrong(received(received_on=day(0), due_on=day(-1))) == ["due_on"]
    assert wrong(received(due_on=day(3660))) == []
    assert wrong(received(due_on=day(3661))) == ["due_on"]
    assert wrong(received(received_on=day(2), due_on=day(1))) == ["received_on", "due_on"]
    assert wrong(Amended.model_validate({"due_on": day(3661)})) == ["due_on"]
    assert wrong(Amended.model_validate({"due_on": day(-400)})) == []
    assert wrong(Amended(handler="田中")) == []
    on_days: list[tuple[int, list[str]]] = [(-1, []), (0, []), (1, ["on"])]
    for after, fields in on_days:
        given = HandedOver.model_validate({"on": day(after), "what": "写し", "how": "窓口"})
        assert wrong(given) == fields
    assert wrong(Closed()) == []


@pytest.mark.parametrize(
    ("model", "field", "words"),
    [
        (Received, "kind", ["resident", "court", "police", "other"]),
        (Received, "wanted", ["recording", "records", "both"]),
        (Decided, "outcome", ["full", "partial", "refused", "withdrawn"]),
    ],
)
def test_who_asks_for_what_and_what_is_decided_is_said_in_these_words(model: Any, field: str, words: list[str]) -> None:
    for word in [*words, "x"]:
        values = {**received().model_dump(mode="json"), "outcome": "full", "text": "x", field: word}
        values = {name: value for name, value in values.items() if name in model.model_fields}
        if word == "x":
            with pytest.raises(ValidationError):
                model.model_validate(values)
        else:
            assert getattr(model.model_validate(values), field) == word


def test_what_was_written_into_the_register_is_not_changed_and_one_request_names_fifty_incidents_at_most() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(received(), "handler", "田中")  # noqa: B010 - mypy knows that it cannot be
    many = [f"2026-{number:06d}" for number in range(51)]
    assert len(received(incidents=many[:50]).incidents) == 50
    with pytest.raises(ValidationError):
        received(incidents=many)


def test_a_request_names_incidents_or_a_case_and_a_change_says_something() -> None:
    empty: list[dict[str, Any]] = [{"incidents": [], "case": None}, {"incidents": ["26-1"]}, {"reference": "山田太郎"}]
    for nothing in empty:
        with pytest.raises(ValidationError):
            received(**nothing)
    assert received(incidents=[], case="R8-1").case == "R8-1"
    with pytest.raises(ValidationError, match="say what changes"):
        Amended()
    for one in ({"due_on": day(1)}, {"handler": "田中"}, {"incidents": ["2026-000002"]}, {"text": "電話あり"}):
        assert Amended.model_validate(one)


def test_what_was_said_is_written_and_silence_is_not() -> None:
    assert disclosure.written(received(text="口頭で")) == {
        "received_on": "2026-12-31", "reference": "開示8-12", "kind": "resident", "wanted": "recording",
        "incidents": ["2026-000001"], "due_on": "2027-01-02", "handler": "佐藤",
    }  # fmt: skip
    assert disclosure.written(received(incidents=[], case="R8-1")) | {"incidents": 0} == {
        **disclosure.written(received()), "incidents": 0, "case": "R8-1",
    }  # fmt: skip
    assert "incidents" not in disclosure.written(received(incidents=[], case="R8-1"))
    assert disclosure.written(Closed(text="x")) == {}
    assert [one.value for one in Stage] == ["received", "decided", "handed_over", "closed"]
    assert received().entry == "received"
    assert {name: said.entry for name, said in DEEDS.items()} == {name: name for name in DEEDS}
