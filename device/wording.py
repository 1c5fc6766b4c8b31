"""Every sentence that the box's programs show to people, in Japanese and in English."""

from typing import Final

from device.core.lamp import LampState

LAMP: Final[dict[LampState, dict[str, tuple[str, str]]]] = {
    LampState.READY: {
        "ja": ("待機中", "押すと助けを呼びます。"),
        "en": ("Ready", "Press to call for help."),
    },
    LampState.NOBODY: {
        "ja": (
            "待機中（応答できる人がいません）",
            "今は画面を見ている人がいません。押すと録音・録画は始まり、通報は届けられます。",
        ),
        "en": (
            "Ready, but nobody is watching",
            "Nobody is at a screen now. A press still records and is still passed on.",
        ),
    },
    LampState.HUB_LOST: {
        "ja": (
            "ハブにつながりません",
            "押すと録音・録画は始まりますが、通報はつながるまで届きません。声や電話でも助けを呼んでください。",
        ),
        "en": (
            "Hub not reachable",
            "A press records, but the call waits for the connection. Call out or telephone as well.",
        ),
    },
    LampState.FAULT: {
        "ja": ("不具合があります", "通報はできます。管理者に知らせてください。"),
        "en": ("Something is faulty", "Calling works. Tell the administrator."),
    },
    LampState.PRESSED: {"ja": ("押されました", "記録しています。"), "en": ("Pressed", "Being stored.")},
    LampState.RECEIVED: {
        "ja": ("受け付けました", "通報を送っています。"),
        "en": ("Received", "The call is on its way."),
    },
    LampState.VERIFIED: {
        "ja": ("録音・録画を確かめました", "通報を送っています。"),
        "en": ("Recording verified", "The call is on its way."),
    },
    LampState.HUB_HAS: {
        "ja": ("通報が届きました", "担当者を呼んでいます。"),
        "en": ("The hub has your call", "People are being called."),
    },
    LampState.SEEN: {
        "ja": ("確認されました", "担当者が通報を見ました。"),
        "en": ("Seen", "A person has seen your call."),
    },
    LampState.COMING: {
        "ja": ("{name}さんが向かっています", "そのままお待ちください。危ないときは離れてください。"),
        "en": ("{name} is coming", "Please hold on. If it is dangerous, step away."),
    },
    LampState.NOBODY_COMES: {
        "ja": ("まだ誰も応えていません", "知らせ続けています。その場を離れ、声や電話でも助けを呼んでください。"),
        "en": ("Nobody has answered yet", "Calling goes on. Step away, call out, use the telephone as well."),
    },
    LampState.CALL_LOST: {
        "ja": ("まだ誰にも届いていません", "記録は残っています。声や電話でも助けを呼んでください。"),
        "en": ("Nobody has your call yet", "It is stored. Call out or telephone as well."),
    },
    LampState.TIME_LIMIT: {
        "ja": ("時間の目安になりました", "続けるかどうかを上司と決めてください。"),
        "en": ("Time guide reached", "Decide with your superior whether to go on."),
    },
    LampState.DRILL: {
        "ja": ("訓練中", "短く押すと練習の呼び出しです。本当に危ないときは長押ししてください。本物の緊急になります。"),
        "en": ("Drill", "A short press is practice. In real danger hold the button: that is a real emergency."),
    },
    LampState.WATCHING: {
        "ja": ("見守り中", "呼んでいる窓口はありません。"),
        "en": ("Watching", "No counter is calling."),
    },
    LampState.HUB_SILENT: {
        "ja": ("ハブが応答しません", "窓口の呼び出しは、ここに直接届きます。管理者に知らせてください。"),
        "en": ("The hub does not answer", "Calls still reach this lamp directly. Tell the administrator."),
    },
    LampState.LINK_LOST: {
        "ja": ("接続が切れています", "窓口の呼び出しはここに届きません。電話に気をつけ、管理者に知らせてください。"),
        "en": ("Connection lost", "No call reaches this lamp. Mind the telephone and tell the administrator."),
    },
    LampState.CALL_EMERGENCY: {
        "ja": ("緊急 {name}", "緊急の呼び出しです。決められた手順で、すぐに助けに行ってください。"),
        "en": ("Emergency: {name}", "An emergency call. Go and help at once, as agreed."),
    },
    LampState.CALL_ASSIST: {
        "ja": ("応援 {name}", "応援を呼んでいます。まだ誰も確認していません。"),
        "en": ("Assistance: {name}", "This counter asks for help. Nobody has seen the call yet."),
    },
    LampState.CALL_SEEN: {
        "ja": ("確認済み {name}", "担当者が呼び出しを見ました。対応は続いています。"),
        "en": ("Seen: {name}", "A person has seen the call. It still stands."),
    },
    LampState.CALL_DRILL: {
        "ja": ("訓練 {name}", "練習の呼び出しです。"),
        "en": ("Drill: {name}", "This call is practice."),
    },
}

DRILL: Final = {
    "ja": "訓練です。本当に危ないときは長押し（または緊急ボタン）で、本物の緊急になります。",
    "en": "This is a drill. In real danger hold the button, or press the emergency button: that is real.",
}
"""Beside every state of a call that is practice."""

_OTHERS: Final = {"ja": "（ほか{others}件）", "en": " (and {others} more)"}

STALE: Final = {
    "ja": "接続が切れています。最後に分かった呼び出しを示しています",
    "en": "connection lost: this is the last call that was known",
}
"""Beside a call at a beacon that has lost the link."""

FAULTS: Final[dict[str, dict[str, str]]] = {
    "camera": {"ja": "カメラの映像がありません", "en": "no picture from the camera"},
    "microphone": {"ja": "マイクの音がありません", "en": "no sound from the microphone"},
    "camera_frozen": {"ja": "カメラの映像が止まったままです", "en": "the picture stands still"},
    "camera_black": {"ja": "カメラの映像が真っ暗です", "en": "the picture is black"},
    "microphone_silent": {"ja": "マイクの音がまったくありません", "en": "the microphone gives no sound at all"},
    "speaker": {"ja": "お知らせの音声が出ません", "en": "the spoken notice cannot be heard"},
    "lamp": {"ja": "ランプが光りません", "en": "the lamp does not light"},
    "buzzer": {"ja": "ブザー・振動が動きません", "en": "buzzer or vibration does not work"},
    "encoder": {"ja": "録音・録画の処理に失敗しています", "en": "recording cannot be encoded"},
    "disk": {"ja": "保存場所の空きがないか、書けません", "en": "storage is full or cannot be written"},
    "spool": {"ja": "通報を保存できません（送信は続けます）", "en": "calls cannot be stored (sending goes on)"},
    "key": {"ja": "署名の鍵を作り直しました", "en": "the signing key had to be made anew"},
    "seal": {
        "ja": "録画の封の鍵が足りません（録画は暗号化されています）",
        "en": "keys for sealing recordings are missing (they are encrypted all the same)",
    },
    "unsealed": {
        "ja": "封をする鍵がなく、録画を残せません。箱を登録し直してください",
        "en": "no key to seal with: recordings cannot be kept. Enrol the box again",
    },
    "sound_file": {
        "ja": "用意された音声ファイルが使えません（標準の音声を流します）",
        "en": "your own sound file cannot be used (ours is played)",
    },
    "under_voltage": {"ja": "電源の電圧が足りません", "en": "the supply voltage is too low"},
    "over_temperature": {"ja": "本体が熱くなりすぎています", "en": "the box is too hot"},
    "disk_low": {"ja": "保存場所の空きが残りわずかです", "en": "little storage is left"},
    "profile_mismatch": {
        "ja": "市の決まりがハブと違います（通報も録音・録画も、この箱の決まりで続きます）",
        "en": "city rules differ from the hub's (calls and recordings go on, by this box's rules)",
    },
    "press_overdue": {"ja": "ボタンの点検（訓練で押す）の時期です", "en": "a drill press is overdue"},
    "selftest": {"ja": "自己診断で不具合が見つかりました", "en": "the self-test found something wrong"},
    "selftest_overdue": {"ja": "自己診断が終わっていません", "en": "the self-test is overdue"},
    "program": {"ja": "プログラムの誤りがありました（動作は続きます）", "en": "a mistake in the program (it goes on)"},
    "button": {
        "ja": "ボタンを読めません（押しても呼び出せません）",
        "en": "the button cannot be read: a press calls nobody",
    },
    "button_main_stuck": {"ja": "ボタンが押されたままです", "en": "the button is stuck"},
    "button_second_stuck": {"ja": "緊急ボタンが押されたままです", "en": "the emergency button is stuck"},
}


def lamp_words(state: LampState, name: str, language: str, others: int = 0) -> tuple[str, str]:
    """Headline and explanation of a lamp state; `others` more counters call."""
    headline, explanation = LAMP[state][language]
    return headline.format(name=name) + (_OTHERS[language].format(others=others) if others else ""), explanation


def fault_words(fault: str, language: str) -> str:
    """What a fault means; its own name when it is a new one."""
    return FAULTS.get(fault, {}).get(language, fault)
