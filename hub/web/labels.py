"""What the words of the contract are called on the pages. Sentences are marked here and translated when shown."""

from typing import Final

from hub.act_names import ACTS as ACTS
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

STATES_OF_POSTS: Final = {**STATES, "contact_ended": N_("手続き中")}
"""A post has no contact that ended; its incident is there to be worked on."""
ORIGINS: Final = {"counter": N_("窓口"), "visit": N_("訪問"), "post": N_("投稿")}

AGAIN: Final = {"case": N_("短い間の再連絡（15 分以内）"), "counter": N_("前の応対から 15 分以内（同じ窓口）")}
"""A contact soon after another: of the same case, or, perhaps by somebody else, at the same counter."""

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

NOTHING: Final = N_("何事もなかった（押し間違いなど）")
"""Of a press by mistake, and of a visit whose people only forgot to call."""

OUTCOMES: Final = {
    "harassment": N_("カスタマー・ハラスメントに当たる"),
    "near_miss": N_("当たらないが困難な事案"),
    "not_harassment": N_("当たらない"),
    "false_press": NOTHING,
    "drill": N_("訓練"),
}

HEARS: Final = {
    "calls": N_("ボタンの呼び出し"),
    "notices": N_("呼び出し以外の連絡だけ（至急の共有など）"),
    "as_deputy": N_("代わりをする人への連絡"),
    "nothing": N_("何も届きません"),
}
"""What a contact is told of."""

FINDINGS: Final = {name: OUTCOMES[name] for name in ("harassment", "near_miss", "not_harassment")}

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
    "false_press": NOTHING,
    "stalemate": N_("話が進まなくなった"),
    "progress": N_("話が進みだした"),
    "slot_announced": N_("対応する時間を伝えた"),
    "long_hold_expected": N_("長くかかりそうだ"),
    "repeat_visit": N_("同じ用件で繰り返し来ている"),
    "repeat_long_hold": N_("長い拘束が繰り返されている"),
    "offtopic": N_("市の仕事と関わりのない話が続く"),
    "demand_refused": N_("特別扱いの求めを断った"),
    "demand_dropped": N_("求めが取り下げられた"),
    "act": N_("行為を見た"),
    "act_named": N_("どの行為が当たるかを相手に伝えた"),
    "head_count": N_("人数を数えた"),
    "safe": N_("職員の安全を確かめた"),
    "injury": N_("けががある"),
    "damage": N_("物が壊された"),
    "staff_swapped": N_("担当を替わった"),
    "superior_joined": N_("上司が加わった"),
    "superior_demanded": N_("上司を出せと言われた"),
    "apology_demanded": N_("謝罪を強く求められた"),
    "recording_refused": N_("録音・録画を断られた"),
    "filming": N_("相手が撮影・録音している"),
    "permit_shown": N_("撮影の許可を見せられた"),
    "permit_none": N_("撮影の許可がない"),
    "permit_asked": N_("撮影の許可を求められ、窓口を案内した"),
    "no_hindrance": N_("撮影は仕事の妨げにならないと判断した"),
    "within_terms": N_("許可の条件の中で撮影している"),
    "beyond_terms": N_("許可の条件を外れて撮影している"),
    "filming_stopped": N_("撮影・録音をやめた"),
    "filming_goes_on": N_("撮影・録音を続けている"),
    "manager_told": N_("庁舎管理者に知らせた"),
    "cease_refused": N_("求めても行為をやめない"),
    "guards_called": N_("警備を呼んだ"),
    "police_called": N_("警察を呼んだ"),
    "police_arrived": N_("警察が来た"),
    "recording_shown": N_("警察に録画を見てもらった"),
    "removal_wished": N_("退去させてほしいと警察に伝えた"),
    "visitor_left": N_("相手が帰った"),
    "visitor_back": N_("相手が戻ってきた"),
    "may_return": N_("また来るおそれがある"),
    "said": N_("カードの言葉を言った"),
    "urgent": N_("急いで庁内に知らせる"),
    "referred": N_("相談・引き継ぎをした"),
    "cautioned": N_("相手に注意・警告をした"),
    "legal_step": N_("法的な手続きをした"),
    "doctor_seen": N_("医師に診てもらった"),
    "damage_reported": N_("被害届を出した、または出さないと決めた"),
    "accident_reported": N_("公務災害の手続きをした"),
    "call_again": N_("もう一度みんなを呼ぶ"),
    "real_call": N_("誤って押したのではなかった"),
}

TAPS: Final = {
    name: MARKS[name]
    for name in (
        "stalemate", "progress", "offtopic", "demand_refused", "recording_refused", "filming", "cease_refused",
        "superior_joined", "staff_swapped", "visitor_left",
    )
}  # fmt: skip
"""What is marked most often, each by one tap."""

SLOTS: Final = {
    "long_hold_expected": N_("長くかかりそうだと記録した話では、"),
    "repeat_visit": N_("何度も来ていると記録した人との話では、"),
}
"""For which talks a city has a guideline for the slot, before its figures."""

MEANS: Final = {"counter": N_("窓口"), "phone": N_("電話"), "visit": N_("訪問先")}

CLOCKS: Final = {
    "stalemate": N_("話の行き詰まり"),
    "slot": N_("伝えた対応時間"),
    "overrun": N_("伝えた時間を過ぎてから"),
    "contact_cap": N_("一回の応対"),
    "offtopic": N_("市の仕事と関わりのない話"),
    "special_demand": N_("特別扱いの求め"),
    "leave_interval": N_("次の退去命令までの間隔"),
}

DECISIONS: Final = {
    "stop": N_("対応をやめるかどうか"),
    "recording": N_("録音・録画を断られたときの扱い"),
    "limit": N_("この案件だけの時間"),
}

DECISION_OUTCOMES: Final = {
    "stop": N_("対応をやめる"),
    "go_on": N_("続ける"),
    "end_talk": N_("話を終える"),
    "without_recording": N_("録音・録画をせずに続ける"),
    "not_refused": N_("断られていない（押し間違い・取り下げ）"),
}

ACCOUNTS: Final = {"record": N_("応対の記録を書く"), "statement": N_("受けた職員の話を書く")}
"""What is written by hand after a contact, each with a form of its own on every incident."""

WRITTEN: Final = {**ACCOUNTS, "damage": N_("被害の記録")}

CHECKS: Final = {
    "doctor_seen": N_("けがをした人は、医師に診てもらう"),
    "damage_reported": N_("警察に被害届を出すかを決める"),
    "accident_reported": N_("公務災害の手続きを確かめる"),
}

VIEWPOINTS: Final = {
    "content": N_("求めの内容について"),
    "manner": N_("言い方・態度について"),
    "time": N_("時間・回数・頻度について"),
    "means": N_("手段・態様について"),
}

QUESTIONS: Final = {
    "nuisance": N_("著しい迷惑行為に当たりますか"),
    "harm": N_("働く環境が害されましたか"),
    "average_employee": N_("同じ仕事の平均的な職員でも、見過ごせない支障を感じますか"),
    "dropped": N_("断ったら、相手は求めを取り下げましたか"),
}

PROMISES: Final = {"answer": N_("約束した回答"), "consult": N_("相談の予定")}

ANSWERS: Final = {"yes": N_("はい"), "no": N_("いいえ"), "unclear": N_("はっきりしない")}

HOLDS: Final = {
    "incident_open": N_("案件が終わっていません"),
    "disclosure": N_("開示の求めが続いています"),
    "promise": N_("約束した回答・相談が残っています"),
}

TASKS: Final = {
    "rest": N_("対応した職員に休んでもらう"),
    "care_check": N_("職員の様子を見る"),
    "report": N_("報告を出す"),
    "care_offer": N_("書かれた職員と周りの職員に、相談先を案内する"),
    "first_report": N_("投稿の第一報を送る"),
    "sns_watch": N_("投稿が広がっていないか見る"),
    "watch_end": N_("投稿の見守りを終える（終えると決めたとき）"),
    "police_report": N_("投稿を警察に知らせる"),
    "answer": N_("約束した回答をする"),
    "consult": N_("相談する"),
    "meeting": N_("緊急対策会議を開くかを決める"),
    "recall": N_("訪問先から呼び戻す"),
    "debrief": N_("戻った職員から話を聞く"),
}

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
    "filming": N_("相手による撮影・録音"),
    "unpermitted": N_("許可のない撮影・録音"),
    "guards": N_("警備を呼ぶ"),
    "urgent": N_("至急の共有"),
    "trouble": N_("機器の不具合"),
    "recording_gap": N_("録音・録画の欠け"),
    "meeting": N_("緊急対策会議の求め"),
}

SERVICES: Final = {
    "x": N_("X（旧 Twitter）"),
    "youtube": N_("YouTube"),
    "tiktok": N_("TikTok"),
    "instagram": N_("Instagram"),
    "facebook": N_("Facebook"),
    "blog": N_("ブログ"),
    "other": N_("その他"),
}

POST_FIELDS: Final = {
    "found_at": N_("見つけた日時"),
    "service": N_("どこに投稿されたか"),
    "box": N_("どの窓口（部署）のことか"),
}

POST_STEPS: Final = {
    "verify": N_("事実を確かめる"),
    "preserve": N_("証拠を残す"),
    "police": N_("証拠を添えて警察に相談する"),
    "lawyer": N_("削除について弁護士に相談する"),
}

POST_STEP_HINTS: Final = {
    "verify": N_("投稿が本当にあるか、書かれたことが事実かを、部署で確かめます。"),
    "preserve": N_("画面の写し、アドレス、運営者の連絡先を「証拠」に残します。分かれば、発信元（IP アドレスなど）も。"),
    "police": N_("渡す証拠を選びます。出せるときは被害届も出します。"),
    "lawyer": N_("運営者に削除を求めるか、発信した人の情報を求めるかを、相談して決めます。"),
}

DAMAGE_REPORTS: Final = {
    "filed": N_("被害届を出した"),
    "later": N_("被害届はあとで出す"),
    "not_feasible": N_("被害届は出さない・出せない"),
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
    "opened": N_("案件を作りました"),
    "visit.told": N_("訪問のことで知らせがありました"),
    "acknowledged": N_("確認しました"),
    "responding": N_("向かいます"),
    "contact.started": N_("応対が始まりました"),
    "contact.ended": N_("応対が終わりました"),
    "marked": N_("記録しました"),
    "step.taken": N_("段階を伝えました"),
    "noted": N_("書き留めました"),
    "decided": N_("みんなで決めました"),
    "account": N_("記録を書きました"),
    "considered": N_("質問の流れに答えました"),
    "judged": N_("判断しました"),
    "reported": N_("報告しました"),
    "closed": N_("終了しました"),
    "promised": N_("期日を約束しました"),
    "disclosure": N_("開示の求め"),
    "task.done": N_("するべきことを済ませました"),
    "case.linked": N_("市の案件番号を付けました"),
    "case.noted": N_("この案件の方針を書きました"),
    "post.described": N_("第一報の項目を書きました"),
    "post.sent": N_("第一報を送りました"),
    "evidence.kept": N_("証拠を残しました"),
    "post.step": N_("投稿への手順を進めました"),
    "meeting.asked": N_("緊急対策会議を求めました"),
    "clock.lead": N_("まもなく目安の時間です"),
    "clock.due": N_("目安の時間になりました"),
    "recording.gap": N_("録音・録画が欠けています"),
    "alerted": N_("知らせを送りました"),
    "notified": N_("関係者への知らせを出します"),
    "notice.sent": N_("関係者への知らせを送り終えました"),
    "alarm.turned": N_("箱が本物の緊急に変わりました"),
    "drill.real": N_("訓練ではないと知らせました"),
    "drill.ended": N_("訓練が終わりました"),
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

WHOLE_STREAMS: Final = {**GAP_STREAMS, "whole": N_("録音・録画"), "start": N_("応対の始め")}

WHOLE_GAPS: Final = {
    **GAPS,
    "not_begun": N_("始まっていません"),
    "ended_early": N_("応対の途中で終わりました"),
    "begun_before": N_("録音・録画が始まる前から応対していました"),
    "camera": N_("カメラの映像がありません"),
    "camera_frozen": N_("カメラの映像が止まったままです"),
    "camera_black": N_("カメラの映像が真っ暗です"),
    "microphone": N_("マイクの音がありません"),
    "microphone_silent": N_("マイクの音がまったく入っていません"),
    "encoder": N_("録音・録画の処理に失敗しています"),
    "disk": N_("箱の保存場所に書けません"),
    "unsealed": N_("封をする鍵がなく、残せません"),
}
"""Why a recording that the city wants whole is not: a gap's reason, a fault, or that it does not run."""

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
    "button": N_("ボタンを読めません（押しても呼び出せません）"),
    "button_main_stuck": N_("ボタンが押されたままです"),
    "button_second_stuck": N_("緊急ボタンが押されたままです"),
    "lamp": N_("ランプが光りません"),
    "buzzer": N_("ブザー・振動が動きません"),
    "sound_file": N_("用意された音声ファイルが使えません（標準の音声を流します）"),
    "under_voltage": N_("電源の電圧が足りません"),
    "over_temperature": N_("本体が熱くなりすぎています"),
    "disk_low": N_("箱の保存場所の空きが残りわずかです"),
    "press_overdue": N_("ボタンの点検（訓練で押す）の時期です"),
    "selftest": N_("自己診断で不具合が見つかりました"),
    "selftest_overdue": N_("自己診断が終わっていません"),
    "program": N_("箱のプログラムに誤りがありました（動作は続きます）"),
    "profile_mismatch": N_("市の決まりがハブと違います"),
    "certificate_shared": N_("証明書が二か所で使われている疑い。箱を確かめ、登録し直してください"),
    "evidence_quota": N_("録画が一日に預かる量を超え、箱に残っています"),
}

NOTICES: Final = {
    "evidence_full": N_(
        "録画の保存場所が足りず、録画は箱に残っています。呼び出しは届きます。ハブの空き容量を増やしてください。"
    ),
    "evidence_low": N_("録画の保存場所が残り少なくなりました。ハブの空き容量を増やしてください。"),
}

# --- the words of a profile -----------------------------------------------------------------------------------------

ELEMENTS: Final = {
    "content": N_("要求の内容"),
    "manner": N_("態度"),
    "means": N_("手段"),
    "time": N_("時間・回数・頻度"),
    "nuisance": N_("著しい迷惑であること"),
    "harm": N_("働く環境が害されること"),
}

CIRCUMSTANCES: Final = {
    "age": N_("年齢"),
    "disability": N_("障害"),
    "situation": N_("その場の事情"),
    "first_or_continuing": N_("初めてか、続いているか"),
    "work": N_("業務の性質"),
    "relationship": N_("相手との関係"),
    "individual": N_("一人ひとりの事情"),
    "content": N_("話の内容"),
}

HARM_TESTS: Final = {
    "environment": N_("勤務環境への害"),
    "average_employee": N_("平均的な職員でも支障を感じるか"),
    "dropped": N_("断られて求めを取り下げたか"),
}

NOTICE_ELEMENTS: Final = {
    "office": N_("部署の名前"),
    "fact": N_("記録すること"),
    "purpose": N_("その目的"),
    "ask": N_("理解のお願い"),
}

EXCEPTIONS: Final = {
    "permit": N_("許可があるとき"),
    "not_needed_per_manager": N_("許可は要らないと管理者が認めるとき"),
    "no_hindrance": N_("公務の妨げにならないとき"),
}

REPORT_FIELDS: Final = {
    "when": N_("いつ"),
    "where": N_("どこで・どの手段で"),
    "who": N_("誰が"),
    "how": N_("どのように"),
    "words": N_("言われた言葉のまま"),
    "circumstances": N_("状況"),
    "outcome": N_("結果"),
    "course": N_("いきさつ"),
}

SHARES: Final = {
    "unit": N_("部署の中"),
    "council_regularly": N_("対策の会議に定期的に"),
    "urgent_at_once": N_("急ぐものは直ちに庁内へ"),
}

CARES: Final = {
    "break": N_("休憩"),
    "early_leave": N_("早めの退勤"),
    "health_desk": N_("健康相談の窓口の案内"),
}

CAUSES: Final = {
    "hard_case": N_("対応が難しいとき"),
    "affects_others": N_("ほかの部署に関わるとき"),
    "leave_order": N_("退去を命じるとき"),
    "police": N_("警察と連絡するとき"),
    "legal": N_("法律の相談"),
}

WEEKDAYS: Final = {
    "monday": N_("月曜日"),
    "tuesday": N_("火曜日"),
    "wednesday": N_("水曜日"),
    "thursday": N_("木曜日"),
    "friday": N_("金曜日"),
}

SITE_TYPES: Final = {"main": N_("本庁舎"), "branch": N_("出張所・事業所")}

OFFICES: Final = {
    "所属長": N_("所属長"),
    "施設長": N_("施設長"),
    "庶務担当係長": N_("庶務担当係長"),
    "係長級": N_("係長級"),
    "係長": N_("係長"),
    "上司": N_("上司"),
    "庁舎管理者": N_("庁舎管理者"),
    "施設管理者": N_("施設管理者"),
    "指定された保管者": N_("指定された保管者"),
    "経理課長": N_("経理課長"),
    "経理課": N_("経理課"),
    "コンプライアンス推進担当": N_("コンプライアンス推進担当"),
    "コンプライアンス推進指導員": N_("コンプライアンス推進指導員"),
    "外部弁護士": N_("外部弁護士"),
    "弁護士": N_("弁護士"),
    "総務課": N_("総務課"),
    "総務課長": N_("総務課長"),
    "秘書課": N_("秘書課"),
    "広報広聴課": N_("広報広聴課"),
    "関係所属": N_("関係所属"),
    "地域生活安全課": N_("地域生活安全課"),
    "法務担当副参事": N_("法務担当副参事"),
    "区政情報課法規係": N_("区政情報課法規係"),
    "区政情報課訟務担当": N_("区政情報課訟務担当"),
    "行政監察担当課": N_("行政監察担当課"),
    "警察": N_("警察"),
    "所轄警察署": N_("所轄警察署"),
    "様式1": N_("様式1"),
}
"""The cities' own names for offices. What is not here is shown as the city writes it."""
