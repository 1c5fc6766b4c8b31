"""What drills and practices are called."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from hub.wording import N_

REACHES: Final = {
    "first": N_("応援で最初に呼ばれる人（上司・表示灯）"),
    "everybody": N_("全員（庁舎管理・警備も。前もって知らせてから）"),
    "nobody": N_("ハブの画面だけ（知らせは送りません）"),
}

ENDED: Final = {
    "time": N_("時間で終わりました"),
    "person": N_("終えました"),
    "real": N_("本物の呼び出しがあったので終わりました"),
    "restart": N_("箱が訓練に入っていないので終わりました"),
}

LAMPS: Final = {
    "drill": (N_("練習中"), N_("押すと、練習の呼び出しになります。")),
    "hub_has": (N_("届きました"), N_("ハブに記録されました。まだ誰も見ていません。")),
    "seen": (N_("見ました"), N_("上司が呼び出しを見ました。")),
    "coming": (N_("向かっています"), N_("助けに来る人が決まりました。")),
    "time_limit": (N_("時間の目安になりました"), N_("続けるかどうかを上司と決めてください。")),
}
"""How the lamp of a practice box stands: what it says, and what that means."""

HOW: Final = {
    "done": N_("できました"),
    "early": N_("先に済ませました"),
    "later": N_("あとから行いました"),
    "passed": N_("飛ばしました"),
}

SIGNS: Final = {"done": "check", "early": "check", "later": "again", "passed": "walk"}
"""The sign beside each way in which a scene ended."""


def minutes_left(now: datetime) -> Callable[[datetime], int]:
    """Begun minutes until a moment, never less than none."""
    return lambda at: max(0, -int(-(at - now).total_seconds() // 60))
