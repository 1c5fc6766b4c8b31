"""An incident's life: raised, seen, attended, contact ended, judged, reported, closed (design, section 6).

Every deed has an answer in every state; the table below is the whole rule. A late or repeated deed is recorded in the
timeline and changes no state.
"""

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """How far an incident has come."""

    RAISED = "raised"
    SEEN = "seen"
    ATTENDED = "attended"
    CONTACT_ENDED = "contact_ended"
    JUDGED = "judged"
    REPORTED = "reported"
    CLOSED = "closed"


class Origin(StrEnum):
    """Where an incident began. Only one of a counter has a box that speaks for it and is spoken to."""

    COUNTER = "counter"
    VISIT = "visit"
    POST = "post"


class Outcome(StrEnum):
    """What an incident turned out to be, said at its close."""

    HARASSMENT = "harassment"
    NEAR_MISS = "near_miss"
    NOT_HARASSMENT = "not_harassment"
    FALSE_PRESS = "false_press"
    DRILL = "drill"


class Deed(StrEnum):
    """What people do with an incident."""

    ACKNOWLEDGE = "acknowledge"
    RESPOND = "respond"
    CONTACT_STARTED = "contact_started"
    CONTACT_ENDED = "contact_ended"
    JUDGE = "judge"
    REPORT = "report"
    CLOSE = "close"
    FALSE_PRESS = "false_press"
    NOTE = "note"
    MARK = "mark"
    STEP = "step"
    DECIDE = "decide"
    TURN_REAL = "turn_real"
    CALL_AGAIN = "call_again"
    REOPEN = "reopen"


class Entry(StrEnum):
    """Kinds of timeline entries of people's deeds and what follows. A box's events stand there under their own type."""

    OPENED = "opened"
    ACKNOWLEDGED = "acknowledged"
    RESPONDING = "responding"
    CONTACT_STARTED = "contact.started"
    CONTACT_ENDED = "contact.ended"
    MARKED = "marked"
    STEP_TAKEN = "step.taken"
    NOTED = "noted"
    DECIDED = "decided"
    NOTIFIED = "notified"
    NOTICE_SENT = "notice.sent"
    ACCOUNT = "account"
    CONSIDERED = "considered"
    JUDGED = "judged"
    REPORTED = "reported"
    CLOSED = "closed"
    PROMISED = "promised"
    DISCLOSURE = "disclosure"
    TASK_DONE = "task.done"
    CASE_LINKED = "case.linked"
    CASE_NOTED = "case.noted"
    POST_DESCRIBED = "post.described"
    POST_SENT = "post.sent"
    EVIDENCE_KEPT = "evidence.kept"
    POST_STEP = "post.step"
    MEETING_ASKED = "meeting.asked"
    CLOCK_LEAD = "clock.lead"
    CLOCK_DUE = "clock.due"
    RECORDING_GAP = "recording.gap"
    VISIT_TOLD = "visit.told"
    DRILL_REAL = "drill.real"
    DRILL_ENDED = "drill.ended"


OPEN: Final = tuple(state for state in State if state is not State.CLOSED)
"""States in which an incident asks something of somebody."""

ALARMING: Final = (State.RAISED, State.SEEN, State.ATTENDED)
"""States in which the box's alarm stands: a further press belongs to this incident."""

NOBODY: Final = dict.fromkeys(("seen_by", "seen_name", "seen_at", "responder", "responder_name", "responding_at"))
"""An incident's columns while nobody has answered."""

_ORDER: Final = {state: place for place, state in enumerate(State)}

_REACHES: Final = {
    Deed.ACKNOWLEDGE: State.SEEN,
    Deed.RESPOND: State.ATTENDED,
    Deed.CONTACT_ENDED: State.CONTACT_ENDED,
    Deed.JUDGE: State.JUDGED,
    Deed.REPORT: State.REPORTED,
    Deed.CLOSE: State.CLOSED,
    Deed.FALSE_PRESS: State.CLOSED,
}

_BACK: Final = {
    Deed.TURN_REAL: (tuple(State), State.RAISED),
    Deed.CALL_AGAIN: (ALARMING, State.RAISED),
    Deed.REOPEN: ((State.CLOSED,), State.CONTACT_ENDED),
}
"""Deeds that lead to an earlier state, and from which: everybody is asked anew, or what was closed was none."""

_NEEDS: Final = {
    Deed.JUDGE: State.CONTACT_ENDED,
    Deed.REPORT: State.CONTACT_ENDED,
    Deed.CLOSE: State.CONTACT_ENDED,
}


class NotPossible(ValueError):
    """The deed does not fit the state. Nothing was changed."""

    def __init__(self, deed: Deed, state: State) -> None:
        super().__init__(f"{deed} is not possible while the incident is {state}")
        self.deed = deed
        self.state = state


def after(state: State, deed: Deed) -> State:
    """The state after `deed`; never an earlier one than `state`, but for the deeds that are there for it.

    Raises:
        NotPossible: the deed needs a step that has not been taken, or the incident is closed to it.
    """
    if deed in _BACK:
        possible, reached = _BACK[deed]
        if state not in possible:
            raise NotPossible(deed, state)
        return reached
    if state is State.CLOSED and deed not in (Deed.NOTE, Deed.JUDGE, Deed.CLOSE, Deed.FALSE_PRESS):
        raise NotPossible(deed, state)
    needed = _NEEDS.get(deed)
    if needed is not None and _ORDER[state] < _ORDER[needed]:
        raise NotPossible(deed, state)
    reached = _REACHES.get(deed, state)
    return reached if _ORDER[reached] > _ORDER[state] else state
