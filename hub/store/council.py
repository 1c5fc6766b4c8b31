"""Whether the council on harassment has had the figures of a quarter: somebody wrote down that they were shared."""

from typing import Final

from sqlalchemy import Connection, exists, select

from hub.domain.council import span
from hub.domain.statistics import Period
from hub.store.practices import IN_EARNEST
from hub.store.schema import access, incident

SHARED: Final = "statistics.shared"


def is_left(connection: Connection, quarter: Period) -> bool:
    """Whether there is anything to share of it that nobody has shared."""
    begins, ends = span(quarter)
    had = select(exists().where(incident.c.pressed_at >= begins, incident.c.pressed_at < ends, IN_EARNEST))
    if not connection.execute(had).scalar_one():
        return False
    told = connection.execute(select(access.c.data).where(access.c.act == SHARED, access.c.at >= ends)).scalars()
    return not any((one.get("year"), one.get("part")) == (quarter.year, f"q{quarter.number}") for one in told)
