"""The question flow on the pages and in the API: without JavaScript, kept in its exact words, and no judgement."""

from collections.abc import Callable
from typing import Any

from hub.store.schema import timeline
from tests.hub_web.conftest import Hub


def flow(hub: Hub, incident: str, role: str = "section_head") -> Any:
    return hub.client().get(f"/api/v1/incidents/{incident}/flow", headers=hub.machine(role))


def ended(hub: Hub) -> str:
    return hub.press(state="contact_ended", contact_ended_at=hub.time())


def test_sap_04_the_answers_are_kept_with_their_questions_and_shown_beside_the_judgement(
    make_hub: Callable[..., Hub],
) -> None:
    hub = make_hub(profile="sapporo")
    incident, browser = ended(hub), hub.signed_in("section_head")
    asked, path = [], f"/incidents/{incident}/questions"
    for question, answer in (("danger", "no"), ("merit", "unclear"), ("checked", "no")):
        page = browser.get(path).text
        assert f'name="{question}" value="{answer}"' in page
        asked.append(f"{question}={answer}")
        path = f"/incidents/{incident}/questions?" + "&".join(asked)
    page = browser.get(path).text
    assert "先に事実を確かめ" in page
    assert "行政監察担当課" in page  # the city's own desk for what is doubtful
    digest = flow(hub, incident).json["digest"]
    form = {
        "csrf_token": browser.csrf, "flow": digest, "answers.danger": "no", "answers.merit": "unclear",
        "answers.checked": "no", "text": "三人で読んだ", "next": f"/incidents/{incident}",
    }  # fmt: skip
    assert browser.client.post(f"/incidents/{incident}/considerations", data=form).status_code == 303
    (entry,) = hub.rows(timeline, kind="considered")
    assert (entry.text, entry.data["flow_digest"]) == ("三人で読んだ", digest)
    questions = {one["id"]: one for one in flow(hub, incident).json["questions"]}
    assert [(one["id"], one["answer"]) for one in entry.data["answers"]] == [
        ("danger", "no"), ("merit", "unclear"), ("checked", "no"),
    ]  # fmt: skip
    assert all(one["ja"] == questions[one["id"]]["ja"] for one in entry.data["answers"])
    assert hub.row(incident).state == "contact_ended"  # nothing was judged
    judging = browser.get(f"/incidents/{incident}").text.split('id="judge-title"')[1].split("</section>")[0]
    assert questions["checked"]["ja"] in judging
    assert "先に事実を確かめ" in judging


def test_answers_that_do_not_fit_the_flow_are_refused(hub: Hub) -> None:
    incident = ended(hub)
    path, headers = f"/api/v1/incidents/{incident}/considerations", hub.machine("section_head")
    digest = flow(hub, incident).json["digest"]
    wrong: Any = [
        ({"danger": "no"}, "answers"),
        ({"danger": "yes", "merit": "no"}, "answers.merit"),
        ({"danger": "perhaps"}, "answers.danger"),
        ({}, "answers"),
    ]
    for answers, field in wrong:
        refused = hub.client().post(path, json={"flow": digest, "answers": answers}, headers=headers)
        assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, field)
    old = hub.client().post(path, json={"flow": "sha256:0", "answers": {"danger": "yes"}}, headers=headers)
    assert [error["field"] for error in old.json["errors"]] == ["flow"]
    assert hub.sees("supervisor", f"/incidents/{incident}/questions?danger=maybe").status_code == 422


def test_who_does_not_judge_is_not_asked(hub: Hub) -> None:
    incident = ended(hub)
    body = {"flow": "sha256:0", "answers": {"danger": "yes"}}
    path = f"/api/v1/incidents/{incident}/considerations"
    for role in ("staff", "general_affairs", "building_manager", "auditor"):
        assert flow(hub, incident, role).status_code == 403
        assert hub.sees(role, f"/incidents/{incident}/questions").status_code == 403
        assert hub.client().post(path, json=body, headers=hub.machine(role)).status_code == 403
