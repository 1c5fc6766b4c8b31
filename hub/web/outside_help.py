"""Where people can turn after a hard contact, and what can be done about a post: names only, from the cities' papers.

No number or address stands here: those belong to each city, and change (`[[care]]` of its hub.toml). Outside bodies are
a reference and no promise: the paper itself says that they may help, and that a city's own office comes first (policy:
Sugi A2, A4-A7; Shin T9).
"""

from typing import Final

from hub.wording import N_

INSIDE: Final = (
    N_("上司・所属長"),
    N_("人事の担当"),
    N_("健康相談の窓口"),
    N_("産業医"),
    N_("カウンセリング"),
    N_("職員団体・労働組合"),
)
"""SUG-03: the city's own people come first. Shown by name where hub.toml does not say how they are reached."""

OUTSIDE: Final = (
    N_("都道府県労働局"),
    N_("労働基準監督署"),
    N_("地方厚生局"),
    N_("消費生活センター（地域による）"),
)
"""SUG-03: named in a lecture, as bodies that may help."""

POST_STEPS: Final = (
    N_("投稿の画面・日時・アドレスを残す"),
    N_("投稿をやめるよう、相手に求める"),
    N_("庁舎の管理、写った人の権利、こちらの録音・録画との関係を確かめる"),
    N_("運営者への削除の申し出を、法務の担当と決める"),
    N_("発信した人の情報の開示を求めるかを、弁護士と決める"),
    N_("事実と違うときは、市としての説明を出すかを決める"),
)
"""SHI-41: to be looked at in turn; each is decided by people."""

POST_CONTACTS: Final = (N_("法務局"), N_("違法・有害情報相談センター"), N_("誹謗中傷ホットライン"))
"""SHI-41: who gives advice about posts."""
