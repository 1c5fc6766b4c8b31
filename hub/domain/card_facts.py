"""What cards take from a profile: the facts that decide which lines hold, and the words that are put into them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from contract.profile import PolicyProfile
from hub.domain.whole_recording import FAULTS

PROFILE_FACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "recording.on": ("sound_and_picture", "sound", "picture", "none"),
    "recording.kept": ("here", "later", "none"),
    "recording.refusal": ("end_talk", "ask_head"),
    "visitor_recording.rule": ("permit", "ban", "none"),
    "police.threat": ("at_once", "consult"),
    "police.routes": ("several", "one"),
    "ladder.warn": ("names_act", "names_harassment", "announces_end"),
    "ladder.stop": ("tells", "urges_to_go"),
    "ladder.leave": ("order", "ask", "none"),
    "ladder.final": ("final", "announce_police", "none"),
    "ladder.last": ("police", "legal"),
    "stop.deciders": ("several", "organisation"),
    "staffing.exclude_deciders": ("yes", "no"),
    "special_demand": ("given", "silent"),
    "sns.form": ("given", "silent"),
}
"""Each fact and the values that it can have. Where the document is silent, the value says so.

In an incident `recording.on` is what its box records now, and `recording.kept` whether that can be shown on the spot.
"""

WORDS: Final = (
    "counter", "office", "minutes", "count", "issuer", "desk", "permit_by", "slot_range", "special_minutes",
    "sns_units", "legal_units", "report_to", "check_days",
)  # fmt: skip
"""What a text may ask for. counter, office, minutes and count are known at the counter only."""

_JAPANESE: Final = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")

_OFFICES_EN: Final[Mapping[str, str]] = {
    "staff": "a member of staff",
    "supervisor": "a supervisor",
    "section_head": "the section head",
    "building_manager": "the building manager",
    "guard": "a guard",
    "evidence_custodian": "the evidence custodian",
    "general_affairs": "general affairs",
    "auditor": "the auditor",
    "administrator": "the administrator",
}


def profile_facts(profile: PolicyProfile) -> dict[str, str]:
    """The value of each of `PROFILE_FACTS` under `profile`."""
    steps, recording, stop = profile.ladder.steps, profile.recording, profile.ladder.stop
    sound, picture = recording.audio != "off", recording.video != "off"
    return {
        "recording.on": _streams(sound, picture),
        "recording.kept": "here" if sound or picture else "none",
        "recording.refusal": recording.refusal,
        "visitor_recording.rule": profile.visitor_recording.rule,
        "police.threat": "at_once" if "threat" in profile.police.immediate_types else "consult",
        "police.routes": "several" if len(profile.police.routes) > 1 else "one",
        "ladder.warn": _warning(steps),
        "ladder.stop": "urges_to_go" if "stop_and_urge" in steps else "tells",
        "ladder.leave": "order" if "leave" in steps else "ask" if {"ask_leave", "stop_and_urge"} & {*steps} else "none",
        "ladder.final": "final" if "final" in steps else "announce_police" if "announce_police" in steps else "none",
        "ladder.last": "police" if "police" in steps else "legal",
        "stop.deciders": "several" if (stop.min_persons or 1) > 1 else "organisation",
        "staffing.exclude_deciders": "yes" if profile.staffing.exclude_deciders else "no",
        "special_demand": "given" if profile.clock.special_demand else "silent",
        "sns.form": "given" if profile.sns.form else "silent",
    }


def _warning(steps: Sequence[str]) -> str:
    """How the warning is worded: where a superior has joined before it, it names the act as harassment (YUR-08)."""
    if "warn" not in steps and "announce_stop" in steps:
        return "announces_end"
    before = steps[: steps.index("warn")] if "warn" in steps else ()
    return "names_harassment" if "superior" in before else "names_act"


def recorded(told: Iterable[Any]) -> str:
    """What the box of an incident records now, as it said itself: a value of `recording.on`.

    `told` is the timeline (`kind`, `data`), oldest first. Where sound or picture is known to fail, it is not recorded.
    """
    sound = picture = False
    failing: set[str] = set()
    for one in told:
        match one.kind:
            case "recording.started":
                sound, picture = bool(one.data.get("audio")), bool(one.data.get("video"))
            case "recording.closed":
                sound = picture = False
            case "fault.raised":
                failing.add(one.data.get("fault", ""))
            case "fault.cleared":
                failing.discard(one.data.get("fault", ""))
    lost = {FAULTS[fault] for fault in failing if fault in FAULTS}
    return _streams(sound and not lost & {"sound", "whole"}, picture and not lost & {"picture", "whole"})


def _streams(sound: bool, picture: bool) -> str:
    return "sound_and_picture" if sound and picture else "sound" if sound else "picture" if picture else "none"


def profile_words(profile: PolicyProfile, language: str, *, branch: bool = False) -> dict[str, str]:
    """What `profile` itself puts into texts. In English a name that exists in Japanese only is left out.

    `branch`: the counter is in a branch building, where somebody else may order to leave.
    """
    clock, leave = profile.clock, profile.ladder.leave
    issuer = (leave.issuer_branch if branch and leave.issuer_branch else leave.issuer)[:1]
    parts: dict[str, tuple[str, ...]] = {
        "issuer": _offices(profile, issuer, language),
        "desk": (profile.visitor_recording.desk or "",),
        "permit_by": _offices(profile, (profile.visitor_recording.permit_by or "",), language),
        "slot_range": (f"{clock.slot.min_minutes}–{clock.slot.max_minutes}",) if clock.slot else (),
        "special_minutes": (str(clock.special_demand.minutes),) if clock.special_demand else (),
        "sns_units": profile.sns.recipients,
        "legal_units": profile.routing.get("legal", ()),
        "report_to": profile.report.to,
        "check_days": tuple(str(days) for days in profile.aftercare.checks),
    }
    comma = ", " if language == "en" else "、"
    return {
        name: comma.join(said)
        for name, words in parts.items()
        if (said := [word for word in words if word and (language != "en" or not _JAPANESE.search(word))])
    }


def _offices(profile: PolicyProfile, names: tuple[str, ...], language: str) -> tuple[str, ...]:
    if language != "en":
        return names
    return tuple(_OFFICES_EN[profile.roles[name]] for name in names if name in profile.roles)
