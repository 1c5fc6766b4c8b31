"""Alerts posted as JSON to another program: chat, paging service, the building's own systems."""

import http.client
import json
import ssl
from typing import Any
from urllib.parse import urlsplit

from contract.messages import utc_text
from hub.alerts import wording
from hub.alerts.channel import SENDING_S, Bundle, Deadline, Item, SendFailed, Trip
from hub.alerts.mail import bundle_id
from hub.config import HubConfig
from hub.domain.standing import Standing


def make(config: HubConfig) -> "WebhookChannel | None":
    """The channel; it needs no settings."""
    return WebhookChannel(config.alerts.webhook.timeout_s)


class WebhookChannel:
    """Posts alerts. Follows no redirect: whoever answers with one is not whom the administrator named."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s

    def send(self, bundle: Bundle) -> None:
        """Post the bundle; any 2xx is success.

        Raises:
            SendFailed: no answer in time, or another status.
        """
        url = urlsplit(bundle.target)
        connection: http.client.HTTPConnection = (
            http.client.HTTPSConnection(
                url.hostname or "", url.port, timeout=self._timeout_s, context=ssl.create_default_context()
            )
            if url.scheme == "https"
            else http.client.HTTPConnection(url.hostname or "", url.port, timeout=self._timeout_s)
        )
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        headers = {"Content-Type": "application/json", "Idempotency-Key": bundle_id(bundle), "User-Agent": "madomori"}
        try:
            with Deadline(SENDING_S, lambda: connection):
                connection.request("POST", path, body=payload(bundle), headers=headers)
                status = connection.getresponse().status
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise SendFailed(f"webhook: {type(error).__name__}") from error
        finally:
            connection.close()
        if not 200 <= status < 300:
            raise SendFailed(f"webhook answered {status}")


def payload(bundle: Bundle) -> bytes:
    """The body: every alert, none merged away."""
    body = {"v": 1, "site": bundle.site, "alerts": [_alert(item) for item in bundle.items]}
    return json.dumps(body, ensure_ascii=False).encode()


def _alert(item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "incident": item.incident,
        "number": item.number,
        "counter": item.counter,
        "level": item.level,
        "at": utc_text(item.pressed_at),
        "text_ja": wording.text_ja(item),
        "text_en": wording.text_en(item),
        "url": item.url,
        "drill": item.drill,
        "unwritten": item.unwritten,
        "why": item.why.value,
        "origin": "counter" if item.trip is None else "visit",
        **({"visit": _visit(item.trip)} if item.trip is not None else {}),
        **({"standing": _standing(item.standing)} if item.standing is not None else {}),
        **({"acts": list(item.acts)} if item.acts else {}),
    }


def _standing(found: Standing) -> dict[str, Any]:
    """How the call stands as this is sent; sent again after a failure it may say more."""
    return {
        "since": utc_text(found.since_at),
        "waited_s": found.waited_s,
        "minutes": found.waited_s // 60,
        "repeat": found.repeat,
        "after_s": found.after_s,
        "seen_by": found.seen_by,
        "responder": found.responder,
    }


def _visit(trip: Trip) -> dict[str, Any]:
    agreed = {"agreed_at": utc_text(trip.agreed_at)} if trip.agreed_at is not None else {}
    return {"id": trip.id, "team": trip.team, "since": utc_text(trip.since_at), "contact": trip.contact, **agreed}
