"""Faults: raised once, cleared once, shown until cleared."""

from contract.messages import Body, FaultCleared, FaultRaised


class Faults:
    """The faults that stand now."""

    def __init__(self) -> None:
        self._standing: dict[str, str] = {}

    def seen(self, fault: str, detail: str) -> Body | None:
        """Note a fault; the wire body to send, or None when it stands already."""
        if fault in self._standing:
            return None
        self._standing[fault] = detail
        return FaultRaised(fault=fault, detail=detail[:200])

    def gone(self, fault: str) -> Body | None:
        """Note that it works again; the wire body to send, or None when it was not standing."""
        return FaultCleared(fault=fault) if self._standing.pop(fault, None) is not None else None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the standing faults, oldest first."""
        return tuple(self._standing)
