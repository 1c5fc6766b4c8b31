"""Is a stream alive, and which faults stand? One fault, one return."""

import threading

from device.core.events import FaultGone, FaultSeen
from device.ports import Post


class Faults:
    """The faults that stand. Posts each once when it comes and once when it goes. Safe from any thread."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._lock = threading.Lock()
        self._standing: set[str] = set()

    def seen(self, fault: str, detail: str) -> None:
        """`fault` is there; said again while it stands it changes nothing."""
        with self._lock:
            if fault not in self._standing:
                self._standing.add(fault)
                self._post(FaultSeen(fault, detail[:200]))

    def gone(self, fault: str) -> None:
        """`fault` is over."""
        with self._lock:
            if fault in self._standing:
                self._standing.discard(fault)
                self._post(FaultGone(fault))

    def stands(self, fault: str) -> bool:
        """Whether `fault` is there now."""
        with self._lock:
            return fault in self._standing


class StreamWatch:
    """Life of one stream by the capture times of its packets, in monotonic ms. Used by the writer thread alone."""

    def __init__(self, stall_ms: int, steady_ms: int) -> None:
        self._stall_ms = stall_ms
        self._steady_ms = steady_ms
        self._first_ms: int | None = None
        self._last_ms: int | None = None

    def packet(self, at_ms: int) -> None:
        """A packet captured at `at_ms` came."""
        if self._first_ms is None or self._last_ms is None or at_ms - self._last_ms > self._steady_ms:
            self._first_ms = at_ms  # it begins anew after a pause
        self._last_ms = at_ms

    def broke(self) -> None:
        """The stream ended with an error: only what comes from now on can be steady again."""
        self._first_ms = None

    def never_came(self) -> bool:
        """Nothing has come since the start."""
        return self._last_ms is None

    def age_ms(self, now_ms: int) -> int | None:
        """Since the newest packet was captured; None when nothing ever came. Safe from any thread."""
        last_ms = self._last_ms
        return None if last_ms is None else max(0, now_ms - last_ms)

    def is_live(self, now_ms: int) -> bool:
        """Something came within the stall time."""
        return self._last_ms is not None and now_ms - self._last_ms < self._stall_ms

    def is_steady(self, now_ms: int) -> bool:
        """It has run without a pause for the steady time, and still does."""
        if self._first_ms is None or self._last_ms is None or now_ms - self._last_ms >= self._steady_ms:
            return False
        return self._last_ms - self._first_ms >= self._steady_ms
