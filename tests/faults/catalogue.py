"""docs/faults.md: which test shows that a fault is survived, and which faults wait for what."""

import re
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]

_TEST: Final = re.compile(r"^ *def (test_((?:[a-z]\d\d_)+)\w*)", re.MULTILINE)

HEAD: Final = """\
<!-- make generate が作ります。手で直さないでください。 / Made by `make generate`; do not edit. -->

# 故障と、それを乗り越えることの証拠 / Faults, and what shows that they are survived

箱（D）と通信（W）の故障の一覧です。右の試験は `make test` で、長いものは `make faults` で動きます。
試験のないもの、試験だけでは足りないものには、その理由を書いています。

Faults of the box (D) and of the wire (W). The tests run in `make test`, the long ones in `make faults`. What has no
test, or needs more than one, says why. The ids are those in the tests' names. On a Raspberry Pi a person works through
[the hardware checklist](hardware-checklist.md).

| id | 故障 / fault | 試験 / tests | 残り / open |
|---|---|---|---|
"""


def entries() -> dict[str, dict[str, Any]]:
    """The catalogue, by id."""
    return tomllib.loads(Path(__file__).with_name("catalogue.toml").read_text("utf-8"))


def proofs() -> dict[str, list[str]]:
    """`path::test` by fault id, as the tests' names say."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for name, ids in _TEST.findall(path.read_text("utf-8")):
            for fault in ids.rstrip("_").split("_"):
                found[fault.upper()].add(f"{path.relative_to(ROOT / 'tests')}::{name}")
    return {fault: sorted(tests) for fault, tests in found.items()}


def page() -> str:
    """The page."""
    tests = proofs()
    rows = [
        "| {} | {} | {} | {} |".format(
            fault,
            f"{said['ja']} / {said['en']}",
            "<br>".join(f"`{test}`" for test in tests.get(fault, ())),
            f"{said['open']['ja']} / {said['open']['en']}" if "open" in said else "",
        )
        for fault, said in entries().items()
    ]
    return HEAD + "\n".join(rows) + "\n"
