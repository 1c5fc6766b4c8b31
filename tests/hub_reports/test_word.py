"""A city's own Word file: facts go where it says, text stays text, and what is wrong with it is named."""

from io import BytesIO
from pathlib import Path

import docx
import pytest
from docx.shared import Cm

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


DRILL = "【訓練】これは訓練の書類です。実際の事案ではありません。"


def heads(body: bytes) -> list[list[str]]:
    """Of each section the texts of the heads that its pages can have: usual, first page, even pages."""
    return [
        ["/".join(line.text for line in head.paragraphs) for head in
         (section.header, section.first_page_header, section.even_page_header)]
        for section in docx.Document(BytesIO(body)).sections
    ]  # fmt: skip


def test_a_drills_mark_stands_at_the_head_of_every_page_whatever_the_citys_file_looks_like(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("番号：{{ number }}")
    first = document.sections[0]
    first.different_first_page_header_footer = True
    first.first_page_header.add_table(1, 1, Cm(10)).cell(0, 0).text = "表紙 {{ number }}"
    document.settings.odd_and_even_pages_header_footer = True
    second = document.add_section()  # with a usual head of its own; its other two are the first's
    second.header.is_linked_to_previous = False
    second.header.paragraphs[0].text = "別の章"
    document.add_section()  # all of its heads are those before it
    document.save(str(tmp_path / "x.docx"))
    made = filled(tmp_path, "x", {"number": "1"}, DRILL)
    for section in heads(made):
        for head in section:
            assert head.startswith(DRILL), section
            assert head.count(DRILL) == 1, section
    assert heads(made)[1][0] == f"{DRILL}/別の章"
    cover = docx.Document(BytesIO(made)).sections[0].first_page_header
    assert [cell.text for table in cover.tables for cell in table.row_cells(0)] == ["表紙 1"]
    assert DRILL not in str(heads(filled(tmp_path, "x", {"number": "1"})))


def test_a_head_that_holds_the_mark_where_the_city_wants_it_gets_no_second_one(tmp_path: Path) -> None:
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "市の様式 {{ drill }}"
    document.add_paragraph("{{ number }}{{ drill }}")
    document.save(str(tmp_path / "x.docx"))
    made = filled(tmp_path, "x", {"number": "1", "drill": DRILL}, DRILL)
    usual, *others = heads(made)[0]
    assert usual == f"市の様式 {DRILL}"
    assert all(head.startswith(DRILL) for head in others)
    assert text_of(made) == f"1{DRILL}"
    in_earnest = filled(tmp_path, "x", {"number": "1", "drill": ""})
    assert (heads(in_earnest)[0][0], text_of(in_earnest)) == ("市の様式 ", "1")


def test_the_marked_file_is_one_that_word_can_read(tmp_path: Path) -> None:
    """Inside `w:pPr` the frame has its place before the alignment, or Word calls the file damaged."""
    form(tmp_path, "x", "{{ number }}")
    line = docx.Document(BytesIO(filled(tmp_path, "x", {"number": "1"}, DRILL))).sections[0].header.paragraphs[0]
    assert [child.tag.rpartition("}")[2] for child in line._p.pPr] == ["pBdr", "jc"]
    assert [edge.tag.rpartition("}")[2] for edge in line._p.pPr[0]] == ["top", "left", "bottom", "right"]
    assert line.runs[0].bold
