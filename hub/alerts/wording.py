"""The words of an alert: what happened, where, how urgent, and what to do now."""

from collections.abc import Sequence

from hub.alerts.channel import Bundle, Item
from hub.domain.intake import JAPAN

_LEVEL_JA = {"assist": "応援", "emergency": "緊急"}
_LEVEL_EN = {"assist": "assist", "emergency": "EMERGENCY"}


def text_ja(item: Item) -> str:
    """The alert in one Japanese line."""
    drill = "【訓練】" if item.drill else ""
    number = "ハブの記録に書き込めません" if item.unwritten else item.number
    return f"{drill}【{_LEVEL_JA.get(item.level, item.level)}】{item.counter} で呼び出し（{number}、{_when(item)}）"


def text_en(item: Item) -> str:
    """The alert in one English line."""
    drill = "DRILL: " if item.drill else ""
    number = "the hub cannot write its records" if item.unwritten else item.number
    return f"{drill}{_LEVEL_EN.get(item.level, item.level)}: call at {item.counter} ({number}, {_when(item)})"


def subject(bundle: Bundle) -> str:
    """The subject of a mail: the most urgent call, and how many others."""
    calls = bundle.calls()
    worst = next((item for item in calls if item.level == "emergency"), calls[0])
    more = len(calls) - 1
    ja = text_ja(worst) + (f" ほか {more} 件" if more else "")
    en = text_en(worst) + (f" and {more} more" if more else "")
    return f"{en} / {ja}" if bundle.language == "en" else f"{ja} / {en}"


def body(bundle: Bundle) -> str:
    """The text of a mail."""
    calls = bundle.calls()
    parts = [_body_ja(calls), _body_en(calls)]
    if bundle.language == "en":
        parts.reverse()
    return "\n\n----\n\n".join(parts) + "\n"


def _body_ja(calls: Sequence[Item]) -> str:
    lines = [f"{text_ja(item)}\n  画面: {item.url}" for item in calls]
    what = "訓練です。画面で「確認」を押してください。" if all(item.drill for item in calls) else _TO_DO_JA
    what = _UNWRITTEN_JA if any(item.unwritten for item in calls) else what
    return "\n".join([*lines, "", what])


def _body_en(calls: Sequence[Item]) -> str:
    lines = [f"{text_en(item)}\n  Page: {item.url}" for item in calls]
    what = "This is a drill. Acknowledge it on the page." if all(item.drill for item in calls) else _TO_DO_EN
    what = _UNWRITTEN_EN if any(item.unwritten for item in calls) else what
    return "\n".join([*lines, "", what])


_TO_DO_JA = (
    "・行ける人は、画面で「向かう」を押してから窓口へ向かってください。\n"
    "・行けないときも、画面で「確認」を押してください。\n"
    "・誰かが答えるまで、この連絡は繰り返されます。"
)
_TO_DO_EN = (
    "- If you can go, press “I am going” on the page, then go to the counter.\n"
    "- If you cannot, acknowledge the call on the page.\n"
    "- This alert is repeated until somebody answers."
)
_UNWRITTEN_JA = (
    "・ハブの記録（データベース）に書き込めません。この呼び出しは、まだ画面に出ません。\n"
    "・行ける人は、そのまま窓口へ向かってください。この連絡は繰り返されません。\n"
    "・システム管理者は、ハブのディスクの空きとデータベースを確かめてください。直ると、改めて連絡します。"
)
_UNWRITTEN_EN = (
    "- The hub cannot write its records (the database). This call is not on the pages yet.\n"
    "- If you can go, go to the counter now. This alert is not repeated.\n"
    "- Administrators: look at the free disk space and the database. Once it works, a normal alert follows."
)


def _when(item: Item) -> str:
    return item.pressed_at.astimezone(JAPAN).strftime("%Y-%m-%d %H:%M:%S")
