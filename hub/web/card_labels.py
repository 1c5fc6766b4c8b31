"""What is written around guidance cards: kinds, cues, reasons. Translated when shown."""

from typing import Final

from hub.card_files import cards
from hub.wording import N_

KINDS: Final = {"type": N_("相手の行為"), "step": N_("段階")}

CUES: Final = {
    "continues": N_("続くとき"),
    "ends": N_("終わるとき"),
    "last": N_("それでも残るとき"),
    "phone": N_("電話のとき"),
    "unaware": N_("自覚がないとき"),
    "own_slip": N_("こちらに誤りがあるとき"),
    "money": N_("お金の求めなら"),
    "unavoidable": N_("行くしかないとき"),
    "has_permit": N_("許可があるとき"),
    "left": N_("相手が帰った後"),
    "asked": N_("尋ねられたら"),
    "police": N_("警察に"),
    "colleague": N_("同僚に"),
}

WHY: Final = {
    "emergency": N_("緊急の呼び出し"),
    "danger": N_("危険"),
    "police_at_once": N_("すぐ警察を呼ぶ行為"),
    "police_called": N_("警察を呼んだ"),
    "separate_track": N_("別の手順に移る"),
    "swap": N_("担当を替わる行為"),
    "refused": N_("録音・録画を断られた"),
    "filming": N_("相手が撮影している"),
    "own_recording": N_("こちらも記録できる"),
    "superior_demanded": N_("上司を求められた"),
    "apology_demanded": N_("謝罪を求められた"),
    "decided": N_("やめると決めた"),
    "clock": N_("目安の時間を過ぎた。続けるかは人が決める"),
    "act": N_("見られた行為"),
    "begin": N_("話の始まり"),
    "away": N_("訪問先にいる"),
    "long_hold": N_("長い拘束が見込まれる"),
    "next_step": N_("次の段階"),
    "takeover": N_("応援が来る"),
    "no_more_steps": N_("段階をすべて伝えた"),
    "visitor_left": N_("相手が帰った"),
    "contact_ended": N_("応対が終わった"),
}
"""Why a card is shown now: `hub.domain.guidance.Why`."""

WORDS: Final = {
    "counter": N_("窓口の名前"),
    "office": N_("課や係の名前"),
    "minutes": N_("伝えた時間（分）"),
    "count": N_("何回目か"),
    "issuer": N_("退去を命じる役職"),
    "desk": N_("撮影許可の窓口"),
    "permit_by": N_("撮影を許可する役職"),
    "slot_range": N_("時間を決める範囲（分）"),
    "special_minutes": N_("特別扱いの求めの目安（分）"),
    "sns_units": N_("投稿を知らせる部署"),
    "legal_units": N_("法律の相談先"),
    "report_to": N_("報告先"),
    "check_days": N_("様子を確かめる日"),
}
"""What `{name}` in a sentence stands for."""


def title(tongue: str, card: str) -> str:
    """What a card is called; one that is not there any more is shown as it is."""
    known = cards().get(card)
    return known.title.of(tongue) if known is not None else card
