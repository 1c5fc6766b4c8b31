"""Whether every loop of a program still moves: each beats, and has a longest silence that it may keep."""

from dataclasses import dataclass


@dataclass(slots=True)
class _Pulse:
    limit_ms: int
    last_ms: int


class Pulses:
    """The loops that must move. Times are monotonic ms given by the caller.

    `beat` may be called from any thread: it only overwrites one number. `watch` and `let_go` belong to the thread that
    puts the program together.
    """

    def __init__(self) -> None:
        self._pulses: dict[str, _Pulse] = {}

    def watch(self, name: str, limit_ms: int, now_ms: int) -> None:
        """From `now_ms` on `name` must beat at least every `limit_ms`."""
        self._pulses[name] = _Pulse(limit_ms, now_ms)

    def beat(self, name: str, now_ms: int) -> None:
        """`name` moved. A name that is not watched is of no interest."""
        pulse = self._pulses.get(name)
        if pulse is not None and now_ms > pulse.last_ms:  # a late beat of another thread turns nothing back
            pulse.last_ms = now_ms

    def let_go(self) -> None:
        """Nothing must beat any more: the program is ending."""
        self._pulses = {}

    def stuck(self, now_ms: int) -> tuple[str, ...]:
        """Names of the loops that were silent for longer than they may, longest over its limit first."""
        over = {name: now_ms - pulse.last_ms - pulse.limit_ms for name, pulse in self._pulses.items()}
        return tuple(sorted((name for name, ms in over.items() if ms > 0), key=lambda name: -over[name]))
