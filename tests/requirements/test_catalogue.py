"""No sentence of the cities' documents is forgotten, and what is said to work is proved to work."""

import ast

import pytest

from tests.requirements.catalogue import ROOT, claims_nothing_more, entries, only_existence, proofs, wanted

pytestmark = pytest.mark.check


def test_every_requirement_has_its_place() -> None:
    assert list(entries()) == wanted()
    assert len(wanted()) == 89


@pytest.mark.parametrize("requirement", wanted())
def test_what_should_work_is_proved_whatever_is_still_open(requirement: str) -> None:
    said, tests = entries()[requirement], proofs().get(requirement, [])
    assert said["ja"]
    assert said["en"]
    if said.get("scope", "IN") == "OUT":
        assert not said["where"]
        return
    assert tests, "said to be in the product, and no test shows it"
    assert all(place.strip() for place in said["where"].split(","))


def test_the_guide_for_general_affairs_says_what_stays_with_people() -> None:
    guide = (ROOT / "docs" / "guide" / "general_affairs.md").read_text("utf-8").split("窓守がしないこと")[1]
    ours = [one for said in entries().values() if said.get("scope") == "OUT" for one in said["ja"].split("、")]
    assert ours
    assert [one for one in ours if one not in guide] == []


@pytest.mark.parametrize("requirement", sorted(proofs()))
def test_every_proof_claims_more_than_that_something_is_there(requirement: str) -> None:
    assert [test for test in proofs()[requirement] if only_existence(test)] == []


@pytest.mark.parametrize(
    "claim",
    [
        'assert load("shinagawa") is not None', 'assert page.find("x")', "assert made()", "assert made", "pass",
        "made()", "assert len(made()) > 0", "assert made() != []", "assert hasattr(made, 'x')", "assert a in b",
        "assert all(load(one) is not None for one in names)",
        "assert made() and other() is not None",
    ],
)  # fmt: skip
def test_that_something_is_there_proves_nothing(claim: str) -> None:
    assert claims_nothing_more(ast.parse(claim), frozenset({"is_as_agreed"}))


@pytest.mark.parametrize(
    "claim",
    [
        "assert made() == 2", "assert 'word' in made()", "assert not made()", "assert made() is None", "assert a > b",
        "assert found.state is State.SEEN", "assert len(made()) > 1", "is_as_agreed(page)", "expect(page).to_have()",
        "with pytest.raises(Refused): made()", "assert all(one.done == 2 for one in made())",
        "assert made() is not None\nassert made().words == 'x'",
    ],
)  # fmt: skip
def test_what_is_compared_read_or_refused_proves_something(claim: str) -> None:
    assert not claims_nothing_more(ast.parse(claim), frozenset({"is_as_agreed"}))


def test_the_places_that_the_table_names_are_there() -> None:
    for requirement, said in entries().items():
        for place in filter(None, (part.partition(" (")[0].strip() for part in said["where"].split(","))):
            assert (ROOT / place.split(")")[0]).exists(), (requirement, place)
