"""Figures over months, as the pages show them."""

from flask import Response

from hub.domain.permissions import Action
from hub.store.engine import begin_read
from hub.web import duty_facts
from hub.web.api.described import Api, Operation, as_json
from hub.web.site import site


def get_response_figures() -> Response:
    """How soon calls were answered in the last twelve months."""
    with begin_read(site().engine) as connection:
        return as_json(duty_facts.response(connection, site()))


def register(api: Api) -> None:
    """Add the routes of this file."""
    api.add(
        Operation(
            "get_response_figures", "GET", "/figures/response",
            "応答までの時間（直近 12 か月） / how soon calls were answered, twelve months back",
            {200: duty_facts.ResponseFigures}, Action.DUTY_READ,
        ),
        get_response_figures,
    )  # fmt: skip
