"""A deed from a page or from the API: permission, one write transaction, then the wake-ups."""

from hub import deeds
from hub.deeds import Once, SiteRules
from hub.domain.deed import DeedRefused, needed
from hub.domain.incident import NotPossible
from hub.domain.saying import Said
from hub.store.engine import begin_write
from hub.web import labels
from hub.web.gate import caller, require
from hub.web.practice_seen import require_sight
from hub.web.problems import Trouble
from hub.web.site import site


def act(incident_id: str, said: Said, once: Once | None) -> bool:
    """Do it, or say in the reader's words why not; False when this request came before.

    Raises:
        Trouble: not allowed, unknown, not possible, or a field does not fit.
    """
    require(*needed(said))
    here = site()
    rules = SiteRules(here.rules_of, here.digest_of, here.roster)
    try:
        with begin_write(here.engine) as connection:
            box = deeds.box_of(connection, incident_id)
            require_sight(connection, box, incident_id)
            done = deeds.perform(connection, incident_id, said, caller().person, here.now(), rules, once)
    except deeds.UnknownIncident as error:
        raise Trouble("not-found") from error
    except deeds.KeyUsedDifferently as error:
        raise Trouble("key-reused") from error
    except NotPossible as error:
        raise Trouble("not-possible", {"state": labels.STATES[error.state.value]}) from error
    except DeedRefused as error:
        raise Trouble("invalid", errors=list(error.problems)) from error
    if done:
        here.poke("web")
        here.poke("worker")
    return done
