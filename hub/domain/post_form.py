"""What a form says about the evidence of a post: facts in, a field out. Pure."""

from hub.domain.form import Case, Row, Words
from hub.domain.incident import Entry


def kept(case: Case) -> tuple[Row, ...]:
    """One line for each piece of evidence: its number, where the post was, and the file's SHA-256, by which whoever
    receives the file can tell that it is the same. Nothing at all in a case without evidence.
    """
    lines = []
    for told in case.told:
        if told.kind == Entry.EVIDENCE_KEPT.value:
            file = told.data.get("file") or {}
            parts = (f"{told.data.get('number')}.", told.data.get("address"), file.get("sha256"))
            lines.append(Words(" ".join(str(part) for part in parts if part)))
    return (Row("kept", tuple(lines)),) if lines else ()
