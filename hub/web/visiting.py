"""Planning a visit, and deeds on one, from a page or from the API: permission, one write transaction, the wake-ups."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from hub import deeds, visits
from hub.deeds import Once
from hub.domain import visit_saying as saying
from hub.domain.decision import DeedRefused
from hub.domain.permissions import Action
from hub.domain.visit import NotPossible
from hub.store.engine import begin_write
from hub.store.opening import Holding
from hub.visits import UnknownVisit, VisitRules
from hub.web import visit_labels
from hub.web.gate import caller, require
from hub.web.problems import Trouble
from hub.web.site import site
from hub.web.visit_readings import machine

DEEDS: Final[dict[str, tuple[type[saying.Deed], Action, str]]] = {
    "left": (saying.Left, Action.VISIT_TELL, "出発した / the team has left"),
    "arrived": (saying.Arrived, Action.VISIT_TELL, "着いた / they are there; the limit counts from here"),
    "checkin": (saying.CheckIn, Action.VISIT_TELL, "無事の連絡 / all is well; answers the agreed time"),
    "ended": (saying.Ended, Action.VISIT_TELL, "訪問先を出た / they took their leave"),
    "back": (saying.Back, Action.VISIT_TELL, "戻った / they are back"),
    "trouble": (saying.Trouble, Action.VISIT_TELL, "助けを求める / help is needed: calls as an emergency"),
    "safe": (saying.Safe, Action.VISIT_TELL, "無事を確かめた / the office has spoken to them; answers the call"),
    "change": (saying.Change, Action.VISIT_CHANGE, "予定を変える / settle something otherwise, with a reason"),
    "cancel": (saying.Cancel, Action.VISIT_PLAN, "取りやめる / they do not go"),
    "debrief": (saying.Debrief, Action.VISIT_TELL, "戻って報告した / what was heard and seen"),
    "notes": (saying.Note, Action.VISIT_TELL, "書き留める / a note"),
}


def plan(said: saying.Plan, once: Once | None) -> str:
    """The new visit's id, or in the reader's words why there is none.

    Raises:
        Trouble: not allowed, or a field does not fit.
    """
    require(Action.VISIT_PLAN)
    here = site()
    with _in_words(), begin_write(here.engine) as connection:
        id = visits.plan(connection, said, caller().person, here.now(), _rules(), once)
    _wake()
    return id


def act(visit_id: str, said: saying.Deed, once: Once | None) -> None:
    """Do it, or say in the reader's words why not.

    Raises:
        Trouble: not allowed, unknown, not possible, or a field does not fit.
    """
    require(next(action for model, action, _ in DEEDS.values() if model is type(said)))
    if isinstance(said, saying.Safe):  # it answers the call that came of the visit
        require(Action.ACKNOWLEDGE, Action.MARK)
    here = site()
    with _in_words(), begin_write(here.engine) as connection:
        done = visits.perform(connection, visit_id, said, caller().person, here.now(), _rules(), machine(here), once)
    if done:
        _wake()


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except UnknownVisit as error:
        raise Trouble("not-found") from error
    except deeds.KeyUsedDifferently as error:
        raise Trouble("key-reused") from error
    except NotPossible as error:
        raise Trouble("visit-state", {"state": visit_labels.STATES[error.state.value]}) from error
    except DeedRefused as error:
        raise Trouble("invalid", errors=list(error.problems)) from error


def _rules() -> VisitRules:
    here = site()
    return VisitRules(here.rules_of, Holding(here.profile, here.profile_digest, here.roster))


def _wake() -> None:
    site().poke("web")
    site().poke("worker")
