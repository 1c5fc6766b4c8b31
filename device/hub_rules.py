"""Which rules the hub follows, by its own word: kept beside the box for the doctor.

The doctor cannot ask the broker while the uplink runs, whose place it would take (`doctor/network.py`).
"""

import logging
from pathlib import Path
from typing import Final

FILE: Final = "hub_rules"

log = logging.getLogger("madomori.uplink")


class HubRules:
    """Writes down what the hub says when it is news. Used on the uplink's thread."""

    def __init__(self, state: Path) -> None:
        self._path = state / FILE
        self._known = read(state)

    def heard(self, digest: str | None) -> None:
        """The hub listens and follows the rules of this digest; None from an older hub, which says none."""
        if digest == self._known:
            return
        temporary = self._path.with_suffix(".new")
        try:
            temporary.write_text(digest or "", "utf-8")
            temporary.replace(self._path)
        except OSError as error:  # the lamp compares without this file
            log.warning("%s: the hub's rules cannot be written down: %s", self._path, error.strerror)
        self._known = digest


def read(state: Path) -> str | None:
    """What the hub said last; None when it said nothing yet, or the file cannot be read."""
    try:
        return (state / FILE).read_text("utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None
