"""How a call stands, in the words of a message: how long it has waited, who has seen it, what guards walk into."""

from collections.abc import Sequence
from typing import Final

from contract.messages import Level
from hub.act_names import ACTS
from hub.alerts.channel import Item
from hub.domain.standing import Standing
from hub.wording import say

AT_ONCE_S: Final = 10
"""Of a shorter wait nothing is said."""


def standing_ja(item: Item) -> str:
    """A sentence after 「… で呼び出し」, or nothing."""
    found = item.standing
    if found is None or not found.worth_saying:
        return ""
    since = "緊急になってから " if found.raised else ""
    if found.responder is not None:
        return f"。{found.responder} さんが向かっています"
    if found.seen_by is None:
        waited = f"{since}{_long_ja(found)}たっても、" if found.waited_s >= AT_ONCE_S else ""
        return f"。{waited}まだ誰も見ていません"
    waited = f"{since}{_long_ja(found)}たちました。" if found.waited_s >= AT_ONCE_S else ""
    going = "が、向かう人がまだいません" if item.level == Level.EMERGENCY else ""
    return f"。{waited}{found.seen_by} さんが見ました{going}"


def standing_en(item: Item) -> str:
    """The same after "call at …"."""
    found = item.standing
    if found is None or not found.worth_saying:
        return ""
    if found.responder is not None:
        return f"; {found.responder} is going"
    since = "since it became an emergency" if found.raised else "since the call"
    waited = f"{_long_en(found)} {since}, " if found.waited_s >= AT_ONCE_S else ""
    if found.seen_by is None:
        return f"; {waited}nobody has seen it yet"
    going = ", but nobody is going yet" if item.level == Level.EMERGENCY else ""
    return f"; {waited}{found.seen_by} has seen it{going}"


def acts_ja(acts: Sequence[str]) -> str:
    """What was seen to happen, or nothing."""
    return f"。見た行為: {_named('ja', acts, '、')}" if acts else ""


def acts_en(acts: Sequence[str]) -> str:
    """The same in English."""
    return f"; seen: {_named('en', acts, ', ')}" if acts else ""


def _named(language: str, acts: Sequence[str], between: str) -> str:
    return between.join(say(language, ACTS.get(act, act)) for act in acts)


def _long_ja(found: Standing) -> str:
    return f"{found.waited_s // 60} 分" if found.waited_s >= 60 else f"{found.waited_s} 秒"


def _long_en(found: Standing) -> str:
    return f"{found.waited_s // 60} min" if found.waited_s >= 60 else f"{found.waited_s} s"
