"""An incident that begins with a post on the internet, written in the caller's one write transaction.

The caller commits, then pokes `web` and `worker`.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from contract.problems import Problem
from hub import deeds
from hub.deeds import Once, SiteRules
from hub.domain import posts
from hub.domain.deed import DeedRefused, Person
from hub.domain.incident import Origin
from hub.domain.post_saying import Found
from hub.domain.saying import Mark
from hub.store.opening import Holding, Opening, open_incident
from hub.store.practices import AT_COUNTERS
from hub.store.schema import box

PLACES: Final = {
    "x": "X", "youtube": "YouTube", "tiktok": "TikTok", "instagram": "Instagram", "facebook": "Facebook",
    "blog": "ブログ", "other": "その他",
}  # fmt: skip
"""The services as they stand where a counter's name stands."""


def open_post(
    connection: Connection, said: Found, who: Person, now: datetime, rules: SiteRules, digest: str, once: Once | None
) -> tuple[str, bool]:
    """The incident's id, and whether it is new: a request that came before gets what it got then.

    The mark that a post was seen is set at the discovery, so that watch dates, cards and counts follow as from any
    incident with that mark.

    Raises:
        DeedRefused: there is no such counter, or a time cannot be meant.
        KeyUsedDifferently: see there.
    """
    if once is not None and deeds.came_before(connection, who, once, now):
        return deeds.made(connection, who, once), False
    problems = posts.found_problems(said, now)
    known = connection.execute(
        select(box.c.name).where(box.c.name == said.box, box.c.revoked_at.is_(None), AT_COUNTERS)
    )
    if known.one_or_none() is None:
        problems.append(Problem("box", said.box, "登録されていない窓口です。", "no such counter is enrolled."))
    if problems:
        raise DeedRefused(*problems)
    found_at = min(said.found_at, now)
    profile, _ = rules.of_box(said.box)
    fields = {"reported_at": now.isoformat(), **posts.form_fields(said)}
    opening = Opening(
        Origin.POST, said.box, f"インターネット（{PLACES[said.service]}）", found_at,
        data={"service": said.service, "sns": fields},
    )  # fmt: skip
    id = open_incident(connection, opening, who, now, Holding(profile, digest, rules.roster))
    deeds.perform(connection, id, Mark(mark="act", act="online", at=said.found_at.isoformat()), who, now, rules)
    if once is not None:
        deeds.keep_made(connection, who, once, id)
    return id, True
