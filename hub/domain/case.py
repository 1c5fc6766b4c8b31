"""The city's own case number, which joins contacts that people found to belong together. Pure.

A number and nothing else: no face, no voice, no name. Only people join contacts (SHI-35), and nothing follows from it
by itself: nobody is refused or turned away by this product (SHI-36).
"""

import unicodedata
from typing import Annotated, Final

from pydantic import AfterValidator, Strict, StringConstraints

LENGTH_MAX: Final = 60

_DASHES: Final = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")


def case_number(text: str) -> str:
    """The number as it is kept: written on two keyboards it is still the same case.

    Raises:
        ValueError: it holds no digit, so it may be a name.
    """
    plain = " ".join(unicodedata.normalize("NFKC", text).translate(_DASHES).upper().split())
    if not any(char.isdigit() for char in plain):
        raise ValueError(
            "数字の入った番号を書いてください。相手の名前は書かないでください。"
            " / write a number, with digits. Never the name of a person."
        )
    if len(plain) > LENGTH_MAX or not plain.isprintable():
        raise ValueError(f"{LENGTH_MAX} 文字までで書いてください。 / must have {LENGTH_MAX} characters at the most.")
    return plain


CaseNumber = Annotated[str, Strict(), StringConstraints(max_length=200), AfterValidator(case_number)]
