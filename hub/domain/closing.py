"""How an incident ends, and how an end that was wrong is put right: by a further entry, as every fact is. Pure.

What several people found is not undone by one (SHI-01): the outcome says what the last judgement says, a press is
called false only while nobody has judged or reported it, and what was closed so by mistake can be opened again.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from contract.messages import CommandType
from contract.problems import Problem
from hub.domain import deciding, sharing
from hub.domain.decision import Decision, DeedRefused, Facts, Person, given, refuse
from hub.domain.incident import ALARMING, Deed, Entry, Origin, Outcome, State, after
from hub.domain.permissions import Action, allows
from hub.domain.saying import Close

_FOUND: Final = (Outcome.HARASSMENT, Outcome.NEAR_MISS, Outcome.NOT_HARASSMENT)
"""Outcomes that a judgement can have."""


def closed(facts: Facts, said: Close, who: Person, now: datetime) -> Decision:
    """The incident is over and says what it was; said once more with another outcome, it corrects that.

    Raises:
        NotPossible: the contact goes on.
        DeedRefused: every reason why this cannot be its outcome.
    """
    data: dict[str, Any] = given(
        outcome=said.outcome.value,
        prevention=said.prevention or None,
        shared_with=list(dict.fromkeys(said.shared_with)) or None,
        not_shared=said.not_shared or None,
    )
    if said.outcome is Outcome.FALSE_PRESS:
        return false_press(facts, Entry.CLOSED, now, who, now, said.text, data)
    state = after(facts.state, Deed.CLOSE)
    if facts.state is State.CLOSED and facts.outcome is said.outcome:
        return Decision(state, Entry.CLOSED, now, said.text, {**data, "first": False})
    refuse(_problems(facts, said))
    if facts.state is State.CLOSED:
        data["before"] = facts.outcome.value if facts.outcome else None
        return Decision(
            state, Entry.CLOSED, now, said.text, {**data, "first": False}, updates={"outcome": said.outcome.value}
        )
    return Decision(
        state, Entry.CLOSED, now, said.text, {**data, "first": True},
        updates={"closed_at": now, "outcome": said.outcome.value},
    )  # fmt: skip


def false_press(
    facts: Facts, entry: Entry, at: datetime, who: Person, now: datetime, text: str, data: Mapping[str, Any]
) -> Decision:
    """Nobody needed help: over with one tap, and counted nowhere.

    Raises:
        DeedRefused: it began with a post, people have judged or reported it, or it is closed as something else.
    """
    if facts.outcome is Outcome.FALSE_PRESS:
        return Decision(after(facts.state, Deed.FALSE_PRESS), entry, at, text, {**data, "first": False})
    refuse(_no_false_press(facts, who, "mark" if entry is Entry.MARKED else "outcome"))
    return Decision(
        after(facts.state, Deed.FALSE_PRESS), entry, at, text, {**data, "first": True},
        updates={"closed_at": now, "outcome": Outcome.FALSE_PRESS.value},
        commands=((CommandType.RECORDING_STOP, ""),),
    )  # fmt: skip


def real_call(facts: Facts, at: datetime, who: Person, text: str) -> Decision:
    """What was closed as a false press was none: it is open again, as one whose contact is over.

    Raises:
        DeedRefused: it was not closed as one, was a drill, or had been over and needs somebody who may close it.
    """
    if facts.contact_ended_at is not None and not allows(Action.CLOSE, who.role):
        raise DeedRefused(
            Problem(
                "mark", "", "応対が終わっていた案件です。終了を記録できる人（所属長など）に伝えてください。",
                "its contact was over: tell somebody who may close it, such as the section head.",
            )
        )  # fmt: skip
    if facts.outcome is not Outcome.FALSE_PRESS or facts.drill:
        raise DeedRefused(
            Problem(
                "mark", "", "「誤って押した」として終了した案件ではありません。",
                "this was not closed as pressed by mistake.",
            )
        )  # fmt: skip
    ended_at = facts.contact_ended_at or facts.closed_at
    return Decision(
        after(facts.state, Deed.REOPEN), Entry.MARKED, at, text, {"mark": "real_call"},
        updates={"closed_at": None, "outcome": None, "contact_ended_at": ended_at},
    )  # fmt: skip


def _no_false_press(facts: Facts, who: Person, field: str) -> Iterator[Problem]:
    if facts.origin is Origin.POST:
        yield Problem(
            field, "", "投稿から始めた案件です。ボタンは押されていません。",
            "it began with a post: nobody pressed a button.",
        )  # fmt: skip
    elif facts.course.of_kind(Entry.JUDGED) or facts.course.of_kind(Entry.REPORTED):
        yield Problem(
            field, "", "すでに判断または報告があります。改めるときは判断し直し、その結果で終了してください。",
            "it has been judged or reported. To change that, judge anew and close it as that says.",
        )  # fmt: skip
    elif facts.state is State.CLOSED:
        yield Problem(field, "", "ほかの結果で終了しています。", "it is closed with another outcome.")
    elif facts.state not in ALARMING and not allows(Action.CLOSE, who.role):
        yield Problem(
            field, "", "応対が終わっています。終了を記録できる人（所属長など）に伝えてください。",
            "the contact is over: tell somebody who may close it, such as the section head.",
        )  # fmt: skip


def _problems(facts: Facts, said: Close) -> Iterator[Problem]:
    if facts.outcome is Outcome.FALSE_PRESS:
        yield Problem(
            "outcome", "", "誤って押したとして終了しています。先に「誤って押したのではなかった」を記録してください。",
            "it is closed as pressed by mistake. First write down that it was none.",
        )  # fmt: skip
    if facts.outcome is Outcome.DRILL:
        yield Problem("outcome", "", "訓練として終わっています。", "it is over as a drill.")
    if said.outcome is Outcome.DRILL and not facts.drill:
        yield Problem(
            "outcome", "", "訓練として押されたものではありません。他の結果を選んでください。",
            "this was no drill. Choose another outcome.",
        )  # fmt: skip
    found = [one.data.get("finding") for one in facts.course.of_kind(Entry.JUDGED)][-1:]
    if said.outcome is Outcome.HARASSMENT and not found:
        yield Problem(
            "outcome", "", "ハラスメントに当たるという判断がまだありません。先に、定められた人で判断してください。",
            "nobody has judged this to be harassment. The persons whom the rules name judge first.",
        )  # fmt: skip
    elif found and said.outcome in _FOUND and said.outcome.value not in found:
        yield Problem(
            "outcome", "", "最後の判断と違います。その判断のとおりに終了するか、先に判断し直してください。",
            "the last judgement says otherwise. Close it as that says, or judge anew first.",
        )  # fmt: skip
    if said.outcome is not Outcome.DRILL and deciding.refusal_undecided(facts.course):
        yield Problem(
            "decision", "", "録音・録画を断られたときにどうしたかを、先に記録してください。",
            "recording was refused: write down first what was decided then.",
        )  # fmt: skip
    if said.outcome in sharing.HARD and not said.prevention:
        yield Problem(
            "prevention", "", "同じことを繰り返さないために何をするかを書いてください。",
            "write what will be done so that it does not come again.",
        )  # fmt: skip
    yield from sharing.problems(facts.course, said)
