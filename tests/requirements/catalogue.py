"""docs/requirements.md: what the cities' documents ask, which test shows it, where it lies in the product."""

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
TESTS: Final = ROOT / "tests"
COUNTS: Final = {"SHI": 43, "SET": 25, "SAP": 7, "YUR": 9, "SUG": 5}
"""How many rows each document has; 89 together."""

_ID: Final = re.compile(r"(?<![a-z])(shi|set|sap|yur|sug)_(\d\d)(?!\d)")

HEAD: Final = """\
<!-- make generate が作ります。手で直さないでください。 / Made by `make generate`; do not edit. -->

# 五つの市の文書が求めることと、その証拠 / What five cities' documents ask, and what shows it

SHI 品川区・SET 世田谷区・SAP 札幌市・YUR 由利本荘市・SUG 杉並区（参考）。文は私たちの言葉です。
範囲の IN は動くもの、PART は
知らせるか記録するだけのもの、OUT は人と組織の仕事です。「残り」は、まだ作っていないことです。

The sentences are our own. IN works, PART is a reminder or a record, OUT is people's own work. "Open" is what is not
built yet. A row is proved by tests whose names carry its id, or that the row names.

| id | 範囲 / scope | 求めること / asks | 場所 / where | 試験 / tests | 残り / open |
|---|---|---|---|---|---|
"""


def wanted() -> list[str]:
    """Every id, in the documents' order."""
    return [f"{name}-{number:02d}" for name, count in COUNTS.items() for number in range(1, count + 1)]


def entries() -> dict[str, dict[str, Any]]:
    """The catalogue, by id."""
    return tomllib.loads(Path(__file__).with_name("catalogue.toml").read_text("utf-8"))


@cache
def _functions() -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every test function, by `path::name` below tests/."""
    found = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                found[f"{path.relative_to(TESTS)}::{node.name}"] = node
    return found


def proofs() -> dict[str, list[str]]:
    """`path::test` by requirement id: as the tests' names say, and as the catalogue says.

    Raises:
        KeyError: the catalogue names a test that there is not.
    """
    found: defaultdict[str, set[str]] = defaultdict(set)
    for name in _functions():
        for city, number in _ID.findall(name.partition("::")[2]):
            found[f"{city.upper()}-{number}"].add(name)
    for requirement, said in entries().items():
        for name in said.get("also", ()):
            _functions()[name]
            found[requirement].add(name)
    return {requirement: sorted(tests) for requirement, tests in found.items()}


def only_existence(name: str) -> bool:
    """Whether all that a test claims is that something is there: nothing done, nothing compared."""
    node = _functions()[name]
    claims = [inner for inner in ast.walk(node) if isinstance(inner, ast.Assert)]
    calls = {part for part in _called(node) if part not in ("exists", "is_file", "is_dir", "hasattr", "len")}
    return bool(claims) and all(_is_existence(claim.test) for claim in claims) and not calls


def _called(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            yield inner.func.attr if isinstance(inner.func, ast.Attribute) else getattr(inner.func, "id", "")


def _is_existence(claim: ast.expr) -> bool:
    if isinstance(claim, ast.Compare):
        empty = any(isinstance(side, ast.Constant) and side.value is None for side in claim.comparators)
        return empty or all(isinstance(operator, ast.In) for operator in claim.ops)
    return isinstance(claim, ast.Name | ast.Attribute | ast.Call)


def page() -> str:
    """The page."""
    tests = proofs()
    rows = [
        "| {} | {} | {} | {} | {} | {} |".format(
            requirement,
            said.get("scope", "IN"),
            f"{said['ja']} / {said['en']}",
            "<br>".join(f"`{place.strip()}`" for place in said["where"].split(",") if place.strip()),
            "<br>".join(f"`{test}`" for test in tests.get(requirement, ())),
            said.get("open", ""),
        )
        for requirement, said in entries().items()
    ]
    return HEAD + "\n".join(rows) + "\n"
