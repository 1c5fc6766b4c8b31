"""Saying again that recording goes on, every so often as the policy wants."""


class Reminder:
    """Counts on the monotonic clock (ms), from when it is first wanted; what is not wanted is forgotten."""

    def __init__(self, every_ms: int | None) -> None:
        self._every_ms = every_ms
        self._at_ms: int | None = None

    def due(self, now_ms: int, *, wanted: bool) -> bool:
        """Whether it is to be said now."""
        if not wanted or not self._every_ms:
            self._at_ms = None
            return False
        if self._at_ms is not None and now_ms < self._at_ms:
            return False
        first, self._at_ms = self._at_ms is None, now_ms + self._every_ms
        return not first

    @property
    def next_ms(self) -> int | None:
        """When it is said next; None when it is not wanted."""
        return self._at_ms
