"""The calls of the last twelve months with their answers, as `hub.domain.response` wants them."""

from datetime import datetime

from sqlalchemy import Connection, select

from hub.domain.incident import Origin
from hub.domain.response import OVER, Asked
from hub.store.practices import IN_EARNEST
from hub.store.schema import incident

_COLUMNS = [incident.c[name] for name in Asked.__dataclass_fields__]


def asked(connection: Connection, now: datetime) -> list[Asked]:
    """Every call that was raised within `OVER` before `now`; nobody is called by a post."""
    rows = connection.execute(
        select(*_COLUMNS).where(incident.c.raised_at > now - OVER, incident.c.origin != Origin.POST.value, IN_EARNEST)
    )
    return [Asked(**row._mapping) for row in rows]
