"""Makes the mutants of one module with Cosmic Ray's operators and two of our own, and has each one tested.

Run by `run.py` in Cosmic Ray's venv, inside a copy of the source. Prints TOML: each mutant with its outcome.
"""

import difflib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from cosmic_ray import plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator

TOLERANCE: Final = 6.0
"""A mutant whose tests take so many times longer than without it hangs, and is killed."""

FAMILIES: Final = (
    {"Eq", "NotEq", "Lt", "LtE", "Gt", "GtE"},
    {"Is", "IsNot"},
    {"In", "NotIn"},
    {"Add", "Sub", "Mul", "Div", "FloorDiv", "Mod"},
    {"BitOr", "BitAnd", "Sub"},
)
"""Operators are exchanged within a family. Beyond it Python or the linter refuses (`set * set`, `state == None`): such
mutants would die of themselves and make the score look better than it is.
"""

_EXCHANGE: Final = re.compile(r"core/Replace(?:Binary|Comparison)Operator_(\w+)_(\w+)")


class Own(Operator):  # type: ignore[misc]
    """An operator of ours."""

    @classmethod
    def examples(cls) -> tuple[()]:
        """None: Cosmic Ray documents its own operators with them."""
        return ()


class EntryRemoved(Own):
    """An entry of a set, tuple or list is not there: it is written over with its neighbour.

    Tables are where this project keeps its rules; Cosmic Ray's own operators leave them alone.
    """

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        for entry, _ in _entries(node):
            yield entry.start_pos, entry.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        entry, neighbour = list(_entries(node))[index]
        code = neighbour.get_code(include_prefix=False)
        return _with_code(node, entry, code)


class ValueExchanged(Own):
    """A row of a dict has the value of the row beside it."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        for value, _ in _values(node):
            yield value.start_pos, value.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        value, neighbour = list(_values(node))[index]
        return _with_code(node, value, neighbour.get_code(include_prefix=False))


class WordChanged(Own):
    """A word that programs read (a name, a key) is another word. Sentences for people are left alone."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        if (
            node.type == "string"
            and node.parent.type != "simple_stmt"
            and re.fullmatch(r'"[\w.]+"', node.value, re.ASCII)
        ):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        node.value = f'"x{node.value[1:]}'
        return node


OWN: Final = {"EntryRemoved": EntryRemoved, "ValueExchanged": ValueExchanged, "WordChanged": WordChanged}


def _entries(node: Any) -> list[tuple[Any, Any]]:
    """Entries of a set, tuple or list, each with another one that takes its place."""
    if node.type not in ("dictorsetmaker", "testlist_comp") or any(
        child.type in ("sync_comp_for", "comp_for") or child == ":" for child in node.children
    ):
        return []
    entries = [child for child in node.children if child != ","]
    pairs = zip(entries, entries[1:] + entries[:1], strict=True)
    return [(one, other) for one, other in pairs if one.get_code(False) != other.get_code(False)]


def _values(node: Any) -> list[tuple[Any, Any]]:
    if node.type != "dictorsetmaker" or any(child.type in ("sync_comp_for", "comp_for") for child in node.children):
        return []
    values = [node.children[place + 1] for place, child in enumerate(node.children) if child == ":"]
    pairs = zip(values, values[1:] + values[:1], strict=True)
    return [(one, other) for one, other in pairs if one.get_code(False) != other.get_code(False)]


def _with_code(node: Any, part: Any, code: str) -> Any:
    """`node` with `code` in place of its child `part`."""
    before = part.get_first_leaf().prefix
    new = get_ast(code + "\n").children[0]
    new = new.children[0] if new.type == "simple_stmt" else new
    new.get_first_leaf().prefix = before
    new.parent = node
    node.children[node.children.index(part)] = new
    return node


def mutants(source: str) -> Iterator[tuple[int, str]]:
    """Each mutant of `source`, with the line that differs."""
    tree = get_ast(source)
    operators = [(name, plugins.get_operator(name)) for name in plugins.operator_names()]
    operators += [(f"own/{name}", operator) for name, operator in OWN.items()]
    for name, operator_class in operators:
        if operator_class.arguments() or not _sensible(name):
            continue
        operator = operator_class()
        places = [(node, at) for node in ast_nodes(tree) for at, _ in operator.mutation_positions(node)]
        for occurrence, (node, (line, _)) in enumerate(places):
            if not _annotation(node) and node.parent.type != "parameters":
                mutated = mutate_code(source, operator, occurrence)
                if mutated is not None and mutated != source:
                    yield line, mutated


def _sensible(name: str) -> bool:
    exchange = _EXCHANGE.fullmatch(name)
    return exchange is None or any(set(exchange.groups()) <= family for family in FAMILIES)


def _annotation(node: Any) -> bool:
    """Whether a node stands in an annotation, which changes nothing when the program runs."""
    while node.parent is not None:
        parent = node.parent
        if parent.type == "annassign" and node is parent.children[1]:
            return True
        if parent.type == "tfpdef" or (parent.type == "funcdef" and node is parent.annotation):
            return True
        node = parent
    return False


def main(module: str, python: str, tests: list[str]) -> int:
    """Test the module as it is, then each mutant. Gives the exit code."""
    path = Path(module)
    source = path.read_text("utf-8")
    command = [python, str(Path(__file__).with_name("warm.py")), *tests]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as warm:
        killed, seconds, output = _tested(warm, 600)
        if killed:
            print(output)
            return 1
        for line, mutated in mutants(source):
            path.write_text(mutated, "utf-8")
            killed, _, _ = _tested(warm, seconds * TOLERANCE + 5)
            was, now = _difference(source, mutated)
            print(f"[[mutant]]\nline = {line}\nkilled = {json.dumps(killed)}")
            print(f"was = {json.dumps(was)}\nnow = {json.dumps(now)}")
            print(f"{module}:{line} {'killed' if killed else 'SURVIVED'}  {now}", file=sys.stderr, flush=True)
        assert warm.stdin is not None
        warm.stdin.close()
    return 0


def _tested(warm: "subprocess.Popen[str]", limit_s: float) -> tuple[bool, float, str]:
    """Whether the tests fail on what stands in the file now, how long they took, and what they said."""
    assert warm.stdin is not None
    assert warm.stdout is not None
    warm.stdin.write(f"{limit_s}\n")
    warm.stdin.flush()
    answer = json.loads(warm.stdout.readline())
    return answer["failed"], answer["seconds"], answer["output"]


def _difference(source: str, mutated: str) -> tuple[str, str]:
    """The lines that differ, as they were and as they are."""
    lines = list(difflib.unified_diff(source.splitlines(), mutated.splitlines(), n=0, lineterm=""))[3:]
    was = " ".join(line[1:].strip() for line in lines if line.startswith("-"))
    now = " ".join(line[1:].strip() for line in lines if line.startswith("+"))
    if not now:  # a line is gone: the next one says which
        gone = next(place for place, line in enumerate(source.splitlines()) if mutated.splitlines()[place] != line)
        now = f"(gone) {mutated.splitlines()[gone].strip()}"
    return was, now


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
