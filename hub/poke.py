"""Wake-ups between the hub's processes: an empty Unix datagram that says "look at the database".

A lost poke costs at most one polling interval, so nothing here waits or retries. Names in use: `web` (the worker has
committed changes), `worker` (a page has committed deeds or commands).
"""

import os
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from hub.places import Places


def poke(directory: Path, name: str) -> None:
    """Wake the listener `name` of the site in `directory`, if there is one. Never blocks. Any thread."""
    try:
        with short_name(Places(directory).run) as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(b"", f"{folder}/{name}.sock")
    except (FileNotFoundError, ConnectionRefusedError):
        return  # nobody listens
    except BlockingIOError:
        return  # its queue is full of pokes: it will wake anyway


class Listener:
    """Receives pokes. One thread; a second listener of the same name takes the name over.

    Raises:
        OSError: the site's run folder cannot be written.
    """

    def __init__(self, directory: Path, name: str) -> None:
        run = Places(directory).run
        run.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = run / f"{name}.sock"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._path.unlink(missing_ok=True)
        with short_name(run) as folder:
            self._socket.bind(f"{folder}/{name}.sock")
        self._inode = self._path.stat().st_ino

    def fileno(self) -> int:
        """For `select`."""
        return self._socket.fileno()

    def wait(self, timeout_s: float) -> bool:
        """Sleep until a poke or the end of `timeout_s`; whether it was a poke. Several pokes count as one."""
        if not select.select([self._socket], [], [], timeout_s)[0]:
            return False
        try:
            while True:
                self._socket.recv(16)
        except BlockingIOError:
            return True

    def close(self) -> None:
        """Give the name free, unless another listener has it by now."""
        self._socket.close()
        try:
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()
        except FileNotFoundError:
            return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def short_name(folder: Path) -> Iterator[str]:
    """A name of `folder` that fits the 108 bytes of a Unix socket's address, however deep the site lies (unix(7))."""
    handle = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}"
    finally:
        os.close(handle)
