"""What a profile may not say although each value by itself is well formed: rules that bind nobody, or each other out.

Each rule names a field, what stands there, and the remedy, in Japanese and English (`contract.problems`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from contract.problems import Problem

if TYPE_CHECKING:  # the loader imports this room
    from contract.profile import (
        Aftercare,
        Alert,
        Clocks,
        Judgement,
        Ladder,
        Offtopic,
        PolicyProfile,
        Recording,
        Slot,
        Sns,
    )

KEY_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "judgement.elements": frozenset({"content", "manner", "means", "time", "nuisance", "harm"}),
    "clock.circumstances": frozenset(
        {"age", "disability", "situation", "first_or_continuing", "work", "relationship", "individual", "content"}
    ),
    "ladder.leave.grounds": frozenset(
        {
            "weapon_or_dangerous_item", "drunk_and_bothersome", "blocking_passage", "likely_damage",
            "forced_meeting_or_noise", "no_permit_or_breach",
        }
    ),
    "visitor_recording.exceptions": frozenset({"permit", "not_needed_per_manager", "no_hindrance"}),
    "report.fields": frozenset({"when", "where", "who", "how", "words", "circumstances", "outcome", "course"}),
    "report.share": frozenset({"unit", "council_regularly", "urgent_at_once"}),
    "aftercare.immediate": frozenset({"break", "early_leave", "health_desk"}),
}  # fmt: skip
"""The key words the hub knows, by field. Beside them a city may write its own words; those are not plain ASCII."""


def contradictions(profile: PolicyProfile, broken: frozenset[str] = frozenset()) -> Iterator[Problem]:
    """Everything that contradicts itself. Sections in `broken` only stand in for others: nothing is said of them."""
    for problem in _every_contradiction(profile, offices="roles" not in broken):
        if problem.field.split(".")[0] not in broken:
            yield problem


def _every_contradiction(profile: PolicyProfile, offices: bool) -> Iterator[Problem]:
    yield from _clocks(profile.clock)
    yield from _ladder(profile.ladder)
    yield from _judgement(profile.judgement)
    yield from _offices(profile) if offices else ()
    yield from _recording(profile.recording)
    yield from _aftercare(profile.aftercare)
    yield from _sns(profile.sns)
    yield from _key_words(profile)
    yield from _alert(profile.alert)


def unsourced(values: Mapping[str, Any], source: Mapping[str, str], *, leftover: bool = True) -> Iterator[Problem]:
    """Values without a source and, with `leftover`, sources without a value. `values` are as they were written.

    An office of `[roles]` may lack one: profiles from before it was asked for load on (decision 0006).
    """
    written = set(leaves({name: part for name, part in values.items() if name not in ("meta", "source")}))
    for field in sorted(field for field in written - set(source) if not field.startswith("roles.")):
        yield Problem(
            f"source.{field}",
            "",
            "出典を書いてください（文書と箇所、または choice）。",
            "say where this comes from (document and section, or choice).",
        )
    for field in sorted(set(source) - written) if leftover else ():
        yield Problem(
            f"source.{field}",
            "",
            "この値はありません。出典の行を消してください。",
            "there is no such value. Remove this source line.",
        )


def leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The dotted field of every value in tables within tables."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _clocks(clocks: Clocks) -> Iterator[Problem]:
    ranges: dict[str, Slot | Offtopic | None] = {"slot": clocks.slot, "offtopic": clocks.offtopic}
    for name, clock in ranges.items():
        if clock and clock.max_minutes < clock.min_minutes:
            yield Problem(
                f"clock.{name}.max_minutes",
                str(clock.max_minutes),
                f"min_minutes（{clock.min_minutes}）以上にしてください。",
                f"must be at least min_minutes ({clock.min_minutes}).",
            )
    stalemate = clocks.stalemate
    if stalemate and stalemate.lead_minutes >= stalemate.minutes:
        yield Problem(
            "clock.stalemate.lead_minutes",
            str(stalemate.lead_minutes),
            f"minutes（{stalemate.minutes}）より短くしてください。",
            f"must be shorter than minutes ({stalemate.minutes}).",
        )


def _judgement(judgement: Judgement) -> Iterator[Problem]:
    if judgement.deputy_roles and judgement.deputy_min_persons is None:
        yield Problem(
            "judgement.deputy_roles",
            str(list(judgement.deputy_roles)),
            "代わりに判断する人数（deputy_min_persons）も書いてください。",
            "say how many deputies judge as well (deputy_min_persons).",
        )
    if judgement.deputy_min_persons is not None and not judgement.deputy_roles:
        yield Problem(
            "judgement.deputy_min_persons",
            str(judgement.deputy_min_persons),
            "代わりに判断する役職（deputy_roles）も書いてください。",
            "say which offices stand in as well (deputy_roles).",
        )


def _ladder(ladder: Ladder) -> Iterator[Problem]:
    yield from _order_of_steps(ladder)
    leave = ladder.leave
    if leave.count and leave.max and leave.max < leave.count:
        yield Problem(
            "ladder.leave.max",
            str(leave.max),
            f"count（{leave.count}）以上にしてください。",
            f"must be at least count ({leave.count}).",
        )
    if "leave" in ladder.steps and not leave.issuer:
        yield Problem(
            "ladder.leave.issuer",
            "",
            "退去を命じる段階（leave）があります。命じる役職を書いてください。",
            "there is a step of ordering to leave. Say which offices may order it.",
        )
    for wanted, step in ((True, "final"), ("announce_police", "announce_police")):
        if ladder.final_warning == wanted and step not in ladder.steps:
            yield Problem(
                "ladder.final_warning",
                str(ladder.final_warning),
                f"steps に {step} の段階を入れてください。",
                f"needs the step {step} in steps.",
            )


def _order_of_steps(ladder: Ladder) -> Iterator[Problem]:
    steps = ladder.steps
    if not {"police", "legal"} & set(steps):
        yield Problem(
            "ladder.steps",
            str(list(steps)),
            "警察（police）か法的措置（legal）の段階を入れてください。",
            "must lead to a police or legal step.",
        )
    twice = sorted({step for step in steps if steps.count(step) > 1})
    if twice:
        yield Problem(
            "ladder.steps",
            str(twice),
            "同じ段階が二度あります。一つにしてください。",
            "names a step twice. Keep one.",
        )
    after = [step for step in steps[steps.index("police") + 1 :] if step != "legal"] if "police" in steps else []
    if after and not twice:
        yield Problem(
            "ladder.steps",
            str(after),
            "警察（police）の後に置けるのは法的措置（legal）だけです。順番を直してください。",
            "only a legal step can come after police. Put them in order.",
        )


def _recording(recording: Recording) -> Iterator[Problem]:
    if recording.full_types and recording.audio == "off":
        yield Problem(
            "recording.full_types",
            str(list(recording.full_types)),
            "録音しない設定（audio = off）です。どちらかを直してください。",
            "nothing is recorded (audio = off). Change one of the two.",
        )
    if recording.pre_roll_sound and recording.pre_roll_seconds == 0:
        yield Problem(
            "recording.pre_roll_sound",
            "True",
            "押す前の記録がありません（pre_roll_seconds = 0）。どちらかを直してください。",
            "nothing is kept from before the press (pre_roll_seconds = 0). Change one of the two.",
        )


def _aftercare(aftercare: Aftercare) -> Iterator[Problem]:
    if list(aftercare.checks) != sorted(set(aftercare.checks)):
        yield Problem(
            "aftercare.checks",
            str(list(aftercare.checks)),
            "日数を小さい順に、重ならないように並べてください。",
            "put the days in rising order, each once.",
        )


def _sns(sns: Sns) -> Iterator[Problem]:
    if sns.form and not sns.recipients:
        yield Problem(
            "sns.form", sns.form, "様式の送り先（recipients）も書いてください。", "say who gets the form (recipients)."
        )
    if sns.watch_weekday and not sns.watch_days:
        yield Problem(
            "sns.watch_weekday",
            sns.watch_weekday,
            "最初に毎日見る日数（watch_days）も書いてください。",
            "say for how many days it is daily first (watch_days).",
        )


def _offices(profile: PolicyProfile) -> Iterator[Problem]:
    """Offices that act or are told in the hub must be somebody's role there, or nobody could."""
    leave, stop, visitors = profile.ladder.leave, profile.ladder.stop, profile.visitor_recording
    for field, names in (
        ("judgement.required_roles", profile.judgement.required_roles),
        ("judgement.deputy_roles", profile.judgement.deputy_roles),
        ("ladder.leave.issuer", leave.issuer),
        ("ladder.leave.issuer_branch", leave.issuer_branch),
        ("ladder.leave.report_first_to", leave.report_first_to),
        ("ladder.stop.roles", stop.roles),
        ("ladder.stop.announcer", (stop.announcer,) if stop.announcer else ()),
        ("recording.access_roles", profile.recording.access_roles),
        ("visitor_recording.permit_by", (visitors.permit_by,) if visitors.permit_by else ()),
    ):
        for name in names:
            if name not in profile.roles:
                yield Problem(
                    field,
                    name,
                    "この役職が [roles] にありません。書き加えてください。",
                    "this office is not in [roles]. Add it there.",
                )


def _key_words(profile: PolicyProfile) -> Iterator[Problem]:
    for field, known in KEY_WORDS.items():
        section: Any = profile
        for part in field.split("."):
            section = getattr(section, part)
        for word in section:
            if word.isascii() and word not in known:
                shown = ", ".join(sorted(known))
                yield Problem(
                    field,
                    word,
                    f"この語は知りません。{shown} のどれか、または市の言葉（日本語）で書いてください。",
                    f"is no word this hub knows. Use one of {shown}, or the city's own words in Japanese.",
                )


def _alert(alert: Alert) -> Iterator[Problem]:
    for level, stages in (("assist", alert.assist), ("emergency", alert.emergency)):
        seconds = [stage.after_s for stage in stages]
        if seconds != sorted(set(seconds)):
            yield Problem(
                f"alert.{level}",
                str(seconds),
                "after_s を小さい順に並べてください。",
                "put after_s in rising order.",
            )
        if seconds[0] != 0:
            yield Problem(
                f"alert.{level}",
                str(seconds),
                "最初の段階は 0 秒にしてください。",
                "the first stage must be at 0 s.",
            )
