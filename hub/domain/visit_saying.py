"""What people tell the hub about a visit away from the office: the plan, and one model for each deed after it.

Of the resident nothing but a rough word for the place or the city's case number: who lives there is not for this hub.
"""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from hub.domain.case import CaseNumber
from hub.domain.saying import At, Line, Minutes, SomeWords, Words

TEAM_MAX: Final = 8
CHECKINS_MAX: Final = 12

TeamRole = Literal["responder", "note_taker", "lookout", "driver", "other"]

Short = Annotated[Line, StringConstraints(max_length=60)]


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Member(_Said):
    """One of the team, by surname or code, and what they do there (Shin T7: roles fixed beforehand)."""

    name: Short
    role: TeamRole


Team = Annotated[tuple[Member, ...], Field(max_length=TEAM_MAX)]
Times = Annotated[tuple[At, ...], Field(max_length=CHECKINS_MAX)]


class Plan(_Said):
    """What is settled before they leave. `box`: the counter whose unit goes; `contact`: who in the office waits."""

    box: Short
    place: Short
    case: CaseNumber | None = None
    about: Annotated[Words, StringConstraints(max_length=200)] = ""
    team: Team
    contact: Short
    limit_minutes: Minutes
    checkins: Times = ()


class Left(_Said):
    """The team has left the office. `at`: when, if that was earlier."""

    at: At | None = None
    text: Words = ""


class Arrived(_Said):
    """They are there; the limit counts from now, or from `at`."""

    at: At | None = None
    text: Words = ""


class CheckIn(_Said):
    """All is well, by the team itself or noted by the office after a call."""

    text: Words = ""


class Ended(_Said):
    """They took their leave."""

    at: At | None = None
    text: Words = ""


class Back(_Said):
    """They are back at the office."""

    at: At | None = None
    text: Words = ""


class Trouble(_Said):
    """They need help: whatever the state, the office is called at once."""

    text: Words = ""


class Safe(_Said):
    """The office has spoken to them and knows that they are safe."""

    text: Words = ""


class Change(_Said):
    """The office settles something otherwise, with a reason. `checkins` replaces the times that are still to come."""

    reason: SomeWords
    limit_minutes: Minutes | None = None
    checkins: Times | None = None
    contact: Short | None = None
    team: Team | None = None


class Cancel(_Said):
    """They do not go."""

    text: Words = ""


class Debrief(_Said):
    """What was heard and seen, told when they are back (Shin T7: always debriefed after trouble)."""

    text: SomeWords


class Note(_Said):
    """Words to keep."""

    text: SomeWords


Deed = Left | Arrived | CheckIn | Ended | Back | Trouble | Safe | Change | Cancel | Debrief | Note
