"""The web process: gunicorn with one threaded worker. One, because the live streams' queues live in the process."""

import gc
import resource
import socket
import ssl
import struct
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from hub.config import HubConfig, load
from hub.evidence import storage
from hub.poke import Listener
from hub.web import create_app
from hub.web.http_worker import WAITS_MAX, Worker
from hub.web.site import KEY, Site

SPARE_THREADS: Final = 32
"""For requests that are served. Beside them, one thread for every open stream and for every request on its way."""

OWN_FILES: Final = 256
"""Open files beside the connections: database, recordings, logs."""

GRACEFUL_S: Final = 3
KEEPALIVE_S: Final = 15

SILENCE_S: Final = 20
"""How long a peer may stay silent in the middle of a request or an answer."""


def serve(directory: Path) -> None:
    """Serve the site in `directory` until SIGTERM. Never returns: gunicorn leaves the process.

    Raises:
        Refused: settings or profile have problems.
    """
    config = load(directory)
    allow_open_files(_threads(config) * 4 + OWN_FILES)
    _Server(config).run()


def allow_open_files(wanted: int) -> None:
    """As many as the system lets us have, at most `wanted`: every connection is one, and many systems begin at 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    possible = wanted if hard == unlimited else min(wanted, hard)
    if soft != unlimited and soft < possible:
        resource.setrlimit(resource.RLIMIT_NOFILE, (possible, hard))


def _threads(config: HubConfig) -> int:
    return config.web.stream_cap + WAITS_MAX + SPARE_THREADS


def _connections(threads: int) -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return threads * 4 if soft == resource.RLIM_INFINITY else min(threads * 4, max(soft - OWN_FILES, threads + 1))


class _Log(Logger):
    """Gunicorn's log without a trace for every peer that fell silent."""

    def exception(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        if not isinstance(sys.exc_info()[1], BlockingIOError):
            super().exception(msg, *args, **kwargs)


class _Server(BaseApplication):
    """Gunicorn with our settings only: no command line, no environment, no settings file."""

    def __init__(self, config: HubConfig) -> None:
        self._config = config
        super().__init__()

    def load_config(self) -> None:
        for name, value in options(self._config).items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Called in the worker, after the fork: the database's connections belong to one process."""
        storage.sweep(self._config.places.directory / "evidence")
        return create_app(self._config)


def options(config: HubConfig) -> dict[str, Any]:
    """Gunicorn's settings for a site."""
    threads = _threads(config)
    host = f"[{config.http.host}]" if ":" in config.http.host else config.http.host
    chosen: dict[str, Any] = {
        "bind": f"{host}:{config.http.port}",
        "workers": 1,
        "worker_class": Worker,
        "threads": threads,
        "worker_connections": _connections(threads),
        "graceful_timeout": GRACEFUL_S,
        "timeout": 30,
        "keepalive": KEEPALIVE_S,
        "forwarded_allow_ips": "",
        "secure_scheme_headers": {},
        "control_socket_disable": True,
        "proc_name": f"madomori-web {config.site}",
        "loglevel": "warning",
        "logger_class": _Log,
        "when_ready": limit_silence,
        "post_worker_init": start_threads(config.places.directory),
    }
    if config.http.uses_tls:
        chosen |= {
            "certfile": str(config.places.server_certificate),
            "keyfile": str(config.places.server_key),
            "ssl_context": _tls,
        }
    if Path("/dev/shm").is_dir():  # noqa: S108 - gunicorn's heartbeat file, on memory instead of an SD card
        chosen["worker_tmp_dir"] = "/dev/shm"  # noqa: S108
    return chosen


def _tls(_config: object, default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    context = default()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def limit_silence(server: Any) -> None:
    """Let go of peers that neither send nor take anything. Set on the listening sockets; connections inherit it.

    A thread is the scarcest thing here: without this, slow senders hold one for ever (faults U09), and a PC whose cable
    was pulled counts for a quarter of an hour as somebody who can respond (TCP's own patience).
    """
    patience = struct.pack("ll", SILENCE_S, 0)
    for listener in server.LISTENERS:
        opened: socket.socket = listener.sock
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, patience)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, patience)
        if opened.family in (socket.AF_INET, socket.AF_INET6):
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENCE_S * 1000)


def start_threads(directory: Path) -> Callable[[Any], None]:
    """What gunicorn calls in its worker once the application stands: live streams begin, and end with the worker.

    What people are going to ask for is made ready meanwhile.
    """

    def start(worker: Any) -> None:
        site: Site = worker.wsgi.extensions[KEY]
        site.broadcaster.start(Listener(directory, "web"), lambda: worker.alive)
        site.presence.start(lambda: worker.alive)
        site.setter.ahead = True
        ahead = (worker.wsgi, lambda: worker.alive)
        threading.Thread(target=read_ahead, args=ahead, name="ahead", daemon=True).start()

    return start


def read_ahead(app: Flask, alive: Callable[[], bool] = lambda: True) -> None:
    """Make the templates and figures ready that the first person who asks would wait for. Any thread.

    What stands then stays as long as the process, so the collector leaves it out: looking through all of it would stop
    every page and stream for a moment, again and again (docs/performance.md).
    """
    site: Site = app.extensions[KEY]
    for name in app.jinja_env.list_templates(extensions=["html"]):
        if not alive():
            return
        app.jinja_env.get_template(name)
    site.months.read_ahead(site.engine, site.now(), alive)
    gc.collect()
    gc.freeze()
