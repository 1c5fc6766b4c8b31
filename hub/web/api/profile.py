"""The rules that hold here: the city's, and what each unit changed."""

from datetime import date
from typing import Any, Literal

from flask import Response

from contract.open_questions import open_questions
from contract.profile import said
from contract.units import UnitRules
from hub.domain.permissions import Action
from hub.web.api.described import Api, Operation, as_json
from hub.web.shapes import Shape
from hub.web.site import site


class OpenQuestion(Shape):
    """What the documents leave open and the city still has to answer. `field` is where the answer goes."""

    field: str
    ja: str
    en: str
    who_ja: str
    who_en: str


class OverrideShape(Shape):
    """A value that a unit changed. `old` is null where the city says nothing."""

    field: str
    old: Any
    new: Any
    by: str
    on: date
    why: str | None


class UnitShape(Shape):
    """A unit with rules of its own. `digest` tells their version apart; it covers the city's rules as well."""

    id: str
    label_ja: str
    label_en: str
    site_type: Literal["main", "branch"]
    boxes: list[str]
    digest: str
    overrides: list[OverrideShape]


class ProfileShape(Shape):
    """The city's rules. `values` by dotted field, what the city leaves open is absent; `sources` say where each value
    comes from (document and section, or `choice` of this project).
    """

    id: str
    label_ja: str
    label_en: str
    effective: date | None
    digest: str
    values: dict[str, Any]
    sources: dict[str, str]
    open_questions: list[OpenQuestion]
    units: list[UnitShape]


def get_profile() -> Response:
    """The rules that this hub follows."""
    rules = site().rules
    meta = rules.city.meta
    return as_json(
        ProfileShape(
            id=meta.id,
            label_ja=meta.label_ja,
            label_en=meta.label_en,
            effective=meta.effective,
            digest=rules.digest,
            values=said(rules.city),
            sources=rules.city.source,
            open_questions=[OpenQuestion.model_validate(one) for one in open_questions(rules.city)],
            units=[_unit(one) for one in rules.units],
        )
    )


def _unit(one: UnitRules) -> UnitShape:
    return UnitShape(
        **one.unit.model_dump(exclude={"boxes"}),
        boxes=list(one.unit.boxes),
        digest=one.digest,
        overrides=[
            OverrideShape(
                field=changed.field,
                old=changed.old,
                new=changed.new,
                by=changed.decided.by,
                on=changed.decided.on,
                why=changed.decided.why,
            )
            for changed in one.overrides
        ],
    )


def register(api: Api) -> None:
    """Add the route of this file."""
    api.add(
        Operation(
            "get_profile", "GET", "/profile", "市の決まり / the rules that hold here", {200: ProfileShape},
            Action.PROFILE_READ,
        ),
        get_profile,
    )  # fmt: skip
