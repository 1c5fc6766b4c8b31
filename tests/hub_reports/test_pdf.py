"""The setting process: tagged PDFs with their fonts in them, nothing fetched, and an end to every wait."""

import contextlib
import re
import subprocess
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from hub.reports import render
from hub.reports.pdf import LONG_BYTES, NotMade, Setter

PAGE = '<html lang="ja"><head><title>{title}</title></head><body><h1>対応記録</h1><p>髙橋 﨑</p>{more}</body></html>'


@pytest.fixture(scope="module")
def setter() -> Iterator[Setter]:
    made = Setter(limit_s=60)
    yield made
    made.stop()


def poppler(program: str, body: bytes, tmp_path: Path, *more: str) -> str:
    path = tmp_path / "form.pdf"
    path.write_bytes(body)
    return subprocess.run([program, str(path), *more], capture_output=True, text=True, check=True).stdout


def unpacked(body: bytes) -> bytes:
    """The objects of a PDF that lie in compressed streams, as text."""
    found = b""
    for stream in re.findall(rb"stream\n(.*?)\nendstream", body, re.DOTALL):
        with contextlib.suppress(zlib.error):
            found += zlib.decompress(stream)
    return found


def test_a_form_is_tagged_named_in_its_language_with_its_fonts_and_words_inside(setter: Setter, tmp_path: Path) -> None:
    made = setter.make(PAGE.format(title="対応記録 2026-000001", more=""))
    about = poppler("pdfinfo", made, tmp_path)
    assert "Tagged:          yes" in about
    assert "Title:           対応記録 2026-000001" in about
    assert b"/Lang (ja)" in unpacked(made)
    assert 'pdfuaid:part="1"' in poppler("pdfinfo", made, tmp_path, "-meta")
    shape = poppler("pdfinfo", made, tmp_path, "-struct")
    assert "H1" in shape
    assert {"対応記録", "髙橋 﨑"} <= {line.strip() for line in poppler("pdftotext", made, tmp_path, "-").splitlines()}
    fonts = poppler("pdffonts", made, tmp_path).splitlines()[2:]
    assert fonts
    assert all(line.split()[-5:-2] == ["yes", "yes", "yes"] for line in fonts), fonts  # embedded, subset, readable


def test_it_starts_ahead_only_where_it_may() -> None:
    some = Setter()
    some.prepare()
    assert some._process is None
    some.ahead = True
    some.prepare()
    assert some._process is not None
    known = some._process.pid
    some.prepare()
    assert some._process.pid == known
    some.stop()


@pytest.fixture
def listening() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

    server = HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "more",
    [
        '<img src="{url}/image.png">',
        '<link rel="stylesheet" href="{url}/style.css">',
        '<style>@import "{url}/style.css"; body {{ background: url({url}/b.png) }}</style>',
        "<style>@font-face {{ font-family: x; src: url({url}/x.ttf) }} p {{ font-family: x }}</style>",
        '<object data="{url}/o.svg"></object>',
        '<a rel="attachment" href="file:///etc/hostname">x</a>',
        '<link rel="attachment" href="file:///etc/hostname">',
        '<img src="file:///etc/hostname">',
    ],
)
def test_u01_a_form_fetches_nothing_even_if_markup_got_in(
    setter: Setter, listening: tuple[str, list[str]], more: str
) -> None:
    url, asked = listening
    outcome, made = "made", b""
    try:
        made = setter.make(PAGE.format(title="x", more=more.format(url=url)))
    except NotMade as error:
        outcome = error.why
    assert outcome in ("made", "fetched")
    assert b"/EmbeddedFile" not in made
    assert asked == []


def test_a_form_that_is_never_finished_is_ended_and_the_next_one_is_made() -> None:
    impatient = Setter(limit_s=0.2)
    try:
        with pytest.raises(NotMade) as caught:
            impatient.make(PAGE.format(title="x", more="<p>あ</p>" * 20_000))
        assert caught.value.why == "slow"
        impatient._limit_s = 60
        assert impatient.make(PAGE.format(title="x", more="")).startswith(b"%PDF-")
    finally:
        impatient.stop()


def test_a_long_form_has_longer() -> None:
    impatient = Setter(limit_s=0.2)  # not enough for the process to start
    try:
        with pytest.raises(NotMade, match="slow"):
            impatient.make(PAGE.format(title="x", more=""))
        assert impatient.make(PAGE.format(title="x", more=f"<!--{'x' * 100 * LONG_BYTES}-->")).startswith(b"%PDF-")
    finally:
        impatient.stop()


def test_a_process_that_was_killed_is_replaced(setter: Setter) -> None:
    setter.make(PAGE.format(title="x", more=""))
    assert setter._process is not None
    setter._process.kill()
    setter._process.wait()
    assert setter.make(PAGE.format(title="x", more="")).startswith(b"%PDF-")


def test_without_pango_it_is_said_which_part_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "weasyprint.py").write_text("raise OSError('cannot load library libpango-1.0-0')\n", "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    poor = Setter()
    with pytest.raises(NotMade) as caught:
        poor.make(PAGE.format(title="x", more=""))
    assert caught.value.why == "engine"


def test_without_a_japanese_font_no_form_of_empty_boxes_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "JAPANESE", ("No such family",))
    with pytest.raises(render.NoFont):
        render.pdf(PAGE.format(title="x", more=""))
