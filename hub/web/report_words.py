"""What the fields of the city's forms are called, and how their values are spelled. Our own words, no city's."""

from collections.abc import Mapping
from typing import Final

from hub.domain.form import Count, Length, Moment, Person, Row, Term, Value, Words
from hub.web import card_labels, labels
from hub.wording import N_, date_and_time, exact_date_and_time, say

TITLES: Final = {
    "record": N_("対応記録"),
    "report": N_("事案の報告書"),
    "police": N_("警察への引き継ぎ書"),
    "sns": N_("インターネット上の投稿についての第一報"),
}

ABOUT: Final = {
    "record": N_("窓口での応対を、起きたとおりに残す記録です。書き足すときは、書いた人の名前と日時も書いてください。"),
    "report": N_("所属長から担当課への報告です。対応した職員の責任を問うためのものではありません。"),
    "police": N_("来庁した警察官に、その場で起きたことを伝えるための書面です。"),
    "sns": N_("分かったことから順に書き、空欄があっても早めに送ってください。"),
}

SECTIONS: Final = {
    "when_where": N_("いつ、どこで"),
    "people": N_("だれが"),
    "how": N_("どのように"),
    "course": N_("経過"),
    "circumstances": N_("事情"),
    "judgement": N_("判断"),
    "clocks_steps": N_("時計と段階"),
    "recording": N_("録画・録音"),
    "rules": N_("従った決まり"),
    "sender": N_("報告する人"),
    "outcome": N_("結果"),
    "next": N_("これから"),
    "place_time": N_("場所と時刻"),
    "happened": N_("起きたこと"),
    "danger": N_("危険とけが"),
    "orders": N_("伝えたこと、呼んだもの"),
    "evidence": N_("見られる記録"),
    "wish": N_("お願いしたいこと"),
    "handover": N_("引き継ぎ"),
    "sns_what": N_("投稿と経過"),
    "sns_who": N_("報告した人"),
}

ROWS: Final = {
    "number": N_("番号"),
    "pressed_at": N_("押した時刻"),
    "found_at": labels.POST_FIELDS["found_at"],
    "received_at": N_("ハブに届いた時刻"),
    "contact_started_at": N_("応対の始まり"),
    "contact_ended_at": N_("応対の終わり"),
    "contact_length": N_("応対の長さ"),
    "counter": N_("窓口"),
    "place_kind": N_("場所の種類"),
    "means": N_("場所や手段（電話など）"),
    "staff": N_("関わった職員"),
    "seen": N_("最初に確認した人"),
    "responder": N_("向かった人"),
    "note_taker": N_("記録を取った人"),
    "who": N_("相手（分かっていることだけ）"),
    "visitors": N_("相手の人数"),
    "trigger": N_("きっかけ"),
    "how": N_("どのような様子だったか"),
    "words": N_("相手の言葉（言われたとおりに）"),
    "notes": N_("その場で書き留めたこと"),
    "weighed": N_("考えに入れた事情"),
    "injuries": N_("けが、体の不調、壊れた物"),
    "judgement": N_("判断の結果"),
    "acts": N_("当たる行為"),
    "seen_acts": N_("見られた行為"),
    "reported_circumstances": N_("事情のまとめ"),
    "reported_outcome": N_("結果のまとめ"),
    "reported_course": N_("経過のまとめ"),
    "judges": N_("判断した人"),
    "act_named": N_("相手に伝えた行為と時刻"),
    **{f"judged_{name}": words for name, words in labels.VIEWPOINTS.items()},
    "judged_environment": N_("働く環境に、どのような害があったか"),
    **{f"judged_{name}": words for name, words in labels.QUESTIONS.items()},
    "reasons": N_("判断の理由"),
    "recording": N_("録画・録音"),
    "parts": N_("届いた数"),
    "kept": N_("残した証拠（番号・アドレス・SHA-256）"),
    "pre_roll": N_("押す前の部分"),
    "notice": N_("お知らせを流した時刻"),
    "refused": N_("断られた時刻"),
    "gaps": N_("録画に欠けているところ"),
    "looks": N_("録画を見た人"),
    "rules": N_("市の決まり"),
    "sender_unit": N_("所属"),
    "sender_name": N_("所属長の氏名"),
    "sender_contact": N_("連絡先"),
    "outcome": N_("結果"),
    "guards_called": N_("警備を呼んだ時刻"),
    "police_called": N_("警察を呼んだ時刻"),
    "police_arrived": N_("警察が来た時刻"),
    "prevention": N_("同じことを防ぐために"),
    "consult": N_("相談したいこと、回答を約束したこと"),
    "visitor_left": N_("相手が、まだいるか"),
    "danger": N_("危険"),
    "removal": N_("望むこと"),
    "wish_more": N_("ほかに伝えたいこと"),
    "handed_by": N_("引き継いだ職員"),
    "officer": N_("警察官の所属と氏名"),
    "police_number": N_("受理番号など"),
    "occurred_at": N_("投稿された日時"),
    "staff_unit": N_("対象の職員の部・課・係"),
    "staff_name": N_("対象の職員の氏名"),
    "course": N_("これまでの経緯"),
    "situation": N_("投稿の状況"),
    "first_response": N_("初めに取った対応"),
    "other": N_("その他"),
    "reported_at": N_("報告した日時"),
    "unit": N_("報告する課"),
    "person_in_charge": N_("担当者"),
    "contact": N_("担当者の連絡先"),
}

TABLES: Final = {
    "course": N_("起きた順"),
    "clocks": N_("時計"),
    "steps": N_("伝えた段階"),
    "gaps": ROWS["gaps"],
    "looks": ROWS["looks"],
}

COLUMNS: Final = {
    "at": N_("時刻"),
    "what": N_("できごと"),
    "by": N_("人・機械"),
    "said": N_("言葉"),
    "clock": N_("時計"),
    "limit": N_("目安"),
    "clock_from": N_("始まり"),
    "clock_length": N_("実際の長さ"),
    "clock_due": N_("目安に達した時刻"),
    "step": N_("段階"),
    "times": N_("回数"),
    "times_at": N_("伝えた時刻"),
    "step_by": N_("伝えた人"),
    "gap_from": N_("ここから"),
    "gap_to": N_("ここまで"),
    "gap_stream": N_("種類"),
    "gap_why": N_("理由"),
    "reason": N_("理由"),
}

WARNINGS: Final = {
    "no_words": N_("相手の言葉がまだ書かれていません。まとめた言い方にせず、言われたとおりに書いてください。"),
    "clock_unsure": N_("箱の時計が合っているか分かりません。"),
    "unsaid": N_("相手が帰ったかどうかは、まだ書かれていません。確かめて、印を付けてください。"),
    "of_visit": N_("訪問のため、ボタンではなく、庁舎に知らせた時刻です。"),
}

PLACES: Final = {
    "open_space": N_("開けた場所（窓口など）"),
    "room": N_("個室"),
    "offsite": N_("庁舎の外"),
    "phone": N_("電話"),
}

WHEREABOUTS: Final = {"here": N_("まだいます"), "left": N_("帰りました")}

NOTICES: Final = {
    "nobody": N_("連絡先がなく、知らせなかった役割"),
    "skipped": N_("伝えずに進んだ段階"),
    "calls": N_("全員を呼んだ"),
    "before": N_("改める前"),
    "not_shared": N_("共有しなかった理由"),
}

REMOVALS: Final = {
    "remove": N_("庁舎から出るよう、促してほしい"),
    "caution": N_("本人に注意してほしい"),
    "record_only": N_("事実として残してほしい"),
}

ANSWERS: Final = {"yes": N_("はい"), "no": N_("いいえ")}

ABSENT: Final = {
    "not_judged": N_("まだ判断していません"),
    "not_closed": N_("まだ終了していません"),
    "no_recording": N_("ありません"),
    "no_gaps": N_("ありません（届いた部分について）"),
    "no_looks": N_("まだだれも見ていません"),
}

PART: Final = N_("部分")
FIELD: Final = N_("項目")
CONTENT: Final = N_("内容")
RECIPIENTS: Final = N_("送付先")
DRILL: Final = N_("これは訓練の書類です。実際の事案ではありません。")

SOURCES: Final = {"box": N_("箱"), "hub": N_("ハブ")}
MEDIA: Final = {"video": N_("映像あり"), "audio": N_("音声あり")}

UNITS: Final = {
    "times": N_("%(count)s 回"),
    "nth": N_("%(count)s 回目"),
    "people": N_("%(count)s 人"),
    "visitors": N_("相手 %(count)s 人"),
    "staff": N_("職員 %(count)s 人"),
    "minutes": N_("%(count)s 分"),
    "parts": N_("届いた %(count)s"),
    "parts_all": N_("全部で %(count)s"),
    "parts_damaged": N_("署名と違う %(count)s"),
}

_TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "ABSENT": ABSENT,
    "ACTS": labels.ACTS,
    "ANSWERS": ANSWERS,
    "CIRCUMSTANCES": labels.CIRCUMSTANCES,
    "CLOCKS": labels.CLOCKS,
    "DECISIONS": labels.DECISIONS,
    "DECISION_OUTCOMES": labels.DECISION_OUTCOMES,
    "ENTRIES": labels.ENTRIES,
    "FINDINGS": labels.FINDINGS,
    "GAPS": labels.GAPS,
    "GAP_STREAMS": labels.GAP_STREAMS,
    "GROUNDS": labels.GROUNDS,
    "LEVELS": labels.LEVELS,
    "MARKS": labels.MARKS,
    "MEDIA": MEDIA,
    "NOTICES": NOTICES,
    "OUTCOMES": labels.OUTCOMES,
    "PLACES": PLACES,
    "REMOVALS": REMOVALS,
    "ROLES": labels.ROLES,
    "SOURCES": SOURCES,
    "STEPS": labels.STEPS,
    "TASKS": labels.TASKS,
    "WHEREABOUTS": WHEREABOUTS,
    "WHYS": labels.WHYS,
    "WRITTEN": labels.WRITTEN,
}


def called(tongue: str, table: Mapping[str, str], name: str) -> str:
    """What `name` is called; what is not known here is shown as it is."""
    known = table.get(name)
    return say(tongue, known) if known is not None else name


def written(tongue: str, value: Value, short: bool = False) -> str:
    """`value` as it stands on paper. `short`: a moment without its year, for tables of one day."""
    match value:
        case Moment(at):
            return date_and_time(tongue, at) if short else exact_date_and_time(tongue, at)
        case Words(text):
            return text
        case Person(name, role):
            return f"{name}（{called(tongue, labels.ROLES, role)}）" if role else name
        case Term("CARDS", name):
            return card_labels.title(tongue, name)
        case Term(table, name):
            return called(tongue, _TABLES.get(table, {}), name)
        case Count(number, unit):
            return say(tongue, UNITS[unit], count=number)
        case Length(ms):
            return _length(ms)


def _length(ms: int) -> str:
    seconds = ms // 1000
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02d}:{seconds % 60:02d}" if hours else f"{minutes}:{seconds % 60:02d}"


def in_words(tongue: str, row: Row) -> str:
    """A whole field as text, for tables and for a city's own Word file; empty when nobody filled it in."""
    return "\n".join(written(tongue, value) for value in row.values)
