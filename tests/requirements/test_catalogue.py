"""No sentence of the cities' documents is forgotten, and what is said to work is proved to work."""

import pytest

from tests.requirements.catalogue import ROOT, entries, only_existence, proofs, wanted

pytestmark = pytest.mark.check


def test_every_requirement_has_its_place() -> None:
    assert list(entries()) == wanted()
    assert len(wanted()) == 89


@pytest.mark.parametrize("requirement", wanted())
def test_what_should_work_is_proved_or_openly_not_built(requirement: str) -> None:
    said, tests = entries()[requirement], proofs().get(requirement, [])
    assert said["ja"]
    assert said["en"]
    if said.get("scope", "IN") == "OUT":
        assert not said["where"]
        return
    assert tests or said.get("open")
    assert all(place.strip() for place in said["where"].split(",")) or said.get("open")


def test_the_guide_for_general_affairs_says_what_stays_with_people() -> None:
    guide = (ROOT / "docs" / "guide" / "general_affairs.md").read_text("utf-8").split("窓守がしないこと")[1]
    ours = [one for said in entries().values() if said.get("scope") == "OUT" for one in said["ja"].split("、")]
    assert ours
    assert [one for one in ours if one not in guide] == []


@pytest.mark.parametrize("requirement", sorted(proofs()))
def test_a_proof_claims_more_than_that_something_is_there(requirement: str) -> None:
    assert not all(only_existence(test) for test in proofs()[requirement])


def test_the_places_that_the_table_names_are_there() -> None:
    for requirement, said in entries().items():
        for place in filter(None, (part.partition(" (")[0].strip() for part in said["where"].split(","))):
            assert (ROOT / place.split(")")[0]).exists(), (requirement, place)
