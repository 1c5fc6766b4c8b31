"""Every path of every city's question flow ends in something to think about, none in a verdict (SAP-04); and no other
flow can be loaded.
"""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.problems import Refused
from hub.domain import flow as domain
from hub.domain.deed import DeedRefused, Facts, Person, decide
from hub.domain.flow import ANSWERS, Answer, Flow, problems, walk, written
from hub.domain.incident import Entry, State
from hub.domain.permissions import Action
from hub.domain.saying import Considered
from hub.flow_files import FOLDER
from tests.hub_domain.life import PROFILES

CITIES = sorted(PROFILES)
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


@cache
def flow_of(city: str) -> Flow:
    path = FOLDER / f"{city}.toml"
    path = path if path.exists() else FOLDER / "default.toml"
    return domain.load(path.read_text("utf-8"), path.name)


def paths(
    flow: Flow, name: str | None = None, answers: Mapping[str, Answer] | None = None
) -> Iterator[dict[str, Answer]]:
    """Every path from the first question to a hint, found without `walk`."""
    name, answers = name or flow.first, dict(answers or {})
    one = next((one for one in flow.question if one.id == name), None)
    if one is None:
        yield answers
        return
    assert name not in answers, "a question comes once on a path"
    for answer in ANSWERS:
        yield from paths(flow, getattr(one, answer), answers | {name: answer})


@pytest.mark.parametrize("city", CITIES)
def test_sap_04_every_path_of_every_citys_flow_ends_in_a_hint_and_none_in_a_verdict(city: str) -> None:
    flow, ends, asked = flow_of(city), set(), set()
    for answers in paths(flow):
        found = walk(flow, answers)
        assert found.question is None
        assert found.hint is not None
        assert [one.id for one, _ in found.steps] == list(answers)
        assert {one.id: answer for one, answer in found.steps} == answers
        assert list(problems(flow, flow.digest, answers)) == []
        ends.add(found.hint.id)
        asked |= set(answers)
    assert ends == {one.id for one in flow.hint}, "no hint stands there for nobody"
    assert asked == {one.id for one in flow.question}
    for hint in flow.hint:
        assert hint.ja
        assert hint.en
        assert not domain.VERDICTS.search(f"{hint.ja} {hint.en}")


@pytest.mark.parametrize("city", CITIES)
def test_sap_04_whoever_stops_on_the_way_is_asked_on_and_nothing_is_kept_before_the_end(city: str) -> None:
    flow = flow_of(city)
    for answers in paths(flow):
        ids = list(answers)
        for count, name in enumerate(ids):
            partly = {one: answers[one] for one in ids[:count]}
            found = walk(flow, partly)
            assert found.question is not None
            assert (found.question.id, found.hint) == (name, None)
            assert [one.field for one in problems(flow, flow.digest, partly)] == ["answers"]


def test_sap_04_answers_move_nothing_and_are_kept_in_the_exact_words_that_were_read() -> None:
    flow = flow_of("sapporo")
    answers = next(paths(flow))
    for state in State:
        facts = Facts(state, False, NOW, flow=flow)
        said = Considered.model_validate({"flow": flow.digest, "answers": answers, "text": "三人で"})
        kept = decide(facts, said, Person("1", "佐藤", "supervisor"), NOW, PROFILES["sapporo"])
        assert (kept.state, kept.entry, kept.text) == (state, Entry.CONSIDERED, "三人で")
        assert (kept.updates, kept.commands, kept.notices) == ({}, (), ())
        assert kept.data == written(flow, answers)
    data, first = written(flow, answers), flow.question[0]
    assert set(data) == {"flow", "flow_digest", "answers", "hint"}, "no word of a finding"
    assert (data["flow"], data["flow_digest"]) == ("sapporo", flow.digest)
    assert data["answers"][0] == {
        "id": first.id, "ja": first.ja, "en": first.en, "answer": "yes", "source": list(first.source),
    }  # fmt: skip
    assert set(data["hint"]) == {"ja", "en"}
    assert written(flow, {})["hint"] is None
    assert Considered.action is Action.JUDGE


def test_answers_to_other_questions_or_to_another_flow_are_refused_in_words() -> None:
    flow = flow_of("default")
    answers = next(paths(flow))
    off = next(one.id for one in flow.question if one.id not in answers)
    assert [one.field for one in problems(flow, "sha256:old", answers)] == ["flow"]
    assert [one.field for one in problems(flow, flow.digest, answers | {off: "yes", "zz": "no"})] == sorted(
        (f"answers.{off}", "answers.zz")
    )
    assert [one.field for one in problems(flow, flow.digest, {off: "yes"})] == ["answers", f"answers.{off}"]
    said = Considered.model_validate({"flow": "sha256:old", "answers": answers})
    for given_flow, field in ((None, "flow"), (flow, "flow")):
        with pytest.raises(DeedRefused) as refusal:
            decide(
                Facts(State.JUDGED, False, NOW, flow=given_flow), said, Person("1", "x", "x"), NOW, PROFILES["default"]
            )
        assert [one.field for one in refusal.value.problems] == [field]


# --- no other flow can be loaded -------------------------------------------------------------------------------------

NAMES = ("a", "b", "c", "d")
ENDS = ("end", "stop")


def text_of(first: str, questions: Mapping[str, tuple[str, str, str]], hints: tuple[str, ...] = ENDS) -> str:
    lines = ['id = "made"', f'first = "{first}"']
    for name, (yes, no, unclear) in questions.items():
        lines += [
            "[[question]]", f'id = "{name}"', 'ja = "何がありましたか"', 'en = "What happened?"', f'yes = "{yes}"',
            f'no = "{no}"', f'unclear = "{unclear}"', 'source = ["choice"]',
        ]  # fmt: skip
    for name in hints:
        lines += ["[[hint]]", f'id = "{name}"', 'ja = "考えましょう"', 'en = "Think of it."']
    return "\n".join(lines)


targets = st.sampled_from([*NAMES, *ENDS, "nowhere"])


@given(
    st.dictionaries(st.sampled_from(NAMES), st.tuples(targets, targets, targets), min_size=1),
    st.sampled_from(NAMES),
)
def test_sap_04_whatever_somebody_writes_only_a_flow_whose_every_path_ends_can_be_loaded(
    questions: dict[str, tuple[str, str, str]], first: str
) -> None:
    """Followed here by hand, with a limit of steps instead of a memory: five steps on four questions are a circle."""

    def ends(name: str, left: int) -> bool:
        if name in ENDS:
            return True
        return left > 0 and name in questions and all(ends(one, left - 1) for one in questions[name])

    reached: set[str] = {first}
    for _ in NAMES:
        reached |= {after for name in reached if name in questions for after in questions[name]}
    sound = first in questions and ends(first, len(NAMES)) and {*questions, *ENDS} <= reached
    text = text_of(first, questions)
    if sound:
        flow = domain.load(text, "made.toml")
        assert flow.digest == f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
        return
    with pytest.raises(Refused) as refusal:
        domain.load(text, "made.toml")
    assert all(one.field and one.ja and one.en for one in refusal.value.problems)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (text_of("end", {"a": ("end", "stop", "end")}), ["first"]),
        (text_of("a", {"a": ("end", "stop", "b"), "b": ("x", "y", "end")}), ["b.yes", "b.no"]),
        (text_of("a", {"a": ("b", "b", "b"), "b": ("a", "end", "stop")}), ["a"]),
        (text_of("a", {"a": ("end", "end", "end"), "b": ("end", "end", "end")}), ["b", "stop"]),
        (text_of("a", {"a": ("end", "stop", "end")}, ("end", "stop", "a", "end")), ["a", "end"]),
        (text_of("a", {"a": ("end", "end", "end")}, ("end",)).replace("考えましょう", "カスハラです"), ["end"]),
        (text_of("a", {"a": ("end", "end", "end")}, ("end",)).replace("Think of it.", "This is harassment."), ["end"]),
        ('verdict = "x"\n' + text_of("a", {"a": ("end", "end", "end")}, ("end",)), ["verdict"]),
    ],
)
def test_a_flow_that_does_not_hold_is_refused_with_every_problem_at_once(text: str, fields: list[str]) -> None:
    with pytest.raises(Refused) as refusal:
        domain.load(text, "made.toml")
    assert [one.field for one in refusal.value.problems] == fields


def test_a_question_and_an_answer_have_one_way_on() -> None:
    flow = domain.load(text_of("a", {"a": ("b", "end", "stop"), "b": ("end", "end", "end")}), "made.toml")
    (first, _) = flow.question
    assert [first.next(answer) for answer in get_args(Answer)] == ["b", "end", "stop"]
    assert (flow.asked("end"), flow.hinted("a"), flow.hinted("zz")) == (None, None, None)
    found: Any = walk(flow, {"b": "yes"})
    assert (found.steps, found.question, found.hint) == ((), first, None)
