"""The API under /api/v1: everything the pages do (design, section 8). One file per noun."""

from flask import Blueprint

from hub.web.api import (
    boxes,
    cards,
    deeds,
    drills,
    duty,
    figures,
    incidents,
    own,
    profile,
    recording,
    reports,
    segments,
    statistics,
    stream,
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
        own,
    ):
        room.register(api)
    api.publish(TITLE)
    return api.blueprint
