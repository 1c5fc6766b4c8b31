"""The whole life of an incident as one table: where each deed leads from each state."""

import pytest

from hub.domain.incident import ALARMING, NOBODY, OPEN, Deed, Entry, NotPossible, Origin, Outcome, State, after

TABLE = """
                 raised        seen          attended      contact_ended judged        reported      closed
acknowledge      seen          .             .             .             .             .             -
respond          attended      attended      .             .             .             .             -
contact_started  .             .             .             .             .             .             -
contact_ended    contact_ended contact_ended contact_ended .             .             .             -
judge            -             -             -             judged        .             .             .
report           -             -             -             reported      reported      .             -
close            -             -             -             closed        closed        closed        .
false_press      closed        closed        closed        closed        closed        closed        .
note             .             .             .             .             .             .             .
mark             .             .             .             .             .             .             -
step             .             .             .             .             .             .             -
decide           .             .             .             .             .             .             -
turn_real        raised        raised        raised        raised        raised        raised        raised
call_again       raised        raised        raised        -             -             -             -
reopen           -             -             -             -             -             -             contact_ended
"""
"""`.` stays as it is, `-` is not possible."""

_HEAD, *_ROWS = [line.split() for line in TABLE.splitlines() if line]
CELLS = [(deed, state, to) for deed, *row in _ROWS for state, to in zip(_HEAD, row, strict=True)]


def test_the_table_here_names_every_state_and_every_deed() -> None:
    assert list(State) == _HEAD
    assert [row[0] for row in _ROWS] == list(Deed)


@pytest.mark.parametrize(("deed", "state", "to"), CELLS)
def test_each_deed_leads_where_the_table_says(deed: str, state: str, to: str) -> None:
    if to == "-":
        with pytest.raises(NotPossible) as refusal:
            after(State(state), Deed(deed))
        assert (refusal.value.deed, refusal.value.state) == (deed, state)
        assert (deed in str(refusal.value), state in str(refusal.value)) == (True, True)
        return
    assert after(State(state), Deed(deed)) is State(state if to == "." else to)


def test_an_alarm_stands_until_the_contact_ends_and_an_incident_is_open_until_it_is_closed() -> None:
    assert list(ALARMING) == ["raised", "seen", "attended"]
    assert list(OPEN) == ["raised", "seen", "attended", "contact_ended", "judged", "reported"]


def test_the_words_that_stand_in_the_database_and_in_the_api_stay_as_they_are() -> None:
    outcomes = {"harassment", "near_miss", "not_harassment", "false_press", "drill"}
    entries = {
        "opened", "acknowledged", "responding", "contact.started", "contact.ended", "marked", "step.taken",
        "noted", "decided", "notified", "account", "considered", "judged", "reported", "closed", "promised",
        "disclosure",
        "task.done", "case.linked", "case.noted", "post.described", "evidence.kept", "post.step",
        "meeting.asked", "post.sent", "clock.lead", "clock.due", "recording.gap", "visit.told", "drill.real",
        "drill.ended", "notice.sent",
    }  # fmt: skip
    assert outcomes <= set(Outcome)  # more may come, none may go
    assert entries <= set(Entry)
    assert {"counter", "visit", "post"} <= set(Origin)


def test_nobody_has_answered_is_every_column_that_says_who_did() -> None:
    assert NOBODY == {
        "seen_by": None, "seen_name": None, "seen_at": None,
        "responder": None, "responder_name": None, "responding_at": None,
    }  # fmt: skip
