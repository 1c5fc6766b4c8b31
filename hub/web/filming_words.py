"""What the filming flow says at each place. `office` permits and orders, `desk` takes the request."""

from typing import Final

from hub.wording import N_

PROMPTS: Final = {
    "no_rule": N_(
        "撮影の決まりが、市の決まりに見当たりません。所属長に扱いを尋ね、ほかの来庁者や書類が写らないようにお願いしてください。"
    ),
    "ask_permit": N_("撮影の許可を受けているかを尋ねてください。"),
    "ask_exceptions": N_("庁舎内の撮影は禁止です。許可があるか、仕事の妨げにならないかの二つを確かめてください。"),
    "check_document": N_(
        "許可の書面を見て、条件の中かどうかを確かめてください。中であれば認め、条件は記録に残してください。"
    ),
    "allowed": N_(
        "撮影を認めます。ほかの来庁者や書類が写らないようにお願いしてください。条件を外れたら押してください。"
    ),
    "explain_permit": N_(
        "庁舎内の撮影には%(office)sの許可が要ることを説明してください。望まれたら%(desk)sを案内します。"
    ),
    "explain_ban": N_("庁舎内の撮影は禁止であることを説明し、やめるようお願いしてください。"),
    "guide_to_desk": N_("許可を申し込む先として%(desk)sを案内してください。許可が出るまでは撮影できません。"),
    "report": N_("許可のない撮影が続いています。庁舎管理の担当に知らせてください。"),
    "order": N_("撮影をやめるか庁舎から出るよう、%(office)sから伝えてもらい、段階に記録してください。"),
    "look": N_("撮影をやめたか、まだ続けているかを見てください。相手の体や機器には触れないでください。"),
    "police": N_("命じても続いています。警察への通報を考えてください。危ないと感じたら、すぐに通報します。"),
    "with_police": N_("警察を呼んでいます。着いたら引き継いでください。"),
    "ended": N_("撮影は終わりました。"),
}

ANSWERS: Final = {
    "permit_shown": N_("許可を見せられた"),
    "permit_none": N_("許可はない"),
    "no_hindrance": N_("許可が要らないと判断した"),
    "permit_asked": N_("許可を望んでいる"),
    "within_terms": N_("条件の中"),
    "beyond_terms": N_("条件を外れている"),
    "filming_stopped": N_("やめた"),
    "filming_goes_on": N_("続けている"),
    "manager_told": N_("知らせた"),
}
"""Short names beside the prompt; the timeline shows `labels.MARKS`."""
