"""What the figures and the list of incidents are called. Sentences are marked here and translated when shown."""

from collections.abc import Mapping
from typing import Final

from hub.domain import clock_outcomes, statistics
from hub.web import labels
from hub.wording import N_

PARTS: Final = {
    "year": N_("一年"),
    "q1": N_("第 1 四半期（4〜6月）"),
    "q2": N_("第 2 四半期（7〜9月）"),
    "q3": N_("第 3 四半期（10〜12月）"),
    "q4": N_("第 4 四半期（1〜3月）"),
    "m4": N_("4月"), "m5": N_("5月"), "m6": N_("6月"), "m7": N_("7月"), "m8": N_("8月"), "m9": N_("9月"),
    "m10": N_("10月"), "m11": N_("11月"), "m12": N_("12月"), "m1": N_("1月"), "m2": N_("2月"), "m3": N_("3月"),
}  # fmt: skip

TOTALS: Final = {
    "cases": N_("件数（訓練と誤って押したものを除く）"),
    "near_misses": N_("うち、カスハラに至らない困難な事案"),
    "outside_hours": N_("うち、開庁時間の外"),
    "recontacts": N_("うち、前の応対のすぐ後（15 分以内。同じ市の案件番号か、同じ窓口）"),
    "recontacts_of_case": N_("うち、前の応対のすぐ後（15 分以内。同じ市の案件番号）"),
    "referrals": N_("ほかの課や窓口につないだもの"),
    "held": N_("応対にかかった時間の合計（分）"),
    "staff": N_("職員の時間の合計（分。応対の時間 × 数えた職員の人数）"),
    "timed": N_("応対の長さが分かるもの"),
    "within_10": N_("10 秒以内に応答した割合"),
    "within_10_emergency": N_("緊急：10 秒以内に、だれが向かうかが決まった割合"),
    "within_10_assist": N_("応援：10 秒以内に、だれかが確認した割合"),
    "within_40": N_("40 秒以内に応答した割合"),
    "within_40_emergency": N_("緊急：40 秒以内に、だれが向かうかが決まった割合"),
    "within_40_assist": N_("応援：40 秒以内に、だれかが確認した割合"),
    "false_presses": N_("何事もなかったもの"),
    "drills": N_("訓練"),
}

TABLES: Final = {
    "level": N_("呼び出しの種類"),
    "outcome": N_("結果"),
    "act": N_("行為の種類"),
    "unit": N_("課"),
    "counter": N_("窓口"),
    "length": N_("応対の長さ"),
    "hour": N_("時間帯"),
    "weekday": N_("曜日"),
    "step": N_("伝えた段階"),
    "mark": N_("付けた印"),
    "clock": N_("時間の目安と、その結果"),
    "referral": N_("つないだ先"),
    "load": N_("一人あたりの件数"),
}

WEEKDAYS: Final = {
    "0": N_("月曜"), "1": N_("火曜"), "2": N_("水曜"), "3": N_("木曜"), "4": N_("金曜"), "5": N_("土曜"),
    "6": N_("日曜"),
}  # fmt: skip

LENGTHS: Final = {
    "5": N_("5 分まで"),
    "15": N_("15 分まで"),
    "30": N_("30 分まで"),
    "60": N_("1 時間まで"),
    "120": N_("2 時間まで"),
    "more": N_("2 時間を超える"),
    "unknown": N_("分からない"),
}

LOADS: Final = {
    "1": N_("1 件の人"),
    "2-4": N_("2〜4 件の人"),
    "5-9": N_("5〜9 件の人"),
    "10+": N_("10 件以上の人"),
}

OUTCOMES: Final = {**labels.OUTCOMES, "open": N_("まだ終わっていない")}
MARKS: Final = {**labels.MARKS, "referred": N_("ほかの課や窓口につないだ")}

ELSEWHERE: Final = {"(visit)": N_("訪問")}

UNITS: Final = {statistics.NO_UNIT: N_("課に入っていない窓口")}
"""Besides the units themselves, which are called as their files say."""

REFERRALS: Final = {
    **labels.OFFICES,
    statistics.OTHER_OFFICE: N_("市の決まりに名前のない先"),
    statistics.UNNAMED_OFFICE: N_("先を書かなかったもの"),
}

CLOCK_OUTCOMES: Final = {
    clock_outcomes.BEFORE: N_("目安の前に終わった"),
    clock_outcomes.REACHED: N_("目安に達した"),
    "stop": N_("目安に達し、対応をやめると決めた"),
    "go_on": N_("目安に達し、続けると決めた"),
    "anew": N_("目安に達し、この案件の時間を決め直した"),
    "undecided": N_("目安に達し、どうするかを決めずに終わった"),
    "waiting": N_("目安に達し、まだ決めていない（応対中）"),
    clock_outcomes.ADJUSTED: N_("この案件だけの時間にした"),
}
"""In the order in which they are told."""

NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "level": {**labels.LEVELS, "post": N_("投稿")}, "outcome": OUTCOMES, "act": labels.ACTS, "length": LENGTHS,
    "weekday": WEEKDAYS, "step": labels.STEPS, "mark": MARKS, "load": LOADS, "counter": ELSEWHERE,
    "unit": UNITS, "referral": REFERRALS,
}  # fmt: skip

WHOLE: Final = ("level", "weekday", "length", "load")
"""Tables that show their rows even where nothing was counted."""

LIST: Final = (
    N_("番号"), N_("押した時刻"), N_("窓口"), N_("種類"), N_("訓練"), N_("押された回数"), N_("状態"), N_("結果"),
    N_("当たる行為"), N_("確認した時刻"), N_("確認した人"), N_("向かった時刻"), N_("対応した人"), N_("応対の始まり"),
    N_("応対の終わり"), N_("応対の長さ（分）"), N_("終了した時刻"), N_("課"), N_("開庁時間の外"),
    N_("前の応対のすぐ後"), N_("職員の時間（分）"),
)  # fmt: skip
