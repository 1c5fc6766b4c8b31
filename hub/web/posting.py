"""Opening an incident about a post: permission, one write transaction, then the wake-ups."""

from hub import deeds, posts
from hub.deeds import Once, SiteRules
from hub.domain.deed import DeedRefused
from hub.domain.post_saying import Found
from hub.store.engine import begin_write
from hub.web.gate import caller
from hub.web.problems import Trouble
from hub.web.site import site


def open_post(said: Found, once: Once | None) -> tuple[str, bool]:
    """The incident's id, and whether it is new.

    Raises:
        Trouble: a field does not fit, or the key was used for something else.
    """
    here = site()
    rules = SiteRules(here.rules_of, here.digest_of, here.roster)
    try:
        with begin_write(here.engine) as connection:
            id, new = posts.open_post(connection, said, caller().person, here.now(), rules, here.profile_digest, once)
    except deeds.KeyUsedDifferently as error:
        raise Trouble("key-reused") from error
    except DeedRefused as error:
        raise Trouble("invalid", errors=list(error.problems)) from error
    if new:
        here.poke("web")
        here.poke("worker")
    return id, new
