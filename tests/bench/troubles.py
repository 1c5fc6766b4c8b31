"""Boxes in trouble: a dead camera, a disk without space."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.figures import Broken
from support.stage import BIN, BoxOnStage, Stage

from device.adapters.control_unix import NobodyAnswers, call

SMALL_DISK = "64m"
READY_S = 40.0
RING_S = 12.0
"""The ring holds its ten seconds by then, so that a press has all of it to make durable."""


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A file system of its own at `folder`, in memory; False when this user may not make one."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK},mode=0700", "madomori-bench", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted and subprocess.run(["umount", str(folder)], capture_output=True, check=False).returncode != 0:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """No byte is free on the file system of `folder` meanwhile."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while file.write(b"\0" * size) == size:
                    pass
            except OSError:
                continue  # no space for a block of that size
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def running_box(stage: Stage, box: BoxOnStage, camera: str | None = None) -> Iterator[None]:
    """The simulated box with its ring filled. It shows no page: nothing but the box shall run."""
    log = (stage.directory / f"{box.name}.log").open("ab")
    command = [BIN / "madomori-box", "simulate", box.bundle, *(["--camera", camera] if camera else [])]
    with log:
        box.process = subprocess.Popen(
            command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
        )
    try:
        _wait_ready(stage, box)
        time.sleep(RING_S)
        yield
    finally:
        stage.stop_box(box)


def _wait_ready(stage: Stage, box: BoxOnStage) -> None:
    end_s = time.monotonic() + READY_S
    while True:
        try:
            if call(box.bundle / "state", {"do": "state"}, 5)["lamp"] in ("ready", "nobody", "fault"):
                return
        except NobodyAnswers:
            pass  # it has not begun to listen
        if time.monotonic() > end_s:
            print(stage.log_tail(box.name), file=sys.stderr)
            raise Broken(f"{box.name} did not become ready in {READY_S:.0f} s")
        time.sleep(0.05)
