"""Asks the evidence process what is sealed, and to seal. The web's only way to either."""

import base64
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast, get_args

from hub.evidence.mp4 import Layout
from hub.evidence.protocol import (
    BATCH_MAX,
    PIECE_MAX,
    SEAL_MARK,
    SEALED_MAX,
    SOCKET,
    TIMEOUT_S,
    Content,
    Copy,
    Layouts,
    Ref,
    Seal,
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

    def copy(self, incident: str, sealed: str, sha256: str, look: int) -> bytes:
        """What is in a sealed copy of a screen, whole.

        Raises:
            EvidenceAway, NotOpened: see there.
        """
        return self._ask(Copy(incident=incident, look=look, sealed=sealed, sha256=sha256))[1]

    def seal(self, incident: str, content: bytes) -> bytes:
        """`content` as it may be stored. Nobody but the holders of the site's keys can read it afterwards.

        Raises:
            EvidenceAway, NotOpened: see there.
        """
        sealed = self._ask(Seal(incident=incident, length=len(content)), content)[1]
        if not sealed.startswith(SEAL_MARK):
            raise EvidenceAway("an answer that is not sealed")
        return sealed

    def _ask(self, question: Layouts | Content | Copy | Seal, more: bytes = b"") -> tuple[dict[str, Any], bytes]:
        try:
            with short_name(self._run) as folder, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(self._timeout_s)
                connection.connect(f"{folder}/{SOCKET}.sock")
                send(connection, question.model_dump(mode="json"), more)
                answer = dict(receive(connection))
                if answer.get("ok") is not True:
                    raise NotOpened(_why(answer.get("why")))
                body = b"" if isinstance(question, Layouts) else exactly(connection, _length(answer["length"]))
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise EvidenceAway(str(error)) from error
        return answer, body


def _length(told: Any) -> int:
    if not 0 <= int(told) <= SEALED_MAX:
        raise ValueError(told)
    return int(told)


def _why(told: Any) -> Why:
    if told not in get_args(Why):
        raise ValueError(told)
    return cast(Why, told)


def _layout(told: Any, inits: list[bytes]) -> Layout | Why:
    if isinstance(told, str):
        return _why(told)
    init, media, media_end = (int(one) for one in told)
    return Layout(inits[init], media, media_end)
