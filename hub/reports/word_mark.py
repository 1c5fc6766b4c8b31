"""A line at the head of every page of a Word file. Imported when a file is made: reading its library takes long."""

from io import BytesIO
from typing import Final

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.section import _BaseHeaderFooter
from docx.shared import Pt

_FRAME: Final = (("val", "single"), ("sz", "12"), ("space", "2"), ("color", "000000"))


def marked(file: BytesIO, mark: str) -> bytes:
    """`file` with `mark` in every head that a page can have: the usual one, that of a first page, that of even pages.

    The first section gets all three. A later one either has heads of its own, which are marked too, or shows those of
    the section before it.
    """
    document = Document(file)  # read anew: what filled it in keeps heads of its own beside the document's
    for place, section in enumerate(document.sections):
        for head in (section.header, section.first_page_header, section.even_page_header):
            if place and head.is_linked_to_previous:
                continue
            head.is_linked_to_previous = False
            if mark not in "".join(text.text or "" for text in head._element.iter(qn("w:t"))):
                _put_first(head, mark)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def _put_first(head: _BaseHeaderFooter, mark: str) -> None:
    """A line of its own above whatever stands in `head`, large, bold and in a frame; black, so that copies keep it."""
    line = head.add_paragraph()
    line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    words = line.add_run(mark)
    words.bold, words.font.size = True, Pt(14)
    frame = OxmlElement("w:pBdr")
    for side in ("top", "left", "bottom", "right"):
        edge = OxmlElement(f"w:{side}")
        for name, value in _FRAME:
            edge.set(qn(f"w:{name}"), value)
        frame.append(edge)
    line._p.get_or_add_pPr().insert_element_before(frame, "w:shd", "w:spacing", "w:ind", "w:jc", "w:rPr")
    head._element.insert(0, line._p)
