"""The number of a connection's life, by which a late farewell is told from a new birth."""

import logging
import time
from pathlib import Path

log = logging.getLogger("madomori.uplink")


def next_session(path: Path) -> int:
    """A number higher than every earlier session's, also when the clock was set back."""
    try:
        last = int(path.read_text("ascii"))
    except (FileNotFoundError, ValueError):
        last = 0
    session = max(last + 1, time.time_ns() // 1_000_000)
    temporary = path.with_suffix(".new")
    try:
        temporary.write_text(str(session), "ascii")
        temporary.replace(path)
    except OSError as error:  # a full or broken disk must not keep a call from going out
        log.warning("%s: the session's number cannot be written down: %s", path, error.strerror)
    return session
