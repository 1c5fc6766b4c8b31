"""What the append-only log says about an entry of the timeline: the digest of everything that stands in it. Pure."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final

from contract.codec import canonical
from contract.evidence import digest

LEAF: Final = "leaf"
"""Where an entry's `data` says at which place of the log its digest stands; not part of the digest itself."""

_FIELDS: Final = (
    "incident", "kind", "source", "actor", "actor_name", "actor_role", "text", "profile_digest",
)  # fmt: skip


def entry_digest(entry: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON of an entry, by the columns of `timeline` ("sha256:…")."""
    times = {name: entry[name].astimezone(UTC).isoformat() for name in ("at", "recorded_at")}
    data = {name: value for name, value in entry["data"].items() if name != LEAF}
    return digest(canonical({**{name: entry[name] for name in _FIELDS}, **times, "data": data}))
