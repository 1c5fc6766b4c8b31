"""Faults: raised once, cleared once, shown until cleared."""

from typing import Final

from contract.messages import Body, FaultCleared, FaultRaised

PROFILE_MISMATCH: Final = "profile_mismatch"
"""The box's rules are not the hub's (decision 0010). It is shown and told, and stops neither a call nor a recording."""


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

    def compared(self, own: str, hub: str | None) -> Body | None:
        """Note whether this box follows the hub's rules, by their digests; the wire body to send, if that is new.

        A hub that says none is an older one, and nothing is known against it.
        """
        if hub in (None, own):
            return self.gone(PROFILE_MISMATCH)
        return self.seen(PROFILE_MISMATCH, f"box {own}, hub {hub}")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the standing faults, oldest first."""
        return tuple(self._standing)
