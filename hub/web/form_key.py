"""The key of a form: a double click, or a second try after a lost answer, is one deed; other words are no repeat."""

import hashlib
from typing import Final

from flask import request

from contract.codec import canonical
from hub.deeds import Once
from hub.web.api.deeds import KEY

NOT_SAID: Final = ("csrf_token", "once", "next")
"""Fields of every form that say nothing about the deed."""


def form_key() -> Once | None:
    """The hidden `once` of the form that was sent, with the digest of where it went and what it says; None without one.

    Whoever improves the words after an answer was lost sends the same `once` along: passed for a repeat, the better
    words would be thrown away, and the page would say that all went well.
    """
    key = request.form.get("once", "")
    if not KEY.match(key):
        return None
    said = {name: values for name, values in request.form.lists() if name not in NOT_SAID}
    return Once(key, hashlib.sha256(canonical({"path": request.path, "form": said})).hexdigest())


def to_send_again() -> list[tuple[str, str]]:
    """What the form that was sent says, field by field, as a page shows it to be sent with a key of its own."""
    return [(name, value) for name, value in request.form.items(multi=True) if name not in NOT_SAID]


def is_words(value: str) -> bool:
    """Whether somebody wrote `value`, for all one can see: what a form offers to choose are plain names and numbers."""
    return any(not "!" <= one <= "~" for one in value.strip())
