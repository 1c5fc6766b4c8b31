"""A post about a colleague: found, reported on form 1, kept as evidence, worked on in order."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyrage import decrypt, x25519
from sqlalchemy import update
from support.opening import Opening

from contract.evidence import digest
from hub.domain.screen_copy import COPY_BYTES_MAX
from hub.store.engine import begin_write
from hub.store.schema import access, alert, incident, leaf, timeline
from tests.hub.test_posts import PNG
from tests.hub_web.conftest import Browser, Hub

API = "/api/v1"
CONTACT = """
[[contacts]]
id = "soumu"
role = "general_affairs"
channel = "webhook"
target = "http://127.0.0.1:9/soumu"
"""
FOUND = {
    "found_at": "2026-11-20T02:30:00Z", "service": "x", "box": "counter-01",
    "situation": "窓口の職員の名前を挙げた投稿",
    "occurred_at": "2026-11-19T12:00:00Z", "staff_unit": "市民課 窓口係", "staff_name": "佐藤",
    "course": "前日に窓口で長い応対があった", "first_response": "画面を写し、上司に伝えた", "other": "写真はない",
    "unit": "市民課", "person_in_charge": "田中", "contact": "内線 1234",
}  # fmt: skip


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    made = make_hub(profile="setagaya", more=CONTACT)
    made.box()
    return made


@pytest.fixture
def opened(hub: Hub, opening: Callable[[Path], Opening]) -> Opening:
    return opening(hub.directory)


def post(hub: Hub, role: str = "staff", key: str | None = None, **changed: Any) -> Any:
    headers = {**hub.machine(role), **({"Idempotency-Key": key} if key else {})}
    return hub.client().post(f"{API}/posts", json={**FOUND, **changed}, headers=headers)


@pytest.fixture
def found(hub: Hub) -> str:
    answer = post(hub)
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def do(hub: Hub, found: str, deed: str, body: dict[str, Any], role: str = "section_head") -> Any:
    return hub.client().post(f"{API}/incidents/{found}/{deed}", json=body, headers=hub.machine(role))


def upload(hub: Hub, found: str, content: bytes = PNG, headers: Any = None, name: str = "x.exe", **fields: str) -> Any:
    return hub.client().post(
        f"{API}/incidents/{found}/evidence/file", data={"file": (io.BytesIO(content), name), **fields},
        headers=headers or hub.machine("staff"), content_type="multipart/form-data",
    )  # fmt: skip


def upload_long(hub: Hub, found: str, content: bytes) -> Any:
    """As bytes: Flask's test client puts long files on the disk, which is what the hub must not do."""
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    return hub.client().post(
        f"{API}/incidents/{found}/evidence/file", data=head + content + b"\r\n--b--\r\n", headers=hub.machine("staff"),
        content_type="multipart/form-data; boundary=b",
    )  # fmt: skip


def files(hub: Hub) -> list[Path]:
    return [path for path in (hub.directory / "evidence").rglob("*") if path.is_file()]


def fields_of(hub: Hub, found: str) -> dict[str, str]:
    answer = hub.client().get(f"{API}/incidents/{found}/report.csv?form=sns", headers=hub.machine("general_affairs"))
    rows = [line.split(",", 2) for line in answer.get_data().decode("utf-8-sig").splitlines()]
    return {row[1]: row[2] for row in rows if len(row) == 3}


# --- opening --------------------------------------------------------------------------------------------------------


def test_set_19_form_1_is_filled_from_the_post_for_its_three_recipients(hub: Hub, found: str) -> None:
    rows = fields_of(hub, found)
    assert rows["送付先"] == "総務課、秘書課、広報広聴課"
    assert rows["投稿された日時"].startswith("2026年11月19日(木) 21:00")
    assert rows["報告した日時"].startswith("2026年11月20日(金) 11:41")
    assert [rows[name] for name in ("対象の職員の氏名", "投稿の状況", "担当者の連絡先")] == [
        "佐藤", "窓口の職員の名前を挙げた投稿", "内線 1234"
    ]  # fmt: skip
    assert do(hub, found, "first_report", {"contact": "内線 9"}, "general_affairs").status_code == 200
    again = fields_of(hub, found)
    assert (again["担当者の連絡先"], again["担当者"]) == ("内線 9", "田中")


def test_set_20_the_watch_dates_of_a_post_stand_in_the_list_and_in_the_calendar(hub: Hub, found: str) -> None:
    feed = hub.client().get("/tasks.ics", headers=hub.machine("general_affairs")).text
    assert feed.count("SUMMARY:投稿が広がっていないか見る") == 7 + 8
    page = hub.signed_in("general_affairs").get("/tasks").text
    assert "投稿が広がっていないか見る" in page
    assert "対応した職員に休んでもらう" not in page  # nobody has just come out of a contact


def test_set_19_the_first_report_is_asked_for_until_each_of_the_three_offices_has_it(hub: Hub, found: str) -> None:
    def asked(browser: Browser) -> list[str]:
        open_ = browser.get("/tasks").text.split('id="done"')[0].split("投稿の第一報を送る</strong>")[1:]
        return [part.split("<bdi>")[1].split("</bdi>")[0] for part in open_]

    report = {"to": ["総務課"], "circumstances": "投稿", "course": "広がった", "outcome": "続く"}
    assert do(hub, found, "report", report).status_code == 200
    browser = hub.signed_in("general_affairs")
    assert sorted(asked(browser)) == ["広報広聴課", "秘書課", "総務課"], "the report of the case is another"
    page = browser.get(f"/incidents/{found}").text
    assert page.count('action="/incidents/' + found + '/first_report_sent"') == 3
    form = {"csrf_token": browser.csrf, "to": "秘書課", "next": "/"}
    assert browser.client.post(f"/incidents/{found}/first_report_sent", data=form).status_code == 303
    assert sorted(asked(browser)) == ["広報広聴課", "総務課"]
    answer = do(hub, found, "tasks", {"task": "first_report:総務課"}, "general_affairs").json
    assert sorted(answer["post"]["sent"]) == ["秘書課", "総務課"]
    do(hub, found, "first_report_sent", {"to": ["広報広聴課"]}, "staff")
    assert asked(browser) == []
    assert "first_report_sent" not in browser.get(f"/incidents/{found}").text
    assert do(hub, hub.press(), "first_report_sent", {"to": ["秘書課"]}).status_code == 422


def test_set_16_the_police_step_of_a_post_brings_forward_whom_to_tell(hub: Hub, found: str) -> None:
    assert "この案件で記録あり" not in hub.signed_in("section_head").get(f"/incidents/{found}").text
    do(hub, found, "post_steps", {"step": "police", "words": "署に相談"})
    page = hub.signed_in("section_head").get(f"/incidents/{found}").text
    assert page.index("地域生活安全課") < page.index("総務課長 に知らせた")
    assert "この案件で記録あり" in page


def test_set_23_a_post_leaves_the_task_to_tell_colleagues_where_to_turn_for_carers_only(hub: Hub, found: str) -> None:
    task = "書かれた職員と周りの職員に、相談先を案内する"
    assert task in hub.signed_in("section_head").get("/tasks").text.split('id="coming"')[0]
    assert do(hub, found, "tasks", {"task": "care_offer:0"}).status_code == 200
    assert task not in hub.signed_in("section_head").get("/tasks").text.split('id="done"')[0]
    assert task not in hub.signed_in("guard").get(f"/incidents/{found}").text


def test_a_post_calls_nobody_and_is_no_counter_s_alarm(hub: Hub, found: str) -> None:
    assert hub.rows(alert) == []
    row = hub.row(found)
    assert (row.origin, row.state, row.pressed_at.isoformat()) == ("post", "contact_ended", "2026-11-20T02:30:00+00:00")
    page = hub.signed_in().get("/").text
    assert 'data-unseen=""' in page
    assert "手続き中" in page
    assert "異常なし" in page  # the counter's own tile
    boxes = hub.client().get(f"{API}/boxes", headers=hub.machine()).json["boxes"]
    assert boxes[0]["incident"] is None


def test_the_page_of_a_post_shows_no_recording_and_no_order_to_leave(hub: Hub, found: str) -> None:
    page = hub.signed_in("section_head").get(f"/incidents/{found}").text
    for absent in ("recording-title", "contact-title", "police-title", "退去", 'name="mark" value="false_press"'):
        assert absent not in page, absent
    assert "form=sns" in page
    assert "form=record" not in page
    for shown in ("post-steps-title", "evidence-title", "meeting-title", "first-report-title"):
        assert f'id="{shown}"' in page
    assert hub.client().get(f"{API}/incidents/{found}", headers=hub.machine()).json["steps"] == []


def test_shi_41_deletion_disclosure_and_contacts_are_on_the_page_as_a_reference(hub: Hub, found: str) -> None:
    page = hub.signed_in("staff").get(f"/incidents/{found}").text
    part = page.split('id="post-help-title"')[1].split("</section>")[0]
    for name in ("参考", "運営者への削除の申し出", "発信した人の情報の開示", "法務局", "違法・有害情報相談センター"):
        assert name in part, name


def test_the_same_request_again_is_the_same_incident(hub: Hub) -> None:
    headers = {**hub.machine("staff"), "Idempotency-Key": "k1"}
    first = hub.client().post(f"{API}/posts", json=FOUND, headers=headers)
    again = hub.client().post(f"{API}/posts", json=FOUND, headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json["id"] == again.json["id"]
    other = hub.client().post(f"{API}/posts", json={**FOUND, "service": "blog"}, headers=headers)
    assert other.status_code == 422
    assert len(hub.rows(incident)) == 1


def test_what_cannot_be_is_refused_with_every_problem(hub: Hub) -> None:
    answer = post(hub, found_at="2026-11-21T00:00:00Z", occurred_at="2026-11-22T00:00:00Z", box="nowhere")
    assert {one["field"] for one in answer.json["errors"]} == {"found_at", "occurred_at", "box"}
    assert {one["field"] for one in post(hub, service="fax", name="山田").json["errors"]} == {"service", "name"}
    assert post(hub, "guard").status_code == 403
    assert hub.rows(incident) == []


def test_a_form_with_a_mistake_keeps_what_was_written(hub: Hub) -> None:
    browser = hub.signed_in("general_affairs", "総務")
    form = {
        "csrf_token": browser.csrf,
        "once": "o1",
        "found_at": "2026-11-20T11:00",
        "service": "blog",
        "box": "counter-01",
    }
    answer = browser.client.post("/posts", data={**form, "situation": "", "unit": "広報広聴課"})
    assert answer.status_code == 422
    assert 'value="広報広聴課"' in answer.text
    assert "投稿の状況：" in answer.text
    assert hub.rows(incident) == []
    for _ in range(2):  # a double click
        answer = browser.client.post("/posts", data={**form, "situation": "書かれていた"})
        assert answer.status_code == 303
    [row] = hub.rows(incident)
    assert (answer.location, row.counter) == (f"/incidents/{row.id}", "インターネット（ブログ）")
    assert row.number in browser.get("/posts").text


# --- evidence -------------------------------------------------------------------------------------------------------


def test_set_12_and_set_21_a_copy_is_sealed_on_the_disk_and_seen_only_after_the_reason_is_written(
    hub: Hub, found: str, opened: Opening
) -> None:
    answer = upload(hub, found, address="https://example.invalid/1", provider="削除窓口", verbatim="佐藤は…")
    assert answer.status_code == 200, answer.text
    [kept] = answer.json["post"]["evidence"]
    assert (kept["number"], kept["kind"], kept["sha256"], kept["intact"]) == (1, "png", digest(PNG), True)
    [file] = files(hub)
    assert file.stat().st_mode & 0o077 == 0
    assert PNG not in file.read_bytes()
    custodian = next(
        line for line in (hub.directory / "hand-over" / "custodian.key").read_text().split() if line.startswith("AGE-")
    )
    assert decrypt(file.read_bytes(), [x25519.Identity.from_str(custodian)]) == PNG
    address = f"{API}/incidents/{found}/evidence/1/file"
    for role, status in (("staff", 403), ("guard", 403), ("administrator", 403), ("general_affairs", 422)):
        assert hub.client().get(address, headers=hub.machine(role)).status_code == status, role
    assert hub.rows(access) == []
    shown = hub.client().get(f"{address}?reason=警察に渡す前の確認", headers=hub.machine("general_affairs"))
    assert (shown.status_code, shown.mimetype, shown.data) == (200, "image/png", PNG)
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    [look] = hub.rows(access)
    assert (look.act, look.reason, look.data["evidence"]) == ("evidence.viewed", "警察に渡す前の確認", 1)


def test_a_look_that_cannot_be_written_down_shows_nothing(
    hub: Hub, found: str, opened: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(hub, found)

    def broken(*_: object) -> int:
        raise OSError("the log is full")

    monkeypatch.setattr("hub.web.evidence._write_down", broken)
    answer = hub.client().get(f"{API}/incidents/{found}/evidence/1/file?reason=x", headers=hub.machine())
    assert (answer.status_code, PNG in answer.data) == (500, False)


def test_what_is_no_picture_is_refused_by_its_content_and_nothing_is_left(
    hub: Hub, found: str, opened: Opening
) -> None:
    for content in (b"<svg onload=x>", PNG + b"<script>", b"", PNG[:-4]):
        answer = upload(hub, found, content, name="copy.png")
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "file")
    assert upload_long(hub, found, PNG + bytes(COPY_BYTES_MAX)).status_code == 413
    assert upload(hub, found, kind="png").status_code == 422  # only the hub says what it found
    assert upload(hub, hub.press()).status_code == 422  # a call is no post
    assert files(hub) == []
    assert hub.rows(timeline, kind="evidence.kept") == []


def test_set_12_a_long_copy_waits_in_memory_and_on_no_disk(
    hub: Hub, found: str, opened: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_disk(*_: object, **__: object) -> None:
        raise AssertionError("a file that nobody has sealed yet")

    for name in ("SpooledTemporaryFile", "TemporaryFile"):
        monkeypatch.setattr(f"werkzeug.formparser.{name}", no_disk, raising=False)
    long = PNG[:-12] + bytes(900_000) + PNG[-12:]
    assert upload_long(hub, found, long).json["post"]["evidence"][0]["sha256"] == digest(long)


def test_an_upload_that_is_sent_again_is_kept_once(hub: Hub, found: str, opened: Opening) -> None:
    headers = {**hub.machine("staff"), "Idempotency-Key": "k1"}
    for _ in range(2):
        assert upload(hub, found, headers=headers, verbatim="x").status_code == 200
    assert len(files(hub)) == len(hub.rows(timeline, kind="evidence.kept")) == 1
    assert upload(hub, found, headers=headers, verbatim="y").status_code == 422
    assert len(files(hub)) == 1


def test_without_the_one_who_seals_words_are_kept_and_no_file(hub: Hub, found: str) -> None:
    answer = upload(hub, found)
    assert (answer.status_code, answer.json["type"]) == (503, "urn:madomori:problem:sealing-away")
    assert files(hub) == []
    kept = do(hub, found, "evidence", {"verbatim": "佐藤は…", "address": "https://example.invalid/1"}, "staff").json
    assert kept["post"]["evidence"][0]["kind"] is None


def test_set_21_evidence_that_was_changed_afterwards_shows_it(hub: Hub, found: str, opened: Opening) -> None:
    upload(hub, found)
    answer = do(hub, found, "evidence", {"verbatim": "佐藤は…"})
    assert [one["intact"] for one in answer.json["post"]["evidence"]] == [True, True]
    assert len(hub.rows(leaf, kind="evidence.kept")) == 2
    [first, second] = hub.rows(timeline, kind="evidence.kept")
    with begin_write(hub.engine) as connection:
        connection.execute(
            update(timeline).where(timeline.c.id == second.id).values(data={**second.data, "verbatim": "何も"})
        )
    shown = hub.client().get(f"{API}/incidents/{found}", headers=hub.machine()).json["post"]["evidence"]
    assert [one["intact"] for one in shown] == [True, False]
    [file] = files(hub)
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    answer = hub.client().get(f"{API}/incidents/{found}/evidence/1/file?reason=x", headers=hub.machine())
    assert (answer.status_code, answer.json["type"]) == (409, "urn:madomori:problem:copy-damaged")
    assert first.data["number"] == 1


def test_a_copy_is_kept_and_seen_by_form_alone(hub: Hub, found: str, opened: Opening) -> None:
    browser = hub.signed_in("section_head")
    form = {"csrf_token": browser.csrf, "once": "o1", "next": "/", "address": "https://example.invalid/1"}
    where = f"/incidents/{found}/evidence/file"

    def send(**changed: str) -> Any:
        data = {**form, **changed, "file": (io.BytesIO(PNG), "a.png")}
        return browser.client.post(where, data=data, content_type="multipart/form-data")

    assert send(csrf_token="x").status_code == 403
    assert send().status_code == 303
    page = browser.get(f"/incidents/{found}/evidence/1?reason=確認").text
    assert f'src="{API}/incidents/{found}/evidence/1/file?reason=%E7%A2%BA%E8%AA%8D"' in page
    assert digest(PNG).removeprefix("sha256:") in page
    assert hub.rows(access, act="evidence.viewed") == []  # the look is the file's, not the page's


# --- steps and meeting ----------------------------------------------------------------------------------------------


def test_set_21_the_steps_are_taken_from_the_page_in_their_order(hub: Hub, found: str) -> None:
    assert do(hub, found, "post_steps", {"step": "lawyer"}).status_code == 422
    do(hub, found, "evidence", {"verbatim": "佐藤は…", "address": "https://example.invalid/1"})
    browser: Browser = hub.signed_in("general_affairs")
    form = {"csrf_token": browser.csrf, "next": "/"}
    for step in ("verify", "preserve"):
        assert browser.client.post(f"/incidents/{found}/post_steps", data={**form, "step": step}).status_code == 303
    police = {**form, "step": "police", "evidence": ["1"], "damage_report": "later", "words": "署の相談係へ"}
    assert browser.client.post(f"/incidents/{found}/post_steps", data=police).status_code == 303
    [*_, last] = hub.rows(timeline, kind="post.step")
    page = hub.client().get(f"{API}/incidents/{found}/report.csv?form=police", headers=hub.machine())
    assert "1. https://example.invalid/1" in page.get_data(as_text=True)  # what officers get says what goes along
    assert (last.text, last.data["evidence"], last.data["damage_report"]) == ("署の相談係へ", [1], "later")
    shown = hub.client().get(f"{API}/incidents/{found}", headers=hub.machine()).json["post"]["steps"]
    assert [(one["step"], one["count"]) for one in shown] == [
        ("verify", 1),
        ("preserve", 1),
        ("police", 1),
        ("lawyer", 0),
    ]
    assert do(hub, found, "post_steps", {"step": "verify"}, "guard").status_code == 403


def test_set_21_a_request_for_the_meeting_reaches_general_affairs_and_waits_until_it_is_decided(
    hub: Hub, found: str
) -> None:
    assert do(hub, found, "meeting", {"text": "広がっている"}, "staff").status_code == 403
    for _ in range(2):
        assert do(hub, found, "meeting", {"text": "広がっている", "wanted": "今日"}).status_code == 200
    assert [(one.contact, one.why) for one in hub.rows(alert)] == [("soumu", "meeting")] * 2
    assert "緊急対策会議を開くかを決める" in hub.signed_in("general_affairs").get("/tasks").text
    assert do(hub, found, "tasks", {"task": "meeting:1"}, "general_affairs").status_code == 200
    assert do(hub, found, "tasks", {"task": "meeting:3"}, "general_affairs").status_code == 422


def test_statistics_count_a_post_by_its_type_and_not_as_a_call(hub: Hub, found: str) -> None:
    call = hub.press()
    do(hub, call, "acknowledge", {})
    told = hub.client().get(f"{API}/statistics", headers=hub.machine("general_affairs")).json
    tables = {one["name"]: {row["name"]: row["count"] for row in one["figures"]} for one in told["tables"]}
    assert (tables["act"]["online"], tables["level"]["post"], tables["level"]["assist"]) == (1, 1, 1)
    assert tables["length"]["unknown"] == 2
    shares = {one["name"]: one["text"] for one in told["totals"]}
    assert shares["within_10"] == "100%"  # of the calls, and a post is none
