"""Routes that describe themselves: what stands in openapi.json is what the route is registered with."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, TypeVar

from flask import Blueprint, Response, request
from pydantic import BaseModel, ValidationError
from pydantic.json_schema import models_json_schema

from contract.problems import problems_from
from hub.domain.permissions import Action, roles_for
from hub.evidence.storage import SEQ_MAX
from hub.web.gate import needs
from hub.web.problems import KINDS, MEDIA_TYPE, Trouble
from hub.web.shapes import ProblemShape, Shape
from hub.wording import say

PREFIX: Final = "/api/v1"

ALWAYS: Final = ("bad-request", "wrong-host", "sign-in", "not-allowed", "too-large", "wrong-type", "internal", "busy")
"""Troubles that every route can have: they come from the gate, or from the machine underneath."""

ModelT = TypeVar("ModelT", bound=BaseModel)

References = Mapping[Any, Mapping[str, Any]]

_PARAMETER: Final = re.compile(r"<(?:[^<>:]+:)?([^<>]+)>")
_TYPED: Final = re.compile(r"<([^<>:]+):([^<>]+)>")

READ: Final = json.JSONDecoder(parse_constant=lambda name: _refuse(f"{name} is not JSON"))


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer that is not JSON, by its media type."""

    media_type: str
    headers: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Given:
    """A parameter. `place` is query or header."""

    name: str
    place: str
    schema: Mapping[str, Any]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path."""

    name: str
    method: str
    path: str
    summary: str
    answers: Mapping[int, type[BaseModel] | Raw]
    action: Action | None
    body: type[BaseModel] | Raw | None = None
    given: Sequence[Given] = ()
    troubles: Sequence[str] = ()


@dataclass
class Api:
    """Collects the routes of the API."""

    blueprint: Blueprint = field(default_factory=lambda: Blueprint("api", __name__, url_prefix=PREFIX))
    operations: list[Operation] = field(default_factory=list)

    def add(self, operation: Operation, view: Callable[..., Any]) -> None:
        """Register `view`. An operation without an action is closed by the gate unless the gate opens it by name."""
        endpoint = view if operation.action is None else needs(operation.action)(view)
        self.blueprint.add_url_rule(
            operation.path, operation.name, endpoint, methods=[operation.method], provide_automatic_options=False
        )
        self.operations.append(operation)

    def publish(self, title: str) -> None:
        """Serve the description of everything added so far, itself included."""
        own = Operation(
            "openapi",
            "GET",
            "/openapi.json",
            "この説明 / this description",
            {200: Raw("application/json")},
            Action.OWN_ACCOUNT,
        )

        @cache
        def described() -> bytes:
            return json.dumps(describe(title, self.operations), ensure_ascii=False).encode()

        def openapi() -> Response:
            return Response(described(), mimetype="application/json")

        self.add(own, openapi)


def read_body(model: type[ModelT]) -> ModelT:
    """The request's JSON body; none at all is an empty object.

    Raises:
        Trouble: not JSON, or not what `model` says: every problem at once.
    """
    raw = request.get_data(cache=False)
    if not raw.strip():
        return validated(model, {})
    if request.mimetype != "application/json":
        raise Trouble("wrong-type")
    try:
        value = READ.decode(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Trouble("not-json") from error
    if not isinstance(value, dict):
        raise Trouble("not-json")
    return validated(model, value)


def read_query(model: type[ModelT]) -> ModelT:
    """The request's query; a name that comes twice is wrong.

    Raises:
        Trouble: not what `model` says.
    """
    values = {name: found[0] if len(found) == 1 else found for name, found in request.args.to_dict(flat=False).items()}
    return validated(model, values)


def validated(model: type[ModelT], values: Mapping[str, Any]) -> ModelT:
    """`values` as `model`.

    Raises:
        Trouble: every problem at once, without repeating what was sent.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise Trouble("invalid", errors=problems_from(error)) from error


def as_json(shape: Shape, status: int = 200) -> Response:
    """The answer that carries `shape`."""
    return Response(json.dumps(shape.to_json(), ensure_ascii=False), status, mimetype="application/json")


def _refuse(reason: str) -> Any:
    raise ValueError(reason)


# --- the description --------------------------------------------------------------------------------------------------


def describe(title: str, operations: Sequence[Operation]) -> dict[str, Any]:
    """The OpenAPI 3.1 document of `operations`."""
    answers = [model for one in operations for model in one.answers.values() if isinstance(model, type)]
    bodies = [one.body for one in operations if isinstance(one.body, type)]
    modes = [(model, "serialization") for model in (*answers, ProblemShape)] + [
        (model, "validation") for model in bodies
    ]
    names, schemas = models_json_schema(
        list(dict.fromkeys(modes)),  # type: ignore[arg-type]
        ref_template="#/components/schemas/{model}",
    )
    references = {model: reference for (model, _), reference in names.items()}
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        path = PREFIX + _PARAMETER.sub(r"{\1}", one.path)
        paths.setdefault(path, {})[one.method.lower()] = _operation(one, references)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "madomori"},
            },
        },
        "security": [{"token": []}, {"session": []}],
    }


def _operation(one: Operation, references: References) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "parameters": [*_path_parameters(one.path), *(_given(given) for given in one.given)],
        "responses": {
            **{str(status): _answer(answer, references) for status, answer in one.answers.items()},
            **_troubles((*ALWAYS, *one.troubles), references),
        },
    }
    if one.action is None:
        described["security"] = []
    else:
        described["x-roles"] = list(roles_for(one.action))
    if isinstance(one.body, Raw):
        described["requestBody"] = {"required": True, "content": {one.body.media_type: {}}}
    elif one.body is not None:
        described["requestBody"] = {
            "required": any(part.is_required() for part in one.body.model_fields.values()),
            "content": {"application/json": {"schema": references[one.body]}},
        }
    return described


def _path_parameters(path: str) -> list[dict[str, Any]]:
    schemas = {
        "uuid_text": {"type": "string", "format": "uuid"},
        "int": {"type": "integer", "minimum": 0, "maximum": SEQ_MAX},
        "string": {"type": "string", "maxLength": 200},
    }
    return [
        {"name": name, "in": "path", "required": True, "schema": schemas[kind.partition("(")[0]]}
        for kind, name in _TYPED.findall(path)
    ]


def _given(given: Given) -> dict[str, Any]:
    return {"name": given.name, "in": given.place, "required": given.required, "schema": dict(given.schema)}


def _answer(answer: type[BaseModel] | Raw, references: References) -> dict[str, Any]:
    if isinstance(answer, Raw):
        headers = {name: {"schema": {"type": "string"}} for name in answer.headers}
        content: dict[str, Any] = {"content": {answer.media_type: {"schema": {}}}} if answer.media_type else {}
        return {"description": "OK"} | content | ({"headers": headers} if headers else {})
    return {"description": "OK", "content": {"application/json": {"schema": references[answer]}}}


def _troubles(kinds: Sequence[str], references: References) -> dict[str, Any]:
    by_status: dict[int, list[str]] = {}
    for kind in kinds:
        by_status.setdefault(KINDS[kind].status, []).append(say("en", KINDS[kind].title))
    return {
        str(status): {
            "description": " · ".join(dict.fromkeys(titles)),
            "content": {MEDIA_TYPE: {"schema": references[ProblemShape]}},
        }
        for status, titles in sorted(by_status.items())
    }
