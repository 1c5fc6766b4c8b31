"""A profile as sentences, for the people it binds. One sentence for every value; what is not said is not told.

`SENTENCES` is the page as data: for each group the sentences in order, each with the fields it rests on. A sentence is
told when all its fields are said; of alternatives the first that can be told. `%(minutes)s` is the field that ends so.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from contract.profile import CHOICE, PolicyProfile, said
from hub.web import labels
from hub.web.rules_sentences import SENTENCES, Plain, Sentence
from hub.wording import N_, say

BY_PEOPLE: Final = frozenset(
    {
        "display.staff_name",  # the administrator gives every user a surname or a code
        "police.anyone_may_call",  # the hub stands in nobody's way, and dials nobody
        "recording.disclosable", "recording.retention_days",
        "recording.notice_elements",  # in the notice that the city records; the doctor of a box reminds of it
        "report.fields", "report.nearmiss", "report.share",
    }
)  # fmt: skip
"""Values that no program follows. Everything else in a profile changes what box and hub do."""


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence, its parts in order when it has some, and the fields it rests on."""

    text: str
    fields: tuple[str, ...]
    parts: tuple[str, ...] = ()
    numbered: bool = False

    @property
    def by_people(self) -> bool:
        """It is shown, and people keep it: no program does anything else because of it."""
        return bool(self.fields) and set(self.fields) <= BY_PEOPLE


@dataclass(frozen=True, slots=True)
class Source:
    """Where a line comes from: `document` with its text, `choice` of this project, or `built_in` for all cities."""

    kind: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Sentences on one subject. Without lines the documents are silent on it."""

    id: str
    title: str
    lines: tuple[Line, ...]


def told(profile: PolicyProfile, tongue: str) -> tuple[Group, ...]:
    """The profile's groups in the order people need them."""
    teller = _Teller(profile, tongue)
    return tuple(Group(name, say(tongue, title), tuple(teller.lines(name, rows))) for name, title, rows in SENTENCES)


def sources(profile: PolicyProfile, line: Line) -> tuple[Source, ...]:
    """Where `line` comes from, each place once."""
    written = [profile.source[field] for field in line.fields if field in profile.source]
    if not written:
        return (Source("built_in"),)
    return tuple(Source("choice") if one == CHOICE else Source("document", one) for one in dict.fromkeys(written))


LISTS: Final[Mapping[str, tuple[Mapping[str, str], str]]] = {
    "judgement.required_roles": (labels.OFFICES, N_("または")),
    "judgement.deputy_roles": (labels.OFFICES, N_("または")),
    "judgement.elements": (labels.ELEMENTS, N_("、")),
    "judgement.tests": (labels.HARM_TESTS, N_("、")),
    "clock.circumstances": (labels.CIRCUMSTANCES, N_("、")),
    "ladder.leave.issuer": (labels.OFFICES, N_("または")),
    "ladder.leave.issuer_branch": (labels.OFFICES, N_("または")),
    "ladder.leave.report_first_to": (labels.OFFICES, N_("、")),
    "ladder.leave.grounds": (labels.GROUNDS, N_("、")),
    "ladder.stop.roles": (labels.OFFICES, N_("または")),
    "ladder.stop.announcer": (labels.OFFICES, ""),
    "police.immediate_types": (labels.ACTS, N_("、")),
    "police.routes": (labels.OFFICES, N_("、")),
    "guards.alert_types": (labels.ACTS, N_("、")),
    "recording.full_types": (labels.ACTS, N_("、")),
    "recording.notice_elements": (labels.NOTICE_ELEMENTS, N_("、")),
    "recording.access_roles": (labels.OFFICES, N_("、")),
    "visitor_recording.permit_by": (labels.OFFICES, ""),
    "visitor_recording.desk": (labels.OFFICES, ""),
    "visitor_recording.exceptions": (labels.EXCEPTIONS, N_("、")),
    "staffing.swap_types": (labels.ACTS, N_("、")),
    "report.to": (labels.OFFICES, N_("、")),
    "report.fields": (labels.REPORT_FIELDS, N_("、")),
    "report.share": (labels.SHARES | labels.OFFICES, N_("、")),
    "aftercare.immediate": (labels.CARES, N_("、")),
    "sns.form": (labels.OFFICES, ""),
    "sns.recipients": (labels.OFFICES, N_("、")),
    "sns.watch_weekday": (labels.WEEKDAYS, ""),
}
"""What the words of a field are called, and what stands between them."""


class _Teller:
    def __init__(self, profile: PolicyProfile, tongue: str) -> None:
        self._values = said(profile)
        self._profile = profile
        self._tongue = tongue

    def lines(self, group: str, rows: Sequence[tuple[Sentence, ...]]) -> Iterator[Line]:
        """The sentences of a group that can be told."""
        if group == "ladder":
            yield self._steps()
        for alternatives in rows:
            found = next((line for one in alternatives if (line := self._line(one)) is not None), None)
            if found is not None:
                yield found
        if group == "judgement" and {"nuisance", "harm"} <= set(self._profile.judgement.elements):
            yield Line(self._say(_BOTH), ("judgement.elements",))
        if group == "report":
            yield from self._routing()
        if group == "alert":
            yield from (self._alert(level) for level in ("assist", "emergency"))
        if group == "roles":
            yield from self._roles()

    def _say(self, sentence: str, **facts: object) -> str:
        return say(self._tongue, sentence, **facts)

    def _line(self, sentence: Sentence) -> Line | None:
        if not all(field in self._values for field in sentence.fields):
            return None
        text = sentence.text if isinstance(sentence, Plain) else sentence.texts[self._values[sentence.by]]
        facts = {field.rpartition(".")[2]: self._shown(field) for field in sentence.fields}
        return Line(self._say(text, **facts), sentence.fields)

    def _shown(self, field: str) -> str:
        value = self._values[field]
        table, between = LISTS.get(field, ({}, N_("、")))
        if isinstance(value, list):
            return self._joined([self._word(table, one) for one in value], between)
        return self._word(table, value)

    def _word(self, table: Mapping[str, str], word: object) -> str:
        known = table.get(str(word))
        return self._say(known) if known is not None else str(word)

    def _joined(self, words: Sequence[str], between: str) -> str:
        return self._say(between).join(words)

    def _steps(self) -> Line:
        steps = tuple(self._word(labels.STEPS, step) for step in self._profile.ladder.steps)
        return Line(self._say(_STEPS), ("ladder.steps",), steps, numbered=True)

    def _routing(self) -> Iterator[Line]:
        for cause, units in self._profile.routing.items():
            offices = self._joined([self._word(labels.OFFICES, unit) for unit in units], N_("、"))
            facts = {"cause": self._word(labels.CAUSES, cause), "offices": offices}
            yield Line(self._say(_ROUTE, **facts), (f"routing.{cause}",))

    def _alert(self, level: str) -> Line:
        stages = self._profile.alert.assist if level == "assist" else self._profile.alert.emergency
        parts = tuple(
            self._say(
                _STAGE,
                seconds=stage.after_s,
                roles=self._joined([self._word(labels.ROLES, role) for role in stage.roles], N_("、")),
            )
            for stage in stages
        )
        return Line(self._say(_ALERT[level]), (f"alert.{level}",), parts)

    def _roles(self) -> Iterator[Line]:
        for office, role in self._profile.roles.items():
            facts = {"office": self._word(labels.OFFICES, office), "role": self._word(labels.ROLES, role)}
            yield Line(self._say(_ROLE, **facts), (f"roles.{office}",))


_BOTH: Final = N_("著しい迷惑であることと、働く環境が害されることの、両方が要ります。")
_STEPS: Final = N_("次の順に進めます。飛ばすときは理由を残します。身の危険があるときは、いつでも警察に進めます。")
_ROUTE: Final = N_("%(cause)s: %(offices)sにつなぎます。")
_STAGE: Final = N_("%(seconds)s 秒: %(roles)s")
_ALERT: Final[Mapping[str, Any]] = {
    "assist": N_("応援のボタンが押され、誰も応えないとき、次の順に知らせる人が増えます。"),
    "emergency": N_("緊急のボタンが押されたとき、次の人に知らせます。"),
}
_ROLE: Final = N_("%(office)sは、この画面では「%(role)s」の役割です。")
