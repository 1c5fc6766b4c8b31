"""The page beside the counter as a worker reads it, and what others do meanwhile."""

import re
from typing import Any

from tests.hub_web.conftest import Hub


def shown(hub: Hub, role: str = "staff") -> str:
    return str(hub.signed_in(role, "田中").get("/companion/counter-01").text)


def does(hub: Hub, incident: str, deed: str, role: str = "supervisor", **said: Any) -> None:
    answer = hub.client().post(f"/api/v1/incidents/{incident}/{deed}", json=said, headers=hub.machine(role, "佐藤"))
    assert answer.status_code == 200, answer.text


def first_card(page: str) -> str:
    found = re.search(r'id="card-([a-z_]+)"', page)
    assert found is not None
    return found.group(1)


def taps(page: str) -> list[str]:
    return re.findall(r'data-id="((?:tap|police)[\w-]*)"', page)


def one_tap(page: str, card: str) -> str:
    """What the tap on a card would write down as said."""
    form = re.search(rf'data-id="said-{card}".*?name="text" value="([^"]*)"', page, re.DOTALL)
    assert form is not None
    return form.group(1)


def fields_of(page: str, form: str) -> dict[str, str]:
    """What the tap `form` sends, without what belongs to the session."""
    found = re.search(rf'data-id="{form}">(.*?)</form>', page, re.DOTALL)
    assert found is not None, form
    said = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', found.group(1)))
    return {name: value for name, value in said.items() if name not in ("csrf_token", "once", "next")}
