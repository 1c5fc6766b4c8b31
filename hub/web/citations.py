"""Where a line of a card comes from, in words: `Shin 6(2)④` is a chapter of Shinagawa's procedure."""

from typing import Final

from hub.wording import N_, say

_WHERE: Final = (
    ("Shin T", N_("品川区 対応要領 第7章 TYPE.%(place)s")),
    ("Shin 規則", N_("品川区 庁舎管理規則 %(place)s")),
    ("Shin フロー", N_("品川区 対応要領 第6章 撮影許可の流れ")),
    ("Shin ", N_("品川区 対応要領 %(place)s")),
    ("Seta SNS ", N_("世田谷区 SNS対応マニュアル %(place)s")),
    ("Seta ", N_("世田谷区 手引 %(place)s")),
    ("Sapp ", N_("札幌市 事例報告 %(place)s")),
    ("Yuri ", N_("由利本荘市 基本方針 %(place)s")),
    ("Sugi ", N_("杉並区 衛生講話 %(place)s（参考）")),
    ("choice", N_("Madomori の考え")),
)
"""By the beginning of the key; the first that fits."""

_LATIN: Final = str.maketrans({"ア": "(a)", "イ": "(b)", "ウ": "(c)", "エ": "(d)", "オ": "(e)"})


def cite(language: str, key: str) -> str:
    """`key` (policy facts, citation key) for a reader of `language`; an unknown one as it is."""
    for beginning, words in _WHERE:
        if key.startswith(beginning):
            place = key.removeprefix(beginning)
            if language == "en":
                place = place.replace(" 参考", " note").translate(_LATIN)
            return say(language, words, place=place)
    return key
