"""A city's own Word file: facts go where it says, text stays text, and what is wrong with it is named."""

from io import BytesIO
from pathlib import Path

import docx
import pytest

from hub.reports.word import BadForm, NoForm, filled, names


def form(folder: Path, name: str, *paragraphs: str) -> None:
    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    document.save(str(folder / f"{name}.docx"))


def text_of(body: bytes) -> str:
    return "\n".join(paragraph.text for paragraph in docx.Document(BytesIO(body)).paragraphs)


def test_facts_go_where_the_citys_file_says(tmp_path: Path) -> None:
    form(tmp_path, "庁内報告", "番号：{{ number }}", "経過：{{ course_table }}")
    assert names(tmp_path) == ["庁内報告"]
    made = filled(tmp_path, "庁内報告", {"number": "2026-000001", "course_table": "一\n二", "unused": "x"})
    assert text_of(made) == "番号：2026-000001\n経過：一\n二"


@pytest.mark.parametrize("attack", ["{{ 7*7 }}", "{% for x in y %}", "<w:p>&amp;<b>", "=cmd", "\x0b\x00a", "\ud800"])
def test_u01_text_is_put_in_as_text_and_never_carried_out(tmp_path: Path, attack: str) -> None:
    form(tmp_path, "x", "言葉：{{ words }}。")
    kept = "".join(char for char in attack if char >= " " and not "\ud800" <= char <= "\udfff")
    assert text_of(filled(tmp_path, "x", {"words": attack})) == f"言葉：{kept}。"


def test_unknown_placeholders_are_named_all_at_once(tmp_path: Path) -> None:
    form(tmp_path, "x", "{{ number }} {{ visitor_name }} {{ adress }}")
    with pytest.raises(BadForm) as caught:
        filled(tmp_path, "x", {"number": "1"})
    assert caught.value.names == ("{{ adress }}", "{{ visitor_name }}")


@pytest.mark.parametrize(
    "inside", ["{{ number", "{{ number.__class__.__mro__ }}", "{{ ''.__class__ }}", "{% nothing %}"]
)
def test_a_file_that_cannot_be_filled_in_or_tries_more_is_refused(tmp_path: Path, inside: str) -> None:
    form(tmp_path, "x", inside)
    with pytest.raises(BadForm):
        filled(tmp_path, "x", {"number": "1"})


def test_what_is_no_word_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.docx").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(BadForm):
        filled(tmp_path, "x", {})


@pytest.mark.parametrize("name", ["", "..", "../secret", "a/b", "a\\b", "/etc/passwd", "a.b", "nothing", "a" * 61])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    form(tmp_path, "secret", "{{ number }}")
    folder = tmp_path / "forms"
    folder.mkdir()
    with pytest.raises(NoForm):
        filled(folder, name, {"number": "1"})
    assert names(tmp_path / "missing") == []
