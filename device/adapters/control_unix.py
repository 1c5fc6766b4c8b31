"""A socket in the box's state folder, by which programs on the same machine ask the running box something.

A question is a line of JSON with `do`, the answer a line of JSON. Only the box's own user can reach it.
"""

import contextlib
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

NAME: Final = "control.sock"
LINE_BYTES_MAX: Final = 4_096

Answer = Callable[[dict[str, Any]], dict[str, Any]]


class NobodyAnswers(Exception):
    """No box runs on this bundle, or it does not answer in time."""


class ControlSocket:
    """Answers on threads of its own until closed. An answer may raise ValueError, KeyError or TypeError on nonsense."""

    def __init__(self, state: Path, answers: dict[str, Answer]) -> None:
        """Take the place in the folder `state`.

        Raises:
            OSError: the folder is missing or not writable.
        """
        self._answers = answers
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with _short_path(state) as path:
            Path(path).unlink(missing_ok=True)
            self._listener.bind(path)
            Path(path).chmod(0o600)
        self._listener.listen(8)

    def start(self) -> None:
        """Begin to answer."""
        threading.Thread(target=self._serve, name="control", daemon=True).start()

    def close(self) -> None:
        """Answer no more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits in accept
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._answer, args=(connection,), name="control-call", daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rw", encoding="utf-8") as stream, contextlib.suppress(OSError):
            while line := stream.readline(LINE_BYTES_MAX):
                stream.write(json.dumps(self._call(line)) + "\n")
                stream.flush()

    def _call(self, line: str) -> dict[str, Any]:
        try:
            call = dict(json.loads(line))
            answer = self._answers.get(str(call.get("do")))
            return {"ok": False, "error": "unknown call"} if answer is None else answer(call)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return {"ok": False, "error": f"not understood: {error}"}


def call(state: Path, message: dict[str, Any], timeout_s: float) -> dict[str, Any]:
    """Ask the box that runs on the bundle with this `state` folder.

    Raises:
        NobodyAnswers: none runs, or it does not answer in time.
    """
    try:
        with _short_path(state) as path, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout_s)
            connection.connect(path)
            connection.sendall(json.dumps(message).encode() + b"\n")
            answer = connection.makefile("r", encoding="utf-8").readline()
            return dict(json.loads(answer))
    except (OSError, ValueError) as error:
        raise NobodyAnswers(str(error)) from error


@contextlib.contextmanager
def _short_path(state: Path) -> Iterator[str]:
    """The socket's path through a descriptor: sun_path holds 108 bytes, a bundle may lie deeper."""
    descriptor = os.open(state, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{NAME}"
    finally:
        os.close(descriptor)
