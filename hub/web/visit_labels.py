"""What the words of a visit are called on the pages. Translated when shown."""

from typing import Final

from hub.domain.visit import LEVELS
from hub.wording import N_

STATES: Final = {
    "planned": N_("出発前"),
    "left": N_("向かっている"),
    "arrived": N_("訪問先にいる"),
    "ended": N_("戻る途中"),
    "back": N_("戻った"),
    "cancelled": N_("取りやめた"),
}

ROLES: Final = {
    "responder": N_("応対する人"),
    "note_taker": N_("書き留める人"),
    "lookout": N_("周りを見る人"),
    "driver": N_("運転する人"),
    "other": N_("そのほか"),
}

ENTRIES: Final = {
    "planned": N_("予定を決めました"),
    "left": N_("出発しました"),
    "arrived": N_("着きました"),
    "checked.in": N_("無事の連絡がありました"),
    "ended": N_("訪問先を出ました"),
    "back": N_("戻りました"),
    "trouble": N_("助けを求めています"),
    "safe": N_("庁舎が無事を確かめました"),
    "changed": N_("予定を変えました"),
    "cancelled": N_("取りやめました"),
    "debriefed": N_("戻って報告しました"),
    "noted": N_("書き留めました"),
    "limit.lead": N_("まもなく切り上げる時間です"),
    "limit.due": N_("切り上げる時間になりました"),
    "checkin.asked": N_("連絡の時刻になりました"),
    "checkin.missed": N_("連絡がありません。庁舎に知らせました"),
}

AGREED: Final = {
    "waiting": N_("これから"),
    "asked": N_("連絡を待っています"),
    "met": N_("連絡あり"),
    "missed": N_("連絡なし"),
    "over": N_("不要になりました"),
}

WHY_OF: Final = {level.value: why.value for why, level in LEVELS.items()}
"""Why a visit calls, by the level of its call."""

WHYS: Final = {"missed": N_("決めた時刻に連絡がありません"), "trouble": N_("訪問先で助けを求めています")}

SAID: Final = {**ENTRIES, **WHYS}
"""What a visit said while its call goes on."""

FIELDS: Final = {
    "box": N_("窓口"),
    "place": N_("行き先"),
    "case": N_("市の案件番号"),
    "about": N_("用件"),
    "team": N_("行く人と役割"),
    "contact": N_("庁舎で連絡を待つ人"),
    "limit_minutes": N_("切り上げるまで"),
    "checkins": N_("連絡する時刻"),
}
