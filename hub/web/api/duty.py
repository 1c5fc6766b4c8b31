"""Who would be alerted now, and who is away."""

from flask import Response

from hub.domain.permissions import Action
from hub.store.engine import begin_read
from hub.web import duty_facts
from hub.web.absence import ComesBack, GoesAway, come_back, go_away
from hub.web.api.described import Api, Operation, as_json, read_body
from hub.web.site import site


def get_duty() -> Response:
    """Who would be alerted now, by level and second."""
    with begin_read(site().engine) as connection:
        return as_json(duty_facts.duty(connection, site()))


def post_absence() -> Response:
    """Somebody is away; the answer is who would be alerted now."""
    go_away(read_body(GoesAway))
    return get_duty()


def post_absence_end() -> Response:
    """Somebody is there again; the answer is who would be alerted now."""
    come_back(read_body(ComesBack))
    return get_duty()


def register(api: Api) -> None:
    """Add the routes of this file."""
    api.add(
        Operation(
            "get_duty", "GET", "/duty", "いま知らせる相手 / who would be alerted now",
            {200: duty_facts.Duty}, Action.DUTY_READ,
        ),
        get_duty,
    )  # fmt: skip
    for name, path, summary, body, view in (
        ("post_absence", "/absences", "不在にする / a contact is away until then", GoesAway, post_absence),
        ("post_absence_end", "/absences/end", "戻った / a contact is there again", ComesBack, post_absence_end),
    ):
        api.add(
            Operation(
                name, "POST", path, summary, {200: duty_facts.Duty}, Action.ABSENCE, body=body,
                troubles=("not-json", "forged", "invalid"),
            ),
            view,
        )  # fmt: skip
