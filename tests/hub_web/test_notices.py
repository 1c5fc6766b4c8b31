"""Who hears of what is marked at a counter: from the tap to the messages that wait to be sent."""

from collections.abc import Callable

from hub.store.schema import alert, timeline
from tests.hub_web.conftest import Hub

ROLES = ("supervisor", "section_head", "building_manager", "general_affairs", "guard", "staff")
CONTACTS = "".join(
    f'[[contacts]]\nid = "{role}"\nrole = "{role}"\nchannel = "webhook"\ntarget = "http://127.0.0.1:9/{role}"\n'
    for role in ROLES
) + (
    '[[contacts]]\nid = "elsewhere"\nrole = "supervisor"\nchannel = "webhook"\ntarget = "http://127.0.0.1:9/e"\n'
    'near = ["counter-99"]\n'
)
"""One of each role, and a supervisor who hears calls of another counter only."""


def test_set_15_one_tap_tells_every_workplace_at_once_and_nobody_else(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(profile="setagaya", more=CONTACTS)
    hub.box("counter-99", "別の課")
    incident = hub.press()
    path, said = f"/api/v1/incidents/{incident}/mark", {"mark": "urgent", "text": "言葉は画面で読む"}
    assert hub.client().post(path, json=said, headers=hub.machine("section_head")).status_code == 200
    told = {row.contact for row in hub.rows(alert, why="urgent")}
    assert told == {"supervisor", "section_head", "building_manager", "general_affairs", "elsewhere"}
    (entry,) = hub.rows(timeline, kind="notified")
    assert (entry.data["why"], set(entry.data["contacts"])) == ("urgent", told)
