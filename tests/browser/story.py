"""A story: one incident at one city, lived by people who act through pages only.

To tell another one: `story = Story(city, browsers, "name")` and `story.presses()` (or `story.incident = …` for one that
a page has made); let `story.person(role, surname)` open pages and `sends` forms, `story.passes(minutes)` between them,
`story.looks(person)` at each moment at which what somebody sees is part of the promise, `story.is_as_agreed()` at the
end. The golden file is `courses/{city}-{name}.json`; `MADOMORI_GOLDEN=write` writes it anew, to be read before it is
committed. `MADOMORI_PICTURES=folder` keeps pictures of every `looks` (narrow and wide, light and dark) and each paper.
`looks` reads the parts that `READ` names: a page of another kind needs its own there.
"""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from difflib import unified_diff
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from sqlalchemy import select
from support.waiting import until

from hub.store.engine import begin_write
from hub.store.schema import user
from hub.web import report_words, sessions
from hub.wording import TOKYO
from tests.browser.city import City
from tests.hub_web.test_courses import KEPT, spelled

GOLDEN = Path(__file__).parent / "courses"
API_GOLDEN = Path(__file__).parents[1] / "hub_web" / "courses"
CLOCK = re.compile(r"(\d\d):(\d\d):(\d\d)")
WIDE, NARROW = (1280, 720), (360, 740)

OWN_OF_THE_BOX = ("notice.played", "recording.started")
"""What a box adds by itself; the stories that are told through the API have a press and no box behind it."""

SETTLED = """async () => {
  const live = document.getElementById("live");
  const text = (root) => {
    const copy = root.cloneNode(true);
    for (const node of copy.querySelectorAll("time.running, progress")) node.remove();
    return copy.textContent.replace(/\\s+/g, " ").trim();
  };
  const answer = await fetch(live.dataset.source, { headers: { "X-Requested-With": "madomori" } });
  const now = new DOMParser().parseFromString(await answer.text(), "text/html").body;
  const [shown, wanted] = [text(live), text(now)];
  if (answer.ok && shown === wanted) return null;
  const place = [...wanted].findIndex((char, at) => char !== shown[at]);
  const [here, there] = [shown, wanted].map((one) => one.slice(place, place + 60));
  return `${answer.status} ${document.documentElement.dataset.live}: ${here} / ${there}`;
}"""
"""Where the page differs from what the hub would send it now; null when nowhere. Running times are left out."""


READ = """() => {
  const text = (place) => {
    const copy = place.cloneNode(true);
    for (const node of copy.querySelectorAll("time.running, .unseen")) node.remove();
    return copy.textContent.replace(/\\s+/g, " ").trim();
  };
  const live = document.getElementById("live");
  const all = (rule, tell = text, root = live) => [...root.querySelectorAll(rule)].map(tell).filter(Boolean);
  const card = (one) => {
    const why = all(".guide__why, .guide__wait", text, one), words = all(".guide__first, .guide__say q", text, one);
    return `カード ${one.id.slice(5)}（${why}）「${words[0]}」`;
  };
  const step = (one) => {
    const asked = new Set([...one.querySelectorAll("[required]")].map((field) => `要 ${field.name}`));
    return ["段階 " + all(".step__what", text, one), ...all("button, .hint", text, one), ...asked].join(" | ");
  };
  return [
    ...all(".companion__state > p, .head__state, .filming > p"),
    ...[...live.querySelectorAll(".companion__say .guide, [aria-labelledby=cards-title] .guide")].slice(0, 1).map(card),
    ...all(".clock", (one) => "時計 " + all(".clock__name, .clock__ask", text, one).join("：")),
    ...all("[aria-labelledby=decide-title] details[open]",
      (one) => "決める " + all("summary, fieldset:first-of-type", text, one).join("：")),
    ...all(".step", step),
  ];
}"""
"""What somebody reads first on the page beside the counter or on an incident's page, line by line."""


SETTLED_READ = f"async () => (await ({SETTLED})()) === null ? ({READ})() : null"
"""What stands there when it is what the hub would send: minutes run on in the page between its beats."""


class Person:
    """Somebody at a screen, who has logged in."""

    def __init__(self, city: City, context: BrowserContext, role: str, name: str) -> None:
        self.city, self.context, self.role, self.name = city, context, role, name
        self.errors: list[str] = []
        self._tabs: dict[str, Page] = {}

    @property
    def page(self) -> Page:
        """The tab that this person looks at."""
        return self._tabs[self._path]

    def opens(self, path: str) -> "Person":
        """Look at a page with live parts, in a tab of its own: the tabs share one stream, which lives on."""
        self._path = path
        if path not in self._tabs:
            tab = self._tabs[path] = self.context.new_page()
            tab.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)
            tab.on("pageerror", lambda error: self.errors.append(str(error)))
            tab.goto(self.city.url + path)
            expect(tab.locator("html")).to_have_attribute("data-live", "live")
        return self

    def leaves(self, path: str) -> "Person":
        """Close the tab of a page; another one is looked at by now."""
        self._tabs.pop(path).close()
        return self

    def taps(self, name: str) -> "Person":
        """Press the one button with this name."""
        with self._said():
            self.page.get_by_role("button", name=name, exact=True).click()
        return self

    def sends(self, form: str, *, by_keyboard: bool = False, **fields: Any) -> "Person":
        """Fill in the form `form` (its data-id) and send it: lists go to fields that are there several times."""
        place = self.form(form)
        for name, value in fields.items():
            write(place.locator(f'[name="{name}"]'), value)
        button = place.locator("button").last
        with self._said():
            if by_keyboard:
                button.press("Enter")
            else:
                button.click()
        return self

    def form(self, form: str) -> Locator:
        """A form of the page, unfolded."""
        place = self.page.locator(f'form[data-id="{form}"]')
        expect(place).to_have_count(1)
        place.evaluate("form => form.closest('details:not([open])')?.querySelector('summary').click()")
        return place

    def is_refused(self, form: str, why: str, **fields: Any) -> None:
        """The hub says `why` not, where people look; nothing was written down."""
        place = self.form(form)
        for name, value in fields.items():
            write(place.locator(f'[name="{name}"]'), value)
        place.locator("button").last.click()
        expect(self.page.locator("#trouble")).to_contain_text(why)
        # What is refused stays written; the person takes it away again.
        place.evaluate("form => form.reset()")
        self.errors = [line for line in self.errors if "422" not in line]  # Chromium notes every refusal

    @contextmanager
    def _said(self) -> Iterator[None]:
        with self.page.expect_response(lambda answer: answer.request.method == "POST") as answer:
            yield
        assert answer.value.status in (204, 302, 303), (answer.value.url, answer.value.text())
        self.city.turns()
        expect(self.page.locator('[aria-disabled="true"]')).to_have_count(0)

    def reads(self) -> list[str]:
        """What stands there, line by line, once it is what the hub knows."""
        self.settles()
        lines: list[str] = until(lambda: self.page.evaluate(SETTLED_READ), what="a page that stands still")
        return lines

    def settles(self) -> None:
        """Wait until the page shows what the hub knows."""
        found: list[str | None] = []

        def settled() -> bool:
            found[:] = [self.page.evaluate(SETTLED)]
            return found == [None]

        try:
            until(settled)
        except AssertionError as error:
            raise AssertionError(f"{self.role} does not see what the hub knows: {found[0]}") from error


def write(fields: Locator, value: Any) -> None:
    """Fill in one field, or several of the same name."""
    values = [str(one) for one in value] if isinstance(value, (list, tuple)) else [str(value)]
    kind = fields.first.evaluate("node => node.type")
    if kind in ("radio", "checkbox"):
        for one in values:
            fields.and_(fields.page.locator(f'[value="{one}"]')).check()
    elif kind.startswith("select"):
        fields.first.select_option(values[0])
    else:
        for place, one in enumerate(values):
            fields.nth(place).fill(one)


class Browsers:
    """Who sits at which screen; each person logs in once at a city."""

    def __init__(self, chromium: Browser, city: City) -> None:
        self._chromium, self._city = chromium, city
        self.people: dict[tuple[str, str], Person] = {}

    def person(self, role: str, name: str) -> Person:
        known = self.people.get((role, name))
        return known or self._comes(role, name)

    def _comes(self, role: str, name: str) -> Person:
        city = self._city
        login = city.person(role, name)
        with begin_write(city.engine) as connection:
            row = connection.execute(select(user).where(user.c.login == login)).one()
            secret = sessions.log_in(connection, row, None, city.time.at)
        context = self._chromium.new_context(
            viewport={"width": WIDE[0], "height": WIDE[1]}, locale="ja-JP", timezone_id="Asia/Tokyo"
        )
        context.set_default_timeout(10_000)
        context.add_cookies([{"name": "madomori", "value": secret, "url": city.url, "httpOnly": True}])
        self.people[role, name] = Person(city, context, role, name)
        return self.people[role, name]

    def close(self) -> None:
        for person in self.people.values():
            person.context.close()


class Story:
    """One incident, from the press to its end."""

    def __init__(self, city: City, browsers: Browsers, name: str, box: str = "counter-01") -> None:
        self.city, self.browsers, self.name = city, browsers, name
        self.profile = city.site.profile
        self.box = city.counter(box, f"市民課 {int(box[-2:])}番")
        self.begun = city.time.at
        self.seen: list[str] = []
        self.incident = ""

    def presses(self, level: str = "assist") -> str:
        """The counter presses its button."""
        self.begun = self.city.time.at
        self.incident = self.city.pressed(self.box, level)
        return self.incident

    def person(self, role: str, name: str) -> Person:
        return self.browsers.person(role, name)

    def at_the_counter(self, name: str = "田中") -> Person:
        """The worker, with the page beside the counter open."""
        return self.person("staff", name).opens(f"/companion/{self.box}")

    def at_the_incident(self, role: str, name: str) -> Person:
        """Somebody with the incident's page open."""
        return self.person(role, name).opens(f"/incidents/{self.incident}")

    def passes(self, minutes: int) -> None:
        self.city.passes(minutes)

    @property
    def minute(self) -> int:
        return int((self.city.time.at - self.begun) / timedelta(minutes=1))

    # --- what people see ----------------------------------------------------------------------------------------------

    def looks(self, *people: Person) -> None:
        """Write down what each sees at this moment, and keep pictures of it when they are wanted."""
        for person in people:
            lines = person.reads()
            self.seen += [f"{self.minute:>3} {person.role}: {CLOCK.sub(self._since, line)}" for line in lines]
            self._picture(person)

    def _since(self, clock: re.Match[str]) -> str:
        """A time of day as minutes since the press, so that a story may be told at any hour."""
        hour, minute, second = (int(part) for part in clock.groups())
        shown = self.begun.astimezone(TOKYO).replace(hour=hour, minute=minute, second=second)
        return f"{round((shown - self.begun.replace(microsecond=0)) / timedelta(minutes=1)):+d}分"

    def _picture(self, person: Person) -> None:
        folder = os.environ.get("MADOMORI_PICTURES")
        if not folder:
            return
        Path(folder).mkdir(parents=True, exist_ok=True)
        what = "counter" if "/companion/" in person.page.url else "incident"
        name = f"{self.profile.meta.id}-{self.name}-{self.minute:03d}-{len(self.seen):02d}-{person.role}-{what}"
        for (width, height), size in ((WIDE, "wide"), (NARROW, "narrow")):
            person.page.set_viewport_size({"width": width, "height": height})
            for scheme in ("light", "dark"):
                person.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                person.page.screenshot(path=f"{folder}/{name}-{size}-{scheme}.png", full_page=True)
        person.page.emulate_media(color_scheme="light")
        person.page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})

    def papers(self) -> None:
        """Keep every form of this incident, when pictures are wanted."""
        folder = os.environ.get("MADOMORI_PICTURES")
        for form in report_words.TITLES if folder else ():
            answer = self.city.app.test_client().get(
                f"/api/v1/incidents/{self.incident}/report.pdf?form={form}", headers=self.city.machine("section_head")
            )
            assert answer.status_code == 200, answer.text
            Path(f"{folder}/{self.profile.meta.id}-{self.name}-{form}.pdf").write_bytes(answer.data)

    # --- how it went --------------------------------------------------------------------------------------------------

    def course(self) -> dict[str, Any]:
        """The incident as the API tells it."""
        answer = self.city.app.test_client().get(
            f"/api/v1/incidents/{self.incident}", headers=self.city.machine("section_head")
        )
        found: Any = answer.json
        told = sorted(found["timeline"], key=lambda one: (one["recorded_at"], one["id"]))
        return {
            "timeline": [self._line(entry) for entry in told],
            "state": found["state"],
            "outcome": found["outcome"],
        }

    def _line(self, entry: dict[str, Any]) -> str:
        told = [f"{name}={spelled(entry['data'][name])}" for name in KEPT if entry["data"].get(name) is not None]
        at = int((datetime.fromisoformat(entry["recorded_at"]) - self.begun) / timedelta(minutes=1))
        return f"{at:>3} {entry['kind']} {' '.join(told)}".rstrip()

    def is_as_agreed(self) -> dict[str, Any]:
        """The course and what people saw stand in the golden file; nothing broke in any browser."""
        self.papers()
        told = {**self.course(), "seen": self.seen}
        golden = GOLDEN / f"{self.profile.meta.id}-{self.name}.json"
        if os.environ.get("MADOMORI_GOLDEN") == "write":
            golden.parent.mkdir(exist_ok=True)
            golden.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", "utf-8")
        assert golden.is_file(), json.dumps(told, ensure_ascii=False, indent=1)
        agreed = golden.read_text("utf-8").splitlines()
        differs = [*unified_diff(agreed, json.dumps(told, ensure_ascii=False, indent=1).splitlines(), lineterm="", n=1)]
        assert not differs, "\n".join(differs)
        for person in self.browsers.people.values():
            assert person.errors == [], (person.role, person.errors)
        return told
