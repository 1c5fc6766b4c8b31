"""The published description is true: every route stands in it, every answer has its shape, every error too."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from hub.domain.permissions import Role
from hub.store.schema import metadata
from tests.hub_web.conftest import Hub

PREFIX = "/api/v1"


def description(hub: Hub) -> dict[str, Any]:
    answer = hub.client().get(f"{PREFIX}/openapi.json", headers=hub.machine())
    assert answer.status_code == 200
    return dict(answer.json)


def check(described: dict[str, Any], path: str, method: str, answer: Any) -> None:
    """`answer` is one of those that the description gives for this operation, in its shape."""
    responses = described["paths"][path][method]["responses"]
    assert str(answer.status_code) in responses, (path, method, answer.status_code, answer.text)
    content = responses[str(answer.status_code)]["content"]
    assert answer.mimetype in content, (path, answer.status_code, answer.mimetype)
    if answer.mimetype.endswith("json"):
        schema = {**content[answer.mimetype]["schema"], "components": described["components"]}
        Draft202012Validator(schema).validate(answer.json)


def test_every_route_of_the_api_is_described_and_the_other_way_round(hub: Hub) -> None:
    described = {
        (path, method.upper())
        for path, operations in description(hub)["paths"].items()
        for method in operations
        if method != "head"
    }
    routed = {
        (re.sub(r"<(?:[^<>:]+:)?([^<>]+)>", r"{\1}", rule.rule), method)
        for rule in hub.app.url_map.iter_rules()
        if rule.rule.startswith(PREFIX)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routed == described


def test_the_description_is_well_formed(hub: Hub) -> None:
    described = description(hub)
    assert described["openapi"].startswith("3.1.")
    Draft202012Validator.check_schema({"$defs": described["components"]["schemas"]})
    names = [one["operationId"] for path in described["paths"].values() for one in path.values()]
    assert len(names) == len(set(names))
    for path, operations in described["paths"].items():
        for method, one in operations.items():
            assert {parameter["name"] for parameter in one["parameters"] if parameter["in"] == "path"} == set(
                re.findall(r"\{(\w+)\}", path)
            )
            assert one["summary"], (path, method)
            assert ("x-roles" in one) == (one.get("security") != [])


def test_answers_have_the_shapes_that_are_described(hub: Hub) -> None:
    described, head = description(hub), hub.machine("section_head")
    hub.box(faults=["camera"], temperature_c=40.5)
    incident = hub.press("counter-01")
    hub.alerted(incident)
    client = hub.client()
    one = f"{PREFIX}/incidents/{{incident_id}}"
    bodies: list[tuple[str, Any]] = [
        ("acknowledge", None),
        ("respond", {}),
        ("contact", {"action": "started"}),
        ("steps", {"step": "warn"}),
        ("mark", {"mark": "stalemate"}),
        ("contact", {"action": "ended"}),
        ("judgement", {"finding": "harassment", "acts": ["abuse"], "persons": ["佐藤", "田中"]}),
        ("notes", {"text": "x"}),
        ("close", {"outcome": "harassment"}),
        ("acknowledge", None),
        ("notes", {}),
    ]
    for deed, body in bodies:
        answer = client.post(f"{PREFIX}/incidents/{incident}/{deed}", json=body, headers=head)
        check(described, f"{one}/{deed}", "post", answer)
    for path in ("/boxes", "/incidents", "/incidents?limit=0", "/me", "/profile", "/quarantine"):
        check(described, PREFIX + path.partition("?")[0], "get", client.get(PREFIX + path, headers=head))
    check(described, one, "get", client.get(f"{PREFIX}/incidents/{incident}", headers=head))
    check(described, f"{PREFIX}/quarantine", "get", client.get(f"{PREFIX}/quarantine", headers=hub.machine("auditor")))


def test_every_operation_refuses_strangers_and_wrong_roles_as_described(hub: Hub) -> None:
    described = description(hub)
    nothing = "01938f2e-6b0a-7c11-9a3e-3f2f8d5f0a02"
    for path, operations in described["paths"].items():
        real = path.replace("{incident_id}", nothing).replace("{seq}", "0").replace("{number}", "1")
        for method, one in operations.items():
            if method == "head":
                continue
            answer = hub.client().open(real, method=method.upper())
            check(described, path, method, answer)
            for role in Role:
                answer = hub.client().open(real, method=method.upper(), headers=hub.machine(role.value))
                allowed = one.get("security") == [] or role.value in one["x-roles"]
                if answer.status_code != 200 or answer.mimetype.endswith("json"):
                    check(described, path, method, answer)
                answer.close()
                assert (answer.status_code == 403) == (not allowed) or one.get("security") == []


@pytest.mark.parametrize("deed", ["contact", "mark", "steps", "notes", "judgement", "close", "acknowledge"])
def test_whatever_is_sent_is_answered_as_described(hub: Hub, deed: str) -> None:
    described, headers, incident = description(hub), hub.machine("section_head"), hub.press()
    names = ["action", "at", "mark", "text", "step", "words", "ground", "finding", "acts", "persons", "outcome", "x"]
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)) | st.sampled_from(
            ["started", "ended", "2026-11-20T02:41:36Z", "9999-12-31T23:59:59-14:00", "warn", "stalemate", "harassment"]
        ),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=6,
    )  # fmt: skip
    client = hub.client()

    @settings(max_examples=60)
    @given(st.dictionaries(st.sampled_from(names), values, max_size=4) | values, st.text(max_size=20))
    def send(body: Any, key: str) -> None:
        import json

        raw = json.dumps(body)
        sent = {
            **headers,
            "Idempotency-Key": key.encode("ascii", "ignore").decode().replace("\n", "").replace("\r", ""),
        }
        answer = client.post(
            f"{PREFIX}/incidents/{incident}/{deed}", data=raw, headers=sent, content_type="application/json"
        )
        check(described, f"{PREFIX}/incidents/{{incident_id}}/{deed}", "post", answer)

    send()


def test_whatever_is_asked_for_is_answered_as_described(hub: Hub) -> None:
    described, headers = description(hub), hub.machine()
    hub.press()
    client = hub.client()

    @given(
        st.dictionaries(
            st.sampled_from(["state", "since", "limit", "cursor", "x"]),
            st.text(st.characters(codec="utf-8"), max_size=40)
            | st.sampled_from(["open", "raised,closed", "5", "2026-11-20T02:41:36Z", "WzEsMl0", "W10", "bnVsbA"]),
        )
    )
    def ask(query: dict[str, str]) -> None:
        answer = client.get(f"{PREFIX}/incidents", query_string=query, headers=headers)
        check(described, f"{PREFIX}/incidents", "get", answer)

    ask()


IDENTITY = frozenset(
    [
        "address", "age", "birth", "birthday", "email", "face", "family", "gender", "given", "home", "mail",
        "nationality", "phone", "photo", "picture", "race", "religion", "sex", "surname", "telephone", "visitor",
    ]
)  # fmt: skip
"""Words by which a field would ask who a visitor is."""


def test_shi_40_no_form_asks_and_no_column_keeps_who_a_visitor_is(hub: Hub) -> None:
    """A visitor is told of in the words of a record, as far as known; of staff one short name is kept."""
    described = description(hub)
    bodies = [
        content["schema"]["$ref"].rpartition("/")[2]
        for operations in described["paths"].values()
        for one in operations.values()
        for content in one.get("requestBody", {}).get("content", {}).values()
        if "$ref" in content.get("schema", {})
    ]
    schemas = described["components"]["schemas"]
    asked = {(body, name) for body in bodies for name in schemas[body]["properties"]}
    kept = {(table.name, column.name) for table in metadata.sorted_tables for column in table.columns}
    assert ("Account", "who") in asked
    assert ("incident", "responder_name") in kept
    telling = {(place, name) for place, name in asked | kept if IDENTITY & set(name.split("_"))}
    assert telling == {("Evidence", "address")}  # a post's, on the internet
    names = {name for place, name in kept if place in ("incident", "timeline") and name.endswith("name")}
    assert names == {"seen_name", "responder_name", "actor_name"}
