"""Asks the evidence process what sealed segments hold. The web's only way to them."""

import base64
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast, get_args

from hub.evidence.mp4 import Layout
from hub.evidence.protocol import (
    BATCH_MAX,
    PIECE_MAX,
    SOCKET,
    TIMEOUT_S,
    Content,
    Layouts,
    Ref,
    Why,
    exactly,
    receive,
    send,
)
from hub.poke import short_name


class EvidenceAway(OSError):
    """The evidence process does not answer: it is starting again, or was never started."""


class NotOpened(Exception):
    """It answered that it cannot open this; `why` says which kind of cannot."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


class EvidenceClient:
    """One question at a time on a connection of its own. Any thread; nothing is kept between questions."""

    def __init__(self, run: Path, timeout_s: float = TIMEOUT_S) -> None:
        self._run = run
        self._timeout_s = timeout_s

    def layouts(self, incident: str, refs: Sequence[Ref], look: int) -> list[Layout | Why]:
        """How each of these segments is built, or why that cannot be known.

        Raises:
            EvidenceAway: see there.
            NotOpened: the question as a whole was refused.
        """
        found: list[Layout | Why] = []
        for start in range(0, len(refs), BATCH_MAX):
            batch = tuple(refs[start : start + BATCH_MAX])
            answer, _ = self._ask(Layouts(incident=incident, look=look, segments=batch))
            try:
                inits = [base64.b64decode(one) for one in answer["inits"]]
                found += [_layout(one, inits) for one in answer["layouts"]]
            except (KeyError, TypeError, ValueError, IndexError) as error:
                raise EvidenceAway("an answer that makes no sense") from error
        if len(found) != len(refs):
            raise EvidenceAway("an answer that makes no sense")
        return found

    def content(self, incident: str, ref: Ref, look: int, offset: int, length: int) -> bytes:
        """Up to `PIECE_MAX` bytes of the opened segment from `offset` on.

        Raises:
            EvidenceAway, NotOpened: see there.
        """
        wanted = min(length, PIECE_MAX)
        _, body = self._ask(Content(incident=incident, look=look, segment=ref, offset=offset, length=wanted))
        if len(body) != wanted:
            raise EvidenceAway("an answer that makes no sense")
        return body

    def _ask(self, question: Layouts | Content) -> tuple[dict[str, Any], bytes]:
        try:
            with short_name(self._run) as folder, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(self._timeout_s)
                connection.connect(f"{folder}/{SOCKET}.sock")
                send(connection, question.model_dump(mode="json"))
                answer = dict(receive(connection))
                if answer.get("ok") is not True:
                    raise NotOpened(_why(answer.get("why")))
                body = exactly(connection, int(answer["length"])) if isinstance(question, Content) else b""
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise EvidenceAway(str(error)) from error
        return answer, body


def _why(told: Any) -> Why:
    if told not in get_args(Why):
        raise ValueError(told)
    return cast(Why, told)


def _layout(told: Any, inits: list[bytes]) -> Layout | Why:
    if isinstance(told, str):
        return _why(told)
    init, media, media_end = (int(one) for one in told)
    return Layout(inits[init], media, media_end)
