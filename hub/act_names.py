"""What the acts of the contract are called, on the pages and in messages. The English stands in the translations."""

from typing import Final

from hub.wording import N_

ACTS: Final = {
    "abuse": N_("暴言・侮辱"),
    "violence": N_("暴力・物を壊す"),
    "threat": N_("威嚇・脅迫"),
    "danger": N_("身の危険を感じた"),
    "hold": N_("長時間の拘束・居座り"),
    "confine": N_("監禁・個室での拘束"),
    "repeat": N_("同じ要求の繰り返し"),
    "authority": N_("権威を示す・特別扱い・土下座の要求"),
    "demand": N_("不当な要求"),
    "baseless": N_("理由のない要求"),
    "offsite": N_("庁舎の外への呼びつけ"),
    "sexual": N_("性的な言動・つきまとい"),
    "discrim": N_("差別的な言動"),
    "personal": N_("職員個人への攻撃"),
    "filming": N_("無断の撮影・録音"),
    "online": N_("インターネットへの投稿"),
    "order": N_("庁舎の秩序を乱す行為"),
    "organised": N_("組織による圧力"),
    "crime": N_("その他の犯罪に当たりうる行為"),
    "nearmiss": N_("困難な事案"),
}
