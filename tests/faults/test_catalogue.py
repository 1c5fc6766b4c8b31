"""No fault of box and wire is forgotten: each has a test, or a reason why not."""

import pytest

from tests.faults.catalogue import entries, proofs

pytestmark = pytest.mark.check


def test_every_fault_has_its_place() -> None:
    wanted = [f"D{number:02d}" for number in range(1, 31)] + [f"W{number:02d}" for number in range(1, 25)]
    assert list(entries()) == wanted


@pytest.mark.parametrize("fault", entries())
def test_every_fault_has_a_test_or_says_why_not(fault: str) -> None:
    said = entries()[fault]
    assert said["ja"]
    assert said["en"]
    assert proofs().get(fault) or ("open" in said and said["open"]["ja"] and said["open"]["en"])
