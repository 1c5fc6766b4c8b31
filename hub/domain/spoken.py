"""A call in one short line, to be read out on the telephone or copied into a message. Names no visitor."""

from datetime import datetime
from typing import Final, Protocol

from contract.messages import Level
from hub.domain.incident import Origin, State
from hub.domain.intake import JAPAN


class Told(Protocol):
    """What the line is made of."""

    @property
    def counter(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def state(self) -> State: ...
    @property
    def origin(self) -> str: ...
    @property
    def drill(self) -> bool: ...
    @property
    def pressed_at(self) -> datetime: ...


_LEVELS: Final = {
    Level.EMERGENCY.value: ("緊急", "emergency"),
    Level.ASSIST.value: ("応援の呼び出し", "call for assistance"),
}


_AWAY: Final = {
    Level.EMERGENCY.value: ("助けを求めています", "the team asks for help"),
    Level.ASSIST.value: ("決めた時刻に連絡がありません", "no word at the agreed time"),
}


def spoken(call: Told, seen_by: str | None, responder: str | None, now: datetime, language: str) -> str:
    """ "2階 住民票3番、緊急、14:32、まだ誰も向かっていません". People are named as the pages name them."""
    place = 1 if language == "en" else 0
    away = call.origin == Origin.VISIT.value
    level = (_AWAY if away else _LEVELS).get(call.level, (call.level, call.level))[place]
    where = (f"訪問先 {call.counter}", f"visit to {call.counter}")[place] if away else call.counter
    parts = [where, level, _when(call.pressed_at, now, language), _standing(call, seen_by, responder)[place]]
    if call.drill:
        parts.insert(0, ("訓練です", "This is a drill")[place])
    return (", " if place else "、").join(" ".join(part.split()) for part in parts)


def _standing(call: Told, seen_by: str | None, responder: str | None) -> tuple[str, str]:
    if call.state in (State.RAISED, State.SEEN, State.ATTENDED):
        if responder:
            return f"{responder}さんが向かっています", f"{responder} is on the way"
        if seen_by:
            return f"{seen_by}さんが確認、まだ誰も向かっていません", f"seen by {seen_by}, nobody is on the way yet"
        if call.origin == Origin.VISIT.value:
            return "まだ誰も応えていません", "nobody has answered yet"
        return "まだ誰も向かっていません", "nobody is on the way yet"
    if call.state is State.CLOSED:
        return "終わりました", "it is closed"
    return "応対は終わりました", "the contact has ended"


def _when(at: datetime, now: datetime, language: str) -> str:
    local = at.astimezone(JAPAN)
    time = f"{local.hour}:{local.minute:02d}"
    if local.date() == now.astimezone(JAPAN).date():
        return time
    return f"{local.day}/{local.month} {time}" if language == "en" else f"{local.month}月{local.day}日 {time}"
