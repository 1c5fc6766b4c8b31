"""The process that sets forms: HTML in on stdin, PDF out on stdout, one after the other.

Each comes as its length in bytes on a line and then the bytes; each answer as `pdf N` or `no WHY N` and then N bytes.
It ends with its stdin, or when nobody has asked for `IDLE_S`. Setting takes a second of one core and some hundred
megabytes; in the web process both would be taken from live streams.
"""

import resource
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final, NoReturn

STYLE: Final = Path(__file__).with_name("form.css")
IDLE_S: Final = 600
CPU_S: Final = 600
"""A document that is never finished ends here, should the asker have died too. Every one has half of it at least."""

JAPANESE: Final = ("BIZ UD", "Noto Sans CJK", "Noto Serif CJK", "Noto Sans JP", "IPA", "VL ", "Takao", "Source Han")
"""How the families of fonts begin that can write Japanese. With none of them a form would be rows of empty boxes."""


FIRST: Final = '<html lang="ja"><title>窓守</title><table><tr><th>窓守<td><b>Madomori</b></table>'
"""Set before anybody asks, and thrown away."""


class NothingFetched(PermissionError):
    """A form asked for something outside itself."""


class NoFont(LookupError):
    """This machine has no Japanese font."""


def pdf(html: str) -> bytes:
    """The tagged PDF (PDF/UA-1) of `html`, fonts embedded. Fetches nothing, whatever stands in it.

    Raises:
        NoFont: see there.
        NothingFetched: see there.
        OSError: pango is not installed.
    """
    from weasyprint import CSS, HTML
    from weasyprint.urls import FatalURLFetchingError, URLFetcher

    class Nothing(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: Any = None) -> NoReturn:
            raise NothingFetched(url[:200])

    nothing = Nothing(fail_on_errors=True)
    style = CSS(string=STYLE.read_text("utf-8"), url_fetcher=nothing)
    try:
        document = HTML(string=html, url_fetcher=nothing).render(stylesheets=[style], pdf_variant="pdf/ua-1")
        made = document.write_pdf(pdf_variant="pdf/ua-1")
    except FatalURLFetchingError as error:
        raise NothingFetched(str(error)[:200]) from error
    if not any(font.family.startswith(JAPANESE) for font in document.fonts.values()):
        raise NoFont
    return bytes(made)


def serve(asked: BinaryIO, answers: BinaryIO) -> None:
    """Answer until `asked` ends, or this process has done its part."""
    while time.process_time() < CPU_S / 2 and select.select([asked], [], [], IDLE_S)[0]:
        length = asked.readline()
        if not length:
            return
        _answer(asked.read(int(length)).decode("utf-8"), answers)


def _answer(html: str, answers: BinaryIO) -> None:
    try:
        made, head = pdf(html), "pdf"
    except NoFont:
        made, head = b"", "no font"
    except NothingFetched as error:
        made, head = str(error).encode(), "no fetched"
    answers.write(f"{head} {len(made)}\n".encode() + made)
    answers.flush()


def main() -> None:
    """Be ready before the first form comes."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the asker; this ends with its stdin
    try:
        with suppress(NoFont):  # said to whoever asks for a form
            pdf(FIRST)  # libraries, fonts and styles are the slow part of the first form
    except OSError as error:  # its library pango is not there
        sys.stderr.write(f"{str(error)[:300]}\n")
        sys.exit(3)
    serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
