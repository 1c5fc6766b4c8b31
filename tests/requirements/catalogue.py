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
    return {
        f"{path.relative_to(TESTS)}::{node.name}": node
        for path, node in _defined()
        if path.name.startswith("test_") and node.name.startswith("test_")
    }


@cache
def _defined() -> list[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function below tests/, and the file that it stands in."""
    return [
        (path, node)
        for path in sorted(TESTS.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


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
    """Whether all that a test claims is that something is there, as `claims_nothing_more` says it."""
    return claims_nothing_more(_functions()[name], _judges())


def claims_nothing_more(test: ast.AST, judges: frozenset[str] = frozenset()) -> bool:
    """Whether nothing in a test compares, looks for words in what was made, or waits for a refusal.

    That a call gives something (`load(x) is not None`, `page.find(y)`, `len(rows) > 0`) says only that it is there, and
    so does `in` where nothing was done. `judges`: what a test without a claim of its own may call to make one.
    """
    claims = [inner.test for inner in ast.walk(test) if isinstance(inner, ast.Assert)]
    called = set(_called(test))
    if called & {"raises", "expect"}:
        return False
    if not claims:
        return not called & judges
    done = called - _LOOKS
    return not any(_is_content(claim) and (done or not _is_membership(claim)) for claim in claims)


_LOOKS: Final = frozenset({"exists", "is_file", "is_dir", "hasattr", "len"})


@cache
def _judges() -> frozenset[str]:
    """Every function below tests/ that claims something itself."""
    return frozenset(node.name for _, node in _defined() if not claims_nothing_more(node))


def _called(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            yield inner.func.attr if isinstance(inner.func, ast.Attribute) else getattr(inner.func, "id", "")


def _is_content(claim: ast.expr) -> bool:
    """Whether a claim tells right from wrong: that a call gives something true, or not None, does not."""
    match claim:
        case ast.Compare():
            return not _is_presence(claim)
        case ast.UnaryOp(op=ast.Not()):
            return True
        case ast.BoolOp():
            return any(_is_content(part) for part in claim.values)
        case ast.Call(func=ast.Name(id="all" | "any"), args=[one]):
            return any(_is_content(part) for part in ast.walk(one) if isinstance(part, ast.Compare | ast.UnaryOp))
        case _:
            return False


def _is_presence(claim: ast.Compare) -> bool:
    """`x is not None`, `x != []`, `len(x) > 0` and their like."""
    operator, side = claim.ops[0], claim.comparators[-1]
    if isinstance(operator, ast.IsNot | ast.NotEq) and ast.unparse(side) in ("None", "''", "[]", "()", "{}", "set()"):
        return True
    counted = isinstance(claim.left, ast.Call) and "len" in _called(claim.left)
    return counted and (type(operator), ast.unparse(side)) in ((ast.Gt, "0"), (ast.GtE, "1"), (ast.NotEq, "0"))


def _is_membership(claim: ast.expr) -> bool:
    return isinstance(claim, ast.Compare) and all(isinstance(operator, ast.In) for operator in claim.ops)


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
