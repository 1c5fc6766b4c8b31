"""The pages as the hub sends them; how they behave in a browser is proved in tests/browser."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from sqlalchemy import insert

from hub.domain.permissions import Role, allows
from hub.store import quarantine as set_aside
from hub.store.engine import begin_write
from hub.store.schema import beat, quarantine, timeline
from hub.web.pages import PLACES
from tests.hub_web.conftest import Browser, Hub

WEIGHED = ["age", "disability", "situation", "first_or_continuing"]


def once(page: str, deed: str) -> str:
    """The hidden key of the form for `deed`."""
    form = re.search(rf'action="[^"]*/{deed}".*?name="once" value="([^"]+)"', page, re.DOTALL)
    assert form, deed
    return form[1]


def test_every_screen_is_in_the_head_of_each_page_the_contacts_own_ones_open(hub: Hub) -> None:
    for role in Role:
        page = hub.sees(role.value, "/boxes").text
        near, other = (re.findall(r'<a href="([^"]+)"', part) for part in
                       re.findall(r'<div class="(?:top__near|more__sheet)">(.*?)</div>', page, re.DOTALL))  # fmt: skip
        assert near + other == [path for path, _, action in PLACES if allows(action, role)]
        assert set(near) <= {"/", "/companion", "/cards", "/incidents", "/tasks"}
        assert re.search(r'<summary class="more__button more__button--here">箱の状態</summary>', page)


def test_the_queue_shows_what_is_most_urgent_first(hub: Hub) -> None:
    boxes = [hub.box(f"counter-0{number}", counter=f"窓口{number}") for number in range(1, 6)]
    hub.press(boxes[0], state="contact_ended")
    hub.press(boxes[1], state="attended", responder="x", responder_name="高橋")
    hub.press(boxes[2])
    hub.time.moves(minutes=1)
    hub.press(boxes[3])
    hub.press(boxes[4], level="emergency")
    page = hub.signed_in().get("/").text
    queue = page.split('class="calls"')[1].split("</ol>")[0]
    assert re.findall(r'call__counter".*?>(窓口\d)<', queue) == ["窓口5", "窓口3", "窓口4", "窓口2", "窓口1"]
    assert "対応中（高橋）" in queue


def test_a_call_on_the_dashboard_shows_the_clock_that_counts_until_the_visitor_is_gone(hub: Hub) -> None:
    client, headers = hub.signed_in(), hub.machine("section_head", "head")
    call = hub.press(hub.box())

    def says(deed: str, **said: Any) -> None:
        hub.time.moves(minutes=1)
        assert hub.client().post(f"/api/v1/incidents/{call}/{deed}", json=said, headers=headers).status_code == 200

    def shown() -> list[tuple[str, ...]]:
        return re.findall(
            r'class="foremost foremost--(\w+)">.*?</svg>(.*?): <strong[^>]*>(.*?)</strong>', client.get("/").text
        )

    assert shown() == []
    says("contact", action="started")
    says("mark", mark="stalemate")
    assert shown() == [("running", "話の行き詰まり", "あと 15 分")]
    hub.time.moves(minutes=16)
    assert shown() == [("due", "話の行き詰まり", "目安の時間です。上司と決めてください。")]
    says("decisions", about="stop", outcome="go_on", persons=["所属長 鈴木", "係長級 佐藤"], circumstances=WEIGHED)
    assert [(state, name) for state, name, _ in shown()] == [("running", "一回の応対")]
    says("mark", mark="visitor_left")
    assert shown() == []
    says("mark", mark="visitor_back")
    assert len(shown()) == 1


def test_a_double_click_is_one_deed(hub: Hub) -> None:
    incident, browser = hub.press(), hub.signed_in()
    page = browser.get(f"/incidents/{incident}").text
    data = {
        "csrf_token": browser.csrf,
        "once": once(page, "notes"),
        "text": "一度だけ",
        "next": f"/incidents/{incident}",
    }
    for _ in range(2):
        answer = browser.client.post(f"/incidents/{incident}/notes", data=data)
        assert (answer.status_code, answer.location) == (303, f"/incidents/{incident}")
    assert len(hub.rows(timeline, kind="noted")) == 1


def test_everything_can_be_done_with_forms_alone(hub: Hub) -> None:
    incident, browser = hub.press(), hub.signed_in()

    def send(deed: str, **fields: Any) -> Any:
        return browser.client.post(f"/incidents/{incident}/{deed}", data={"csrf_token": browser.csrf, **fields})

    assert send("acknowledge").status_code == 303
    assert send("respond").status_code == 303
    assert send("contact", action="started", at="2026-11-20T11:20").status_code == 303
    assert hub.row(incident).contact_started_at.isoformat() == "2026-11-20T02:20:00+00:00"
    assert send("mark", mark="stalemate", text="").status_code == 303
    assert send("mark", mark="slot_announced", minutes="40").status_code == 303
    assert send("mark", mark="act", act="abuse").status_code == 303
    assert send("steps", step="warn", words="その言い方はおやめください").status_code == 303
    persons = ["所属長 田中", "係長級 佐藤", ""]
    looked_at = ["age", "disability", "situation", "first_or_continuing"]
    decision = {"about": "stop", "outcome": "stop", "persons": persons, "circumstances": looked_at}
    assert send("decisions", **decision).status_code == 303
    assert send("steps", step="stop", announcer="田中", acknowledged="yes").status_code == 303
    assert send("steps", step="police", route="110", words="佐藤が電話").status_code == 303
    assert send("contact", action="ended", at="").status_code == 303
    assert send("accounts", kind="record", verbatim="「出てこい」", how="机をたたいた").status_code == 303
    judged = {"content": "正当な求めではない", "manner": "大声", "time": "40 分", "act_named_at": "2026-11-20T11:30"}
    tests = {"environment": "窓口が止まった", "average_employee": "yes", "dropped": "no"}
    assert (
        send("judgement", finding="harassment", acts=["abuse", "hold"], persons=persons, **judged, **tests).status_code
        == 303
    )
    told = {"to": "コンプライアンス推進担当", "circumstances": "窓口で", "course": "大声", "outcome": "帰った"}
    assert send("report", **told).status_code == 303
    assert send("close", outcome="harassment", prevention="二人で出る").status_code == 303
    assert hub.row(incident).state == "closed"
    shown = browser.get(f"/incidents/{incident}").text
    for words in ("「出てこい」", "コンプライアンス推進担当", "二人で出る", "所属長 田中", "佐藤が電話"):
        assert words in shown


@pytest.mark.parametrize("fields", [{"text": ""}, {"text": "x", "extra": "y"}, {"at": "yesterday"}])
def test_a_form_that_does_not_fit_says_which_field(hub: Hub, fields: dict[str, str]) -> None:
    incident, browser = hub.press(), hub.signed_in()
    deed = "contact" if "at" in fields else "notes"
    data = {"csrf_token": browser.csrf, "action": "started", **fields} if deed == "contact" else fields
    answer = browser.post(f"/incidents/{incident}/{deed}", data=data)
    assert (answer.status_code, answer.mimetype) == (422, "text/html")
    script = browser.post(f"/incidents/{incident}/{deed}", data=data, headers={"X-Requested-With": "madomori"})
    assert (script.status_code, script.mimetype) == (422, "application/problem+json")
    assert script.json["errors"]


def test_people_see_only_what_they_may_do(hub: Hub) -> None:
    incident = hub.press()
    shown = {
        role: set(
            re.findall(rf'action="/incidents/{incident}/(\w+)"', hub.signed_in(role).get(f"/incidents/{incident}").text)
        )
        for role in ("supervisor", "guard", "auditor")
    }
    assert {"acknowledge", "respond", "contact", "mark", "steps", "notes"} <= shown["supervisor"]
    assert "acknowledge" in shown["guard"]
    assert shown["auditor"] == set()


class Forms(HTMLParser):
    """Collects what a strict page must not have, and what every field must have."""

    def __init__(self) -> None:
        super().__init__()
        self.sins: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.sins += [f"{tag} {name}" for name in given if name == "style" or name.startswith("on")]
        if tag == "script" and not given.get("src"):
            self.sins.append("inline script")
        if tag == "style":
            self.sins.append("inline style")
        self.sins += [
            f"{tag} {value}"
            for name, value in given.items()
            if name in ("src", "href", "action", "data-source") and not str(value).startswith(("/", "#"))
        ]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/incidents",
        "/boxes",
        "/profile",
        "/statistics",
        "/cards",
        "/companion",
        "/tasks",
        "/calendar",
        "/alerts",
        "/login",
        "/nothing",
        "incident",
        "recording",
    ],
)
def test_no_page_has_inline_script_or_style_or_a_foreign_address(hub: Hub, path: str) -> None:
    incident = hub.press()
    browser = hub.signed_in("section_head")
    path = {"incident": f"/incidents/{incident}", "recording": f"/incidents/{incident}/recording?reason=x"}.get(
        path, path
    )
    checked = Forms()
    checked.feed(browser.get(path).text)
    assert checked.sins == []


def test_the_choice_of_language_and_light_stays(hub: Hub) -> None:
    browser = hub.signed_in()
    assert 'lang="ja" data-theme="auto"' in browser.get("/").text
    answer = browser.post("/preferences", data={"language": "en", "theme": "dark", "next": "/boxes"})
    assert answer.location == "/boxes"
    assert 'lang="en" data-theme="dark"' in browser.get("/").text
    browser.post("/preferences", data={"language": "xx", "theme": "<b>", "next": "//evil.example"})
    assert 'lang="en" data-theme="dark"' in browser.get("/").text


def test_the_login_page_can_be_read_in_english(hub: Hub) -> None:
    client = hub.client()
    assert "Log in" in client.get("/login?lang=en").text
    assert "Log in" in client.get("/login").text
    assert "ログイン" in hub.client().get("/login?lang=xx").text


def test_operators_see_what_could_not_be_understood(hub: Hub) -> None:
    with hub.engine.begin() as connection:
        connection.execute(
            insert(quarantine).values(
                topic="t", box="counter-01", reason="not JSON", received_at=hub.time(), size_bytes=3, payload=b"\xff\0x"
            )
        )
    assert "not JSON" in hub.signed_in("administrator").get("/boxes").text
    assert "not JSON" not in hub.signed_in("supervisor").get("/boxes").text
    [entry] = hub.client().get("/api/v1/quarantine", headers=hub.machine("auditor")).json["entries"]
    assert (entry["reason"], entry["payload"]) == ("not JSON", "/wB4")


def test_ready_is_only_who_can_take_a_press(hub: Hub) -> None:
    def missing() -> list[str]:
        answer = hub.client().get("/readyz")
        assert (answer.status_code == 200) == (answer.json["missing"] == [])
        return list(answer.json["missing"])

    assert missing() == ["worker", "mqtt"]
    hub.beats()
    assert missing() == []
    hub.time.moves(seconds=5)
    assert missing() == ["worker", "mqtt"]
    hub.beats()
    with hub.engine.begin() as connection:
        connection.execute(beat.update().where(beat.c.name == "mqtt").values(data={"connected": False}))
    assert missing() == ["mqtt"]
    assert hub.client().get("/healthz").status_code == 200


def test_the_list_pages_through_everything_once(hub: Hub) -> None:
    made = []
    for _ in range(7):
        made.append(hub.press())
        hub.time.moves(seconds=1)
    headers, found, cursor = hub.machine(), [], None
    while True:
        query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = hub.client().get("/api/v1/incidents", query_string=query, headers=headers).json
        found += [one["id"] for one in page["incidents"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == made[::-1]


def test_since_gives_what_changed_since(hub: Hub) -> None:
    old = hub.press()
    hub.time.moves(minutes=5)
    new = hub.press()

    def since(minutes: float) -> set[str]:
        at = (
            hub.time()
            if minutes == 0
            else hub.time.at.__class__.fromtimestamp(hub.time().timestamp() - minutes * 60, hub.time().tzinfo)
        )
        answer = hub.client().get("/api/v1/incidents", query_string={"since": at.isoformat()}, headers=hub.machine())
        return {one["id"] for one in answer.json["incidents"]}

    assert since(1) == {new}
    hub.client().post(f"/api/v1/incidents/{old}/acknowledge", headers=hub.machine())
    assert since(1) == {old, new}
    assert since(10) == {old, new}


def test_a_box_says_how_it_stands(hub: Hub) -> None:
    hub.box("counter-01", faults=["camera"], profile_digest="sha256:" + "0" * 64)
    hub.box("counter-02", revoked_at=hub.time())
    incident = hub.press("counter-01")
    [box] = hub.client().get("/api/v1/boxes", headers=hub.machine()).json["boxes"]
    assert (box["name"], box["faults"], box["incident"]) == ("counter-01", ["camera", "profile_mismatch"], incident)
    assert box["profile"]["matches"] is False


def test_a_box_with_other_rules_than_the_hub_looks_like_a_fault_and_never_like_all_is_well(hub: Hub) -> None:
    hub.box("counter-01", profile_digest="sha256:" + "0" * 64)
    hub.box("counter-02", counter="市民課 2番")
    hub.box(
        "counter-03", counter="市民課 3番", faults=["profile_mismatch"]
    )  # the box noticed it before its health came
    hub.box("counter-04", counter="市民課 4番", profile_id=None, profile_digest=None)  # not heard of yet
    browser = hub.signed_in("supervisor")
    cards = dict(
        re.findall(
            r'class="card card--(?:\w+)" data-key="(counter-0\d)">(.*?)</li>\s*(?=<li class="card |</ul>)',
            browser.get("/").text,
            re.DOTALL,
        )
    )
    words = "市の決まりがハブと違います"
    told = {name: (card.count(words), "異常なし" in card, "不具合あり" in card) for name, card in cards.items()}
    wrong, well = (1, False, True), (0, True, False)
    assert told == {"counter-01": wrong, "counter-02": well, "counter-03": wrong, "counter-04": well}
    boxes = browser.get("/boxes").text
    assert boxes.count("boxcard boxcard--fault") == 2
    assert boxes.count("ハブの profile.toml をこの箱に写し") == 2
    for name, fault in (("counter-01", True), ("counter-02", False)):
        page = browser.get(f"/companion/{name}").text
        assert (words in page, "システム管理者に知らせてください" in page) == (fault, fault)
    assert "madomori_boxes_other_rules 1.0" in hub.client().get("/metrics").text


def test_the_looks_at_a_recording_are_shown_to_those_who_may(hub: Hub) -> None:
    from hub.store.schema import access

    incident = hub.press()
    with hub.engine.begin() as connection:
        connection.execute(
            insert(access).values(
                at=hub.time(), actor="x", actor_name="鈴木", act="recording.viewed", incident=incident, reason="報告書"
            )
        )

    def seen(browser: Browser) -> bool:
        return "鈴木" in browser.get(f"/incidents/{incident}").text

    assert not seen(hub.signed_in("staff"))
    assert seen(hub.signed_in("supervisor"))


def test_what_the_broker_refused_is_shown_to_operators(hub: Hub) -> None:
    hub.box(refused=12, refused_at=hub.time())
    assert "<td>12</td>" in hub.signed_in("administrator").get("/boxes").text
    assert "ブローカーが断った送信" not in hub.signed_in("supervisor").get("/boxes").text
    assert 'madomori_broker_refused_total{box="counter-01"} 12.0' in hub.client().get("/metrics").text


def test_of_an_external_broker_it_is_said_that_nothing_is_known(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(more="[mqtt]\nexternal = true\n")
    assert "外部のブローカー" in hub.signed_in("administrator").get("/boxes").text
    assert "madomori_broker_refused" not in hub.client().get("/metrics").text


def test_a_certificate_in_two_places_is_a_fault_on_the_dashboard_for_a_day(hub: Hub) -> None:
    hub.box(shared_at=hub.time())
    browser = hub.signed_in("supervisor")
    assert "証明書が二か所で使われている疑い" in browser.get("/").text
    hub.time.moves(hours=25)
    assert "証明書が二か所で使われている疑い" not in hub.signed_in("supervisor", "鈴木").get("/").text


def test_the_count_of_what_could_not_be_understood_never_falls(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.store.quarantine.ROWS_MAX", 2)
    for number in range(1, 6):
        with begin_write(hub.engine) as connection:
            set_aside.add(connection, [set_aside.row("t", None, "not JSON", b"", hub.time())])
        figures = hub.client().get("/metrics").text
        assert f"madomori_quarantined_total {number}.0" in figures
        assert f"madomori_quarantine_kept {min(number, 2)}.0" in figures
