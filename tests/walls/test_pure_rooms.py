"""In a pure room time, ids and chance come in from outside, and nothing is read or written.

Import rules cannot see this: `datetime` and `uuid` are allowed there as types, their clocks and dice are not.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.check

ROOT = Path(__file__).parents[2]
ROOMS = ("contract", "device/core", "hub/domain")
OURS = {"contract", "device", "hub"}
LIBRARIES = {"pydantic", "pydantic_core"}
CLOCKS_AND_DICE = {
    *(f"datetime.{kind}.{name}" for kind in ("datetime", "date") for name in ("now", "utcnow", "today")),
    *(f"uuid.{name}" for name in ("uuid1", "uuid4", "uuid6", "uuid7", "getnode")),
}
BUILTINS = {"open", "print", "input", "breakpoint", "eval", "exec", "__import__"}


def sins(source: str) -> Iterator[str]:
    """Every use of a clock, of chance, of a file or of a foreign library, as `line: what`."""
    tree = ast.parse(source)
    full: dict[str, str] = {}  # the name in this file -> what it stands for
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname:
                    full[alias.asname] = alias.name
                else:
                    full[alias.name.split(".")[0]] = alias.name.split(".")[0]
            imported = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            for alias in node.names:
                full[alias.asname or alias.name] = f"{node.module}.{alias.name}"
            imported = [node.module or ""]
        else:
            continue
        for name in imported:
            root = name.split(".")[0]
            if root == "random":
                yield f"{node.lineno}: random"
            elif root not in sys.stdlib_module_names and root not in OURS | LIBRARIES:
                yield f"{node.lineno}: {root} is not pydantic"

    def spelled_out(node: ast.expr) -> str:
        if isinstance(node, ast.Name):
            return full.get(node.id, "")
        if isinstance(node, ast.Attribute) and (before := spelled_out(node.value)):
            return f"{before}.{node.attr}"
        return ""

    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and spelled_out(node) in CLOCKS_AND_DICE:
            yield f"{node.lineno}: {spelled_out(node)}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BUILTINS - own:
            yield f"{node.lineno}: {node.func.id}()"


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime, UTC\ndef late(now: datetime) -> bool: return now.tzinfo is UTC",
        "import uuid\nfrom uuid import UUID\nx: uuid.UUID = UUID(int=1)",
        "from pydantic import BaseModel\nfrom pydantic_core import PydanticCustomError\nimport contract",
        "def handle(event, now): return event.now() if event.today else now",
        "import re\nre.compile('x')",
    ],
)
def test_what_is_allowed_is_let_through(source: str) -> None:
    assert list(sins(source)) == []


@pytest.mark.parametrize(
    ("source", "sin"),
    [
        ("from datetime import datetime\nat = datetime.now()", "2: datetime.datetime.now"),
        ("import datetime as dt\nat = dt.datetime.utcnow()", "2: datetime.datetime.utcnow"),
        ("from datetime import date\nfields = dict(factory=date.today)", "2: datetime.date.today"),
        ("import uuid\nid = uuid.uuid4()", "2: uuid.uuid4"),
        ("from uuid import uuid4 as new_id\nid = new_id()", "2: uuid.uuid4"),
        ("from random import random", "1: random"),
        ("import random", "1: random"),
        ("text = open('x').read()", "1: open()"),
        ("def f():\n    print(1)", "2: print()"),
        ("import attrs", "1: attrs is not pydantic"),
    ],
)
def test_each_sin_is_seen(source: str, sin: str) -> None:
    assert list(sins(source)) == [sin]


@pytest.mark.parametrize("room", ROOMS)
def test_the_pure_rooms_are_pure(room: str) -> None:
    files = sorted((ROOT / room).rglob("*.py"))
    assert files, f"{room} has no Python files: was it moved?"
    found = [f"{path.relative_to(ROOT)}:{sin}" for path in files for sin in sins(path.read_text(encoding="utf-8"))]
    assert found == []
