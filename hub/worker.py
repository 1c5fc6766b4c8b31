"""The worker process: ingest, clocks and alerts. Never inside a web server process."""

import signal
import threading

from hub.config import HubConfig
from hub.supervisor import SingleInstance


def run(config: HubConfig) -> int:
    """Run until SIGTERM or SIGINT; the exit code. Main thread only."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with SingleInstance(config, "worker"):
        stop.wait()
    return 0
