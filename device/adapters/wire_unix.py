"""Datagrams between the box's two processes. Losing one is harmless: the spool is the truth, these save waiting."""

import errno
import json
import os
import socket
from pathlib import Path
from typing import Any, Final

BOX: Final = "box.sock"
UPLINK: Final = "uplink.sock"

_BUFFER_BYTES: Final = 1 << 20
_DATAGRAM_BYTES_MAX: Final = 128 * 1024


class Mailbox:
    """One end: receives under its own name, sends to another's. `send` is safe from any thread."""

    def __init__(self, directory: Path, own: str, other: str) -> None:
        """Take the name `own` in `directory`.

        Raises:
            OSError: the directory is missing or not writable.
        """
        # A path through the directory's descriptor stays under the 108 bytes of sun_path however deep it lies.
        self._directory = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        own_path = f"/proc/self/fd/{self._directory}/{own}"
        self._other = f"/proc/self/fd/{self._directory}/{other}"
        Path(own_path).unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
        self._socket.bind(own_path)
        Path(own_path).chmod(0o600)
        self._sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
        self._sender.setblocking(False)

    def send(self, message: dict[str, Any]) -> bool:
        """Send without waiting; False when nobody takes it, which the other end mends from the spool."""
        try:
            self._sender.sendto(json.dumps(message).encode(), self._other)
        except (FileNotFoundError, ConnectionRefusedError, BlockingIOError):
            return False
        except OSError as error:
            if error.errno in (errno.EMSGSIZE, errno.ENOBUFS):
                return False
            raise
        return True

    def receive(self, timeout_s: float | None) -> dict[str, Any] | None:
        """The next message, or None when none came in time or the mailbox was closed."""
        self._socket.settimeout(timeout_s)
        try:
            return dict(json.loads(self._socket.recv(_DATAGRAM_BYTES_MAX)))
        except (TimeoutError, ValueError):
            return None

    def fileno(self) -> int:
        """For `selectors`."""
        return self._socket.fileno()

    def close(self) -> None:
        """Give the name back."""
        self._socket.close()
        self._sender.close()
        os.close(self._directory)
