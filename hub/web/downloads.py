"""Files for a person's disk."""

from typing import Final
from urllib.parse import quote

from flask import Response

CSV: Final = "text/csv"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF: Final = "application/pdf"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def download(body: bytes, media_type: str, name: str, inline: bool = False) -> Response:
    """`body` as a file; `name` may be Japanese."""
    how = "inline" if inline else "attachment"
    plain = name.encode("ascii", "ignore").decode().replace('"', "").replace("\\", "")
    answer = Response(body, mimetype=media_type)
    answer.headers["Content-Disposition"] = f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return answer
