"""Nothing deletes what belongs to an incident without asking whether it is held (SHI-27)."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

pytestmark = pytest.mark.check

HUB: Final = Path(__file__).parents[2] / "hub"

ASKS: Final = "require_free"

HELD: Final = {
    "incident", "timeline", "event", "alert", "recording", "segment", "leaf", "access", "disclosure",
    "disclosure_entry", "policy_clock",
}  # fmt: skip
"""Tables of which no row goes while there is a reason to keep it."""

REMOVES: Final = {"unlink", "rmtree", "remove", "rmdir"}

NO_EVIDENCE: Final = {
    "hub/evidence/storage.py": "what an interrupted upload left behind, and was never received",
    "hub/evidence/copies.py": "what an interrupted storing of a copy left behind",
    "hub/evidence/process.py": "the evidence process's own socket",
}
"""Files under hub/evidence that remove something else."""


def deletions(source: str, file: str) -> Iterator[str]:
    """Deletions in a module that does not ask first."""
    tree = ast.parse(source)
    if any(isinstance(node, ast.Name | ast.Attribute) and _name(node) == ASKS for node in ast.walk(tree)):
        return
    keeps_evidence = file.startswith("hub/evidence") and file not in NO_EVIDENCE
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = _name(node.func)
        tables = {_name(one) for one in node.args}
        if isinstance(node.func, ast.Attribute):
            tables.add(_name(node.func.value))
        if (called == "delete" and HELD & tables) or (keeps_evidence and called in REMOVES):
            yield f"{file}:{node.lineno} {called}"


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def test_shi_27_nothing_deletes_what_belongs_to_an_incident_without_asking_first() -> None:
    found = [
        line
        for path in sorted(HUB.rglob("*.py"))
        if "migrations" not in path.parts
        for line in deletions(path.read_text("utf-8"), path.relative_to(HUB.parent).as_posix())
    ]
    assert found == []


@pytest.mark.parametrize("planted", [
    "connection.execute(delete(segment).where(segment.c.incident == id))",
    "connection.execute(schema.timeline.delete())",
    "shutil.rmtree(evidence / incident_id)",
])  # fmt: skip
def test_a_planted_deletion_is_seen_unless_it_asks(planted: str) -> None:
    assert len(list(deletions(planted, "hub/evidence/sweep.py"))) == 1
    assert list(deletions(f"retention.require_free(connection, id)\n{planted}", "hub/evidence/sweep.py")) == []
