"""What the city's document leaves open and the hub must not invent: what to ask, and whom.

A question is open while the profile says nothing, or says what this project chose (`choice`) or chose in part. It
closes when the city writes its answer and where that comes from into the profile, or a unit into its own file.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from contract.profile import CHOICE, OURS_IN_PART, PolicyProfile, said

Who = Literal["general_affairs", "privacy", "building", "heads", "welfare"]

WHO: Final[Mapping[Who, tuple[str, str]]] = {
    "general_affairs": ("総務（ハラスメント対策の担当）", "General affairs (harassment prevention)"),
    "privacy": ("個人情報と公文書の担当", "Privacy and public records"),
    "building": ("庁舎管理の担当", "Building management"),
    "heads": ("各部署の所属長", "Heads of the sections"),
    "welfare": ("職員の健康と人事の担当", "Staff health and personnel"),
}
"""Who can answer, in Japanese and English."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question to the city. `field` is where the answer goes."""

    field: str
    who: Who
    ja: str
    en: str

    @property
    def who_ja(self) -> str:
        """Whom to ask."""
        return WHO[self.who][0]

    @property
    def who_en(self) -> str:
        """Whom to ask."""
        return WHO[self.who][1]


def open_questions(profile: PolicyProfile) -> tuple[Question, ...]:
    """What the city still has to answer, the weightiest first."""
    rules = _Rules(said(profile), profile.source)
    return tuple(question for is_open, question in _QUESTIONS if is_open(rules))


@dataclass(frozen=True, slots=True)
class _Rules:
    values: Mapping[str, Any]
    source: Mapping[str, str]

    def silent(self, field: str) -> bool:
        """Nothing is said in this field, nor in a table of this name."""
        return field not in self.values and not any(one.startswith(f"{field}.") for one in self.values)

    def lists(self, field: str, *words: str) -> bool:
        """Whether one of `words` stands in the list."""
        return bool(set(words) & set(self.values.get(field, ())))


_IsOpen = Callable[[_Rules], bool]


def _silent(*fields: str) -> _IsOpen:
    return lambda rules: all(rules.silent(field) for field in fields)


def _ours(field: str) -> _IsOpen:
    return lambda rules: rules.source.get(field) == CHOICE


def _ours_in_part(field: str) -> _IsOpen:
    return lambda rules: OURS_IN_PART in rules.source.get(field, "")


def _leaves_open_who_permits(rules: _Rules) -> bool:
    permits = rules.values["visitor_recording.rule"] == "permit" or rules.lists(
        "visitor_recording.exceptions", "permit"
    )
    return permits and rules.silent("visitor_recording.permit_by")


def _leaves_open_who_sends_away(rules: _Rules) -> bool:
    return rules.lists("ladder.steps", "leave", "ask_leave") and rules.silent("ladder.leave.issuer")


def _leaves_open_how_often(rules: _Rules) -> bool:
    return rules.lists("ladder.steps", "leave", "ask_leave") and rules.silent("ladder.leave.count")


def _leaves_open_violence(rules: _Rules) -> bool:
    return not rules.lists("police.immediate_types", "violence")


_QUESTIONS: Final[tuple[tuple[_IsOpen, Question], ...]] = (
    (
        lambda rules: rules.values["meta.completeness"] == "partial",
        Question(
            "meta.completeness", "general_affairs",
            "この値は市の規程の全文によるものではありません。一つずつ確かめ、違うところを直しましたか。",
            "These values do not rest on the whole of the city's own rules. Has somebody gone through each of them?",
        ),
    ),
    (
        _silent("recording.retention_days"),
        Question(
            "recording.retention_days", "privacy",
            "録音・録画を何日残しますか。文書に定めがありません。",
            "For how many days are recordings kept? The documents do not say.",
        ),
    ),
    (
        _silent("recording.access_roles"),
        Question(
            "recording.access_roles", "privacy",
            "録音・録画を見てよいのは、どの役職の人ですか。",
            "Which offices may look at recordings?",
        ),
    ),
    (
        _ours("recording.video"),
        Question(
            "recording.video", "privacy",
            "窓口で映像も残してよいですか。文書は音声についてだけ述べているか、何も述べていません。",
            "May pictures be kept at the counters as well? The documents speak of sound only, or of nothing.",
        ),
    ),
    (
        _ours_in_part("recording.full_types"),
        Question(
            "recording.full_types", "general_affairs",
            "初めから終わりまで録音・録画するのは、どの行為があった応対ですか。文書は「威圧的」「過度」とだけ述べています。",
            "Which acts want the whole contact recorded? The documents say 'intimidating' and 'excessive' only.",
        ),
    ),
    (
        _ours("recording.notice_required"),
        Question(
            "recording.notice_required", "privacy",
            "録音・録画を始めるとき、必ず相手に知らせることにしてよいですか。",
            "Is a notice always given when recording begins?",
        ),
    ),
    (
        _silent("recording.notice_elements"),
        Question(
            "recording.notice_elements", "privacy",
            "録音・録画のお知らせで、何を伝えますか（部署、録ること、目的、理解のお願い）。",
            "What does the notice say (office, the fact, the purpose, a request for understanding)?",
        ),
    ),
    (
        lambda rules: rules.lists("recording.notice_elements", "office"),
        Question(
            "recording.notice_elements", "general_affairs",
            "お知らせに部署の名を入れる決まりです。付属の音声は名乗りません。部署の名を入れた音声を、箱ごとに用意しましたか。",
            "The notice names the office. Ours does not: has each box a recording of its own that does?",
        ),
    ),
    (
        _ours("recording.refusal"),
        Question(
            "recording.refusal", "general_affairs",
            "録音・録画を強く断られたとき、話を終えますか。所属長が決めますか。",
            "When somebody firmly refuses to be recorded: does the talk end, or does the head of section decide?",
        ),
    ),
    (
        _silent("recording.disclosable"),
        Question(
            "recording.disclosable", "privacy",
            "録音・録画は、情報の開示の請求の対象になりますか。",
            "Can recordings be asked for under the rules on disclosure?",
        ),
    ),
    (
        _leaves_open_violence,
        Question(
            "police.immediate_types", "general_affairs",
            "暴力のときは、判断を待たずにすぐ通報することにしてよいですか。文書は暴力を挙げていません。",
            "Are the police called at once when there is violence? The documents do not name it.",
        ),
    ),
    (
        _ours_in_part("police.immediate_types"),
        Question(
            "police.immediate_types", "general_affairs",
            "閉じ込められたときも、判断を待たずにすぐ通報することにしてよいですか。文書は「明らかに違法な行為」とだけ述べています。",
            "Are the police called at once when somebody is locked in? The documents say 'plainly unlawful acts'.",
        ),
    ),
    (
        _silent("police.anyone_may_call"),
        Question(
            "police.anyone_may_call", "general_affairs",
            "身の危険があるとき、許しを待たずに誰でも通報してよいですか。",
            "In danger, may anybody call the police without waiting for leave?",
        ),
    ),
    (
        _silent("guards.alert_types"),
        Question(
            "guards.alert_types", "building",
            "どの行為のときに警備を呼びますか。",
            "Which acts bring the guards?",
        ),
    ),
    (
        _silent("judgement.min_persons"),
        Question(
            "judgement.min_persons", "general_affairs",
            "ハラスメントに当たるかを、何人で判断しますか。",
            "How many people judge whether something is harassment?",
        ),
    ),
    (
        _silent("judgement.required_roles"),
        Question(
            "judgement.required_roles", "general_affairs",
            "その判断には、どの役職の人が要りますか。",
            "Which office must take part in that judgement?",
        ),
    ),
    (
        _silent("judgement.deputy_roles"),
        Question(
            "judgement.deputy_roles", "general_affairs",
            "判断する人が不在のとき、誰が何人で代わりますか。",
            "Who judges, and how many, when those people are away?",
        ),
    ),
    (
        _silent("judgement.name_act_to_visitor"),
        Question(
            "judgement.name_act_to_visitor", "general_affairs",
            "当たると判断したとき、どの行為がそうなのかを相手に伝えますか。",
            "When it is judged to be harassment, is the visitor told which act it was?",
        ),
    ),
    (
        _silent("clock.stalemate"),
        Question(
            "clock.stalemate.minutes", "general_affairs",
            "話が進まなくなってから、何分で続けるかどうかを決めますか。",
            "After how many minutes without progress is it decided whether to go on?",
        ),
    ),
    (
        _silent("clock.slot"),
        Question(
            "clock.slot.min_minutes", "general_affairs",
            "応対の時間を前もって決めて伝えることがありますか。何分から何分までですか。",
            "Is a length of talk told beforehand? From how many minutes to how many?",
        ),
    ),
    (
        _leaves_open_who_sends_away,
        Question(
            "ladder.leave.issuer", "building",
            "帰るよう求めるのは、どの役職の人ですか。出張所などではどうですか。",
            "Which office asks a visitor to leave? And at branch offices?",
        ),
    ),
    (
        _leaves_open_how_often,
        Question(
            "ladder.leave.count", "building",
            "帰るよう、何回求めますか。",
            "How many times is a visitor asked to leave?",
        ),
    ),
    (
        _ours("ladder.leave.interval_minutes"),
        Question(
            "ladder.leave.interval_minutes", "building",
            "次に退去を命じるまで、何分空けますか。文書に数字がありません。",
            "How many minutes lie between two orders to leave? The documents give no figure.",
        ),
    ),
    (
        _silent("ladder.stop.min_persons", "ladder.stop.roles"),
        Question(
            "ladder.stop.min_persons", "heads",
            "対応をやめることを、どの役職の人を含む何人で決めますか。",
            "How many people decide to stop responding, and which office must be among them?",
        ),
    ),
    (
        _silent("ladder.stop.announcer"),
        Question(
            "ladder.stop.announcer", "heads",
            "対応をやめると相手に伝えるのは誰ですか。",
            "Who tells the visitor that the response ends?",
        ),
    ),
    (
        _silent("staffing.swap_types"),
        Question(
            "staffing.swap_types", "heads",
            "どの行為のときに、担当を替わりますか。",
            "For which acts does somebody else take over?",
        ),
    ),
    (
        lambda rules: rules.values["visitor_recording.rule"] == "none",
        Question(
            "visitor_recording.rule", "building",
            "来庁者が庁舎の中で撮影や録音をすることに、決まりがありますか。",
            "Are there rules on visitors who film or record inside the building?",
        ),
    ),
    (
        _leaves_open_who_permits,
        Question(
            "visitor_recording.permit_by", "building",
            "庁舎の中での撮影は、誰が許可しますか。申し込み先はどこですか。",
            "Who permits filming inside the building, and where does one ask?",
        ),
    ),
    (
        _silent("report.to"),
        Question(
            "report.to", "general_affairs",
            "案件は、どこへ報告しますか。",
            "Where are cases reported?",
        ),
    ),
    (
        _silent("report.fields"),
        Question(
            "report.fields", "general_affairs",
            "報告には、何を書きますか。",
            "What does the report say?",
        ),
    ),
    (
        _silent("report.deadline_days"),
        Question(
            "report.deadline_days", "general_affairs",
            "報告は、何日以内に出しますか。",
            "Within how many days is the report due?",
        ),
    ),
    (
        _silent("report.nearmiss"),
        Question(
            "report.nearmiss", "general_affairs",
            "ハラスメントには当たらない困難な事案も報告しますか。",
            "Are hard cases that fall short of harassment reported as well?",
        ),
    ),
    (
        _silent("aftercare.checks"),
        Question(
            "aftercare.checks", "welfare",
            "応対した職員の様子を、何日後に確かめますか。",
            "After how many days is the worker asked how they are?",
        ),
    ),
    (
        _silent("sns.recipients"),
        Question(
            "sns.recipients", "general_affairs",
            "職員についての投稿が見つかったとき、どこへ知らせますか。",
            "Who is told when a post about staff is found?",
        ),
    ),
    (
        _silent("display.staff_name"),
        Question(
            "display.staff_name", "general_affairs",
            "画面に職員の姓を出してよいですか。記号にしますか。",
            "May screens show the surnames of staff, or codes only?",
        ),
    ),
)  # fmt: skip
