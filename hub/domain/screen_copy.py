"""What kind of file somebody hands in as a copy of a screen: told by its content, never by its name. Pure."""

from typing import Final, Literal

Kind = Literal["png", "jpeg", "pdf"]

COPY_BYTES_MAX: Final = 8 * 1024 * 1024
"""A screen copy has well under 2 MB; a long page printed as PDF a little more."""

MEDIA_TYPES: Final[dict[Kind, str]] = {"png": "image/png", "jpeg": "image/jpeg", "pdf": "application/pdf"}

_PNG: Final = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_PNG_END: Final = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_PDF_END_WITHIN: Final = 1024


def kind_of(content: bytes) -> Kind | None:
    """The kind of `content`, when it begins and ends as that kind does; None for everything else.

    A picture with something behind it (another file, a script) is none: nobody looking at it would see that.
    """
    if content.startswith(_PNG) and content.endswith(_PNG_END):
        return "png"
    if content.startswith(b"\xff\xd8\xff") and content.endswith(b"\xff\xd9"):
        return "jpeg"
    if content.startswith(b"%PDF-") and b"%%EOF" in content[-_PDF_END_WITHIN:]:
        return "pdf"
    return None
