"""The words of an alert: what happened, where, how urgent, and what to do now."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from hub.alerts import visit_wording
from hub.alerts.channel import Bundle, Item, Trip
from hub.alerts.standing_wording import acts_en, acts_ja, standing_en, standing_ja
from hub.domain.intake import JAPAN
from hub.domain.notices import Why

_LEVEL_JA = {"assist": "応援", "emergency": "緊急"}
_LEVEL_EN = {"assist": "assist", "emergency": "EMERGENCY"}


def text_ja(item: Item) -> str:
    """The alert in one Japanese line."""
    drill = "【訓練】" if item.drill else ""
    if item.why is not Why.CALL:
        head, what = _NOTICES_JA[item.why]
        return f"{drill}【{head}】{item.counter} {what}{acts_ja(item.acts)}（{item.number}、{_when(item)}）"
    trip = item.trip
    what = visit_wording.what_ja(item.counter, trip) if trip is not None else f"{item.counter} で呼び出し"
    number = "ハブの記録に書き込めません" if item.unwritten else item.number
    facts = f"{standing_ja(item)}{acts_ja(item.acts)}（{number}、{_when(item)}）"
    return f"{drill}【{_LEVEL_JA.get(item.level, item.level)}】{what}{facts}"


def text_en(item: Item) -> str:
    """The alert in one English line."""
    drill = "DRILL: " if item.drill else ""
    if item.why is not Why.CALL:
        head, what = _NOTICES_EN[item.why]
        return f"{drill}{head}: {item.counter}, {what}{acts_en(item.acts)} ({item.number}, {_when(item)})"
    trip = item.trip
    what = visit_wording.what_en(item.counter, trip) if trip is not None else f"call at {item.counter}"
    number = "the hub cannot write its records" if item.unwritten else item.number
    facts = f"{standing_en(item)}{acts_en(item.acts)} ({number}, {_when(item)})"
    return f"{drill}{_LEVEL_EN.get(item.level, item.level)}: {what}{facts}"


def subject(bundle: Bundle) -> str:
    """The subject of a mail: the most urgent call, and how many others. A drill hides nothing that is none."""
    calls = bundle.calls()
    worst = min(calls, key=lambda item: (item.drill, item.level != "emergency" or item.why is not Why.CALL))
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
    to_do = _to_do(calls, _TO_DO_JA, _UNWRITTEN_JA, _DRILL_JA, _NOTICE_TO_DO_JA)
    return "\n".join([*lines, "", *to_do, *_of_trips(calls, visit_wording.to_do_ja)])


def _body_en(calls: Sequence[Item]) -> str:
    lines = [f"{text_en(item)}\n  Page: {item.url}" for item in calls]
    to_do = _to_do(calls, _TO_DO_EN, _UNWRITTEN_EN, _DRILL_EN, _NOTICE_TO_DO_EN)
    return "\n".join([*lines, "", *to_do, *_of_trips(calls, visit_wording.to_do_en)])


def _to_do(calls: Sequence[Item], call: str, unwritten: str, drill: str, notices: Mapping[Why, str]) -> list[str]:
    """What to do about the calls from counters, then about each other reason."""
    own = [item for item in calls if item.why is Why.CALL and item.trip is None]
    found = []
    if own:
        found.append(
            unwritten if any(one.unwritten for one in own) else drill if all(one.drill for one in own) else call
        )
    return found + [notices[why] for why in dict.fromkeys(item.why for item in calls) if why is not Why.CALL]


def _of_trips(calls: Sequence[Item], words: Callable[[Trip], str]) -> list[str]:
    """What to do about visits that call: nobody is sent to a counter for them."""
    return list(dict.fromkeys(words(item.trip) for item in calls if item.trip is not None and item.why is Why.CALL))


_DRILL_JA = "訓練です。画面で「確認」を押してください。"
_DRILL_EN = "This is a drill. Press “Seen” on the page."
_TO_DO_JA = (
    "・行ける人は、画面で「向かいます」を押してから窓口へ向かってください。\n"
    "・行けないときも、画面で「確認」を押してください。\n"
    "・誰かが答えるまで、この連絡は繰り返されます。"
)
_TO_DO_EN = (
    "- If you can go, press “I am going” on the page, then go to the counter.\n"
    "- If you cannot, press “Seen” on the page.\n"
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


_NOTICES_JA: Final = {
    Why.CEASE_REFUSED: ("庁舎管理", "でやめるよう求めましたが、応じてもらえていません"),
    Why.FILMING: ("撮影・録音", "で相手が撮影・録音しています。許可の有無を確かめてください"),
    Why.UNPERMITTED: ("無許可の撮影・録音", "で、許可のない、または許可された範囲を超えた撮影・録音がありました"),
    Why.GUARDS: ("警備", "で身の危険につながる行為がありました"),
    Why.URGENT: ("至急の共有", "の案件を至急お知らせします"),
    Why.TROUBLE: ("機器の不具合", "の案件で、機器に不具合が起きました"),
    Why.RECORDING_GAP: ("録音・録画の欠け", "で、初めから終わりまで残す応対の録音・録画が欠けています"),
    Why.MEETING: ("会議の求め", "の投稿について、緊急対策会議を開くことが求められました"),
}
_NOTICES_EN: Final = {
    Why.CEASE_REFUSED: ("BUILDING MANAGEMENT", "a request to stop was not followed"),
    Why.FILMING: ("FILMING", "a visitor films or records; check for a permit"),
    Why.UNPERMITTED: ("UNPERMITTED FILMING", "a visitor films without a permit, or beyond its terms"),
    Why.GUARDS: ("GUARDS", "an act was seen that endangers people"),
    Why.URGENT: ("URGENT", "this incident is shared with you at once"),
    Why.TROUBLE: ("EQUIPMENT", "equipment failed during this incident"),
    Why.RECORDING_GAP: ("RECORDING", "a contact that must be recorded from beginning to end has a gap"),
    Why.MEETING: ("MEETING", "the emergency meeting about a post is asked for"),
}
_NOTICE_TO_DO_JA: Final = {
    Why.CEASE_REFUSED: "・庁舎の管理に当たる人は、画面で経過を確かめ、退去を求めるかどうかを判断してください。",
    Why.FILMING: "・撮影の許可を扱う担当者は、窓口で許可の有無を確かめ、取り扱いを伝えてください。",
    Why.UNPERMITTED: "・庁舎の管理に当たる人は、決まりを説明し、やめないときは退去を求めるかどうかを判断してください。",
    Why.GUARDS: "・二人以上で窓口へ向かい、職員とほかの来庁者を離してください。警察への電話は近くの人がします。",
    Why.URGENT: "・画面で内容を確かめ、自分の職場で必要な備えをしてください。",
    Why.RECORDING_GAP: "・二人以上で応対し、言葉と時刻を書き留めてください。箱を確かめ、別の録音機も考えてください。",
    Why.TROUBLE: "・録画や呼び出しに頼れないおそれがあります。窓口に人を増やし、機器を確かめてください。",
    Why.MEETING: "・総務の担当者は、画面で求めの内容を読み、会議を開くかどうかを決めてもらってください。",
}
_NOTICE_TO_DO_EN: Final = {
    Why.CEASE_REFUSED: "- Whoever manages the building: see what happened, and decide on an order to leave.",
    Why.FILMING: "- Whoever handles permits to film: ask at the counter for the permit, and say what applies.",
    Why.UNPERMITTED: "- Whoever manages the building: explain the rule; if it goes on, decide on an order to leave.",
    Why.GUARDS: "- Go to the counter, two or more, and lead staff and others away. Whoever is near calls the police.",
    Why.URGENT: "- Read it on the page, and prepare your own office as needed.",
    Why.RECORDING_GAP: "- Two or more at the counter; note words and times. See to the box, or record otherwise.",
    Why.TROUBLE: "- Recording and calling may not work. Send somebody to the counter, and look at the equipment.",
    Why.MEETING: "- General affairs: read on the page what is asked for, and have it decided whether to meet.",
}


def _when(item: Item) -> str:
    at = item.pressed_at if item.why is Why.CALL else item.told_at or item.pressed_at
    return at.astimezone(JAPAN).strftime("%Y-%m-%d %H:%M:%S")
