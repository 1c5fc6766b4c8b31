"""Scenarios: a case that a new worker walks through with a practice box. Pure: the product's own timeline comes in, the
next scene goes out.

A scene is over when the timeline holds what it waits for; the deeds are the product's own, done by the person who
practises or by a colleague whom the scenario plays. Nothing else moves a scene on, so what is learnt here holds there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from contract.messages import Level
from contract.problems import Problem, Refused, problems_from, read_toml
from hub.domain import saying
from hub.domain.permissions import Role

DEEDS: Final[Mapping[str, type[saying.Said]]] = {
    "acknowledge": saying.Acknowledge,
    "respond": saying.Respond,
    "contact": saying.Contact,
    "mark": saying.Mark,
    "steps": saying.StepTaken,
    "decisions": saying.Decide,
    "notes": saying.Note,
}
"""The deeds that a scenario knows, by the name under which the API takes them."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=600)]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


class Part(BaseModel):
    """Base of everything in a scenario's file. Unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(Part):
    """A sentence in both languages."""

    ja: Text
    en: Text

    def to(self, language: str) -> str:
        """The sentence for a reader."""
        return self.ja if language == "ja" else self.en


class Wanted(Part):
    """The timeline entry that ends a scene: its kind, and what stands beside it."""

    kind: Text
    data: dict[str, Any] = Field(default_factory=dict)

    def met_by(self, kind: str, data: Mapping[str, Any]) -> bool:
        """Whether an entry is what was waited for."""
        return kind == self.kind and all(data.get(name) == value for name, value in self.data.items())


class Colleague(Part):
    """What somebody else does, played by the hub."""

    name: Words
    role: Role
    deed: Literal["acknowledge", "respond", "contact", "mark", "steps", "decisions", "notes"]
    body: dict[str, Any] = Field(default_factory=dict)


class Choice(Part):
    """Something that one can do in a scene.

    `press` is the box's button, `deed` the person's own deed with its `body`; then the colleagues act. `answer` is said
    afterwards. A choice without a deed changes nothing and only answers.
    """

    id: Id
    label: Words
    press: Level | None = None
    deed: Literal["acknowledge", "respond", "contact", "mark", "steps", "decisions", "notes"] | None = None
    body: dict[str, Any] = Field(default_factory=dict)
    colleagues: tuple[Colleague, ...] = ()
    answer: Words | None = None


class Scene(Part):
    """What happens, what is asked, and what ends it. `why` is said when it is over, `clock` names what it waits for."""

    id: Id
    title: Words
    happens: Words
    says: Words | None = None
    ask: Words
    why: Words
    wants: Wanted
    clock: Text | None = None
    choices: tuple[Choice, ...] = Field(min_length=1, max_length=6)


class Scenario(Part):
    """A case to practise."""

    id: Id
    profile: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{1,20}$")]
    title: Words
    about: Words
    minutes: Annotated[int, Field(ge=1, le=60)]
    scenes: tuple[Scene, ...] = Field(min_length=2, max_length=20)

    @model_validator(mode="after")
    def _names_are_single(self) -> "Scenario":
        ids = [scene.id for scene in self.scenes]
        if len(set(ids)) < len(ids) or any(
            len({choice.id for choice in scene.choices}) < len(scene.choices) for scene in self.scenes
        ):
            raise ValueError("同じ id が二度あります。変えてください。 / an id comes twice. Change one.")
        if not any(choice.press for choice in self.scenes[0].choices):
            raise ValueError(
                "最初の場面には press のある選択肢が要ります。 / the first scene needs a choice with `press`."
            )
        return self

    def scene(self, scene_id: str) -> Scene | None:
        """A scene by its id."""
        return next((one for one in self.scenes if one.id == scene_id), None)


def load(text: str, file: str) -> Scenario:
    """The scenario in `text`.

    Raises:
        Refused: every problem at once, the bodies of its deeds included.
    """
    scenario = read_toml(Scenario, text, file)
    problems: list[Problem] = []
    for scene in scenario.scenes:
        for choice in scene.choices:
            acts = [(choice.deed, choice.body), *((one.deed, one.body) for one in choice.colleagues)]
            for deed, body in acts:
                try:
                    said(deed, body)
                except ValidationError as error:
                    where = f"{scene.id}.{choice.id}.{deed}"
                    problems += [
                        Problem(f"{where}.{one.field}", one.value, one.ja, one.en) for one in problems_from(error)
                    ]
    if problems:
        raise Refused(file, problems)
    return scenario


def said(deed: str | None, body: Mapping[str, Any]) -> saying.Said | None:
    """What is told to the hub; None where nothing is.

    Raises:
        ValidationError: the body does not fit the deed.
    """
    return DEEDS[deed].model_validate(dict(body)) if deed is not None else None


# --- the course ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Happened:
    """An entry of the timeline, in the order in which the hub wrote them."""

    kind: str
    at: datetime
    data: Mapping[str, Any]


How = Literal["done", "early", "later", "passed"]


@dataclass(frozen=True, slots=True)
class Told:
    """A scene that is over. `early`: done before it was asked for. `later`: passed over first, done after all."""

    scene: Scene
    how: How
    at: datetime


@dataclass(frozen=True, slots=True)
class Position:
    """How far a practice has come. `scene` is None when nothing is left."""

    scene: Scene | None
    told: tuple[Told, ...]

    @property
    def number(self) -> int:
        """The place of the scene that stands, counted from 1."""
        return len(self.told) + 1


def play(scenario: Scenario, entries: Sequence[Happened], passed: Mapping[str, datetime]) -> Position:
    """How far it has come. Each entry ends one scene at most; more entries never lead back."""
    left = list(enumerate(entries))
    told: list[Told] = []
    reached = -1  # the place of the latest entry that ended a scene
    for scene in scenario.scenes:
        found = next((pair for pair in left if scene.wants.met_by(pair[1].kind, pair[1].data)), None)
        if found is None:
            if scene.id not in passed:
                return Position(scene, tuple(told))
            told.append(Told(scene, "passed", passed[scene.id]))
            continue
        left.remove(found)
        place, entry = found
        how: How = "later" if scene.id in passed else "early" if place < reached else "done"
        told.append(Told(scene, how, entry.at))
        reached = max(reached, place)
    return Position(None, tuple(told))


def happened(rows: Iterable[Any]) -> list[Happened]:
    """Rows of the timeline, in the order in which they were written."""
    return [Happened(row.kind, row.at, row.data) for row in rows]
