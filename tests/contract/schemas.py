"""The schemas that `contract.asyncapi` publishes: by sample, and turned into made-up values."""

import functools
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from hypothesis import strategies as st

from contract.asyncapi import document
from contract.messages import utc_text
from tests.contract.samples import OTHER_MODELS, samples

Json = dict[str, Any]
TYPES: Final = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


@functools.cache
def published() -> Json:
    """The document with the project's own samples."""
    return document(samples())


@functools.cache
def schema_of(name: str) -> Json:
    """The schema of the sample `name`, references resolved, `allOf` merged."""
    if name.startswith("event."):
        reference = published()["components"]["messages"][name]["payload"]
    else:
        reference = {"$ref": f"#/components/schemas/{OTHER_MODELS[name.split('.')[0]].__name__}"}
    return _resolved(reference)


def _resolved(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_resolved(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        return {**_resolved(published()["components"]["schemas"][name]), **rest}
    if "allOf" in schema:
        return _merged([_resolved(part) for part in schema["allOf"]])
    return {key: value if key in ("examples", "default") else _resolved(value) for key, value in schema.items()}


def _merged(parts: list[Json]) -> Json:
    return {
        "type": "object",
        "properties": {name: field for part in parts for name, field in part.get("properties", {}).items()},
        "required": sorted({name for part in parts for name in part.get("required", [])}),
    }


def fields_of(schema: Json, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Json, bool]]:
    """Every field: its path, its schema, and whether it must be there."""
    for name, field in schema["properties"].items():
        yield (*path, name), field, name in schema.get("required", [])
        for inner in field.get("anyOf", [field]):
            if "properties" in inner:
                yield from fields_of(inner, (*path, name))


def types_of(schema: Json) -> set[str]:
    """The JSON types that a field may have."""
    if "anyOf" in schema:
        return {kind for part in schema["anyOf"] for kind in types_of(part)}
    if "const" in schema:
        return {TYPES[type(schema["const"])]}
    return {schema["type"]}


def is_of(value: object, types: set[str]) -> bool:
    """Whether `value` has one of the JSON types."""
    kind = "null" if value is None else TYPES[type(value)]
    return kind in types or (kind == "integer" and "number" in types)


def made_up(schema: Json) -> st.SearchStrategy[Any]:
    """Values that the schema allows."""
    if "anyOf" in schema:
        return st.one_of([made_up(part) for part in schema["anyOf"] if part.get("type") != "null"])
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema["type"]:
        case "object":
            required = {
                name: made_up(part) for name, part in schema["properties"].items() if name in schema["required"]
            }
            optional = {name: made_up(part) for name, part in schema["properties"].items() if name not in required}
            return st.fixed_dictionaries(required, optional=optional)
        case "array":
            most = min(schema.get("maxItems", 5), 5)
            return st.lists(made_up(schema["items"]), min_size=schema.get("minItems", 0), max_size=most)
        case "integer":
            return st.integers(schema["minimum"], schema["maximum"])
        case "number":
            return st.floats(schema["minimum"], schema["maximum"])
        case "boolean":
            return st.booleans()
        case _:
            return _texts(schema)


def _texts(schema: Json) -> st.SearchStrategy[str]:
    match schema.get("format"):
        case "uuid":
            return st.uuids().map(str)
        case "date-time":
            return st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)).map(utc_text)  # noqa: DTZ001
    longest = schema.get("maxLength", 200)
    if "pattern" in schema:
        pattern: str = schema["pattern"]
        return st.from_regex(pattern, fullmatch=True).filter(lambda text: len(text) <= longest)
    # NUL is refused, and half a surrogate pair cannot be spelled in UTF-8.
    letters = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
    return st.text(letters, max_size=longest)
