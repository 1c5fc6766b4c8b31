"""The API under /api/v1: everything the pages do (design, section 8). One file per noun."""

from flask import Blueprint

from hub.web.api import (
    boxes,
    cards,
    deeds,
    disclosures,
    drills,
    duty,
    figures,
    flow,
    incidents,
    load,
    own,
    posts,
    profile,
    recording,
    reports,
    segments,
    statistics,
    stream,
    visits,
)
from hub.web.api.described import Api

TITLE = "窓守 Madomori"


def blueprint() -> Blueprint:
    """The API, with its published description."""
    api = Api()
    for room in (
        boxes,
        incidents,
        deeds,
        flow,
        disclosures,
        posts,
        visits,
        recording,
        segments,
        stream,
        reports,
        statistics,
        profile,
        cards,
        duty,
        drills,
        figures,
        load,
        own,
    ):
        room.register(api)
    api.publish(TITLE)
    return api.blueprint
