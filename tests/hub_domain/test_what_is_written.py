"""What each deed leaves behind, word for word: its one entry, what it changes, what the box is told, who must hear."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from contract.messages import CommandType
from contract.profile import PolicyProfile
from hub.domain import saying
from hub.domain.course import Course, Happened
from hub.domain.deed import Decision, DeedRefused, Facts, Person, decide, needed
from hub.domain.incident import Entry, NotPossible, Origin, Outcome, State
from hub.domain.marks import Notice
from hub.domain.notices import Why
from hub.domain.permissions import Action
from hub.domain.tasks import morning_of
from tests.hub_domain.life import PROFILES

NOW = datetime(2026, 12, 31, 3, 0, tzinfo=UTC)
PRESSED = NOW - timedelta(minutes=30)
SHINAGAWA, SETAGAYA = PROFILES["shinagawa"], PROFILES["setagaya"]
SATO = Person("7", "佐藤", "section_head")


def does(
    said: saying.Said, state: State = State.ATTENDED, *, who: Person = SATO, profile: PolicyProfile = SHINAGAWA,
    drill: bool = False, **facts: Any,
) -> Decision:  # fmt: skip
    return decide(Facts(state, drill, PRESSED, **facts), said, who, NOW, profile)


def refused(said: saying.Said, state: State = State.ATTENDED, **facts: Any) -> list[str]:
    with pytest.raises(DeedRefused) as refusal:
        does(said, state, **facts)
    return [one.field for one in refusal.value.problems]


def ago(minutes: float) -> str:
    return (NOW - timedelta(minutes=minutes)).isoformat()


def happened(kind: Entry, minutes_ago: float = 10, **data: Any) -> Happened:
    return Happened(kind.value, NOW - timedelta(minutes=minutes_ago), data)


STOP = (CommandType.RECORDING_STOP, "")


# --- rights ----------------------------------------------------------------------------------------------------------


def test_what_saying_something_needs_and_that_ending_an_alarm_needs_one_right_more() -> None:
    assert needed(saying.StepTaken(step="police")) == (Action.POLICE,)
    assert needed(saying.StepTaken(step="leave")) == needed(saying.StepTaken(step="warn")) == (Action.STEP,)
    assert needed(saying.Mark(mark="false_press")) == (Action.MARK, Action.FALSE_PRESS)
    assert needed(saying.Mark(mark="act")) == needed(saying.Mark(mark="stalemate")) == (Action.MARK,)
    for outcome in Outcome:
        more = (Action.FALSE_PRESS,) if outcome is Outcome.FALSE_PRESS else ()
        assert needed(saying.Close(outcome=outcome)) == (Action.CLOSE, *more)
    assert needed(saying.Note(text="x")) == (Action.NOTE,)


# --- at the counter --------------------------------------------------------------------------------------------------


def test_the_first_who_sees_and_the_first_who_comes_are_told_to_the_counter_by_name() -> None:
    seen = {"seen_by": "7", "seen_name": "佐藤", "seen_at": NOW}
    assert does(saying.Acknowledge(), State.RAISED) == Decision(
        State.SEEN, Entry.ACKNOWLEDGED, NOW, "", {"first": True}, seen, ((CommandType.SEEN, "佐藤"),)
    )
    going = {"responder": "7", "responder_name": "佐藤", "responding_at": NOW}
    coming = ((CommandType.RESPONDER_COMING, "佐藤"),)
    assert does(saying.Respond(), State.RAISED) == Decision(
        State.ATTENDED, Entry.RESPONDING, NOW, "", {"first": True}, seen | going, coming
    )
    assert does(saying.Respond(), State.SEEN, seen_by="1") == Decision(
        State.ATTENDED, Entry.RESPONDING, NOW, "", {"first": True}, going, coming
    )


def test_a_contact_keeps_when_it_began_and_how_and_its_end_stops_the_recording() -> None:
    begun = saying.Contact.model_validate({"action": "started", "at": ago(40), "means": "phone", "place": "room"})
    at = NOW - timedelta(minutes=40)
    assert does(begun) == Decision(
        State.ATTENDED, Entry.CONTACT_STARTED, at, "", {"first": True, "means": "phone", "place": "room"},
        {"contact_started_at": at},
    )  # fmt: skip
    plain = does(saying.Contact.model_validate({"action": "started"}))
    assert (plain.at, plain.data) == (NOW, {"first": True})
    ended = saying.Contact.model_validate({"action": "ended", "at": ago(1)})
    at = NOW - timedelta(minutes=1)
    assert does(ended) == Decision(
        State.CONTACT_ENDED, Entry.CONTACT_ENDED, at, "", {"first": True}, {"contact_ended_at": at}, (STOP,)
    )
    begun_at: dict[str, Any] = {"contact_started_at": at}
    late = saying.Contact.model_validate({"action": "ended", "means": "phone", "place": "room"})
    assert does(late).data == {"first": True, "means": "phone", "place": "room"}
    assert does(late, contact_ended_at=at).data == {"first": False, "means": "phone", "place": "room"}
    assert does(ended, **begun_at).updates == {"contact_ended_at": at}
    assert does(saying.Contact.model_validate({"action": "ended"}), **begun_at).updates == {"contact_ended_at": NOW}
    assert refused(saying.Contact.model_validate({"action": "ended", "at": ago(1.1)}), **begun_at) == ["at"]
    ended_at: dict[str, Any] = {"contact_ended_at": at}
    assert refused(saying.Contact.model_validate({"action": "started", "at": ago(0.9)}), **ended_at) == ["at"]
    assert does(begun, **ended_at).updates == {"contact_started_at": NOW - timedelta(minutes=40)}


def test_a_mark_keeps_what_belongs_to_it_and_says_who_must_hear_of_it() -> None:
    whole = saying.Mark.model_validate(
        {"mark": "act", "at": ago(3), "text": "机をたたいた", "minutes": 5, "act": "violence", "visitors": 2,
         "staff": 1, "unit": "市民課"}
    )  # fmt: skip
    notice = Notice(Why.GUARDS, ("guard", "building_manager"))
    assert does(whole) == Decision(
        State.ATTENDED, Entry.MARKED, NOW - timedelta(minutes=3), "机をたたいた",
        {"mark": "act", "minutes": 5, "act": "violence", "visitors": 2, "staff": 1, "unit": "市民課"},
        notices=(notice,),
    )  # fmt: skip
    assert does(saying.Mark(mark="progress")).data == {"mark": "progress"}
    assert does(saying.Mark(mark="doctor_seen")).data == {"mark": "doctor_seen", "private": True}
    for mark in ("act", "act_named"):
        assert refused(saying.Mark.model_validate({"mark": mark})) == ["act"]
    known_later = does(whole, State.CLOSED)
    assert (known_later.state, known_later.notices, known_later.data) == (State.CLOSED, (), does(whole).data)
    assert (known_later.at, known_later.text) == (NOW - timedelta(minutes=3), "机をたたいた")
    with pytest.raises(NotPossible):
        does(saying.Mark(mark="stalemate"), State.CLOSED)


@pytest.mark.parametrize(("minutes", "outside"), [(29, True), (30, False), (60, False), (61, True)])
def test_shi_08_a_slot_outside_the_citys_range_is_kept_and_says_so(minutes: int, outside: bool) -> None:
    slot = SHINAGAWA.clock.slot.model_copy(update={"min_minutes": 30, "max_minutes": 60})  # type: ignore[union-attr]
    city = SHINAGAWA.model_copy(update={"clock": SHINAGAWA.clock.model_copy(update={"slot": slot})})
    long = Course(entries=(Happened("marked", NOW, {"mark": "long_hold_expected"}),))
    told = saying.Mark(mark="slot_announced", minutes=minutes)
    data = does(told, profile=city, course=long).data
    assert data == {"mark": "slot_announced", "minutes": minutes, **({"outside_range": True} if outside else {})}
    for other in ("sapporo", "setagaya"):  # no guideline; one for other talks
        assert "outside_range" not in does(told, profile=PROFILES[other], course=long).data
    assert "outside_range" not in does(told, profile=city).data  # nobody has said that it will be long
    counted = saying.Mark(mark="head_count", visitors=2, staff=1, minutes=minutes)
    assert "outside_range" not in does(counted, profile=city, course=long).data


@pytest.mark.parametrize(("mark", "fields"), [("slot_announced", ["minutes"]), ("head_count", ["visitors", "staff"])])
def test_a_mark_without_what_it_says_is_refused(mark: str, fields: list[str]) -> None:
    assert refused(saying.Mark.model_validate({"mark": mark})) == fields
    assert does(saying.Mark.model_validate({"mark": mark, **dict.fromkeys(fields, 5)})).data["mark"] == mark


def test_a_false_press_closes_at_once_and_said_again_it_comes_second() -> None:
    over = {"closed_at": NOW, "outcome": "false_press"}
    assert does(saying.Mark.model_validate({"mark": "false_press", "text": "服が触れた", "at": ago(2)})) == Decision(
        State.CLOSED, Entry.MARKED, NOW - timedelta(minutes=2), "服が触れた", {"mark": "false_press", "first": True},
        over, (STOP,),
    )  # fmt: skip
    close = saying.Close(outcome=Outcome.FALSE_PRESS, text="x", prevention="位置を変える")
    data = {"outcome": "false_press", "prevention": "位置を変える"}
    assert does(close, State.RAISED) == Decision(
        State.CLOSED, Entry.CLOSED, NOW, "x", {**data, "first": True}, over, (STOP,)
    )
    again = does(close, State.CLOSED, outcome=Outcome.FALSE_PRESS)
    assert again == Decision(State.CLOSED, Entry.CLOSED, NOW, "x", {**data, "first": False})


def test_a_step_is_kept_with_everything_that_was_said_with_it() -> None:
    said = saying.StepTaken(
        step="leave", words="お帰りください", ground="noise", issuer="x", issuer_name="山本", announcer="鈴木",
        acknowledged=True, route="内線", reason="急ぐため",
    )  # fmt: skip
    offices = SHINAGAWA.ladder.leave.issuer
    ground = next(iter(SHINAGAWA.ladder.leave.grounds), None)
    office = next(one for one in offices if SHINAGAWA.roles[one] != "section_head")
    whole = said.model_copy(update={"issuer": office, "ground": ground})
    before = Course(entries=(happened(Entry.STEP_TAKEN, 60, step="leave"),))
    found = does(whole, course=before)
    left_out = list(SHINAGAWA.ladder.steps[: SHINAGAWA.ladder.steps.index("leave")])
    assert found == Decision(
        State.ATTENDED, Entry.STEP_TAKEN, NOW, "お帰りください",
        {"step": "leave", "count": 2, "issuer": office, "issuer_name": "山本", "announcer": "鈴木",
         "acknowledged": True, "route": "内線", "reason": "急ぐため", "skipped": left_out,
         **({"ground": ground} if ground else {})},
    )  # fmt: skip
    first = SHINAGAWA.ladder.steps[0]
    assert does(saying.StepTaken(step=first)).data == {"step": first, "count": 1}
    assert does(saying.StepTaken(step=first, reason="念のため")).data == {
        "step": first,
        "count": 1,
        "reason": "念のため",
    }


def test_an_order_says_who_gave_it_and_whoever_holds_the_office_gives_it_in_person() -> None:
    for profile in (SHINAGAWA, SETAGAYA):
        leave = profile.ladder.leave
        for office in leave.issuer:
            holder = Person("1", "山本", profile.roles[office])
            told = saying.StepTaken(step="leave", reason="x", ground=next(iter(leave.grounds), None))
            own = does(
                told, who=holder, profile=profile, course=Course(entries=(happened(Entry.MARKED, mark="manager_told"),))
            )
            assert (profile.roles[own.data["issuer"]], own.data["issuer_name"]) == (holder.role, "山本")


def test_a_step_that_is_no_order_is_nobodys_order() -> None:
    own = next(office for office, role in SHINAGAWA.roles.items() if role == SATO.role)
    first = SHINAGAWA.ladder.steps[0]
    assert does(saying.StepTaken(step=first, issuer=own)).data == {"step": first, "count": 1, "issuer": own}


def test_where_no_office_must_order_somebody_elses_order_still_has_their_name() -> None:
    leave = SHINAGAWA.ladder.leave.model_copy(update={"issuer": (), "issuer_branch": (), "report_first_to": ()})
    city = SHINAGAWA.model_copy(update={"ladder": SHINAGAWA.ladder.model_copy(update={"leave": leave})})
    ground = next(iter(leave.grounds), None)
    for office, role in city.roles.items():
        said = saying.StepTaken(step="leave", reason="x", issuer=office, ground=ground)
        for writer in ("building_manager", "general_affairs", "section_head", "staff", "supervisor"):
            who = Person("1", "山本", writer)
            if role != writer:
                assert refused(said, who=who, profile=city) == ["issuer_name"]
                continue
            data = does(said, who=who, profile=city).data
            assert (data["issuer"], data["issuer_name"]) == (office, "山本")


def test_what_several_decided_is_kept_with_who_they_were_and_what_they_looked_at() -> None:
    looked = SHINAGAWA.clock.circumstances
    persons = ("所属長 佐藤", "係長級 田中")
    stop = saying.Decide(about="stop", outcome="stop", persons=persons, circumstances=looked, text="話し合いにならない")
    assert does(stop) == Decision(
        State.ATTENDED, Entry.DECIDED, NOW, "話し合いにならない",
        {"about": "stop", "outcome": "stop", "persons": list(persons), "circumstances": list(looked)},
    )  # fmt: skip
    deputies = saying.Decide(
        about="stop",
        outcome="go_on",
        persons=("庶務担当係長 佐藤", "主任 田中"),
        circumstances=looked,
        head_absent=True,
    )
    assert does(deputies).data["head_absent"] is True
    limit = saying.Decide(about="limit", clock="stalemate", minutes=45, text="通訳を待つ")
    assert does(limit).data == {"about": "limit", "clock": "stalemate", "minutes": 45}
    assert refused(saying.Decide(about="recording", outcome="stop")) == ["outcome", "persons"]
    assert refused(saying.Decide(about="recording", outcome="go_on", persons=("所属長",))) == ["persons"]
    assert does(saying.Decide(about="recording", outcome="go_on", persons=("所属長 鈴木",))).data["outcome"] == "go_on"


def test_shi_25_no_incident_closes_before_it_is_written_what_a_refusal_of_recording_led_to() -> None:
    close = saying.Close(outcome=Outcome.NOT_HARASSMENT)
    refusal = Happened("marked", NOW, {"mark": "recording_refused"})
    decision = Happened("decided", NOW, {"about": "recording", "outcome": "go_on"})
    assert refused(close, State.CONTACT_ENDED, course=Course(entries=(refusal,))) == ["decision"]
    for course in (Course(), Course(entries=(refusal, decision))):
        assert does(close, State.CONTACT_ENDED, course=course).state is State.CLOSED
    practised = saying.Close(outcome=Outcome.DRILL)
    assert does(practised, State.CONTACT_ENDED, drill=True, course=Course(entries=(refusal,))).state is State.CLOSED


# --- afterwards ------------------------------------------------------------------------------------------------------


def test_shi_28_an_account_keeps_what_was_filled_in_and_that_the_exact_words_are_missing() -> None:
    parts = {"where": "2階", "who": "男性", "how": "大声", "verbatim": "「出せ」", "hurt": "腕", "broken": "椅子",
             "note_taker": "田中"}  # fmt: skip
    whole = saying.Account.model_validate({"kind": "record", "text": "全体", **parts})
    for state in State:
        assert does(whole, state) == Decision(state, Entry.ACCOUNT, NOW, "全体", {"kind": "record", **parts})
    bare = {"note_taker": "佐藤", "no_verbatim": True}
    assert does(saying.Account(kind="statement")).data == {"kind": "statement", **bare}
    assert does(saying.Account(kind="damage")).data == {"kind": "damage", "note_taker": "佐藤"}
    assert does(saying.Note(text="覚え書き"), State.CLOSED) == Decision(State.CLOSED, Entry.NOTED, NOW, "覚え書き")


def test_a_judgement_keeps_its_grounds_and_each_name_once() -> None:
    grounds: dict[str, Any] = {
        "content": "求めに理由がない", "manner": "大声", "time": "三度目", "means": "机",
        "environment": "窓口が止まった", "nuisance": True, "harm": False, "average_employee": True, "dropped": False,
    }  # fmt: skip
    said = saying.Judgement.model_validate(
        {"finding": "harassment", "acts": ["abuse", "threat", "abuse"], "head_absent": True, "text": "三人で",
         "persons": ["庶務担当係長 佐藤", "主任 田中", "主任 田中"], "act_named_at": ago(20), **grounds}
    )  # fmt: skip
    assert does(said, State.CONTACT_ENDED) == Decision(
        State.JUDGED, Entry.JUDGED, NOW, "三人で",
        {"finding": "harassment", "acts": ["abuse", "threat"], "persons": ["庶務担当係長 佐藤", "主任 田中"],
         "head_absent": True, "act_named_at": (NOW - timedelta(minutes=20)).isoformat(), **grounds},
    )  # fmt: skip
    bare = saying.Judgement(finding="near_miss", persons=("所属長 佐藤", "係長級 田中"))
    data = {"finding": "near_miss", "acts": [], "persons": ["所属長 佐藤", "係長級 田中"]}
    assert does(bare, State.CONTACT_ENDED).data == data
    assert (
        refused(saying.Judgement(finding="near_miss", persons=("主任 田中",)), State.CONTACT_ENDED) == ["persons"] * 2
    )


def test_set_13_a_report_keeps_its_three_parts_and_each_office_once() -> None:
    said = saying.Report(to=("総務課", "秘書課", "総務課"), circumstances="窓口で", outcome="帰った", course="大声")
    assert does(said, State.JUDGED) == Decision(
        State.REPORTED, Entry.REPORTED, NOW, "",
        {"to": ["総務課", "秘書課"], "circumstances": "窓口で", "outcome": "帰った", "course": "大声"},
    )  # fmt: skip


def promise(**said: Any) -> saying.Promise:
    return saying.Promise.model_validate({"what": "answer", "on": "2027-01-04", "text": "電話で", **said})


def test_shi_38_a_promise_is_a_task_with_a_day_and_the_incident_is_asked_for_until_the_last_one() -> None:
    due = morning_of(date(2027, 1, 4))
    assert does(promise(), State.CLOSED) == Decision(
        State.CLOSED, Entry.PROMISED, NOW, "電話で", {"task": "answer:1", "what": "answer", "on": "2027-01-04"},
        {"promised_until": due},
    )  # fmt: skip
    later = due + timedelta(days=30)
    assert does(promise(), promised_until=later).updates == {"promised_until": later}
    assert does(promise(), promised_until=due - timedelta(days=1)).updates == {"promised_until": due}
    assert does(promise(on="2026-12-31")).updates == {"promised_until": NOW}, "due since this morning"
    again = Course(entries=(happened(Entry.PROMISED), happened(Entry.PROMISED)))
    consult = does(promise(what="consult", unit="弁護士"), course=again).data
    assert consult == {"task": "consult:3", "what": "consult", "on": "2027-01-04", "unit": "弁護士"}
    assert refused(promise(what="consult")) == ["unit"]


def test_shi_38_a_promise_is_for_a_day_from_the_press_on_within_a_year() -> None:
    assert refused(promise(on="2026-12-30")) == ["on"]
    assert does(promise(on="2027-12-31")).data["on"] == "2027-12-31"
    assert does(promise(on="2028-01-01")).data["on"] == "2028-01-01"
    assert refused(promise(on="2028-01-02")) == ["on"]


def test_a_task_is_done_once_and_tells_of_a_workers_health_to_carers_alone() -> None:
    ended: dict[str, Any] = {"contact_ended_at": NOW - timedelta(minutes=5)}
    assert does(saying.TaskDone(task="rest:0"), State.CLOSED, **ended) == Decision(
        State.CLOSED, Entry.TASK_DONE, NOW, "", {"task": "rest:0", "kind": "rest", "private": True, "first": True}
    )
    again = Course(entries=(happened(Entry.TASK_DONE, task="rest:0"),))
    assert does(saying.TaskDone(task="rest:0"), course=again, **ended).data["first"] is False
    promised = Course(
        entries=(happened(Entry.PROMISED, task="answer:1", what="answer", on="2027-01-04"),), ended_at=None
    )
    assert does(saying.TaskDone(task="answer:1"), course=promised).data == {
        "task": "answer:1", "kind": "answer", "first": True,
    }  # fmt: skip
    assert refused(saying.TaskDone(task="rest:0")) == ["task"]
    assert does(saying.TaskDone(task="rest:0"), course=Course(ended_at=NOW)).data["kind"] == "rest"
    for nothing in ({"drill": True}, {"origin": Origin.POST}):
        assert refused(saying.TaskDone(task="rest:0"), **ended, **nothing) == ["task"]


def test_shi_35_a_case_and_the_line_that_is_held_in_it() -> None:
    for state in State:
        linked = does(saying.Link.model_validate({"case": "R8-2"}), state, case_number="R8-1")
        assert linked == Decision(
            state, Entry.CASE_LINKED, NOW, "", {"case": "R8-2", "before": "R8-1"}, {"case_number": "R8-2"}
        )
        noted = does(saying.CaseNote(text="三人で会う"), state, case_number="R8-1")
        assert noted == Decision(state, Entry.CASE_NOTED, NOW, "三人で会う", {"case": "R8-1"})
    none = does(saying.Link(), case_number="R8-1")
    assert (none.data, none.updates) == ({"case": None, "before": "R8-1"}, {"case_number": None})
    assert refused(saying.CaseNote(text="x")) == ["case"]


# --- ends and drills -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", [Outcome.HARASSMENT, Outcome.NEAR_MISS, Outcome.NOT_HARASSMENT, Outcome.DRILL])
def test_sug_05_a_close_keeps_what_it_turned_out_to_be_and_what_will_prevent_the_next(outcome: Outcome) -> None:
    wants = outcome in (Outcome.HARASSMENT, Outcome.NEAR_MISS)
    drill = outcome is Outcome.DRILL
    bare = saying.Close(outcome=outcome, text="以上")
    judged: dict[str, Any] = {"course": Course(entries=(happened(Entry.JUDGED, finding=outcome.value),))}
    data: dict[str, Any] = {"outcome": outcome.value, "first": True}
    if wants:
        assert refused(bare, State.REPORTED, **judged) == ["prevention"]
    else:
        assert does(bare, State.CONTACT_ENDED, drill=drill).data == data
    said = saying.Close(outcome=outcome, text="以上", prevention="二人で出る")
    assert does(said, State.REPORTED, drill=drill, **judged) == Decision(
        State.CLOSED, Entry.CLOSED, NOW, "以上", data | {"prevention": "二人で出る"},
        {"closed_at": NOW, "outcome": outcome.value},
    )  # fmt: skip
    assert does(bare, State.CLOSED, drill=drill, outcome=outcome) == Decision(
        State.CLOSED, Entry.CLOSED, NOW, "以上", data | {"first": False}
    )
    with pytest.raises(NotPossible):
        does(said, State.ATTENDED, drill=drill)
    if drill:
        assert refused(said, State.REPORTED) == ["outcome"]


def test_a_drill_that_is_none_is_a_new_emergency_that_nobody_has_answered() -> None:
    nobody = dict.fromkeys(("seen_by", "seen_name", "seen_at", "responder", "responder_name", "responding_at"))
    said = saying.TurnReal(text="本当に殴られた")
    assert does(said, State.CLOSED, drill=True, closed_at=NOW, seen_by="1") == Decision(
        State.RAISED, Entry.DRILL_REAL, NOW, "本当に殴られた", {"first": True},
        {**nobody, "drill": False, "reach": None, "drill_ends_at": None, "level": "emergency", "raised_at": NOW,
         "contact_started_at": None, "contact_ended_at": None, "closed_at": None, "outcome": None},
        ((CommandType.DRILL_REAL, ""),),
    )  # fmt: skip
    again = does(saying.TurnReal(text="x"), State.ATTENDED, turned_real=True)
    assert again == Decision(State.ATTENDED, Entry.DRILL_REAL, NOW, "x", {"first": False})
    assert refused(saying.TurnReal()) == ["drill"]
    assert refused(saying.TurnReal(), drill=True, practice=True) == ["drill"]
    assert refused(saying.TurnReal(), State.CLOSED, drill=True, closed_at=NOW - timedelta(hours=1.1)) == ["drill"]
