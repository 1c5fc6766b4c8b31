"""What the rules page says, as data: the groups, and for each value its sentence (`hub.web.rules_told`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hub.wording import N_


@dataclass(frozen=True, slots=True)
class Plain:
    """One sentence for every value of its fields."""

    text: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A sentence for each value of the field `by`."""

    by: str
    texts: Mapping[Any, str]
    fields: tuple[str, ...]


Sentence = Plain | Choice
Row = tuple[Sentence, ...]
"""Alternatives: the first that can be told."""


def _plain(text: str, *fields: str) -> Row:
    return (Plain(text, fields),)


def _choice(by: str, texts: Mapping[Any, str], *more: str) -> Row:
    return (Choice(by, texts, (by, *more)),)


_JUDGEMENT: Final[tuple[Row, ...]] = (
    (
        Plain(
            N_("ハラスメントに当たるかは、%(required_roles)sを含む %(min_persons)s 人以上で判断します。"),
            ("judgement.min_persons", "judgement.required_roles"),
        ),
        Plain(N_("ハラスメントに当たるかは、%(min_persons)s 人以上で判断します。"), ("judgement.min_persons",)),
        Plain(N_("ハラスメントに当たるかは、%(required_roles)sが判断します。"), ("judgement.required_roles",)),
    ),
    _plain(
        N_("不在のときは、%(deputy_roles)sを含む %(deputy_min_persons)s 人以上で判断します。"),
        "judgement.deputy_roles",
        "judgement.deputy_min_persons",
    ),
    _plain(N_("見るところは、%(elements)sです。"), "judgement.elements"),
    _plain(N_("働く環境が害されたかは、%(tests)sを考えます。"), "judgement.tests"),
    _choice(
        "judgement.name_act_to_visitor",
        {
            True: N_("当たると判断したら、どの行為がそうなのかを相手に伝えます。"),
            False: N_("どの行為が当たるかは、相手に伝えません。"),
        },
    ),
)

_CLOCK: Final[tuple[Row, ...]] = (
    _choice(
        "clock.on_expiry",
        {"prompt": N_("時間はどれも目安です。過ぎても、仕組みが話を終わらせることはありません。決めるのは人です。")},
    ),
    _plain(
        N_("話が進まなくなってから %(minutes)s 分ほどで、続けるかどうかを組織で決めます。"), "clock.stalemate.minutes"
    ),
    _plain(N_("その %(lead_minutes)s 分前に、一度知らせます。"), "clock.stalemate.lead_minutes"),
    _choice(
        "clock.slot.applies",
        {
            "long_hold_expected": N_(
                "長くなりそうなときは、%(min_minutes)s〜%(max_minutes)s 分の時間を決め、前もって伝えます。"
            ),
            "repeat_visit": N_(
                "何度も来る人には、一回 %(min_minutes)s〜%(max_minutes)s 分の時間を決め、前もって伝えます。"
            ),
            "any": N_("必要なら、%(min_minutes)s〜%(max_minutes)s 分の時間を決め、前もって伝えます。"),
        },
        "clock.slot.min_minutes",
        "clock.slot.max_minutes",
    ),
    _plain(
        N_("伝えた時間を %(overrun_minutes)s 分過ぎたら、打ち切りを考えてかまいません。"), "clock.slot.overrun_minutes"
    ),
    _choice(
        "clock.contact_cap.applies",
        {
            "one_explanation": N_("一回の説明は、%(minutes)s 分ほどまでにします。"),
            "repeat_long_hold": N_("職員を長く引き止めることが続く人との話は、一回 %(minutes)s 分までにします。"),
        },
        "clock.contact_cap.minutes",
    ),
    _plain(
        N_("用件と関係のない話が長く続くときは、%(min_minutes)s〜%(max_minutes)s 分ほどで切り上げます。"),
        "clock.offtopic.min_minutes",
        "clock.offtopic.max_minutes",
    ),
    _plain(
        N_("理由のない特別扱いの要求が %(minutes)s 分ほど続いたら、理由を述べ、話を続けられないと伝えます。"),
        "clock.special_demand.minutes",
    ),
    _plain(
        N_("庁舎の外への訪問は %(max_minutes)s 分ほどまでとし、出る前に決めておきます。"), "clock.visit.max_minutes"
    ),
    _choice(
        "clock.visit.checkin",
        {
            True: N_("訪問中は、決めた時刻に職場へ連絡します。連絡がなければ、職場から確かめます。"),
            False: N_("訪問中の定時の連絡は求めません。"),
        },
    ),
    _choice(
        "clock.case_adjustable",
        {
            True: N_("時間は、案件ごとに理由を残して変えられます。"),
            False: N_("時間は、案件ごとには変えられません。"),
        },
    ),
    _plain(N_("続けるかどうかを決めるときは、%(circumstances)sを考えに入れます。"), "clock.circumstances"),
)

_LADDER: Final[tuple[Row, ...]] = (
    (
        Plain(
            N_("対応をやめることは、%(roles)sを含む %(min_persons)s 人以上で決めます。"),
            ("ladder.stop.min_persons", "ladder.stop.roles"),
        ),
        Plain(N_("対応をやめることは、%(min_persons)s 人以上で決めます。"), ("ladder.stop.min_persons",)),
        Plain(N_("対応をやめることは、%(roles)sが決めます。"), ("ladder.stop.roles",)),
    ),
    _plain(N_("対応をやめると相手に伝えるのは、%(announcer)sです。"), "ladder.stop.announcer"),
    _plain(N_("退去を命じる前に、%(report_first_to)sに知らせます。"), "ladder.leave.report_first_to"),
    _plain(N_("退去を命じるのは、%(issuer)sです。"), "ladder.leave.issuer"),
    _plain(N_("出張所や事業所で退去を命じるのは、%(issuer_branch)sです。"), "ladder.leave.issuer_branch"),
    (
        Plain(N_("退去は %(count)s 回、多くて %(max)s 回命じます。"), ("ladder.leave.count", "ladder.leave.max")),
        Plain(N_("退去は %(count)s 回命じます。"), ("ladder.leave.count",)),
        Plain(N_("退去は多くて %(max)s 回命じます。"), ("ladder.leave.max",)),
    ),
    _plain(N_("次に命じるまで、%(interval_minutes)s 分ほど空けます。"), "ladder.leave.interval_minutes"),
    _plain(N_("退去を命じる理由は、次のどれかです: %(grounds)s。"), "ladder.leave.grounds"),
    _choice(
        "ladder.final_warning",
        {
            True: N_("最後の警告は、それだけで一つの段階です。"),
            False: N_("最後の警告という段階は置きません。"),
            "announce_police": N_("警察に知らせると告げることが、最後の警告になります。"),
        },
    ),
)

_POLICE: Final[tuple[Row, ...]] = (
    _plain(N_("すぐに通報するのは、次のときです: %(immediate_types)s。"), "police.immediate_types"),
    _choice(
        "police.anyone_may_call",
        {
            True: N_("身の危険があるときは、許しを待たずに誰でも通報できます。"),
            False: N_("通報は、決められた人がします。"),
        },
    ),
    _plain(N_("連絡先は、%(routes)sです。"), "police.routes"),
    _choice("police.auto_dial", {False: N_("電話をかけるのは人です。仕組みが警察に電話することはありません。")}),
    _plain(N_("警備を呼ぶのは、次のときです: %(alert_types)s。"), "guards.alert_types"),
)

_RECORDING: Final[tuple[Row, ...]] = (
    _choice(
        "recording.audio",
        {
            "off": N_("音声は残しません。"),
            "button": N_("音声は、ボタンが押されたときに残します。"),
            "full": N_("音声は、応対の初めから終わりまで残します。"),
        },
    ),
    _plain(N_("次のときは、初めから終わりまで残します: %(full_types)s。"), "recording.full_types"),
    _choice(
        "recording.video",
        {"off": N_("映像は残しません。"), "button": N_("映像は、ボタンが押されたときに残します。")},
    ),
    _choice(
        "recording.notice_required",
        {
            True: N_("記録を始めるときは、相手に知らせます。"),
            False: N_("記録を始めるとき、知らせることは求めません。"),
        },
    ),
    _plain(N_("お知らせで伝えるのは、%(notice_elements)sです。"), "recording.notice_elements"),
    _choice(
        "recording.refusal",
        {
            "end_talk": N_("強く断られたら、正確な記録が要ることを伝え、話を終えます。"),
            "ask_head": N_("強く断られたら、所属長に判断を求めます。"),
        },
    ),
    _choice("recording.storage", {"locked": N_("記録は鍵をかけて保管します。")}),
    _plain(N_("記録は %(retention_days)s 日残します。"), "recording.retention_days"),
    _plain(N_("終了した案件の記録を見られるのは、%(access_roles)sです。"), "recording.access_roles"),
    _choice(
        "recording.disclosable",
        {
            True: N_("記録は開示の請求の対象です。職員の言葉も残ります。"),
            False: N_("記録は開示の請求の対象になりません。"),
        },
    ),
    _plain(N_("ボタンを押す前の %(pre_roll_seconds)s 秒も、映像を残します。"), "recording.pre_roll_seconds"),
    _choice(
        "recording.pre_roll_sound",
        {
            True: N_("お知らせより前の音声も残します。"),
            False: N_("お知らせより前の音声は残しません。"),
        },
    ),
    _choice(
        "recording.emergency_silent",
        {
            True: N_("緊急のときは、お知らせを流しません。"),
            False: N_("緊急のときも、お知らせを流します。"),
        },
    ),
    _plain(N_("記録が続く間、%(reminder_minutes)s 分ごとにもう一度知らせます。"), "recording.reminder_minutes"),
    _choice(
        "recording.time_limit_cue",
        {
            True: N_("伝えた時間が過ぎたら、箱が声で知らせます。"),
            False: N_("伝えた時間が過ぎても、箱は声を出しません。"),
        },
    ),
)

_VISITOR_RECORDING: Final[tuple[Row, ...]] = (
    _choice(
        "visitor_recording.rule",
        {
            "permit": N_("庁舎の中での撮影や録音には、前もって許可が要ります。"),
            "ban": N_("庁舎の中での撮影や録音は、原則として禁じられています。"),
            "none": N_("来庁者の撮影や録音について、文書に定めがありません。"),
        },
    ),
    _plain(N_("許可するのは、%(permit_by)sです。"), "visitor_recording.permit_by"),
    _plain(N_("申し込み先は、%(desk)sです。"), "visitor_recording.desk"),
    _plain(N_("認められるのは、%(exceptions)sです。"), "visitor_recording.exceptions"),
)

_STAFFING: Final[tuple[Row, ...]] = (
    _plain(N_("%(min)s 人以上で応対し、一人にしません。"), "staffing.min"),
    _choice(
        "staffing.match_visitors",
        {
            True: N_("相手が何人もいるときは、同じ人数以上で応対します。"),
            False: N_("相手の人数には合わせません。"),
        },
    ),
    _choice(
        "staffing.exclude_deciders",
        {
            True: N_("その場で決められる立場の人は、前に出ません。"),
            False: N_("決める立場の人が応対に出てもかまいません。"),
        },
    ),
    _plain(N_("次のときは、担当を替わります: %(swap_types)s。"), "staffing.swap_types"),
)

_REPORT: Final[tuple[Row, ...]] = (
    _plain(N_("報告先は、%(to)sです。"), "report.to"),
    _plain(N_("報告に書くのは、%(fields)sです。"), "report.fields"),
    _plain(N_("報告は %(deadline_days)s 日以内に出します。"), "report.deadline_days"),
    _choice(
        "report.nearmiss",
        {
            True: N_("ハラスメントに当たらない困難な事案も報告します。"),
            False: N_("ハラスメントに当たらない事案は報告しません。"),
        },
    ),
    _plain(N_("報告を分かち合う先は、%(share)sです。"), "report.share"),
)

_AFTERCARE: Final[tuple[Row, ...]] = (
    _plain(N_("応対した職員には、すぐに次のことを勧めます: %(immediate)s。"), "aftercare.immediate"),
    _plain(N_("その後、%(checks)s 日後に様子を確かめます。"), "aftercare.checks"),
)

_SNS: Final[tuple[Row, ...]] = (
    (
        Plain(N_("職員についての投稿は、%(form)sで%(recipients)sに知らせます。"), ("sns.form", "sns.recipients")),
        Plain(N_("職員についての投稿は、%(recipients)sに知らせます。"), ("sns.recipients",)),
    ),
    (
        Plain(
            N_("見つけてから %(watch_days)s 日は毎日、その後は毎週%(watch_weekday)sに、終えると決めるまで確かめます。"),
            ("sns.watch_days", "sns.watch_weekday"),
        ),
        Plain(N_("見つけてから %(watch_days)s 日は、毎日確かめます。"), ("sns.watch_days",)),
    ),
)

_DISPLAY: Final[tuple[Row, ...]] = (
    _choice(
        "display.staff_name",
        {
            "surname": N_("画面に出す職員の名は、姓だけです。"),
            "code": N_("画面には、職員の名の代わりに記号を出します。"),
        },
    ),
)

_ALERT: Final[tuple[Row, ...]] = (_plain(N_("人が応えるまで、%(repeat_s)s 秒ごとに繰り返します。"), "alert.repeat_s"),)

SENTENCES: Final[tuple[tuple[str, str, tuple[Row, ...]], ...]] = (
    ("ladder", N_("進め方の段階"), _LADDER),
    ("police", N_("警察と警備"), _POLICE),
    ("clock", N_("時間の目安"), _CLOCK),
    ("staffing", N_("応対の体制"), _STAFFING),
    ("recording", N_("録音・録画"), _RECORDING),
    ("visitor_recording", N_("来庁者による撮影"), _VISITOR_RECORDING),
    ("judgement", N_("誰が判断するか"), _JUDGEMENT),
    ("report", N_("報告"), _REPORT),
    ("aftercare", N_("職員へのケア"), _AFTERCARE),
    ("sns", N_("インターネットの投稿"), _SNS),
    ("alert", N_("知らせが届く順番"), _ALERT),
    ("display", N_("職員の名の出し方"), _DISPLAY),
    ("roles", N_("役職と役割"), ()),
)
"""Groups by id, title and rows, in the order in which people at the counter need them."""
