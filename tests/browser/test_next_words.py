"""The next sentence to say is near: few taps, no scrolling, and how much stands before it is told as it is.

Each situation below is reached by the taps that its row in docs/guide/next_words.md tells. The sentence of its own card
must then stand in the first screen of a phone and of a desk's screen, and the row must tell taps, reading and time as
they are. Nobody was timed here: whether five seconds are kept is for people to try, and the guide says so.
"""

import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from hub.card_files import cards
from tests.browser.city import City
from tests.browser.story import NARROW, WIDE, Browsers, Story

pytestmark = pytest.mark.browser

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "next_words.md"

CHARACTERS_PER_MINUTE = 400
"""The slow end of how fast people read Japanese, 400 to 1,000 characters a minute (source in the guide). Who is
frightened reads no faster."""

SLACK = 5
"""So many characters too many may the guide tell: a clock has more or fewer digits, a counter a longer name."""

READ_BEFORE = r"""(sentence) => {
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  let read = "";
  while (texts.nextNode() && !sentence.contains(texts.currentNode)) {
    const place = texts.currentNode.parentElement, other = place.closest("[data-key]");
    if (!place.checkVisibility() || place.closest(".unseen, datalist")) continue;
    if (!other || other.contains(sentence)) read += texts.currentNode.data;
  }
  return read.replace(/\s+/g, "").length;
}"""
"""How many characters are seen on the page before the sentence, below the bar at the top. Other calls are left out."""

AT_THE_COUNTER: dict[str, tuple[str, tuple[str, ...]]] = {
    "hear": ("hear", ()),
    "stalemate": ("stop", ("tap-stalemate",)),
    "refusal": ("refusal", ("tap-recording_refused",)),
    "filming": ("permit", ("tap-filming",)),
    "left": ("debrief", ("tap-visitor_left",)),
    "police": ("police_arrival", ("police",)),
}
"""The card of a situation, and the taps on the page beside the counter that lead to it; a press comes before."""

BY_CARD = ("abuse", "threat", "violence", "authority", "demand", "sexual")
"""Acts whose words are found on the cards' page, in two taps from any page."""


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hub.web.api.stream.HEARTBEAT_S", 0.2)
        with City(tmp_path_factory.mktemp("words") / "site", "shinagawa") as running:
            yield running


@pytest.fixture(scope="module")
def browsers(chromium: Browser, city: City) -> Iterator[Browsers]:
    opened = Browsers(chromium, city)
    yield opened
    opened.close()


def told() -> dict[str, tuple[int, int, int]]:
    """The guide's rows: taps, characters, and seconds for reading them, by the situation's name."""
    rows = re.findall(r"^\| `(\w+)` \|.*\| (\d+) \| (\d+) \| (\d+) \|$", GUIDE.read_text("utf-8"), re.MULTILINE)
    return {name: (int(taps), int(characters), int(seconds)) for name, taps, characters, seconds in rows}


def is_told(situation: str, taps: int, before: int) -> None:
    """The guide's row is true, and tells nothing as longer than it is."""
    assert told()[situation][0] == taps
    assert before <= told()[situation][1] <= before + SLACK, f"{situation}: {before} characters stand before the words"


def words_of(page: Page, card: str) -> Locator:
    """The first sentence of a card."""
    return page.locator(f"#card-{card}").locator(".guide__first, .guide__say q").first


def next_words(page: Page, card: str) -> Locator:
    """The first sentence that the page tells now, which is this card's."""
    expect(page.locator(".guide").first).to_have_attribute("id", f"card-{card}")
    return words_of(page, card)


def is_found(page: Page, sentence: Locator) -> int:
    """The sentence stands whole in the first screen, small and large; how much stands before it."""
    for width, height in (NARROW, WIDE):
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("scrollTo(0, 0)")
        expect(sentence).to_be_in_viewport(ratio=1)
    return read_before(sentence)


def read_before(place: Locator) -> int:
    return int(place.evaluate(READ_BEFORE))


def test_the_guide_s_seconds_are_its_characters_at_the_speed_it_names() -> None:
    assert f"{CHARACTERS_PER_MINUTE} 字" in GUIDE.read_text("utf-8")
    assert set(told()) == {*AT_THE_COUNTER, "incident", *BY_CARD}
    for name, (_, characters, seconds) in told().items():
        assert seconds == math.ceil(characters * 60 / CHARACTERS_PER_MINUTE), name


@pytest.mark.parametrize("situation", AT_THE_COUNTER)
def test_beside_the_counter_the_next_words_stand_in_the_first_screen(
    city: City, browsers: Browsers, situation: str
) -> None:
    card, taps = AT_THE_COUNTER[situation]
    story = Story(city, browsers, situation, f"counter-{11 + list(AT_THE_COUNTER).index(situation)}")
    worker = story.at_the_counter()
    story.presses()
    for tap in taps:
        worker.sends(tap)
    if situation == "stalemate":
        story.passes(15)
    worker.settles()
    is_told(situation, len(taps), is_found(worker.page, next_words(worker.page, card)))


def test_on_a_phone_one_tap_leads_from_the_dashboard_to_the_words_of_the_moment(city: City, browsers: Browsers) -> None:
    story = Story(city, browsers, "dashboard", "counter-20")
    story.presses()
    page = browsers.person("supervisor", "佐藤").opens("/").page
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    call = page.locator(f'[data-key="{story.incident}"] h2 a')
    before = read_before(call)
    call.click()
    is_told("incident", 1, before + is_found(page, next_words(page, "hear")))


def test_two_taps_lead_from_any_page_to_the_words_against_an_act(city: City, browsers: Browsers) -> None:
    page = browsers.person("staff", "田中").opens("/boxes").page
    for width, height in (NARROW, WIDE):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"{city.url}/boxes")
        menu = page.get_by_role("link", name="カード", exact=True)
        expect(menu).to_be_in_viewport(ratio=1)
        menu.click()
        page.wait_for_url(f"{city.url}/cards")
        for act in BY_CARD:
            title = cards()[act].title.ja
            link = page.get_by_role("link", name=title, exact=True)
            before = read_before(link) + len(title)
            link.click()
            expect(words_of(page, act), act).to_be_in_viewport(ratio=1)
            is_told(act, 2, before)
            page.goto(f"{city.url}/cards")
