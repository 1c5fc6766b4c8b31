"""The incident page as the policy wants it: who is short, what is missing, what may be said."""

import re
from pathlib import Path
from typing import Any

import pytest

from hub.store.schema import alert, user
from tests.hub_web.conftest import Hub


def does(hub: Hub, incident: str, deed: str, role: str = "section_head", **said: Any) -> Any:
    return hub.client().post(f"/api/v1/incidents/{incident}/{deed}", json=said, headers=hub.machine(role, "鈴木"))


def page(hub: Hub, incident: str, role: str = "section_head") -> str:
    return str(hub.signed_in(role).get(f"/incidents/{incident}").text)


@pytest.mark.parametrize(("visitors", "staff", "short"), [(3, 1, True), (3, 2, True), (3, 3, False), (1, 1, True)])
def test_shi_32_fewer_staff_than_visitors_or_a_worker_alone_calls_for_helpers(
    hub: Hub, visitors: int, staff: int, short: bool
) -> None:
    incident = hub.press()
    assert "応援を呼んでください" not in page(hub, incident)
    assert does(hub, incident, "mark", mark="head_count", visitors=visitors, staff=staff).status_code == 200
    assert ("応援を呼んでください" in page(hub, incident)) is short


def test_set_22_people_are_shown_by_one_short_name_and_never_by_a_picture(hub: Hub) -> None:
    incident = hub.press()
    does(hub, incident, "acknowledge")
    for path in ("/", "/incidents", f"/incidents/{incident}", "/companion/counter-01", "/alerts"):
        shown = hub.signed_in("section_head").get(path).text
        assert "<img" not in shown, path
    assert "鈴木" in page(hub, incident)
    assert not {"photo", "picture", "full_name", "given_name", "address"} & {column.name for column in user.columns}


def test_what_a_step_still_needs_is_said_in_its_place(hub: Hub) -> None:
    incident = hub.press()
    steps = {step["step"]: step["missing"] for step in does(hub, incident, "acknowledge").json["steps"]}
    assert steps["warn"] == []
    assert "decision" in steps["stop"]
    assert {"issuer", "ground", "reason"} <= set(steps["leave"])
    assert steps["police"] == []
    shown = page(hub, incident)
    assert "先に「対応をやめるかどうか」を決めて記録してください。" in shown
    assert re.search(r'name="step" value="police"', shown)


def test_shi_15_the_page_asks_who_gave_the_final_warning_and_takes_it_by_one_tap_from_nobody_else(hub: Hub) -> None:
    incident = hub.press(hub.box())
    for step in ("warn", "cease"):
        does(hub, incident, "steps", step=step, reason="急ぐため")
    stop: dict[str, Any] = {
        "about": "stop",
        "outcome": "stop",
        "circumstances": [*hub.site.profile.clock.circumstances],
    }
    does(hub, incident, "decisions", persons=["所属長 鈴木", "係長級 佐藤"], **stop)
    does(hub, incident, "steps", step="stop", announcer="鈴木", acknowledged=True)
    for _ in range(2):
        order = {"step": "leave", "ground": "forced_meeting_or_noise", "reason": "急ぐため"}
        does(hub, incident, "steps", "building_manager", **order)
    asked, tap = r'data-id="step-final".*?name="issuer_name"', 'data-id="said-final"'
    for role, own in (("supervisor", False), ("building_manager", True)):
        assert bool(re.search(asked, page(hub, incident, role), re.DOTALL)) is not own
        counter = hub.signed_in(role).get("/companion/counter-01").text
        assert "告げる人を確かめる：庁舎管理者" in counter
        assert (tap in counter) is own
    answer = does(hub, incident, "steps", "staff", step="final")
    assert [error["field"] for error in answer.json["errors"]] == ["issuer"]


def test_every_problem_of_a_step_is_told_at_once(hub: Hub) -> None:
    incident = hub.press()
    answer = does(hub, incident, "steps", step="leave")
    assert answer.status_code == 422
    assert {"issuer", "ground", "reason"} <= {error["field"] for error in answer.json["errors"]}
    assert all(error["ja"] and error["en"] for error in answer.json["errors"])


def has_a_branch(directory: Path) -> None:
    """The unit at counter-01 sits in a branch office, and has a limit of its own."""
    (directory / "units").mkdir(parents=True)
    (directory / "units" / "juminhyo.toml").write_text(
        '[unit]\nid = "juminhyo"\nlabel_ja = "住民票"\nlabel_en = "Residents"\nsite_type = "branch"\n'
        'boxes = ["counter-01"]\n[set.clock.stalemate]\nminutes = 20\n'
        '[source."clock.stalemate.minutes"]\nby = "住民課長"\non = 2026-11-01\n',
        "utf-8",
    )


def test_shi_16_who_manages_the_building_hears_of_a_refusal_and_orders_without_telling_anybody_else(
    make_hub: Any, tmp_path: Path
) -> None:
    has_a_branch(tmp_path)
    roles = ("building_manager", "section_head")
    hub = make_hub(
        more="".join(
            f'[[contacts]]\nid = "{role}"\nrole = "{role}"\nchannel = "webhook"\ntarget = "http://a.example/"\n'
            for role in roles
        )
    )
    for name, told in (("counter-01", "section_head"), ("counter-02", "building_manager")):
        incident = hub.press(hub.box(name, name))
        steps = {one["step"]: one["missing"] for one in does(hub, incident, "acknowledge", told).json["steps"]}
        assert not {"manager_told", "issuer"} & set(steps["leave"])
        does(hub, incident, "mark", mark="cease_refused")
        assert [row.contact for row in hub.rows(alert, incident=incident, why="cease_refused")] == [told]


def test_set_18_a_unit_has_its_own_limit_at_its_own_counter(make_hub: Any, tmp_path: Path) -> None:
    has_a_branch(tmp_path)
    hub = make_hub()
    hub.box("counter-02", "国保 2番")
    minutes = {}
    for name in ("counter-01", "counter-02"):
        hub.box(name)
        incident = hub.press(name)
        clocks = does(hub, incident, "mark", mark="stalemate").json["clocks"]
        minutes[name] = [clock["minutes"] for clock in clocks if clock["name"] == "stalemate"]
    assert minutes == {"counter-01": [20], "counter-02": [15]}
