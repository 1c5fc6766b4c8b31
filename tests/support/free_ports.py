"""Ports for servers under test."""

import itertools
import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 10_240


def _candidates() -> Iterator[int]:
    """Below the ports that the kernel gives to outgoing connections: one of those may take a port while its server is
    down, and then the server cannot come back. Each process walks the ports from another place, none twice.
    """
    try:
        top = int(_RANGE.read_text("ascii").split()[0])
    except OSError:
        top = 32_768
    ports = list(range(_LOWEST, max(top, _LOWEST + 1000)))
    random.Random(os.getpid()).shuffle(ports)
    return itertools.cycle(ports)


_ports = _candidates()


def free_port() -> int:
    """A port that was free a moment ago, and that no outgoing connection will take."""
    for port in itertools.islice(_ports, 20_000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no port is free")
