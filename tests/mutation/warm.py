"""Runs the tests of one mutant after another, each in a fork of a process that has loaded pytest already.

Run by `mutants.py` with the project's Python, inside a copy of the source. Reads a time limit (seconds) for each run
from its standard input, answers with one line of JSON. Nothing of ours is loaded here: each fork reads the mutant anew.
"""

import importlib
import json
import os
import select
import signal
import sys
import tempfile
import time
from pathlib import Path

LOADED_BEFORE = (
    "hypothesis.stateful", "hypothesis.strategies", "playwright.sync_api", "pydantic", "pytest", "_pytest.doctest",
)  # fmt: skip
"""Libraries that the tests load: a second's work that need not be done for each mutant."""


def main(tests: list[str]) -> None:
    """Answer until the input ends."""
    for name in LOADED_BEFORE:
        importlib.import_module(name)
    sys.path.insert(0, str(Path.cwd()))
    for line in sys.stdin:
        print(json.dumps(run(tests, float(line))), flush=True)


def run(tests: list[str], limit_s: float) -> dict[str, object]:
    """One run of the tests."""
    began_s = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        child = os.fork()
        if child == 0:
            os.setsid()
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            import pytest

            arguments = [
                "-x",
                "-q",
                "--no-header",
                "--assert=plain",  # nobody reads what a mutant's test says: an assert need not be rewritten for it
                "-W",
                "ignore::pytest.PytestAssertRewriteWarning",
                "-p",
                "no:cacheprovider",
                "-p",
                "no:xdist",
                "-p",
                "no:cov",
            ]
            os._exit(int(pytest.main([*arguments, *tests])))
        status = _ended(child, limit_s)
        output.seek(0)
        said = output.read()[-4000:]
    return {"failed": status != 0, "seconds": time.monotonic() - began_s, "output": said}


def _ended(child: int, limit_s: float) -> int:
    """The exit status; a child that takes longer than `limit_s` is ended."""
    watch = os.pidfd_open(child)
    try:
        if not select.select([watch], [], [], limit_s)[0]:
            os.killpg(child, signal.SIGKILL)
    finally:
        os.close(watch)
    return os.waitpid(child, 0)[1]


if __name__ == "__main__":
    main(sys.argv[1:])
