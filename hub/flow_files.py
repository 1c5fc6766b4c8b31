"""The question flows that come with the program: one file by the profile's id, `default` for every other city."""

from functools import cache
from pathlib import Path
from typing import Final

from hub.domain.flow import Flow, load

FOLDER: Final = Path(__file__).parent / "flows"


@cache
def flow_for(profile_id: str) -> Flow:
    """The flow for a city.

    Raises:
        Refused: its file has problems.
    """
    path = next((one for one in FOLDER.glob("*.toml") if one.stem == profile_id), FOLDER / "default.toml")
    return load(path.read_text("utf-8"), path.name)
