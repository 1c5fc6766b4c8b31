"""Every sentence exists in both languages, none in the catalogue is left over, and what is to be pressed is there."""

import re
import tomllib
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from device import ports
from device import wording as wording_of_a_box
from hub import wording
from hub.web import labels
from tests.hub_web.conftest import Hub

ROOT = Path(__file__).parents[2] / "hub"
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
KEYWORDS = {"_": None, "N_": None}
FACT = re.compile(r"%\((\w+)\)s")
JAPANESE = re.compile(r"[\u3040-\u30fa\u4e00-\u9fff]")
LETTERS = re.compile(r"[\u3040-\u30fa\u4e00-\u9fff]+")
GUIDE = ROOT.parent / "docs" / "guide"
NAMED = re.compile(r"「([^」]+)」|\*\*([^*「」]+)\*\*を押|\"([^\"]+)\"")
"""What a page of the guide puts into quotation marks stands on a page of the hub."""
TO_PRESS = re.compile(
    r"「([^」]+)」(?:を(?:一度|一つ)?押|の一押し|を記録|に印)|(?:[Pp]ress|[Tt]ap|[Mm]ark|act) “([^”]+)”"
)
"""What mails, messages, practice and pages tell people to press."""


def used() -> set[str]:
    """Every sentence marked in the source."""
    found = extract_from_dir(
        str(ROOT),
        METHODS,
        options_map={"**.html": {"trimmed": "true", "silent": "false"}},
        keywords=KEYWORDS,  # type: ignore[arg-type]
        directory_filter=lambda folder: Path(folder).name not in ("static", "migrations", "__pycache__"),
    )
    return {str(message) for _, _, message, _, _ in found}


def entries() -> dict[str, str]:
    """What stands in the English catalogue, fuzzy entries left out."""
    with (wording.CATALOGUES / "en.po").open("rb") as file:
        read = read_po(file, locale="en", abort_invalid=True)
    return {str(entry.id): str(entry.string) for entry in read if entry.id and not entry.fuzzy}


@pytest.mark.check
def test_the_english_catalogue_is_complete_and_has_nothing_stale() -> None:
    known = entries()
    assert used() - set(known) == set(), "not translated"
    assert set(known) - used() == set(), "not used any more"
    assert [japanese for japanese, english in known.items() if not english.strip()] == []


@pytest.mark.check
def test_the_pages_have_words_for_every_fault_that_a_box_knows() -> None:
    of_parts = {one.fault for one in vars(ports).values() if isinstance(one, type) and issubclass(one, ports.PortError)}
    assert of_parts - set(wording_of_a_box.FAULTS) == {"port"}  # the root of the tree, which nothing raises
    assert set(wording_of_a_box.FAULTS) - set(labels.FAULTS) == set()


@pytest.mark.check
def test_both_languages_put_in_the_same_facts() -> None:
    for japanese, english in entries().items():
        assert sorted(FACT.findall(japanese)) == sorted(FACT.findall(english)), japanese
        assert not JAPANESE.search(english), english


def buttons() -> set[str]:
    """How things on the pages are called in either language; what follows in brackets or a full stop may lack."""
    cards = [tomllib.loads(path.read_text("utf-8")) for path in (ROOT / "cards").glob("*/*.toml")]
    said = {
        text for entry in [*entries().items(), *(tuple(card["title"].values()) for card in cards)] for text in entry
    }
    return said | {re.split(r"[。（(]|\.(?: |$)| \(", text)[0] for text in said}


def named(words: re.Pattern[str], text: str) -> set[str]:
    """What these words name in a text; a full stop before the closing mark is English, and no part of the name."""
    found = {next(filter(None, one.groups())) for one in words.finditer(text)}
    return {" ".join(one.split()).rstrip(".,") for one in found}


@pytest.mark.check
@pytest.mark.parametrize("page", sorted(path.name for path in GUIDE.glob("*.md")))
def test_whatever_the_guide_names_stands_so_on_the_pages(page: str) -> None:
    assert named(NAMED, (GUIDE / page).read_text("utf-8")) - buttons() == set()


@pytest.mark.check
def test_nobody_is_told_to_press_what_is_not_there() -> None:
    told = set()
    for path in ROOT.rglob("*"):
        if path.suffix in (".py", ".toml", ".html", ".po"):
            told |= named(TO_PRESS, path.read_text("utf-8"))
    assert len(told) > 10
    assert told - buttons() == set()


@pytest.mark.check
def test_no_page_says_something_that_is_not_marked() -> None:
    """Japanese in a template stands inside `_()`, or names a language in itself."""
    for path in (ROOT / "web" / "templates").rglob("*.html"):
        text = re.sub(r'_\((["\']).*?\1', "", path.read_text("utf-8"))
        rest = set(LETTERS.findall(text)) - {"日本語"}
        assert rest == set(), path.name


@pytest.mark.parametrize("role", ["supervisor", "administrator"])
def test_the_pages_speak_english(hub: Hub, role: str) -> None:
    hub.box(counter="Residents 1", faults=["camera"], presence="offline", recording="failed")
    incident = hub.press("counter-01", level="emergency")
    browser = hub.signed_in(role, "Sato")
    browser.post("/preferences", data={"language": "en", "next": "/"})
    for path in ("/", "/incidents", f"/incidents/{incident}", "/boxes", "/incidents/none", "/statistics"):
        page = browser.get(path).text
        # What an option sends is the profile's own name for it; what it shows is in the reader's language.
        shown = re.sub(
            r'lang="ja"[^<]*<|<p class="other-tongue".*?</p>|<option value="[^"]*"', "", page.split("<body")[1]
        )
        assert set(LETTERS.findall(shown)) == set(), path


@pytest.mark.parametrize(
    ("wanted", "language"),
    [("en-GB,ja;q=0.5", "en"), ("ja", "ja"), (None, "ja"), ("fr, de", "ja"), ("fr, EN-us;q=0.2", "en"), (";;,", "ja")],
)
def test_a_language_is_picked(wanted: str | None, language: str) -> None:
    assert wording.pick_language(wanted) == language
