"""The rules of a site: the city's profile and the units' own files beside it, read once when a process starts."""

import structlog

from contract import units
from contract.units import Rules, Written
from hub.config import read_text
from hub.places import Places

_log = structlog.get_logger()


def load_rules(places: Places) -> Rules:
    """The rules that hold in this site. Every file of the folder `units` that ends in .toml counts.

    Raises:
        Refused: a file cannot be read; or every problem of every file, together.
    """
    files = sorted(places.units.glob("*.toml")) if places.units.is_dir() else []
    written = [Written(path.stem, str(path), read_text(path)) for path in files]
    return units.rules(read_text(places.profile), str(places.profile), written)


def log_overrides(rules: Rules) -> None:
    """Say in the log which of the city's rules a unit has replaced, from this start on."""
    for one in rules.units:
        for changed in one.overrides:
            _log.info(
                "unit.override",
                unit=one.unit.id,
                field=changed.field,
                old=changed.old,
                new=changed.new,
                source=f"{changed.decided.by} {changed.decided.on.isoformat()}",
            )
