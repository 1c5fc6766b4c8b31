"""A lamp that can be looked at: it keeps what it shows, and tells whoever watches."""

import threading
from collections.abc import Callable

from device.core.lamp import LampView
from device.ports import Post


class SimulatedLamp:
    """Shows by remembering. `show` is called on the runner's thread; the rest is safe from any thread."""

    def __init__(self) -> None:
        self._view: LampView | None = None
        self._watchers: list[Callable[[LampView], None]] = []
        self._lock = threading.Lock()

    def start(self, post: Post) -> None:
        """Nothing of it can fail."""

    def show(self, view: LampView) -> None:
        """Show `view` at once."""
        with self._lock:
            self._view = view
            watchers = list(self._watchers)
        for watcher in watchers:
            watcher(view)

    def close(self) -> None:
        """What it showed last stays to be looked at."""

    @property
    def view(self) -> LampView | None:
        """What it shows now."""
        return self._view

    def watch(self, watcher: Callable[[LampView], None]) -> Callable[[], None]:
        """Call `watcher` with each new view, on the runner's thread; gives back how to stop."""
        with self._lock:
            self._watchers.append(watcher)

        def stop() -> None:
            with self._lock:
                self._watchers.remove(watcher)

        return stop
