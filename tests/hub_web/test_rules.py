"""The rules page tells everybody what binds them: every value, in words, with its source; what is open is asked."""

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel

from contract.open_questions import open_questions
from contract.profile import PolicyProfile, load, said
from contract.profile_lint import KEY_WORDS
from hub.domain.permissions import Role
from hub.store.engine import begin_read, open_database
from hub.store.schema import metadata, timeline
from hub.web import create_app
from hub.web.card_reading import Reader, read_cards
from hub.web.rules_sentences import SENTENCES, Choice
from hub.web.rules_told import BY_PEOPLE, LISTS, sources, told
from tests.hub_web.conftest import PROFILES, Hub, Time, make_site

CITIES = sorted(path.stem for path in PROFILES.glob("*.toml"))
LETTERS = re.compile("[\u3040-\u30fa\u4e00-\u9fff]+")
NAMED_ELSEWHERE = ("meta.", "clock.stalemate.kind")
"""The head of the page names the city; that every clock is a guideline is told once for all."""

KOKUHO = """
[unit]
id = "kokuho"
label_ja = "国保年金課"
label_en = "Health insurance"
site_type = "branch"
boxes = ["counter-01", "counter-77"]
[set.clock.stalemate]
minutes = 20
[set.staffing]
swap_types = ["threat", "abuse"]
[source]
"clock.stalemate.minutes" = { by = "国保年金課長", on = 2026-04-01, why = "説明が長い" }
"staffing.swap_types" = { by = "国保年金課長", on = 2026-05-01 }
"""


def text_of(page: str) -> str:
    """What a reader sees of a page."""
    return html.unescape(re.sub(r"<[^>]+>", " ", page.split("<main")[1]))


@pytest.fixture
def with_unit(tmp_path: Path, make_hub: Callable[..., Hub]) -> Hub:
    (tmp_path / "units").mkdir()
    (tmp_path / "units" / "kokuho.toml").write_text(KOKUHO, "utf-8")
    return make_hub(profile="setagaya")


@pytest.mark.parametrize("city", CITIES)
@pytest.mark.parametrize("tongue", ["ja", "en"])
def test_every_value_of_every_city_is_told_in_a_sentence(city: str, tongue: str) -> None:
    profile = load((PROFILES / f"{city}.toml").read_text("utf-8"), city)
    lines = [line for group in told(profile, tongue) for line in group.lines]
    values = {field for field in said(profile) if not field.startswith(NAMED_ELSEWHERE)}
    assert values - {field for line in lines for field in line.fields} == set()
    for line in lines:
        assert "%(" not in line.text
        assert sources(profile, line)
        if tongue == "en":
            assert not LETTERS.search(" ".join([line.text, *line.parts])), line


@pytest.mark.parametrize("city", CITIES)
def test_who_holds_an_office_is_told_with_the_document_or_as_our_choice(city: str) -> None:
    profile = load((PROFILES / f"{city}.toml").read_text("utf-8"), city)
    lines = {line.fields[0]: line for group in told(profile, "ja") for line in group.lines}
    kinds = {office: {one.kind for one in sources(profile, lines[f"roles.{office}"])} for office in profile.roles}
    assert all(kind <= {"document", "choice"} for kind in kinds.values()), kinds
    assert kinds.get("上司", {"choice"}) == {"choice"}  # no document says which rank that is


def possible(field: str) -> set[Any]:
    """What a field with a fixed choice may say, by the schema."""
    kind: Any = PolicyProfile
    for part in field.split("."):
        model = next(one for one in (kind, *get_args(kind)) if isinstance(one, type) and issubclass(one, BaseModel))
        kind = model.model_fields[part].annotation
    literals = [one for one in (kind, *get_args(kind)) if get_origin(one) is Literal]
    return set(get_args(literals[0])) if literals else {True, False}


def test_whatever_a_city_chooses_there_is_a_sentence_for_it() -> None:
    choices = [one for _, _, rows in SENTENCES for row in rows for one in row if isinstance(one, Choice)]
    assert len(choices) > 10
    for one in choices:
        assert set(one.texts) == possible(one.by), one.by


def test_every_word_the_linter_knows_has_a_name_on_the_pages() -> None:
    for field, words in KEY_WORDS.items():
        table, _ = LISTS[field]
        assert words <= set(table), field


@pytest.mark.parametrize(
    ("city", "sentence"),
    [
        ("shinagawa", "話が進まなくなってから 15 分ほどで、続けるかどうかを組織で決めます。"),
        ("setagaya", "話が進まなくなってから 30 分ほどで、続けるかどうかを組織で決めます。"),
        ("shinagawa", "退去は 2 回、多くて 3 回命じます。"),
        ("shinagawa", "退去を命じるのは、庁舎管理者です。"),
        ("setagaya", "退去を命じるのは、所属長です。"),
        ("setagaya", "著しい迷惑であることと、働く環境が害されることの、両方が要ります。"),
        ("sapporo", "用件と関係のない話が長く続くときは、30〜60 分ほどで切り上げます。"),
        ("yurihonjo", "職員を長く引き止めることが続く人との話は、一回 30 分までにします。"),
        ("yurihonjo", "庁舎の中での撮影や録音は、原則として禁じられています。"),
        ("shinagawa", "30 秒: 所属長"),
    ],
)
def test_a_city_s_rules_are_read_as_plain_sentences(make_hub: Callable[..., Hub], city: str, sentence: str) -> None:
    assert sentence in text_of(make_hub(profile=city).signed_in("staff").get("/profile").text)


def test_what_a_city_does_not_say_is_not_told_and_not_zero(make_hub: Callable[..., Hub]) -> None:
    page = text_of(make_hub(profile="yurihonjo").signed_in().get("/profile").text)
    assert "話が進まなくなってから" not in page.split("市に尋ねていること")[0]
    assert "文書は述べていません。" in page
    assert " 0 分" not in page


@pytest.mark.parametrize("role", list(Role))
def test_everybody_who_is_signed_in_may_read_the_rules(hub: Hub, role: Role) -> None:
    answer = hub.signed_in(role.value).get("/profile")
    assert answer.status_code == 200
    assert hub.client().get("/profile").status_code == 302


def test_each_rule_says_where_it_comes_from_or_that_we_chose_it(hub: Hub) -> None:
    page = hub.signed_in().get("/profile").text
    pairs = re.findall(r'<p class="rule__text">(.*?)</p>.*?<p class="rule__from">(.*?)</p>', page, re.DOTALL)
    by_text = {html.unescape(sentence): origin for sentence, origin in pairs}
    assert "対応要領 6(2)⑤、7 TYPE.3" in by_text["話が進まなくなってから 15 分ほどで、続けるかどうかを組織で決めます。"]
    assert "この製品が選んだ値" in by_text["次に命じるまで、5 分ほど空けます。"]
    assert "仕組みの決まり" in by_text["伝えた時間が過ぎても、箱は声を出しません。"]


def test_a_rule_that_no_program_follows_says_that_people_keep_it(hub: Hub) -> None:
    page = hub.signed_in().get("/profile").text
    rules = [re.sub(r"<[^>]+>", "", one) for one in re.findall(r'<li class="rule">(.*?)</li>', page, re.DOTALL)]
    kept = [one for one in rules if "人が守る決まり" in one]
    assert any("誰でも通報できます" in one for one in kept)
    assert any("お知らせで伝えるのは" in one for one in kept)
    assert all(
        "人が守る決まり" not in one for one in rules if "分ほどで、続けるかどうか" in one or "見られるのは" in one
    )
    assert {field for _, _, rows in SENTENCES for row in rows for one in row for field in one.fields} >= BY_PEOPLE


def test_the_page_names_the_city_its_date_and_its_fingerprint_and_asks_what_is_open(hub: Hub) -> None:
    page = text_of(hub.signed_in().get("/profile").text)
    assert "品川区" in page
    assert "2025年4月1日" in page
    assert hub.site.rules.digest in page
    for question in open_questions(hub.site.profile):
        assert question.ja in page
        assert question.who_ja in page


def test_the_page_is_found_from_every_page(hub: Hub) -> None:
    assert 'href="/profile"' in hub.signed_in().get("/").text


@pytest.mark.parametrize("city", CITIES)
def test_the_rules_are_read_in_english_too(make_hub: Callable[..., Hub], city: str) -> None:
    browser = make_hub(profile=city).signed_in("auditor", "Sato")
    browser.post("/preferences", data={"language": "en", "next": "/"})
    page = browser.get("/profile").text.split("<body")[1]
    assert set(LETTERS.findall(re.sub(r'lang="ja"[^<]*<', "", page))) == set()


# --- what changes it --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [15, 22])
def test_shi_42_a_changed_minute_in_the_profile_changes_the_clock_of_an_incident(tmp_path: Path, minutes: int) -> None:
    config = make_site(tmp_path)
    text = config.places.profile.read_text("utf-8").replace("minutes = 15\nlead", f"minutes = {minutes}\nlead", 1)
    config.places.profile.write_text(text, "utf-8")
    engine, time = open_database(config.database_url), Time()
    metadata.create_all(engine)
    hub = Hub(create_app(config, engine, time), tmp_path, time)
    incident, head = hub.press(), hub.machine()
    for deed, body in (("contact", {"action": "started"}), ("mark", {"mark": "stalemate"})):
        hub.client().post(f"/api/v1/incidents/{incident}/{deed}", json=body, headers=head)
    clocks = hub.client().get(f"/api/v1/incidents/{incident}", headers=head).json["clocks"]
    assert [one["minutes"] for one in clocks if one["name"] == "stalemate"] == [minutes]
    engine.dispose()


def test_set_18_a_unit_s_page_shows_what_differs_who_decided_it_and_when(with_unit: Hub) -> None:
    with_unit.box("counter-01", counter="国保 1番")
    browser = with_unit.signed_in("staff")
    page = text_of(browser.get("/profile/units/kokuho").text)
    changed = re.sub(r"\s+", " ", page.split("目次")[0])
    assert "話が進まなくなってから 20 分ほどで" in changed
    assert "市の決まりでは 話が進まなくなってから 30 分ほどで" in changed
    assert "市の決まりでは 定めなし" in changed
    assert "国保年金課長" in changed
    assert "2026年4月1日" in changed
    assert "説明が長い" in changed
    assert "出張所・事業所" in changed
    assert "国保 1番" in changed
    assert "counter-77 登録されていない箱" in changed
    assert "部署の決まり" in page.split("目次")[1]
    assert "話が進まなくなってから 30 分" in text_of(browser.get("/profile").text)


def test_an_entry_of_a_unit_s_counter_names_the_unit_s_rules_and_its_cards_the_unit(with_unit: Hub) -> None:
    hub = with_unit
    incident, elsewhere = hub.press(hub.box("counter-01")), hub.press(hub.box("counter-02"))
    for one in (incident, elsewhere):
        answer = hub.client().post(
            f"/api/v1/incidents/{one}/mark", json={"mark": "stalemate"}, headers=hub.machine("section_head")
        )
        assert answer.status_code == 200
        entries = hub.rows(timeline, incident=one, kind="marked")
        assert [entry.profile_digest for entry in entries] == [hub.site.rules.digest_at(hub.row(one).box)]
    assert hub.site.rules.digest_at("counter-01") != hub.site.profile_digest == hub.site.rules.digest_at("counter-02")
    assert hub.client().get(f"/api/v1/incidents/{incident}", headers=hub.machine()).json["policy"]["matches"] is True
    with hub.app.test_request_context("/"), begin_read(hub.engine) as connection:
        for tongue, name in (("ja", "国保年金課"), ("en", "Health insurance")):
            [card] = read_cards(connection, hub.site, Reader(tongue, "kokuho"), ["notice"])
            assert any(name in line.text for line in card.say), card.say


def test_the_city_s_page_leads_to_its_units_and_an_unknown_one_is_not_found(with_unit: Hub) -> None:
    browser = with_unit.signed_in()
    page = browser.get("/profile").text
    assert 'href="/profile/units/kokuho"' in page
    assert "国保年金課" in text_of(page)
    assert browser.get("/profile/units/none").status_code == 404


def test_a_unit_s_page_is_read_in_english_too(with_unit: Hub) -> None:
    browser = with_unit.signed_in("staff", "Sato")
    browser.post("/preferences", data={"language": "en", "next": "/"})
    page = browser.get("/profile/units/kokuho").text.split("<body")[1]
    assert set(LETTERS.findall(re.sub(r'lang="ja"[^<]*<', "", page))) == set()
    assert "Rules of Health insurance" in page


# --- for machines -----------------------------------------------------------------------------------------------------


def profile_of(hub: Hub) -> dict[str, Any]:
    answer = hub.client().get("/api/v1/profile", headers=hub.machine("auditor"))
    assert answer.status_code == 200
    return dict(answer.json)


def test_the_api_gives_every_value_with_its_source(hub: Hub) -> None:
    given = profile_of(hub)
    assert (given["id"], given["effective"], given["digest"]) == ("shinagawa", "2025-04-01", hub.site.rules.digest)
    assert given["values"]["clock.stalemate.minutes"] == 15
    assert given["sources"]["clock.stalemate.minutes"] == "対応要領 6(2)⑤、7 TYPE.3"
    assert set(given["sources"]) <= set(given["values"])
    assert "recording.retention_days" in {one["field"] for one in given["open_questions"]}
    assert given["units"] == []


def test_set_18_the_api_gives_each_unit_s_overrides(with_unit: Hub) -> None:
    (unit,) = profile_of(with_unit)["units"]
    assert (unit["id"], unit["site_type"], unit["boxes"]) == ("kokuho", "branch", ["counter-01", "counter-77"])
    assert unit["overrides"] == [
        {"field": "clock.stalemate.minutes", "old": 30, "new": 20, "by": "国保年金課長", "on": "2026-04-01",
         "why": "説明が長い"},
        {"field": "staffing.swap_types", "old": None, "new": ["threat", "abuse"], "by": "国保年金課長",
         "on": "2026-05-01", "why": None},
    ]  # fmt: skip
    assert unit["digest"] == with_unit.site.rules.digest_at("counter-01")
