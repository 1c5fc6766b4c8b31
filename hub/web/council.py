"""The figures for the council on harassment: what is left to share, and that it was shared (SET-14)."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from contract.problems import Problem
from hub.domain import council
from hub.domain.permissions import Action, allows
from hub.domain.statistics import Period
from hub.store import council as store
from hub.store.engine import begin_read
from hub.web.problems import Trouble
from hub.web.reports import write_down
from hub.web.site import site


class Shared(BaseModel):
    """The council has had the figures of this quarter of a fiscal year."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    year: int = Field(ge=2000, le=2200)
    part: Literal["q1", "q2", "q3", "q4"]


def left(role: str) -> Period | None:
    """The quarter whose figures are to be shared now, for those who share them."""
    if not allows(Action.STATISTICS_SHARE, role):
        return None
    here = site()
    quarter = council.quarter_over(here.rules.city, here.now())
    if quarter is None:
        return None
    with begin_read(here.engine) as connection:
        return quarter if store.is_left(connection, quarter) else None


def write_shared(shared: Shared) -> None:
    """Write it down; said again it is not written twice.

    Raises:
        Trouble: the quarter is not over.
    """
    quarter = Period("quarter", shared.year, int(shared.part[1:]))
    if council.span(quarter)[1] > site().now():
        raise Trouble(
            "invalid",
            errors=[Problem("part", shared.part, "まだ終わっていない四半期です。", "this quarter is not over.")],
        )
    with begin_read(site().engine) as connection:
        new = store.is_left(connection, quarter)
    if new:
        write_down(store.SHARED, None, year=shared.year, part=shared.part, profile=site().profile_digest)
