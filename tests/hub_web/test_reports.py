"""Forms through the front door: who may make them, what is written down, and that words stay words."""

import csv
import re
import subprocess
from collections.abc import Callable, Iterator
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import docx
import pytest
from flask import g, render_template
from sqlalchemy import insert

from hub.domain.deed import Person
from hub.domain.report import OF_CONTACTS
from hub.reports.pdf import NotMade
from hub.store.engine import begin_write
from hub.store.schema import access
from hub.web.api.reports import PLACEHOLDERS
from hub.web.sessions import Caller
from tests.hub_web.conftest import Hub

API = "/api/v1/incidents"
FORMS = ("record", "report", "police", "sns")
MAKERS = {
    "supervisor", "section_head", "building_manager", "evidence_custodian", "general_affairs", "administrator",
}  # fmt: skip
HOSTILE = "<script>alert(1)</script><img src=x onerror=1> {{ 7*7 }} {% raw %} ${7*7} '; DROP TABLE incident;--"


@pytest.fixture
def incident(hub: Hub) -> Iterator[str]:
    incident_id = hub.press(hub.box(counter="市民課 1番"))
    person: dict[str, Any] = {"source": "person", "actor_name": "髙橋", "actor_role": "supervisor"}
    hub.told(incident_id, "noted", text="机をたたいた", **person)
    hub.told(incident_id, "step.taken", text="お帰りください", data={"step": "leave", "count": 1}, **person)
    yield incident_id
    hub.site.setter.stop()


def text_of(body: bytes, tmp_path: Path) -> str:
    path = tmp_path / "form.pdf"
    path.write_bytes(body)
    out = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True).stdout
    return "".join(out.split())


def rows_of(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.reader(StringIO(answer.data.decode("utf-8-sig"), newline="")))


def test_every_form_is_a_pdf_with_its_words_in_it(hub: Hub, incident: str, tmp_path: Path) -> None:
    head = hub.machine("section_head")
    for form, title in zip(
        FORMS, ("対応記録", "事案の報告書", "警察への引き継ぎ書", "インターネット上の投稿についての第一報"), strict=True
    ):
        answer = hub.client().get(f"{API}/{incident}/report.pdf?form={form}", headers=head)
        assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
        assert answer.headers["Content-Disposition"].startswith('inline; filename="2026-')
        text = text_of(answer.data, tmp_path)
        assert title in text
        assert ("お帰りください" in text) == (form in ("record", "report"))
    english = hub.client().get(f"{API}/{incident}/report.pdf?form=police&language=en", headers=head)
    assert "Handovertothepolice" in text_of(english.data, tmp_path)


@pytest.mark.parametrize("role", ["section_head", "supervisor", "general_affairs"])
def test_sug_02_the_account_of_who_was_harmed_is_on_no_paper_and_hides_no_record(
    hub: Hub, incident: str, role: str, tmp_path: Path
) -> None:
    person: dict[str, Any] = {"source": "person", "actor_name": "髙橋", "actor_role": "staff"}
    record = {"kind": "record", "verbatim": "出てこい", "how": "机をたたいた", "note_taker": "髙橋"}
    hub.told(incident, "account", data=record, **person)
    statement = {"kind": "statement", "verbatim": "消えろ", "how": "手が震えた", "who": "隣の人", "note_taker": "田中"}
    hub.told(incident, "account", text="夜眠れない", data=statement, **person)
    for form in ("record", "report", "police"):
        made = hub.client().get(f"{API}/{incident}/report.pdf?form={form}", headers=hub.machine(role))
        text = text_of(made.data, tmp_path)
        assert "出てこい" in text
        assert not [words for words in ("消えろ", "手が震えた", "隣の人", "夜眠れない") if words in text], form


def test_u01_what_people_wrote_stays_words_on_paper(hub: Hub, incident: str, tmp_path: Path) -> None:
    hub.told(incident, "noted", source="person", actor_name=HOSTILE, actor_role="staff", text=HOSTILE)
    answer = hub.client().get(f"{API}/{incident}/report.pdf?form=record", headers=hub.machine("section_head"))
    text = text_of(answer.data, tmp_path)
    assert "{{7*7}}" in text
    assert "<script>alert(1)</script>" in text
    assert "49" not in text


def test_every_making_is_written_down_before_it_is_sent(
    hub: Hub, incident: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = hub.machine("section_head", "田中")
    hub.client().get(f"{API}/{incident}/report.csv?form=record", headers=head)
    [row] = hub.rows(access, act="report.made")
    assert (row.actor_name, row.incident) == ("田中", incident)
    assert row.data == {"form": "record", "kind": "csv", "role": "section_head"}

    def broken(*_: object, **__: object) -> None:
        raise OSError("the log is full")

    monkeypatch.setattr("hub.web.api.reports.reports.write_down", broken)
    answer = hub.client().get(f"{API}/{incident}/report.csv?form=record", headers=head)
    assert answer.status_code == 500
    assert "机" not in answer.text


def test_only_those_in_charge_make_forms_and_see_the_links(hub: Hub, incident: str) -> None:
    for role in ("staff", "guard", "auditor", *sorted(MAKERS)):
        answer = hub.client().get(f"{API}/{incident}/report.csv?form=sns", headers=hub.machine(role))
        assert (answer.status_code == 200) == (role in MAKERS), role
    assert len(hub.rows(access, act="report.made")) == len(MAKERS)


@pytest.mark.parametrize("query", ["", "?form=nothing", "?form=record&form=sns", "?form=record&x=1", "?language=fr"])
def test_a_form_that_does_not_exist_is_refused_in_words(hub: Hub, incident: str, query: str) -> None:
    answer = hub.client().get(f"{API}/{incident}/report.pdf{query}", headers=hub.machine("section_head"))
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert hub.rows(access, act="report.made") == []


def test_set_13_and_shi_28_as_a_table(hub: Hub, incident: str) -> None:
    head = hub.machine("section_head")
    rows = rows_of(hub.client().get(f"{API}/{incident}/report.csv?form=report", headers=head))
    assert {"事情", "結果"} <= {row[0] for row in rows if row}
    assert ["起きた順"] in rows
    [words] = [row for row in rows if len(row) == 3 and row[1] == "相手の言葉（言われたとおりに）"]
    assert words[2].startswith("相手の言葉がまだ書かれていません")


def test_shi_22_who_came_back_is_on_the_sheet_for_the_police_as_being_there(hub: Hub, incident: str) -> None:
    head = hub.machine("section_head")

    def where() -> str:
        rows = rows_of(hub.client().get(f"{API}/{incident}/report.csv?form=police", headers=head))
        return next(row[2] for row in rows if len(row) == 3 and row[1] == "相手が、まだいるか")

    for mark, says in (("visitor_left", "帰りました"), ("visitor_back", "まだいます")):
        hub.time.moves(minutes=1)
        assert hub.client().post(f"{API}/{incident}/mark", json={"mark": mark}, headers=head).status_code == 200
        assert where().startswith(says)
    hub.client().post(f"{API}/{incident}/contact", json={"action": "ended"}, headers=head)
    assert where().startswith("相手が帰ったかどうかは、まだ書かれていません")


def test_set_19_form_1_has_every_field_and_its_recipients_as_a_table(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(profile="setagaya")
    incident = hub.press(hub.box())
    fields = {"occurred_at": "11月19日 21時ごろ", "situation": "=HYPERLINK()", "contact": "内線 1234"}
    hub.told(incident, "noted", source="person", actor_name="佐藤", data={"sns": fields})
    head = hub.machine("general_affairs")
    rows = rows_of(hub.client().get(f"{API}/{incident}/report.csv?form=sns", headers=head))
    by_name = {row[1]: row[2] for row in rows}
    assert by_name["送付先"] == "総務課、秘書課、広報広聴課"
    assert by_name["投稿された日時"] == "11月19日 21時ごろ"
    assert by_name["投稿の状況"] == "'=HYPERLINK()"
    assert by_name["担当者の連絡先"] == "内線 1234"
    assert by_name["初めに取った対応"] == ""
    assert len(rows) == 1 + 1 + 1 + 11  # head, recipients, number and the eleven fields


def test_a_drill_says_that_it_is_one_on_every_form(hub: Hub, tmp_path: Path) -> None:
    incident, head = hub.press(drill=True), hub.machine("section_head")
    for form in FORMS:
        answer = hub.client().get(f"{API}/{incident}/report.pdf?form={form}", headers=head)
        text = text_of(answer.data, tmp_path)
        assert "これは訓練の書類です" in text
        assert text.count("訓") > text.count("これは訓練の書類です")  # and the watermark
    assert "訓練の書類" in str(rows_of(hub.client().get(f"{API}/{incident}/report.csv?form=record", headers=head)))
    hub.site.setter.stop()


def test_the_record_says_who_looked_and_why(hub: Hub, incident: str, tmp_path: Path) -> None:
    with begin_write(hub.engine) as connection:
        connection.execute(
            insert(access).values(
                at=hub.time(),
                actor="x",
                actor_name="鈴木",
                act="recording.viewed",
                incident=incident,
                reason="状況の確認",
            )
        )
    head = hub.machine("section_head")
    shown = {
        form: text_of(hub.client().get(f"{API}/{incident}/report.pdf?form={form}", headers=head).data, tmp_path)
        for form in ("record", "police")
    }
    assert "状況の確認" in shown["record"]
    assert "鈴木" not in shown["police"]


def test_without_the_engine_the_answer_says_what_to_install(
    hub: Hub, incident: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_: object, __: str) -> bytes:
        raise NotMade("engine")

    monkeypatch.setattr("hub.reports.pdf.Setter.make", missing)
    answer = hub.client().get(f"{API}/{incident}/report.pdf?form=record", headers=hub.machine("section_head"))
    assert answer.status_code == 503
    assert "libpangoft2-1.0-0" in answer.json["ja"]["detail"]


def city_form(hub: Hub, name: str, text: str) -> None:
    folder = hub.directory / "forms"
    folder.mkdir(exist_ok=True)
    document = docx.Document()
    document.add_paragraph(text)
    document.save(str(folder / f"{name}.docx"))


def test_a_citys_own_word_file_is_filled_in_and_its_mistakes_are_named(hub: Hub, incident: str) -> None:
    city_form(hub, "庁内報告", "{{ number }}／{{ counter }}／{{ received_at }}／{{ notes }}")
    city_form(hub, "誤り", "{{ visitor_name }}")
    head = hub.machine("section_head")
    answer = hub.client().get(f"{API}/{incident}/report.docx?form=庁内報告", headers=head)
    assert answer.status_code == 200
    assert "%E5%BA%81%E5%86%85%E5%A0%B1%E5%91%8A.docx" in answer.headers["Content-Disposition"]
    [paragraph] = docx.Document(BytesIO(answer.data)).paragraphs
    assert paragraph.text.startswith("2026-")
    assert "／市民課 1番／／" in paragraph.text
    wrong = hub.client().get(f"{API}/{incident}/report.docx?form=誤り", headers=head)
    assert wrong.status_code == 422
    assert "{{ visitor_name }}" in wrong.json["detail"]
    assert hub.client().get(f"{API}/{incident}/report.docx?form=../hub", headers=head).status_code == 404


@pytest.mark.parametrize("drill", [True, False])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_drills_word_file_says_so_on_every_page_though_the_citys_file_has_no_place_for_it(
    hub: Hub, drill: bool, language: str
) -> None:
    city_form(hub, "様式", "{{ number }}")
    city_form(hub, "置く場所", "{{ number }}（{{ drill }}）")
    incident, head = hub.press(drill=drill), hub.machine("section_head") | {"Accept-Language": language}
    said = []
    for form in ("様式", "置く場所"):
        made = docx.Document(BytesIO(hub.client().get(f"{API}/{incident}/report.docx?form={form}", headers=head).data))
        assert [section.header.paragraphs[0].text.startswith("【訓練】") for section in made.sections] == [drill]
        assert made.sections[0].first_page_header.is_linked_to_previous is not drill
        said.append(made.paragraphs[0].text)
    assert ["【訓練】" in text for text in said] == [False, drill]
    assert ("（）" in said[1]) is not drill


def test_every_name_for_word_files_stands_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "forms.md").read_text("utf-8")
    listed = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]
    assert listed[: len(FORMS)] == list(FORMS)
    assert listed[len(FORMS) :] == list(PLACEHOLDERS)


def links(hub: Hub, incident: str, role: str) -> str:
    """The papers' part of an incident's page, as somebody of `role` sees it."""
    with hub.app.test_request_context("/"):
        g.language, g.caller = "ja", Caller(Person("x", "佐藤", role), None)
        return render_template("incident/_reports.html", incident=hub.row(incident), offered_forms=OF_CONTACTS)


def test_the_links_lead_to_every_form_and_are_shown_to_those_who_may_make_them(hub: Hub, incident: str) -> None:
    city_form(hub, "庁内報告", "{{ number }}")
    shown = links(hub, incident, "section_head")
    assert re.findall(r'<a href="([^"]+)"', shown) == [
        *(f"{API}/{incident}/report.{kind}?form={form}" for form in OF_CONTACTS for kind in ("pdf", "csv")),
        f"{API}/{incident}/report.docx?form=%E5%BA%81%E5%86%85%E5%A0%B1%E5%91%8A",
    ]
    assert "庁内報告" in shown
    assert links(hub, incident, "guard").strip() == ""
