"""Practice: a new worker walks through every scenario, on the product's own intake, deeds and clocks."""

import html
import re
from typing import Any

import pytest

from hub.domain.practice import SPEED
from hub.domain.scenario import Scenario
from hub.limits import Limits
from hub.scenario_files import rules_at, scenarios
from hub.store.schema import alert, command, incident, practice, timeline
from tests.hub_web.conftest import Browser, Hub

ALL = list(scenarios().values())


class Learner:
    """Somebody who practises in a browser; `limits` are the worker's clocks."""

    def __init__(self, hub: Hub, role: str = "staff", name: str = "新人") -> None:
        self.hub, self.browser = hub, hub.signed_in(role, name)
        self.limits = Limits(_rules, lambda _box: hub.profile_digest, hub.engine, "boot")
        self.mono_s = 1000.0
        self.path = ""

    def begins(self, scenario: str) -> str:
        answer = self.browser.post(f"/drills/scenarios/{scenario}")
        assert answer.status_code == 303, answer.text
        self.path = answer.headers["Location"]
        return self.page()

    def page(self) -> str:
        answer = self.browser.get(self.path)
        assert answer.status_code == 200, answer.text
        return html.unescape(answer.text)

    def does(self, scene: str, choice: str) -> Any:
        return self.browser.post(f"{self.path}/choose", data={"scene": scene, "choice": choice})

    def waits(self, seconds: float) -> None:
        """Time passes, and the worker looks at its clocks."""
        self.limits.cycle(self.hub.time(), self.mono_s)
        self.hub.time.moves(seconds=seconds)
        self.mono_s += seconds
        self.limits.cycle(self.hub.time(), self.mono_s)


def _rules(box: str) -> Any:
    practised = rules_at(box)
    assert practised is not None
    return practised.profile


@pytest.fixture
def learner(hub: Hub) -> Learner:
    return Learner(hub)


def told(hub: Hub) -> list[str]:
    return [row.kind for row in hub.rows(timeline)]


@pytest.mark.parametrize("scenario", ALL, ids=lambda one: one.id)
def test_every_scenario_can_be_walked_through_with_its_first_choices(learner: Learner, scenario: Scenario) -> None:
    hub = learner.hub
    assert scenario.scenes[0].happens.ja in learner.begins(scenario.id)
    for number, scene in enumerate(scenario.scenes, 1):
        page = learner.page()
        assert f"場面 {number}／{len(scenario.scenes)}" in page
        assert scene.ask.ja in page
        if scene.clock is not None:
            learner.waits(31)
            continue
        learner.waits(11)  # the interval between two orders to leave
        answer = learner.does(scene.id, scene.choices[0].id)
        assert answer.status_code == 303, re.sub(r"<[^>]+>", " ", answer.text)
    review = learner.page()
    assert "練習の振り返り" in review
    assert review.count("できました") == len(scenario.scenes)
    (row,) = hub.rows(incident)
    assert (row.state, row.outcome, row.drill, row.reach, row.profile_id) == (
        "closed", "drill", True, "nobody", scenario.profile,
    )  # fmt: skip
    assert told(hub)[-1] == "drill.ended"
    assert hub.rows(alert) == []
    assert hub.rows(command) == [], "there is no box to be told"


def test_the_product_refuses_in_practice_what_it_refuses_in_earnest(learner: Learner) -> None:
    learner.begins("shinagawa-long-claim")
    learner.does("press", "press")
    before = told(learner.hub)
    refused = learner.does("heads", "order")
    assert refused.status_code == 422
    assert "窓守は、まだ受け付けませんでした" in refused.text
    assert "まだ伝えていない段階があります" in refused.text
    assert told(learner.hub) == before
    assert "人数をそろえる" in learner.page()


def test_a_choice_that_is_no_deed_only_answers_and_a_second_click_does_nothing(learner: Learner) -> None:
    learner.begins("setagaya-danger")
    answer = learner.does("press", "talk")
    learner.path = answer.headers["Location"]
    assert "近づきません。" in learner.page()
    assert learner.hub.rows(incident) == []
    learner.path = learner.path.partition("?")[0]
    for _ in range(2):
        assert learner.does("press", "hold").status_code == 303
    (row,) = learner.hub.rows(incident)
    assert (row.level, row.presses, row.responder_name) == ("emergency", 1, "警備員（相手役）")


def test_the_clocks_run_thirty_times_faster_and_the_page_says_so(learner: Learner) -> None:
    assert f"{SPEED} 倍" in learner.begins("shinagawa-long-claim")
    for scene, choice in (("press", "press"), ("heads", "count"), ("stalemate", "stuck"), ("warn", "warn")):
        learner.does(scene, choice)
    learner.waits(29)
    assert "目安の時間を待つ" in learner.page()
    learner.waits(2)
    assert "やめるかどうかを決める" in learner.page()
    (due,) = learner.hub.rows(timeline, kind="clock.due")
    assert (due.data["clock"], due.data["minutes"]) == ("stalemate", 15)
    assert due.profile_digest == learner.hub.rows(incident)[0].profile_digest


def test_a_scene_can_be_passed_over_and_looking_back_says_what_was_left_without_blame(learner: Learner) -> None:
    learner.begins("setagaya-danger")
    learner.browser.post(f"{learner.path}/pass", data={"scene": "press"})
    assert learner.hub.rows(practice)[0].passed == [], "without a press there is nothing to practise"
    learner.does("press", "hold")
    learner.browser.post(f"{learner.path}/pass", data={"scene": "act"})
    learner.does("police", "called")
    learner.browser.post(f"{learner.path}/end")
    review = learner.page()
    assert (review.count("できました"), review.count("飛ばしました"), review.count("この前で終えました")) == (2, 1, 2)
    assert learner.hub.rows(incident)[0].state == "closed"


def test_practice_disturbs_nobody_and_is_counted_nowhere(learner: Learner) -> None:
    hub = learner.hub
    learner.begins("shinagawa-danger")
    learner.does("press", "hold")
    real = hub.press(hub.box())
    (drill,) = [row for row in hub.rows(incident) if row.drill]
    assert drill.number.startswith("P2026-")
    chief: Browser = hub.signed_in("supervisor")
    for path in ("/", "/incidents", "/boxes", "/companion", "/api/v1/incidents", "/api/v1/boxes", "/drills"):
        text = chief.get(path).text
        assert drill.id not in text, path
        assert "practice-shinagawa-" not in text, path
    assert real in chief.get("/").text
    head = hub.machine("section_head")
    assert drill.number not in hub.client().get("/incidents.csv", headers=head).text
    assert hub.client().post(f"/api/v1/incidents/{drill.id}/real", json={}, headers=head).status_code == 422


def test_only_the_learner_and_those_in_charge_see_a_practice(learner: Learner) -> None:
    hub = learner.hub
    learner.begins("shinagawa-danger")
    learner.does("press", "hold")
    (row,) = hub.rows(incident)
    here = [learner.path, f"/incidents/{row.id}", f"/api/v1/incidents/{row.id}"]
    other, chief = hub.signed_in("staff", "同僚"), hub.signed_in("supervisor")
    for stranger in (other, *(hub.signed_in(role) for role in ("administrator", "building_manager", "guard"))):
        assert [stranger.get(path).status_code for path in here] == [404] * 3
        assert "新人" not in stranger.get("/drills/scenarios").text.split("<main")[1]
    assert "本人と、係長級・所属長だけ" in learner.browser.get("/drills/scenarios").text
    assert [learner.browser.get(path).status_code for path in here] == [200] * 3
    assert [chief.get(path).status_code for path in here] == [200] * 3
    assert "新人" in chief.get("/drills/scenarios").text
    for answer in (
        other.post(f"/api/v1/incidents/{row.id}/acknowledge", json={}),
        chief.post(f"{learner.path}/choose", data={"scene": "act", "choice": "act"}),
        chief.post(f"{learner.path}/end"),
    ):
        assert answer.status_code == 404
    assert hub.client().get("/drills/scenarios", headers=hub.machine("auditor")).status_code == 403


def test_a_new_practice_ends_the_one_that_stands(learner: Learner) -> None:
    learner.begins("shinagawa-danger")
    learner.does("press", "hold")
    first = learner.path
    learner.begins("setagaya-danger")
    assert learner.path != first
    assert [row.state for row in learner.hub.rows(incident)] == ["closed"]
    assert learner.browser.post("/drills/scenarios/atlantis").status_code == 404
