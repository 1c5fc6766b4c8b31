"""The next sentence to say is found within five seconds: few taps, little to read, and no scrolling.

Each situation below is reached by the taps that its row in docs/guide/next_words.md tells; the sentence must then stand
in the first screen of a phone and of a desk's screen, and the row must tell the taps and the reading as they are.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from hub.card_files import cards
from tests.browser.city import City
from tests.browser.story import NARROW, WIDE, Browsers, Person, Story

pytestmark = pytest.mark.browser

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "next_words.md"

READ_BEFORE = """(sentence) => {
  const range = document.createRange();
  range.setStartBefore(document.querySelector("main"));
  range.setEndBefore(sentence);
  const shown = document.createElement("div");
  shown.append(range.cloneContents());
  for (const node of shown.querySelectorAll(".unseen, input, datalist")) node.remove();
  return shown.textContent.replace(/\\s+/g, "").length;
}"""
"""How many characters stand on the page before the sentence, below the bar at the top."""

AT_THE_COUNTER: dict[str, tuple[str, ...]] = {
    "hear": (),
    "stalemate": ("tap-stalemate",),
    "refusal": ("tap-recording_refused",),
    "filming": ("tap-filming",),
    "left": ("tap-visitor_left",),
    "police": ("police",),
}
"""The taps on the page beside the counter that lead to a situation's words; a press of the button comes before."""

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


def told() -> dict[str, tuple[int, int]]:
    """The guide's rows: taps, and characters at most, by the situation's name."""
    rows = re.findall(r"^\| `(\w+)` \|.*\| (\d+) \| (\d+) \|$", GUIDE.read_text("utf-8"), re.MULTILINE)
    return {name: (int(taps), int(characters)) for name, taps, characters in rows}


def is_found(person: Person, sentence: Locator) -> int:
    """The sentence stands whole in the first screen, small and large; how much stands before it."""
    for width, height in (NARROW, WIDE):
        person.page.set_viewport_size({"width": width, "height": height})
        person.page.evaluate("scrollTo(0, 0)")
        expect(sentence).to_be_in_viewport(ratio=1)
    return int(sentence.evaluate(READ_BEFORE))


@pytest.mark.parametrize("situation", AT_THE_COUNTER)
def test_beside_the_counter_the_next_words_stand_in_the_first_screen(
    city: City, browsers: Browsers, situation: str
) -> None:
    story = Story(city, browsers, situation, f"counter-{11 + list(AT_THE_COUNTER).index(situation)}")
    worker = story.at_the_counter()
    story.presses()
    for tap in AT_THE_COUNTER[situation]:
        worker.sends(tap)
    if situation == "stalemate":
        story.passes(15)
    worker.settles()
    before = is_found(worker, worker.page.locator(".guide__first, .guide__say q").first)
    taps, characters = told()[situation]
    assert taps == len(AT_THE_COUNTER[situation])
    assert before <= characters, f"{before} characters stand before the sentence"


def test_on_a_phone_one_tap_leads_from_the_dashboard_to_the_words_of_the_moment(city: City, browsers: Browsers) -> None:
    story = Story(city, browsers, "dashboard", "counter-20")
    story.presses()
    supervisor = browsers.person("supervisor", "佐藤").opens("/")
    supervisor.page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    supervisor.page.locator(f'[data-key="{story.incident}"] h2 a').click()
    sentence = supervisor.page.locator(".guide__first, .guide__say q").first
    before = is_found(supervisor, sentence)
    taps, characters = told()["incident"]
    assert taps == 1
    assert before <= characters, f"{before} characters stand before the sentence"


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
            page.get_by_role("link", name=title, exact=True).click()
            words = page.locator(f"#card-{act}").locator(".guide__first, .guide__say q").first
            expect(words, act).to_be_in_viewport(ratio=1)
            assert told()[act] == (2, len(title))
            page.goto(f"{city.url}/cards")
