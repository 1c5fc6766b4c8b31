"""Lives of spool and recorder that are cut short by SIGKILL, many a second: a program that forks one child a life.

`spool FOLDER COUNT SEED [liar]` kills at random moments; `segments FOLDER` kills before,
in the middle of and after every write, fsync and rename in turn. One JSON object a life goes to stdout; what was called
durable comes through a pipe, which a kill cannot take back. `liar` is the known-bad spool: it answers, then commits.
"""

import json
import os
import random
import select
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any, Final, Literal

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.desk import Desk
from support.segments import SealedLives

from contract.evidence import check_chain
from device.adapters import spool_sqlite
from device.adapters.spool_sqlite import SpoolWriter
from device.core.events import Persisted
from hub.evidence.intake import verify

ACKS_MAX: Final = 12
MOMENT_S: Final = 0.006


def lived(live: Callable[[int], None], until: Callable[[int, int], None] | None = None) -> tuple[list[str], bool]:
    """What a child that runs `live(pipe)` called durable, and whether it was killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            live(writing)
        finally:
            os._exit(3)
    os.close(writing)
    if until is not None:
        until(child, reading)
    said = b""
    while piece := os.read(reading, 65536):
        said += piece
    os.close(reading)
    _, status = os.waitpid(child, 0)
    return said.decode().split(), os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def kill_at_random(chance: random.Random) -> Callable[[int, int], None]:
    """Waits for the first answers, then for a moment, then kills."""
    moment_s = chance.uniform(0, MOMENT_S)

    def wait_and_kill(child: int, reading: int) -> None:
        select.select([reading], [], [], 10)
        end_s = time.monotonic() + moment_s
        while time.monotonic() < end_s:
            pass
        os.kill(child, signal.SIGKILL)

    return wait_and_kill


# --- spool ------------------------------------------------------------------------------------------------------------


def press_and_persist(path: Path, liar: bool) -> Callable[[int], None]:
    """Presses, and says each event that the spool calls durable."""

    def live(pipe: int) -> None:
        def told(answer: Any) -> None:
            if isinstance(answer, Persisted):
                os.write(pipe, "".join(f"{one}\n" for one in answer.event_ids).encode())

        if liar:
            honest = SpoolWriter._commit

            def answer_first(self: SpoolWriter, batch: list[Any]) -> bool:
                told(Persisted(tuple(one.id for one in batch if hasattr(one, "body"))))
                return honest(self, batch)

            SpoolWriter._commit = answer_first  # type: ignore[method-assign]
        writer = SpoolWriter(path, told)
        writer.start()
        desk, kept = Desk(), 0
        while True:
            desk.tap()
            for event in desk.events()[kept:]:
                writer.persist(event)
            kept = len(desk.events())
            time.sleep(0.0005)

    return live


def spool_life(folder: Path, made: Path, number: int, seed: int, liar: bool) -> dict[str, Any]:
    """One life, and what was lost of it."""
    path = folder / f"{number}.db"
    shutil.copy(made, path)
    said, killed = lived(press_and_persist(path, liar), kill_at_random(random.Random(f"{seed}-{number}")))
    with closing(sqlite3.connect(path)) as connection:
        whole = connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        stored = {row[0] for row in connection.execute("SELECT id FROM event")}
    for file in folder.glob(f"{number}.db*"):
        file.unlink()
    return {"killed": killed, "said": len(said), "lost": sorted(set(said) - stored), "whole": whole}


def spool(folder: Path, lives: int, seed: int, liar: bool) -> None:
    """So many lives."""
    made = folder / "made.db"
    spool_sqlite._RESERVE_BYTES = 64 * 1024  # type: ignore[misc]  # reserving space at each start is not what is tried
    SpoolWriter(made, lambda _: None).close()
    for number in range(lives):
        print(json.dumps(spool_life(folder, made, number, seed, liar)), flush=True)


# --- segments ---------------------------------------------------------------------------------------------------------

Phase = Literal["before", "half", "after"]


class KillAt:
    """Kills this process at the Nth durable operation of `device.recorder.store`."""

    def __init__(self, nth: int, phase: Phase) -> None:
        self._left, self._phase = nth, phase

    def around(self, operation: Callable[[], Any], half: Callable[[], Any]) -> Any:
        """Do `operation`, unless it is the one."""
        self._left -= 1
        if self._left:
            return operation()
        if self._phase == "after":
            operation()
        elif self._phase == "half":
            half()
        os.kill(os.getpid(), signal.SIGKILL)
        return None

    def install(self) -> None:
        """Put it in the way of fsync, rename and write. In a child that ends soon."""
        fsync, replace, opened = os.fsync, os.replace, os.fdopen
        patched: Any = os
        patched.fsync = lambda handle: self.around(lambda: fsync(handle), int)
        patched.replace = lambda a, b: self.around(lambda: replace(a, b), int)
        kill = self

        class Half:
            def __init__(self, file: Any) -> None:
                self._file = file

            def write(self, view: memoryview) -> int:
                written = kill.around(lambda: self._file.write(view), lambda: self._file.write(view[: len(view) // 2]))
                return int(written)

            def __getattr__(self, name: str) -> Any:
                return getattr(self._file, name)

            def __enter__(self) -> "Half":
                return self

            def __exit__(self, *_: object) -> None:
                self._file.close()

        def open_handle(handle: int, mode: str = "r", *given: Any, **named: Any) -> Any:
            file = opened(handle, mode, *given, **named)
            return Half(file) if mode == "wb" else file

        patched.fdopen = open_handle


def segment_life(folder: Path, nth: int, phase: Phase) -> dict[str, Any]:
    """A recording killed at one point, gone on with by a new boot, and closed."""
    lives = SealedLives(folder)

    def live(pipe: int) -> None:
        KillAt(nth, phase).install()
        lives.record(range(4), lambda seq: os.write(pipe, f"{seq}\n".encode()))

    said, killed = lived(live)
    before = lives.stored()
    check_chain(((one.record, one.signature) for one in before), verify)
    lost = sorted({int(seq) for seq in said} - set(range(len(before))))
    lives.record(range(len(before), len(before) + 2), lambda _: None, close=True)
    after = lives.stored()
    check_chain(((one.record, one.signature) for one in after), verify)
    went_on = len(after) == len(before) + 2 and after[: len(before)] == before
    shutil.rmtree(folder)
    return {"killed": killed, "said": len(said), "lost": lost, "whole": went_on, "at": f"{nth} {phase}"}


def segments(folder: Path) -> None:
    """Every point there is, until a life is not killed any more."""
    phases: tuple[Phase, ...] = ("before", "half", "after")
    for phase in phases:
        for nth in count(1):
            life = segment_life(folder / f"{phase}-{nth}", nth, phase)
            print(json.dumps(life), flush=True)
            if not life["killed"]:
                break


if __name__ == "__main__":
    if sys.argv[1] == "spool":
        spool(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), "liar" in sys.argv[5:])
    else:
        segments(Path(sys.argv[2]))
