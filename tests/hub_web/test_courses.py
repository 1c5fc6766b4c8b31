"""The same visitor, five policies, five courses: each compared with what stands in `courses/`.

People do at each city what its rules let them: somebody is stuck, shouts, is asked to stop, does not leave. Time is
moved by hand, the worker's clocks run on it, and all is said through the public API. `MADOMORI_GOLDEN=write` writes
the courses anew, to be read before they are kept.
"""

import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.limits import Limits
from tests.hub_web.conftest import Hub

GOLDEN = Path(__file__).parent / "courses"
CITIES = ("shinagawa", "setagaya", "sapporo", "yurihonjo", "default")
KEPT = (
    "mark", "step", "count", "clock", "minutes", "about", "outcome", "finding", "acts", "issuer", "route", "announcer",
    "why", "act", "outside_range", "reason",
)  # fmt: skip
COUNCIL = ["所属長 鈴木", "係長級 佐藤"]


class Day:
    """One incident at one city. `says` tells the hub; what it refuses is part of the course."""

    def __init__(self, hub: Hub) -> None:
        self.hub, self.begun = hub, hub.time.at
        self.profile = hub.site.profile
        self.limits = Limits(hub.site.rules.of, hub.site.digest_of, hub.engine, "boot")
        self.incident = hub.press(hub.box())
        self.headers = {role: hub.machine(role, role) for role in ("supervisor", "section_head", "building_manager")}
        self.refusals: list[str] = []

    def passes(self, minutes: int) -> None:
        """Minute by minute, as the worker looks."""
        for _ in range(minutes):
            self.hub.time.moves(minutes=1)
            self.limits.cycle(self.hub.time.at, (self.hub.time.at - self.begun).total_seconds())

    def says(self, deed: str, role: str = "section_head", **said: Any) -> bool:
        path = f"/api/v1/incidents/{self.incident}/{deed}"
        answer = self.hub.client().post(path, json=said, headers=self.headers[role])
        if answer.status_code == 422:
            at = int((self.hub.time.at - self.begun) / timedelta(minutes=1))
            fields = sorted({error["field"] for error in answer.json["errors"]})
            self.refusals.append(f"{at:>3} {deed} {said.get('step', '')}: {', '.join(fields)}")
            return False
        assert answer.status_code == 200, answer.text
        return True

    def course(self) -> dict[str, Any]:
        path = f"/api/v1/incidents/{self.incident}"
        found = self.hub.client().get(path, headers=self.headers["section_head"]).json
        return {
            "refused": self.refusals,
            "timeline": [
                self._line(entry)
                for entry in sorted(found["timeline"], key=lambda one: (one["recorded_at"], one["id"]))
            ],
            "state": found["state"],
            "outcome": found["outcome"],
        }

    def _line(self, entry: dict[str, Any]) -> str:
        told = [f"{name}={spelled(entry['data'][name])}" for name in KEPT if entry["data"].get(name) is not None]
        moment = self.hub.time.at.fromisoformat(entry["recorded_at"].replace("Z", "+00:00"))
        return f"{int((moment - self.begun) / timedelta(minutes=1)):>3} {entry['kind']} {' '.join(told)}".rstrip()


def spelled(value: Any) -> str:
    """A value of an entry, in one word of a course."""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def lived(day: Day) -> None:
    """A visitor who is stuck, shouts and does not leave, and people who keep to the city's rules."""
    day.says("acknowledge", "supervisor")
    day.says("respond", "supervisor")
    day.says("contact", action="started", means="counter")
    day.passes(5)
    day.says("mark", mark="slot_announced", minutes=30)
    day.says("mark", mark="act", act="abuse")
    day.says("mark", mark="repeat_long_hold")
    day.says("mark", mark="stalemate")
    day.passes(31)
    for step in day.profile.ladder.steps:
        climb(day, step)
        day.passes(2)
    day.says("mark", mark="visitor_left")
    day.says("contact", action="ended")
    judgement: dict[str, Any] = {
        "content": "理由がない",
        "manner": "大声",
        "time": "60 分",
        "means": "机をたたく",
        "nuisance": True,
    }
    tests: dict[str, Any] = {"harm": True, "environment": "止まった", "average_employee": True, "dropped": False}
    day.says("judgement", finding="harassment", acts=["abuse", "hold"], persons=COUNCIL, **judgement, **tests)
    told = {"circumstances": "窓口で", "course": "大声", "outcome": "帰った"}
    day.says("report", to=list(day.profile.report.to[:1] or ("所属長",)), **told)
    day.says("close", outcome="harassment", prevention="二人で出る")


def climb(day: Day, step: str) -> None:
    """Say one step as plainly as can be, then with what the hub asks for."""
    wanted = (day.profile.ladder.leave.count or 1) if step == "leave" else 1
    for _ in range(wanted):
        plain: dict[str, Any] = {"step": step}
        if step == "police" and day.profile.police.routes:
            plain["route"] = day.profile.police.routes[0]
        role = "building_manager" if step == "leave" else "section_head"
        if day.says("steps", role, **plain):
            continue
        circumstances = list(day.profile.clock.circumstances)
        if step in ("stop", "end", "stop_and_urge"):
            decision: dict[str, Any] = {
                "about": "stop",
                "outcome": "stop",
                "persons": COUNCIL,
                "circumstances": circumstances,
            }
            day.says("decisions", **decision)
            told: dict[str, Any] = (
                {"announcer": "鈴木", "acknowledged": True} if day.profile.ladder.stop.announcer else {}
            )
            day.says("steps", step=step, **told)
        elif step == "leave":
            day.says("mark", mark="cease_refused")
            if "manager_told" in day.refusals[-1]:
                day.says("mark", mark="manager_told")  # this hub knows no contact whom it could have told
            grounds = day.profile.ladder.leave.grounds
            said = {"step": step, **({"ground": grounds[4]} if grounds else {})}
            office = day.profile.ladder.leave.issuer[0]
            role = "building_manager" if day.profile.roles[office] == "building_manager" else "section_head"
            day.passes(day.profile.ladder.leave.interval_minutes or 0)
            day.says("steps", role, **said)
        elif step == "final":
            day.says("steps", "building_manager", step=step)


@pytest.mark.parametrize("city", CITIES)
def test_each_citys_course_is_as_it_was_agreed(make_hub: Callable[..., Hub], city: str) -> None:
    day = Day(make_hub(profile=city))
    lived(day)
    told = day.course()
    assert told["state"] == "closed"
    golden = GOLDEN / f"{city}.json"
    if os.environ.get("MADOMORI_GOLDEN") == "write":
        golden.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", "utf-8")
    assert told == json.loads(golden.read_text("utf-8")), json.dumps(told, ensure_ascii=False, indent=1)


@pytest.mark.parametrize("means", ["counter", "phone"])
def test_shi_10_an_hour_of_one_talk_is_told_once_from_when_people_say_it_began(
    make_hub: Callable[..., Hub], means: str
) -> None:
    day = Day(make_hub())
    begun = (day.begun - timedelta(minutes=50)).isoformat()
    day.says("contact", action="started", means=means, at=begun)
    day.passes(4)
    assert not [line for line in day.course()["timeline"] if "clock." in line]
    day.passes(10)
    day.says("contact", action="started", means=means)  # tapped again, it begins nothing anew
    day.passes(61)
    told = [line.split(maxsplit=1) for line in day.course()["timeline"] if "clock." in line]
    assert told == [["5", "clock.lead clock=contact_cap minutes=60"], ["10", "clock.due clock=contact_cap minutes=60"]]
    assert day.course()["state"] == "raised", "it ends nothing"


def test_no_two_cities_have_the_same_course() -> None:
    courses = {city: json.loads((GOLDEN / f"{city}.json").read_text("utf-8"))["timeline"] for city in CITIES}
    assert len({tuple(course) for course in courses.values()}) == len(CITIES)
