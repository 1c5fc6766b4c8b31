"""What the register of disclosure requests says. Marked here and translated when shown."""

from typing import Final

from hub.wording import N_

STAGES: Final = {
    "received": N_("受け付けた"),
    "decided": N_("決めた"),
    "handed_over": N_("渡した"),
    "closed": N_("終えた"),
}

REGISTERED: Final = {**STAGES, "amended": N_("改めた")}

REQUESTS: Final = {
    "resident": N_("本人などの開示請求"),
    "court": N_("裁判所から"),
    "police": N_("警察から"),
    "other": N_("その他"),
}

WANTED: Final = {"recording": N_("録音・録画"), "records": N_("文書の記録"), "both": N_("録音・録画と文書の記録")}

DISCLOSED: Final = {
    "full": N_("全部を開示する"),
    "partial": N_("一部を開示する"),
    "refused": N_("開示しない"),
    "withdrawn": N_("取り下げられた"),
}
