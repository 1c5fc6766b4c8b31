"""The guidance cards that come with the program, read once."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from contract.problems import Problem, Refused
from hub.domain.card import STEPS, TYPES, Card, load

FOLDER: Final = Path(__file__).parent / "cards"


@cache
def cards() -> Mapping[str, Card]:
    """Every card by its id, types first, each group in the order in which it is shown.

    Raises:
        Refused: a card is missing or has problems; those of all files together.
    """
    return read_folder(FOLDER)


def read_folder(folder: Path) -> dict[str, Card]:
    """The cards in `folder`/types and `folder`/steps.

    Raises:
        Refused: see `cards`.
    """
    found: dict[str, Card] = {}
    problems: list[Problem] = []
    for kind, names in (("type", TYPES), ("step", STEPS)):
        for name in names:
            path = folder / f"{kind}s" / f"{name}.toml"
            try:
                card = load(path.read_text("utf-8"), path.name)
            except Refused as refused:
                problems += [_in_file(path.name, problem) for problem in refused.problems]
                continue
            except (OSError, UnicodeDecodeError):
                problems.append(Problem(path.name, "", "このカードを読めません。", "this card cannot be read."))
                continue
            if (card.id, card.kind) != (name, kind):
                problems.append(
                    Problem(
                        f"{path.name}: id", card.id, f"id を {name}、kind を {kind} にしてください。",
                        f"make its id {name} and its kind {kind}.",
                    )
                )  # fmt: skip
            found[name] = card
    if problems:
        raise Refused(str(folder), problems)
    return found


def _in_file(file: str, problem: Problem) -> Problem:
    return Problem(f"{file}: {problem.field}", problem.value, problem.ja, problem.en)
