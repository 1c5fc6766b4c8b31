"""What a reader may know of a timeline entry (SHI-39, SHI-40). Pure.

A worker's health, and the words of the one who was harmed, are for those who look after them and for those who judge;
everybody else sees that they were written down.
"""

from collections.abc import Mapping
from typing import Any, Final

from hub.domain.incident import Entry
from hub.domain.permissions import Action, allows, roles_for
from hub.domain.tasks import CARERS

INSIDERS: Final = CARERS | set(roles_for(Action.JUDGE))
"""Who reads what was written about harm."""

_HURT: Final = ("hurt",)


def told_to(role: str, kind: str, text: str, data: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The words and the data of an entry as `role` may see them; None: it is not shown at all."""
    if data.get("private") and role not in CARERS:
        return None
    if kind == Entry.DISCLOSURE and not allows(Action.DISCLOSURES_READ, role):
        return None
    if kind != Entry.ACCOUNT or role in INSIDERS:
        return text, dict(data)
    if data.get("kind") == "statement":
        return "", {"kind": "statement", "withheld": ["text"]}
    if any(data.get(name) for name in _HURT):  # asked of damage, but said with any account by whoever uses the API
        rest = {name: value for name, value in data.items() if name not in _HURT}
        return text, {**rest, "withheld": list(_HURT)}
    return text, dict(data)
