"""What the words of the contract are called on the pages. Sentences are marked here and translated when shown."""

from typing import Final

from hub.wording import N_

STATES: Final = {
    "raised": N_("未確認"),
    "seen": N_("確認済み"),
    "attended": N_("対応中"),
    "contact_ended": N_("応対終了"),
    "judged": N_("判断済み"),
    "reported": N_("報告済み"),
    "closed": N_("終了"),
}

LEVELS: Final = {"assist": N_("応援"), "emergency": N_("緊急")}

ROLES: Final = {
    "staff": N_("職員"),
    "supervisor": N_("係長級"),
    "section_head": N_("所属長"),
    "building_manager": N_("庁舎管理者"),
    "guard": N_("警備"),
    "evidence_custodian": N_("証拠保管者"),
    "general_affairs": N_("総務"),
    "auditor": N_("監査"),
    "administrator": N_("システム管理者"),
}

OUTCOMES: Final = {
    "harassment": N_("カスタマー・ハラスメントに当たる"),
    "near_miss": N_("当たらないが困難な事案"),
    "not_harassment": N_("当たらない"),
    "false_press": N_("誤って押した"),
    "drill": N_("訓練"),
}

FINDINGS: Final = {name: OUTCOMES[name] for name in ("harassment", "near_miss", "not_harassment")}

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

STEPS: Final = {
    "superior": N_("上司に替わる"),
    "warn": N_("注意する"),
    "stop": N_("対応をやめると伝える"),
    "end": N_("話を終えると伝える"),
    "cease": N_("行為をやめるよう求める"),
    "announce_stop": N_("対応をやめると予告する"),
    "stop_and_urge": N_("対応をやめ、帰るよう促す"),
    "leave": N_("退去を命じる"),
    "ask_leave": N_("退去を求める"),
    "final": N_("最後の警告をする"),
    "announce_police": N_("警察に知らせると告げる"),
    "police": N_("警察に通報する"),
    "legal": N_("法的な手続きを取る"),
}

MARKS: Final = {
    "false_press": N_("誤って押した"),
    "stalemate": N_("話が進まなくなった"),
    "progress": N_("話が進みだした"),
    "recording_refused": N_("録音・録画を断られた"),
    "slot_announced": N_("対応する時間を伝えた"),
    "repeat_long_hold": N_("長い拘束が繰り返されている"),
    "staff_swapped": N_("担当を替わった"),
    "guards_called": N_("警備を呼んだ"),
    "police_called": N_("警察を呼んだ"),
    "police_arrived": N_("警察が来た"),
    "visitor_left": N_("相手が帰った"),
}

CLOCKS: Final = {"stalemate": N_("話の行き詰まり"), "contact_cap": N_("一回の応対")}

PRESENCE: Final = {
    "online": N_("つながっています"),
    "offline": N_("切れています"),
    "never": N_("まだ一度もつながっていません"),
}

RECORDING: Final = {
    "off": N_("録画しない設定"),
    "armed": N_("録画の用意ができています"),
    "recording": N_("録画中"),
    "failed": N_("録画できません"),
}

STOPS: Final = {
    "growing": N_("録画は続いています。新しい部分は、開き直すと見られます。"),
    "missing": N_("途中の部分がまだ届いていません。そこまでを見られます。"),
    "sealed": N_("封がされていて、このハブでは開けません。証拠保管者の鍵で開けます。"),
    "unreadable": N_("形が崩れていて、その先は再生できません。元の記録は残っています。"),
    "format_changed": N_("途中で録画の形式が変わりました。変わる前までを見られます。"),
}

ALERT_STATES: Final = {
    "due": N_("これから送る"),
    "leased": N_("送信中"),
    "sent": N_("送った"),
    "failed": N_("送れなかった"),
    "cancelled": N_("取りやめ"),
}

CHANNELS: Final = {
    "email": N_("メール"),
    "webhook": N_("Webhook"),
    "patlite": N_("表示灯"),
    "apprise": N_("チャットなど"),
}

WHYS: Final = {
    "cease_refused": N_("やめるよう求めたが応じない"),
    "filming": N_("許可のない撮影・録音"),
    "urgent": N_("至急の共有"),
    "checkin_missed": N_("訪問先から連絡がない"),
    "trouble": N_("機器の不具合"),
}

DAYS: Final = {
    "Mon": N_("月"),
    "Tue": N_("火"),
    "Wed": N_("水"),
    "Thu": N_("木"),
    "Fri": N_("金"),
    "Sat": N_("土"),
    "Sun": N_("日"),
    "Hol": N_("祝"),
}

ON_DUTY: Final = {"here": N_("勤務中"), "away": N_("不在"), "off_hours": N_("時間外")}

ENTRIES: Final = {
    "alarm.raised": N_("ボタンが押されました"),
    "alarm.repeated": N_("もう一度押されました"),
    "alarm.ended": N_("箱の呼び出しが終わりました"),
    "notice.played": N_("録画・録音のお知らせを流しました"),
    "recording.started": N_("録画を始めました"),
    "recording.closed": N_("録画を終えました"),
    "segment.sealed": N_("録画の一部に封をしました"),
    "fault.raised": N_("箱に不具合が起きました"),
    "fault.cleared": N_("箱の不具合が直りました"),
    "acknowledged": N_("確認しました"),
    "responding": N_("向かいます"),
    "contact.started": N_("応対が始まりました"),
    "contact.ended": N_("応対が終わりました"),
    "marked": N_("印を付けました"),
    "step.taken": N_("段階を伝えました"),
    "noted": N_("書き留めました"),
    "judged": N_("判断しました"),
    "closed": N_("終了しました"),
    "alerted": N_("知らせを送りました"),
    "notified": N_("関係者に知らせました"),
    "nobody.available": N_("まだ誰も応えていないことを箱に伝えました"),
}
"""What is not here is shown by its own name: a newer box may send what this hub does not know yet."""

GROUNDS: Final = {
    "weapon_or_dangerous_item": N_("凶器や危ない物を持っている"),
    "drunk_and_bothersome": N_("酒に酔い、迷惑をかけている"),
    "blocking_passage": N_("通行を妨げている"),
    "likely_damage": N_("物を壊すおそれがある"),
    "forced_meeting_or_noise": N_("面会を強いる、騒ぐ"),
    "no_permit_or_breach": N_("許可がない、許可の条件に反する"),
}

GAP_STREAMS: Final = {"picture": N_("映像"), "sound": N_("音声")}

GAPS: Final = {
    "lost": N_("機器から届きませんでした"),
    "frozen": N_("止まったままの映像です"),
    "black": N_("真っ暗な映像です"),
    "silent": N_("まったくの無音です"),
    "withheld": N_("お知らせの前の音声なので残していません"),
    "off": N_("この箱では記録しない決まりです"),
    "disk": N_("箱の保存場所に書けず、失われました"),
    "overrun": N_("箱の処理が追いつかず、失われました"),
    "restart": N_("箱が止まり、動き直しました"),
}

FAULTS: Final = {
    "camera": N_("カメラの映像がありません"),
    "microphone": N_("マイクの音がありません"),
    "speaker": N_("お知らせの音声が出ません"),
    "encoder": N_("録音・録画の処理に失敗しています"),
    "disk": N_("保存場所の空きがないか、書けません"),
    "spool": N_("呼び出しを箱に保存できません（送信は続けます）"),
    "camera_frozen": N_("カメラの映像が止まったままです"),
    "camera_black": N_("カメラの映像が真っ暗です"),
    "microphone_silent": N_("マイクの音がまったく入っていません"),
    "key": N_("署名の鍵を作り直しました"),
    "seal": N_("録画の封の鍵が足りません（録画は暗号化されています）"),
    "unsealed": N_("封をする鍵がなく、録画を残せません。箱を登録し直してください"),
    "button_main_stuck": N_("ボタンが押されたままです"),
    "button_second_stuck": N_("緊急ボタンが押されたままです"),
    "certificate_shared": N_("証明書が二か所で使われている疑い。箱を確かめ、登録し直してください"),
    "evidence_quota": N_("録画が一日に預かる量を超え、箱に残っています"),
}

NOTICES: Final = {
    "evidence_full": N_(
        "録画の保存場所が足りず、録画は箱に残っています。呼び出しは届きます。ハブの空き容量を増やしてください。"
    ),
    "evidence_low": N_("録画の保存場所が残り少なくなりました。ハブの空き容量を増やしてください。"),
}
