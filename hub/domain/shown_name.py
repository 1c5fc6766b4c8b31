"""How a person is called on the screens: by a surname or a code (SET-22; Setagaya's handbook 2(4)). Pure.

A full name written in one word cannot be told from a surname; one with a space in it can.
"""

from collections.abc import Sequence
from typing import Final

from contract.problems import Problem

CHARACTERS_MAX: Final = 40
"""What has room beside a tap (choice)."""


def problems(name: str) -> list[Problem]:
    """What is wrong with `name`, as it would stand on every screen."""
    found = []
    if not name or any(one.isspace() for one in name):
        found.append(
            Problem(
                "--name", name,
                "空白のない名前にしてください。画面には姓か記号だけを出します（例「佐藤」「A12」）。"
                "同じ姓の人がいるときは、係や課を付けて「福祉課・佐藤」のようにします。",
                "must be a surname or a code, without a space: screens show no full names. "
                "If two share a surname put the office before it (Welfare-Sato).",
            )
        )  # fmt: skip
    if len(name) > CHARACTERS_MAX:
        found.append(
            Problem(
                "--name", name, f"{CHARACTERS_MAX} 文字までにしてください。",
                f"must have {CHARACTERS_MAX} characters at most.",
            )
        )  # fmt: skip
    return found


def hints(name: str, others: Sequence[str], *, wants_code: bool) -> list[str]:
    """What to think about with a name that is taken all the same; `others`: names of the accounts there are."""
    found = []
    if wants_code and not any(one.isascii() and one.isalnum() for one in name):
        found.append(
            "注意: この市の決まりでは、画面に姓ではなく記号を出します。"
            " / warning: under the city's rules screens show a code, not a surname"
        )
    if name in others:
        found.append(
            f"注意: 「{name}」はもう一つあります。別の人なら、係や課を付けて見分けられるようにしてください。"
            " / warning: another account bears that name; if it is somebody else, put the office before it"
        )
    return found
