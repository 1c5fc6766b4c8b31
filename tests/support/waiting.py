"""Waiting for a thing instead of for a time. Needs nothing but Python: the camera's tests have few libraries."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")


def until(met: Callable[[], _T], timeout_s: float = 15.0, what: str = "condition") -> _T:
    """The first true value of `met`.

    Raises:
        AssertionError: it did not come in time.
    """
    end = time.monotonic() + timeout_s
    while True:
        value = met()
        if value:
            return value
        assert time.monotonic() < end, f"{what}: not within {timeout_s} s"
        threading.Event().wait(0.02)
