"""The guidance cards say what the documents ask for, in our own words, and differ where the cities' rules differ."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from contract.problems import Refused
from contract.profile import Act, PolicyProfile, Step, load
from hub import card_files
from hub.domain import card_facts
from hub.domain.card import ACT_CARDS, SAFETY_FIRST, STEP_CARDS, STEPS, TYPES, Card, fill, for_profile, read
from hub.domain.card import load as load_card

PROFILES = Path(card_files.__file__).parents[1] / "contract" / "profiles"
CARDS = card_files.cards()
WORDS = dict.fromkeys(card_facts.WORDS, "7")

POINTS: dict[str, dict[str, list[str]]] = tomllib.loads((Path(__file__).parent / "card_points.toml").read_text("utf-8"))
"""What each card must convey, and what it must warn against (policy facts, 3.1 and 3.2), by words to look for."""

ARTICLES = {
    "abuse": {222, 249, 230, 231}, "violence": {204, 208, 261, 95}, "threat": {222, 234, 249, 95}, "hold": {130, 234},
    "confine": {220, 234}, "repeat": {233, 234}, "authority": {223}, "demand": {249, 223}, "offsite": {208, 220},
    "sexual": {176}, "discrim": {230, 231}, "personal": {230, 231}, "online": {230, 231},
}  # fmt: skip


def profile(change: Callable[[str], str] = str, name: str = "default") -> PolicyProfile:
    """A bundled profile, with its text changed."""
    return load(change((PROFILES / f"{name}.toml").read_text("utf-8")), name)


def changed(name: str, **parts: Any) -> PolicyProfile:
    """A bundled profile with parts of its tables replaced: `recording={"refusal": "end_talk"}`."""
    known = profile(name=name)
    tables = {part: getattr(known, part).model_copy(update=values) for part, values in parts.items()}
    return known.model_copy(update=tables)


def texts(card: Card, language: str = "ja", words: dict[str, str] = WORDS) -> dict[str, list[str]]:
    """Every line of a card by its part."""
    found: dict[str, list[str]] = defaultdict(list)
    for place, line in card.lines():
        found[place.split(".")[0]].append(fill(line.of(language), words))
    return found


def read_out(name: str, rules: PolicyProfile) -> str:
    """A card as somebody under `rules` reads it, in Japanese."""
    shown = texts(for_profile(CARDS[name], rules), words=card_facts.profile_words(rules, "ja"))
    return "\n".join(line for part in shown.values() for line in part)


# --- whole and honest -------------------------------------------------------------------------------------------------


def test_there_are_seventeen_cards_by_type_and_seventeen_by_step() -> None:
    assert (len(TYPES), len(STEPS), len(CARDS)) == (17, 17, 34)
    assert tuple(CARDS) == (*TYPES, *STEPS)
    assert set(POINTS) == set(CARDS)


@pytest.mark.parametrize("name", CARDS)
def test_a_card_is_complete(name: str) -> None:
    card = CARDS[name]
    assert card.say or card.do
    assert card.dont
    for place, line in card.lines():
        assert line.source, place
        assert re.search(r"[\u3040-\u9fff]", line.ja), place
        assert not re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", line.en), place
        assert re.findall(r"\{\w+\}", line.ja) == re.findall(r"\{\w+\}", line.en), place


@pytest.mark.parametrize("name", CARDS)
def test_a_card_conveys_every_point_of_its_row(name: str) -> None:
    shown = texts(CARDS[name])
    bare = texts(CARDS[name], words={})  # what is read when no fact is known
    told = [line for part in ("first", "say", "do") for line in (*shown[part], *bare[part])]
    for point in POINTS[name]["conveys"]:
        assert any(re.search(point, line) for line in told), point
    for must_not in POINTS[name]["warns"]:
        assert any(re.search(must_not, line) for line in shown["dont"]), must_not


@pytest.mark.parametrize("name", CARDS)
def test_the_law_stands_as_article_numbers_only(name: str) -> None:
    lines = texts(CARDS[name])["law"]
    assert {int(number) for line in lines for number in re.findall(r"刑法(\d+)条", line)} == ARTICLES.get(name, set())
    english = texts(CARDS[name], "en")["law"]
    assert [re.findall(r"\d+", line) for line in lines] == [re.findall(r"\d+", line) for line in english]


def test_no_card_threatens_with_a_penalty() -> None:
    for name, card in CARDS.items():
        for _, line in card.lines():
            assert not re.search(r"懲役|拘禁|罰金|科料|禁錮", line.ja), name
            assert not re.search(r"imprison|prison|\bfine[sd]?\b|penalt", line.en, re.IGNORECASE), name


def test_no_sentence_stands_on_two_cards() -> None:
    """The articles of a law may; a sentence that is read out must be this card's own."""
    for language in ("ja", "en"):
        seen: dict[str, set[str]] = defaultdict(set)
        for name, card in CARDS.items():
            for place, line in card.lines():
                if not place.startswith("law"):
                    seen[line.of(language)].add(name)
        assert [text for text, names in seen.items() if len(names) > 1] == []


def test_what_is_said_is_short_enough_to_be_read_aloud_under_stress() -> None:
    for name, card in CARDS.items():
        for line in card.say:
            assert len(fill(line.ja, WORDS)) <= 45, (name, line.ja)
            assert len(fill(line.en, WORDS).split()) <= 24, (name, line.en)
            assert fill(line.ja, {}).endswith("。"), (name, line.ja)


def test_every_act_and_step_has_a_card() -> None:
    assert set(ACT_CARDS) == set(get_args(Act))
    assert set(STEP_CARDS) == set(get_args(Step))
    assert {*ACT_CARDS.values(), *STEP_CARDS.values()} <= set(CARDS)
    assert set(ACT_CARDS.values()) >= set(TYPES)
    for act in TYPES:
        assert ACT_CARDS[act] == act  # type: ignore[index]


def test_every_fact_and_word_that_cards_may_use_is_used() -> None:
    lines = [line for card in CARDS.values() for _, line in card.lines()]
    assert {fact for line in lines for fact in line.when} == set(card_facts.PROFILE_FACTS)
    assert {word for line in lines for word in re.findall(r"\{(\w+)\}", line.ja)} == set(card_facts.WORDS)


# --- what particular requirements ask ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(SAFETY_FIRST))
def test_sug_01_a_card_of_danger_first_asks_whether_the_person_is_safe(name: str) -> None:
    shown = read(CARDS[name], "ja", {})
    assert shown.first[0].text.startswith("安全ですか")
    assert "離" in shown.first[0].text
    assert re.search(r"(周り|ほか)の人も", shown.first[0].text)
    english = read(CARDS[name], "en", {}).first[0].text
    assert english.startswith("Are you safe?")
    assert re.search(r"step(ped)? away", english, re.IGNORECASE)
    assert "the others away" in english


def test_shi_21_nothing_suggests_that_the_system_dials() -> None:
    assert any("人がかける" in line.ja for line in CARDS["police"].do)
    for name, card in CARDS.items():
        for _, line in card.lines():
            assert not re.search(r"自動", line.ja), name
            assert not re.search(r"automatic|the (hub|box|system) (calls|dials)", line.en, re.IGNORECASE), name


@pytest.mark.parametrize(("rule", "words", "not_words"), [
    ("end_talk", "お話を続けられません", "責任者に確かめ"),
    ("ask_head", "責任者に確かめ", "お話を続けられません"),
])  # fmt: skip
def test_shi_25_refusing_the_recording_follows_the_city(rule: str, words: str, not_words: str) -> None:
    shown = read_out("refusal", changed("default", recording={"refusal": rule}))
    assert words in shown
    assert not_words not in shown


@pytest.mark.parametrize(("audio", "video", "words"), [
    ("button", "button", "録音と録画"),
    ("full", "off", "録音を"),
    ("off", "button", "録画を"),
    ("off", "off", "書き取って"),
])  # fmt: skip
def test_sap_01_the_notice_names_office_fact_purpose_and_asks(audio: str, video: str, words: str) -> None:
    rules = changed("default", recording={"audio": audio, "video": video})
    shown = read(for_profile(CARDS["notice"], rules), "ja", {"office": "市民課"})
    said = "".join(line.text for line in shown.say)
    assert ["市民課" in said, words in said, "正確な記録のため" in said, "ご理解" in said] == [True] * 4
    filming = read_out("filming", rules)
    assert ("録音と録画をしております" in filming) is (audio != "off" and video != "off")


def test_yur_09_distance_and_safety_first_and_meeting_in_the_city_building() -> None:
    shown = read_out("offsite", profile())
    assert "庁舎で伺います" in shown
    assert re.search("安全を第一に、距離を取る", shown)
    assert "距離を取り" in read_out("threat", profile())


@pytest.mark.parametrize(("immediate", "words", "not_words"), [
    (("violence", "threat"), "すぐに警察を呼ぶ", "警察に相談する"),
    (("violence", "danger"), "警察に相談する", "すぐに警察を呼ぶ"),
])  # fmt: skip
def test_sap_03_a_threat_brings_the_police_at_once_where_the_city_says_so(
    immediate: tuple[str, ...], words: str, not_words: str
) -> None:
    shown = read_out("threat", changed("default", police={"immediate_types": immediate}))
    assert words in shown
    assert not_words not in shown


@pytest.mark.parametrize(("rule", "words", "not_words"), [
    ("permit", "許可証を、拝見", "原則できません"),
    ("ban", "例外は二つ", "許可証を、拝見"),
    ("none", "所属長に扱いを尋ねる", "原則できません"),
])  # fmt: skip
def test_shi_29_filming_follows_the_rule_of_the_building(rule: str, words: str, not_words: str) -> None:
    shown = read_out("permit", changed("shinagawa", visitor_recording={"rule": rule}))
    assert words in shown
    assert not_words not in shown
    assert ("庁舎管理規則" in read_out("filming", changed("shinagawa", visitor_recording={"rule": rule}))) is (
        rule == "permit"
    )


@pytest.mark.parametrize(("steps", "words", "not_words"), [
    (("warn", "leave", "police"), "退去を命じます", "お願いです"),
    (("warn", "ask_leave", "legal"), "どうぞ、今お帰りください", "命じます"),
    (("warn", "stop", "police"), "お引き取りください", "命じます"),
])  # fmt: skip
def test_set_08_only_a_city_that_orders_people_out_says_so(steps: tuple[str, ...], words: str, not_words: str) -> None:
    shown = read_out("leave", changed("default", ladder={"steps": steps}))
    assert words in shown
    assert not_words not in shown


def test_set_06_setagaya_s_order_of_steps_changes_what_its_cards_say() -> None:
    setagaya = changed("default", ladder={
        "steps": ("cease", "announce_stop", "stop_and_urge", "leave", "announce_police", "police"),
    })  # fmt: skip
    assert "続いています。認められません" in read_out("warn", setagaya)
    assert "お帰りになってください" in read_out("stop", setagaya)
    assert "お帰りいただけないので、警察を呼びます" in read_out("final", setagaya)
    shinagawa = profile(name="shinagawa")
    assert "今の『〇〇』は、迷惑行為に当たります" in read_out("warn", shinagawa)
    assert "お帰りになってください" not in read_out("stop", shinagawa)
    assert "お帰りにならなければ、警察を呼びます" in read_out("final", shinagawa)


def test_yur_08_a_ladder_that_ends_at_the_courts_says_so() -> None:
    rules = changed("default", ladder={"steps": ("superior", "warn", "end", "ask_leave", "legal")})
    assert "次は法的な手続き" in read_out("police", rules)
    assert "警察に知らせることになります" not in read_out("hold", rules)
    assert "次は法的な手続き" not in read_out("police", profile())


@pytest.mark.parametrize(("city", "ja", "en"), [
    ("yurihonjo", "カスタマーハラスメントに当たります", "is customer harassment"),
    ("shinagawa", "迷惑行為に当たります", "is a nuisance"), ("sapporo", "迷惑行為に当たります", "is a nuisance"),
    ("setagaya", "続いています。認められません", "goes on. It is not acceptable"),
])  # fmt: skip
def test_yur_08_the_warning_names_harassment_in_both_languages_only_where_the_city_lets_it_say_so(
    city: str, ja: str, en: str
) -> None:
    warning = for_profile(CARDS["warn"], profile(name=city))
    assert ja in texts(warning)["say"][0]
    assert en in texts(warning, "en")["say"][0]
    for language, word in (("ja", "ハラスメント"), ("en", "harassment")):
        assert any(word in line for line in texts(warning, language)["say"]) is (city == "yurihonjo")
    assert any("終える" in line or "ここまで" in line for line in texts(warning)["say"])


def test_shi_34_where_deciders_stay_away_the_swap_card_says_so() -> None:
    assert "権限のない人にする" in read_out("swap", profile(name="shinagawa"))
    assert "係の決まりで選ぶ" in read_out("swap", changed("shinagawa", staffing={"exclude_deciders": None}))


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("rule", ["default", "shinagawa"])
def test_under_every_city_s_rules_a_card_still_says_what_to_do(name: str, rule: str) -> None:
    card = for_profile(CARDS[name], profile(name=rule))
    assert card.say or card.do
    assert card.dont
    assert bool(card.say) == bool(CARDS[name].say)


@pytest.mark.parametrize(("fact", "value"), [
    (fact, value) for fact, values in card_facts.PROFILE_FACTS.items() for value in values
])  # fmt: skip
def test_whatever_a_profile_says_each_card_that_asks_for_it_has_an_answer(fact: str, value: str) -> None:
    for name, card in CARDS.items():
        for part in ("say", "do"):
            asking = [line for line in getattr(card, part) if fact in line.when]
            others = [line for line in getattr(card, part) if fact not in line.when]
            assert not asking or others or any(value in line.when[fact].split("|") for line in asking), (name, part)


# --- facts put in -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("words", [{}, WORDS], ids=["nothing known", "everything known"])
def test_a_sentence_reads_well_with_and_without_its_facts(language: str, words: dict[str, str]) -> None:
    for name, card in CARDS.items():
        for place, lines in texts(card, language, words).items():
            for line in lines:
                assert line.strip() == line != "", (name, place)
                assert not re.search(r"[\[\]{}|]", line), (name, line)
                assert not re.search(r"  |、、|。。|（）|\(\)|^[、。]| [,.;:?]", line), (name, line)


def test_facts_of_the_counter_and_of_the_profile_are_put_in() -> None:
    rules = profile(name="shinagawa")
    words = {**card_facts.profile_words(rules, "ja"), "minutes": "30", "count": "2", "office": "戸籍住民課"}
    slot = read(for_profile(CARDS["slot"], rules), "ja", words)
    assert slot.say[0].text == "ほかの仕事がございますので、30分までお話を伺います。"
    assert any("30–60分の間で" in line.text for line in slot.do)
    leave = read(for_profile(CARDS["leave"], rules), "ja", words)
    assert leave.say[0].text.startswith("庁舎管理者の権限で、")
    assert "2回目です。" in leave.say[1].text
    assert read(CARDS["hear"], "ja", words).say[0].text.startswith("戸籍住民課の〇〇")
    assert any("経理課" in line.text for line in read(for_profile(CARDS["permit"], rules), "ja", words).say)


def test_in_a_branch_building_its_own_issuer_is_named() -> None:
    rules = profile(name="shinagawa")
    assert card_facts.profile_words(rules, "ja", branch=True)["issuer"] == "所属長"
    assert card_facts.profile_words(rules, "en", branch=True)["issuer"] == "the section head"


def test_english_cards_hold_no_name_that_exists_in_japanese_only() -> None:
    for name in ("default", "shinagawa"):
        for word in card_facts.profile_words(profile(name=name), "en").values():
            assert not re.search(r"[\u3040-\u9fff]", word)


def test_a_city_s_own_words_take_the_place_of_ours_and_keep_the_rest() -> None:
    shown = read(CARDS["violence"], "ja", {"minutes": "15"}, ("離れてください。", "[{minutes}分|少し]お待ちください。"))
    assert [line.text for line in shown.say] == ["離れてください。", "15分お待ちください。"]
    assert shown.adapted
    assert shown.first == read(CARDS["violence"], "ja", {}).first
    assert shown.dont == read(CARDS["violence"], "ja", {}).dont
    assert not read(CARDS["violence"], "ja", {}).adapted


def test_the_documents_behind_a_card_are_named_once_and_our_own_points_are_not() -> None:
    sources = read(CARDS["threat"], "ja", {}).sources
    assert "Shin T5" in sources
    assert "choice" not in sources
    assert len(sources) == len(set(sources))


# --- what is refused --------------------------------------------------------------------------------------------------

GOOD = (card_files.FOLDER / "types" / "abuse.toml").read_text("utf-8")


@pytest.mark.parametrize(("old", "new", "field"), [
    (GOOD[GOOD.index("[[say]]") : GOOD.index("[[dont]]")], "", "say"),
    ('kind = "type"', 'kind = "sort"', "kind"),
    ('id = "abuse"', 'id = "Abuse!"', "id"),
    ('id = "abuse"', 'id = "violence"', "first"),
    ("[[dont]]", "[[donot]]", "donot"),
    ('source = ["Shin T1"]', "source = []", "say.0.source"),
    ('source = ["Shin T1"]', 'source = ["Shin T10"]', "say.0.source"),
    ('source = ["Shin T1"]', 'source = ["Wikipedia"]', "say.0.source"),
    ('source = ["Shin T1"]', 'source = ["choice"]\nwhen = { "city" = "shinagawa" }', "say.0.when.city"),
    ('source = ["Shin T1"]', 'source = ["choice"]\nwhen = { "ladder.last" = "mayor" }', "say.0.when.ladder.last"),
    ("お声は", "[{name}さん|]お声は", "say.0.ja"),
    ("お声は", "{minutes}お声は", "say.0.ja"),
    ('cue = "continues"', 'cue = "sometimes"', "say.3.cue"),
    ('en = "I can hear you. Could we please talk calmly?"\n', "", "say.0.en"),
    ("お声は", "お" * 90, "say.0.ja"),
])  # fmt: skip
def test_a_mistake_in_a_card_is_named(old: str, new: str, field: str) -> None:
    assert old in GOOD
    with pytest.raises(Refused) as refusal:
        load_card(GOOD.replace(old, new, 1), "abuse.toml")
    assert field in [problem.field for problem in refusal.value.problems]
    assert all(problem.ja != problem.en for problem in refusal.value.problems)


def test_every_mistake_is_told_at_once_also_across_files(tmp_path: Path) -> None:
    for kind in ("types", "steps"):
        (tmp_path / kind).mkdir()
        for path in (card_files.FOLDER / kind).glob("*.toml"):
            (tmp_path / kind / path.name).write_text(path.read_text("utf-8"), "utf-8")
    assert card_files.read_folder(tmp_path) == dict(CARDS)
    (tmp_path / "types" / "abuse.toml").write_text(
        GOOD.replace("お声は", "{x}お声は").replace('["Shin T1"]', '["?"]', 1), "utf-8"
    )
    (tmp_path / "steps" / "warn.toml").unlink()
    (tmp_path / "steps" / "stop.toml").write_text(GOOD, "utf-8")
    with pytest.raises(Refused) as refusal:
        card_files.read_folder(tmp_path)
    fields = [problem.field for problem in refusal.value.problems]
    assert fields == [
        "abuse.toml: say.0.source", "abuse.toml: say.0.ja", "abuse.toml: say.0.ja", "warn.toml", "stop.toml: id",
    ]  # fmt: skip
