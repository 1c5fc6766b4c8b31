"""Question flows: every path ends in something to think about, none in a verdict."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.problems import Refused
from hub.domain import flow as domain
from hub.domain.flow import ANSWERS, VERDICTS, Flow, walk
from hub.flow_files import FOLDER, flow_for

FLOWS = [flow_for(path.stem) for path in sorted(FOLDER.glob("*.toml"))]
each = pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.id)

SMALL = """
id = "small"
first = "a"
[[question]]
id = "a"
ja = "一"
en = "one"
yes = "{yes}"
no = "end"
unclear = "end"
source = ["choice"]
{more}
[[hint]]
id = "end"
ja = "{hint}"
en = "Think of it."
"""


@each
@given(answers=st.dictionaries(st.sampled_from([one.id for flow in FLOWS for one in flow.question]),
                               st.sampled_from(ANSWERS)))  # fmt: skip
def test_sap_04_every_path_ends_and_none_in_a_verdict(flow: Flow, answers: dict[str, domain.Answer]) -> None:
    """Whoever answers on gets to the end, each question once; no words there say what only people may say."""
    given_ = dict(answers)
    while (found := walk(flow, given_)).question is not None:
        assert found.question.id not in given_
        given_[found.question.id] = "unclear"
    assert found.hint is not None
    assert not VERDICTS.search(found.hint.ja + found.hint.en)
    asked = [one.id for one, _ in found.steps]
    assert len(set(asked)) == len(asked) <= len(flow.question)
    assert all(one.next(answer) == other.id for (one, answer), (other, _) in pairwise(found.steps))


@each
def test_sap_04_every_question_and_hint_can_be_reached(flow: Flow) -> None:
    reached, waiting = set(), [flow.first]
    while waiting:
        name = waiting.pop()
        reached.add(name)
        one = flow.asked(name)
        waiting += [one.next(answer) for answer in ANSWERS] if one else []
    assert reached == {one.id for one in flow.question} | {one.id for one in flow.hint}


def test_sap_04_sapporo_asks_in_its_own_order_and_the_others_by_default() -> None:
    assert flow_for("sapporo").id == "sapporo"
    assert {flow_for(city).id for city in ("shinagawa", "setagaya", "yurihonjo", "elsewhere")} == {"default"}


LOOP = """[[question]]
id = "b"
ja = "二"
en = "two"
yes = "a"
no = "end"
unclear = "end"
source = ["choice"]
"""


@pytest.mark.parametrize(("yes", "more", "hint", "named"), [
    ("a", "", "考える", "a"),
    ("b", LOOP, "考える", "a"),
    ("nowhere", "", "考える", "a.yes"),
    ("end", LOOP, "考える", "b"),
    ("end", "", "カスハラに当たります", "end"),
    ("end", "", "カスハラです", "end"),
    ("end", '[[hint]]\nid = "end"\nja = "二"\nen = "two"', "考える", "end"),
])  # fmt: skip
def test_a_flow_that_turns_in_circles_leads_nowhere_or_judges_is_refused(
    yes: str, more: str, hint: str, named: str
) -> None:
    with pytest.raises(Refused) as refusal:
        domain.load(SMALL.format(yes=yes, more=more, hint=hint), "small.toml")
    assert named in {problem.field for problem in refusal.value.problems}


def test_the_sound_flow_beside_them_is_taken() -> None:
    assert domain.load(SMALL.format(yes="end", more="", hint="考える"), "small.toml").digest.startswith("sha256:")
