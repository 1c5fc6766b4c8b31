"""The scenarios that come with the program and the cities' rules that they follow, read once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from contract import profile
from contract.problems import Problem, Refused
from contract.profile import PolicyProfile
from hub.domain.practice import profile_of
from hub.domain.scenario import Scenario, load

FOLDER: Final = Path(__file__).parent / "scenarios"
_PROFILES: Final = Path(profile.__file__).parent / "profiles"


@dataclass(frozen=True, slots=True)
class Practised:
    """The rules of the city in which a scenario plays, which need not be this site's."""

    profile: PolicyProfile
    digest: str


@cache
def scenarios() -> Mapping[str, Scenario]:
    """Every scenario by its id, in the order of the files.

    Raises:
        Refused: one has problems; those of all files together.
    """
    return read_folder(FOLDER)


def read_folder(folder: Path) -> dict[str, Scenario]:
    """The scenarios in `folder`.

    Raises:
        Refused: see `scenarios`.
    """
    found: dict[str, Scenario] = {}
    refusals: list[Refused] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            one = load(path.read_text("utf-8"), path.name)
            rules(one.profile)
        except Refused as refused:
            refusals.append(refused)
            continue
        except (OSError, UnicodeDecodeError):
            refusals.append(
                Refused(path.name, [Problem("file", "", "読めません。", "this file or its profile cannot be read.")])
            )
            continue
        if one.id != path.stem:
            refusals.append(
                Refused(
                    path.name,
                    [
                        Problem(
                            "id",
                            one.id,
                            f"ファイルの名前（{path.stem}）にしてください。",
                            f"make it {path.stem}.",
                        )
                    ],
                )
            )
        found[one.id] = one
    if refusals:
        raise Refused.together(refusals)
    return found


@cache
def rules(profile_id: str) -> Practised:
    """The rules of a city as they come with the program.

    Raises:
        Refused, OSError: there are none, or they have problems.
    """
    path = _PROFILES / f"{profile_id}.toml"
    text = path.read_text("utf-8")
    return Practised(profile.load(text, path.name), profile.digest_of(text))


def rules_at(box: str) -> Practised | None:
    """The rules at a practice box; None at a counter's box, and for a city that no scenario plays in any more."""
    wanted = profile_of(box)
    if wanted is None or wanted not in {one.profile for one in scenarios().values()}:
        return None
    return rules(wanted)
