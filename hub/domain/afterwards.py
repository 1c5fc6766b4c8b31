"""What follows from what is told about an incident: accounts, findings, reports, promises, tasks, its case. Pure.

Nothing here speaks to a box or ends anything: `hub.domain.deed` decides on what happens at the counter, and on ends.
"""

from datetime import datetime

from contract.problems import Problem
from contract.profile import PolicyProfile
from hub.domain import findings, flow, promise, tasks
from hub.domain.decision import Decision, DeedRefused, Facts, Person, given, refuse
from hub.domain.incident import ALARMING, Deed, Entry, after
from hub.domain.saying import Account, CaseNote, Considered, Judgement, Link, Promise, Report, TaskDone


def account(facts: Facts, said: Account, who: Person, now: datetime) -> Decision:
    """The record of a contact, or the account of who was harmed; that no words were quoted is written down (SHI-28)."""
    data = given(
        kind=said.kind,
        where=said.where or None,
        who=said.who or None,
        how=said.how or None,
        verbatim=said.verbatim or None,
        hurt=said.hurt or None,
        broken=said.broken or None,
        note_taker=said.note_taker or who.name,
    )
    if not said.verbatim and said.kind != "damage":
        data["no_verbatim"] = True
    return Decision(after(facts.state, Deed.NOTE), Entry.ACCOUNT, now, said.text, data)


def considered(facts: Facts, said: Considered, now: datetime) -> Decision:
    """Answers along a question flow: an aid, which moves nothing (SAP-04).

    Raises:
        DeedRefused: this hub has no flow, or the answers do not follow it.
    """
    state = after(facts.state, Deed.NOTE)
    if facts.flow is None:
        raise DeedRefused(Problem("flow", "", "このハブに質問の流れがありません。", "this hub has no question flow."))
    refuse(flow.problems(facts.flow, said.flow, said.answers))
    return Decision(state, Entry.CONSIDERED, now, said.text, flow.written(facts.flow, said.answers))


def judged(facts: Facts, said: Judgement, now: datetime, profile: PolicyProfile) -> Decision:
    """What several people found together. While the visitor is there it is kept, and counts from the contact's end:
    an insult or a touch need not go on until somebody may name it (SHI-04, SET-03).

    Raises:
        NotPossible: the incident is closed.
        DeedRefused: persons or grounds that the profile asks for are missing.
    """
    state = after(facts.state, Deed.NOTE if facts.state in ALARMING else Deed.JUDGE)
    refuse(findings.problems(said, profile))
    data = given(
        finding=said.finding,
        acts=list(dict.fromkeys(said.acts)),
        persons=list(dict.fromkeys(said.persons)),
        head_absent=said.head_absent or None,
        namesakes=said.namesakes or None,
        act_named_at=said.act_named_at.isoformat() if said.act_named_at else None,
        **findings.grounds(said),
    )
    return Decision(state, Entry.JUDGED, now, said.text, data)


def reported(facts: Facts, said: Report, now: datetime) -> Decision:
    """The report went to the office that the profile names.

    Raises:
        NotPossible: the contact goes on, or the incident is closed.
    """
    state = after(facts.state, Deed.REPORT)
    data = {
        "to": list(dict.fromkeys(said.to)),
        "circumstances": said.circumstances,
        "outcome": said.outcome,
        "course": said.course,
    }
    return Decision(state, Entry.REPORTED, now, "", data)


def promised(facts: Facts, said: Promise, now: datetime) -> Decision:
    """A task with a day (SHI-38); the incident is asked for until then.

    Raises:
        DeedRefused: the day does not fit, or nobody is named to consult.
    """
    state = after(facts.state, Deed.NOTE)  # a lawyer may be asked when the incident is long closed
    refuse(promise.problems(said, facts.pressed_at, now))
    data = promise.written(said, facts.course)
    until = max(promise.due_at(said.on), facts.promised_until or now)
    return Decision(state, Entry.PROMISED, now, said.text, data, updates={"promised_until": until})


def task_done(facts: Facts, said: TaskDone, now: datetime, profile: PolicyProfile) -> Decision:
    """A task that the profile or a promise made is done; said again it comes second.

    Raises:
        DeedRefused: the incident has no such task.
    """
    ended_at = facts.contact_ended_at or facts.course.ended_at
    over = tasks.Over("", facts.state, facts.drill, False, ended_at, facts.origin)
    known = {task.id: task for task in tasks.tasks(profile, over, facts.course)}
    task = known.get(said.task)
    if task is None:
        raise DeedRefused(Problem("task", "", "この案件にこの仕事はありません。", "this incident has no such task."))
    data = given(task=task.id, kind=task.kind, private=task.private or None, first=task.done_at is None)
    goes_on = {"promised_until": max(now + tasks.WATCHED, facts.promised_until or now)}  # to the looks that follow
    return Decision(facts.state, Entry.TASK_DONE, now, data=data, updates=goes_on if task.kind == "sns_watch" else {})


def linked(facts: Facts, said: Link, now: datetime) -> Decision:
    """The incident belongs to that case of the city, or to none."""
    state = after(facts.state, Deed.NOTE)  # a case often gets its number when the incident is long closed
    data = {"case": said.case, "before": facts.case_number}
    return Decision(state, Entry.CASE_LINKED, now, data=data, updates={"case_number": said.case})


def case_noted(facts: Facts, said: CaseNote, now: datetime) -> Decision:
    """The line that the unit holds to in the incident's case (SHI-35).

    Raises:
        DeedRefused: it belongs to no case.
    """
    if facts.case_number is None:
        raise DeedRefused(
            Problem("case", "", "先に、市の案件番号を付けてください。", "give it the number of the city's case first.")
        )
    return Decision(after(facts.state, Deed.NOTE), Entry.CASE_NOTED, now, said.text, {"case": facts.case_number})
