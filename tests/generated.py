"""Files drawn from the source. `make generate` writes them, `tests/test_generated.py` sees that they are fresh.

To add one, add a line to `FILES`: its path, and the function that makes its content.
"""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import yaml

from contract import asyncapi
from device.core.alarm import TABLE, AlarmAct, AlarmInput, AlarmIs
from device.core.buzz import REPEATED, STEPS
from device.core.lamp import BEACON_STATES, LIGHTS, PATTERNS, Colour, LampKind, LampState, Pattern
from device.wording import lamp_words
from tests.contract.samples import samples
from tests.faults import catalogue
from tests.requirements import catalogue as requirements

ROOT: Final = Path(__file__).parents[1]


# --- contract/asyncapi.yaml -----------------------------------------------------------------------------------------


class _Readable(yaml.SafeDumper):
    """Paragraphs as blocks, lists indented, nothing by reference."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write everything out."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Lists are indented under their key."""
        super().increase_indent(flow, False)


def _text(dumper: _Readable, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Readable.add_representer(str, _text)


def asyncapi_yaml() -> str:
    """The conversation between box and hub."""
    document = asyncapi.document(samples())
    head = (
        "# make generate が contract/ から作ります。手で直さないでください。 / Made by `make generate`; do not edit.\n"
    )
    # No folding: a line that is broken inside a sentence is harder to read than a long one.
    return head + yaml.dump(document, Dumper=_Readable, sort_keys=False, allow_unicode=True, width=10_000)


# --- docs/box-states.md ---------------------------------------------------------------------------------------------

_IS: Final = {
    AlarmIs.QUIET: "平常 / quiet",
    AlarmIs.ASSIST: "応援 / assist",
    AlarmIs.EMERGENCY: "緊急 / emergency",
}
_INPUT: Final = {
    AlarmInput.SHORT: "短く押す / short press",
    AlarmInput.LONG: "長く押す / long press",
    AlarmInput.SECOND_BUTTON: "緊急ボタン / second button",
    AlarmInput.ENDED_BY_HUB: "ハブで人が終える / ended by people at the hub",
}
_ACT: Final = {
    AlarmAct.RAISE: "警報を出す / raise",
    AlarmAct.REPEAT: "もう一度知らせる / repeat",
    AlarmAct.ESCALATE: "緊急に上げる / escalate",
    AlarmAct.END: "警報を終える / end",
    AlarmAct.IGNORE: "何もしない / ignore",
}
_COLOUR: Final = {
    Colour.OFF: "消灯 / off",
    Colour.WHITE: "白 / white",
    Colour.BLUE: "青 / blue",
    Colour.GREEN: "緑 / green",
    Colour.AMBER: "橙 / amber",
    Colour.RED: "赤 / red",
}

_BOX_STATES: Final = """\
<!-- make generate が device/core/ から作ります。手で直さないでください。 / Made by `make generate`; do not edit. -->

# 箱の状態 / The states of a box

## 警報 / The alarm

押すと警報が立ち、もう一度押しても消えません。終えるのは人だけです。
A press sets the alarm, a further press never undoes it. Only people end it.

```mermaid
{diagram}
```

| 今 / now | 出来事 / what happens | すること / act | 次 / next | 理由 / because |
|---|---|---|---|---|
{moves}

## ランプ / The lamp

どの状態にも固有の点滅があり、色が分からなくても読めます。数字はミリ秒、●は点灯、○は消灯、くり返します。
Each state has its own pattern, so that colour is never needed to read it. Milliseconds, ● on, ○ off, repeated.

右の列は、ブザー・振動で手に伝わるものです。The last column is what the hand feels, or hears from a buzzer.

{head}
{lamps}

## ビーコンと壁のランプ / Beacon and wall lamp

ほかの窓口の呼び出しを示します。ハブが止まっていても届きます。接続が切れている間は、最後に分かった呼び出しを3回示すごとに
`link_lost` の点滅を1回はさみます。ビーコンの「不具合」は上の表の `fault` です。
They show the calls of other counters, with or without a hub. While the link is lost, the pattern of `link_lost` follows
after every third round of the last call that was known. A fault of their own is `fault` above.

{head}
{beacons}

## 色を出せないランプ / Lamps that lack a colour

| 色 / colour | {kinds} |
|---|{rules}
{lights}
"""

_HEAD: Final = """\
| 状態 / state | 意味 / meaning | すること / what to do | 色 / colour | 点滅 / pattern | 手 / felt |
|---|---|---|---|---|---|"""

_KIND: Final = {
    LampKind.RGB: "`rgb` 赤・緑・青 / red, green, blue",
    LampKind.TOWER: "`tower` 赤・橙・緑 / red, amber, green",
    LampKind.SINGLE: "`single`",
}


def box_states() -> str:
    """The alarm's table and the lamp's patterns, for people."""
    return _BOX_STATES.format(
        diagram="\n".join(_diagram()),
        moves="\n".join(_move_rows()),
        head=_HEAD,
        lamps="\n".join(_lamp_rows(state for state in PATTERNS if state not in BEACON_STATES)),
        beacons="\n".join(_lamp_rows(BEACON_STATES)),
        kinds=" | ".join(_KIND.values()),
        rules="---|" * len(_KIND),
        lights="\n".join(_light_rows()),
    )


def _diagram() -> list[str]:
    lines = ["stateDiagram-v2", *(f'    state "{words}" as {state}' for state, words in _IS.items())]
    lines.append(f"    [*] --> {AlarmIs.QUIET}")
    for (state, cause), move in TABLE.items():
        if move.act is not AlarmAct.IGNORE:
            lines.append(f"    {state} --> {move.to}: {_INPUT[cause]}")
    return lines


def _move_rows() -> list[str]:
    return [
        f"| {_IS[state]} | {_INPUT[cause]} | {_ACT[move.act]} | {_IS[move.to]} | {move.because} |"
        for (state, cause), move in TABLE.items()
    ]


def _lamp_rows(states: Iterable[LampState]) -> list[str]:
    return [
        f"| `{state}` | {_both(state, 0)} | {_both(state, 1)} | {_COLOUR[PATTERNS[state].colour]} "
        f"| {_steps(PATTERNS[state])} | {_felt(state)} |"
        for state in states
    ]


def _felt(state: LampState) -> str:
    if state not in STEPS:
        return ""
    steps = " ".join(f"{'●' if on else '○'}{ms}" for on, ms in STEPS[state])
    return f"{steps} くり返す / repeated" if state in REPEATED else steps


def _light_rows() -> list[str]:
    def lit(kind: LampKind, colour: Colour) -> str:
        return " ".join("●" if on else "○" for on in LIGHTS[kind][colour])

    return [
        f"| {words} | {' | '.join(lit(kind, colour) for kind in _KIND)} |"
        for colour, words in _COLOUR.items()
        if colour is not Colour.OFF
    ]


def _both(state: LampState, part: int) -> str:
    return "<br>".join(lamp_words(state, name, language)[part] for language, name in (("ja", "○○"), ("en", "(name)")))


def _steps(pattern: Pattern) -> str:
    if len(pattern.steps) == 1:
        return "● 点いたまま / steady"
    return " ".join(f"{'●' if on else '○'}{ms}" for on, ms in pattern.steps)


# --- all of them ----------------------------------------------------------------------------------------------------

FILES: Final[dict[str, Callable[[], str]]] = {
    "contract/asyncapi.yaml": asyncapi_yaml,
    "docs/box-states.md": box_states,
    "docs/faults.md": catalogue.page,
    "docs/requirements.md": requirements.page,
    # the hub's openapi.json goes here
}


def is_fresh(path: str) -> bool:
    """Whether the file says what the source says."""
    file = ROOT / path
    return file.is_file() and file.read_text(encoding="utf-8") == FILES[path]()


def main(arguments: list[str]) -> int:
    """Name the stale files; with `--write`, remake them."""
    stale = [path for path in FILES if not is_fresh(path)]
    for path in stale:
        print(path)
        if arguments == ["--write"]:
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(FILES[path](), encoding="utf-8")
    return 1 if stale and arguments != ["--write"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
