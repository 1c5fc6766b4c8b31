"""The register of disclosure requests. Each deed takes an Idempotency-Key and answers the request as it now stands."""

from collections.abc import Callable
from typing import Final

from flask import Response

from hub import deeds, disclosures
from hub.deeds import Once
from hub.domain import disclosure
from hub.domain.deed import DeedRefused
from hub.domain.permissions import Action
from hub.store import disclosures as store
from hub.store.engine import begin_read, begin_write
from hub.web import disclosure_words
from hub.web.api.deeds import once
from hub.web.api.described import Api, Given, Operation, as_json, read_body
from hub.web.disclosure_shapes import Disclosure, DisclosureList, shapes
from hub.web.gate import caller
from hub.web.problems import Trouble
from hub.web.site import site

DEEDS: Final[dict[str, tuple[type[disclosure.Told], str]]] = {
    "decision": (disclosure.Decided, "決めた / what was decided, and why"),
    "handover": (disclosure.HandedOver, "渡した / what was handed over, when and how"),
    "amend": (disclosure.Amended, "期限・担当・案件を改める / another day or handler, more incidents, or a word"),
    "close": (disclosure.Closed, "終えた / nothing more is to be done; its hold ends"),
}

_TROUBLES: Final = ("not-json", "forged", "not-found", "not-now", "invalid", "key-reused")


def receive(said: disclosure.Received, key: Once | None) -> Disclosure:
    """Enter a new request.

    Raises:
        Trouble: a field does not fit.
    """
    here = site()
    try:
        with begin_write(here.engine) as connection:
            id = disclosures.receive(connection, said, caller().person, here.now(), here.profile_digest, key)
    except deeds.KeyUsedDifferently as error:
        raise Trouble("key-reused") from error
    except DeedRefused as error:
        raise Trouble("invalid", errors=list(error.problems)) from error
    here.poke("web")
    return one(id)


def go_on(id: str, said: disclosure.Told, key: Once | None) -> Disclosure:
    """Add a deed to a request.

    Raises:
        Trouble: unknown, not possible now, or a field does not fit.
    """
    here = site()
    try:
        with begin_write(here.engine) as connection:
            disclosures.go_on(connection, id, said, caller().person, here.now(), here.profile_digest, key)
    except disclosures.UnknownRequest as error:
        raise Trouble("not-found") from error
    except deeds.KeyUsedDifferently as error:
        raise Trouble("key-reused") from error
    except disclosure.NotNow as error:
        raise Trouble("not-now", {"state": disclosure_words.STAGES[error.stage.value]}) from error
    except DeedRefused as error:
        raise Trouble("invalid", errors=list(error.problems)) from error
    here.poke("web")
    return one(id)


def every() -> DisclosureList:
    """The register."""
    here = site()
    with begin_read(here.engine) as connection:
        return DisclosureList(disclosures=shapes(connection, store.every(connection)), at=here.now())


def one(id: str) -> Disclosure:
    """One request.

    Raises:
        Trouble: there is none.
    """
    with begin_read(site().engine) as connection:
        kept = store.one(connection, id)
        if kept is None:
            raise Trouble("not-found")
        return shapes(connection, [kept])[0]


def get_disclosures() -> Response:
    """The register, newest first."""
    return as_json(every())


def get_disclosure(disclosure_id: str) -> Response:
    """One request."""
    return as_json(one(disclosure_id))


def post_disclosure() -> Response:
    """Enter a new request."""
    key = once()
    return as_json(receive(read_body(disclosure.Received), key), 201)


def _view(model: type[disclosure.Told]) -> Callable[[str], Response]:
    def perform(disclosure_id: str) -> Response:
        key = once()
        return as_json(go_on(disclosure_id, read_body(model), key))

    return perform


def register(api: Api) -> None:
    """Add the routes of this file."""
    key = [Given("Idempotency-Key", "header", {"type": "string", "maxLength": 200})]
    api.add(
        Operation(
            "get_disclosures", "GET", "/disclosures", "開示の記録簿 / the register of disclosure requests",
            {200: DisclosureList}, Action.DISCLOSURES_READ,
        ),
        get_disclosures,
    )  # fmt: skip
    api.add(
        Operation(
            "get_disclosure", "GET", "/disclosures/<uuid_text:disclosure_id>", "開示の求め / one request",
            {200: Disclosure}, Action.DISCLOSURES_READ, troubles=("not-found",),
        ),
        get_disclosure,
    )  # fmt: skip
    api.add(
        Operation(
            "post_disclosure", "POST", "/disclosures",
            "受け付けた / a request came in: what it concerns is not deleted until it is closed",
            {201: Disclosure}, Action.DISCLOSURES_KEEP, body=disclosure.Received, given=key,
            troubles=("not-json", "forged", "invalid", "key-reused"),
        ),
        post_disclosure,
    )  # fmt: skip
    for name, (model, summary) in DEEDS.items():
        api.add(
            Operation(
                f"post_disclosure_{name}", "POST", f"/disclosures/<uuid_text:disclosure_id>/{name}", summary,
                {200: Disclosure}, Action.DISCLOSURES_KEEP, body=model, given=key, troubles=_TROUBLES,
            ),
            _view(model),
        )  # fmt: skip
