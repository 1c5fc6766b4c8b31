"""The right card at the right moment: safety first, then what the moment asks for, then the next step of the city."""

from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.profile import Act, PolicyProfile, Step, load
from hub import card_files
from hub.domain.card import ACT_CARDS, SAFETY_FIRST, STEP_CARDS
from hub.domain.filming import Prompt
from hub.domain.guidance import Guide, Situation, Why, cards_now
from hub.domain.ladder import next_step

PROFILES = Path(card_files.__file__).parents[1] / "contract" / "profiles"
SHINAGAWA = load((PROFILES / "shinagawa.toml").read_text("utf-8"), "shinagawa")
DEFAULT = load((PROFILES / "default.toml").read_text("utf-8"), "default")


def with_steps(*steps: Step, rules: PolicyProfile = DEFAULT, **leave: Any) -> PolicyProfile:
    """`rules` with another ladder."""
    ladder = rules.ladder.model_copy(update={"steps": steps, "leave": rules.ladder.leave.model_copy(update=leave)})
    return rules.model_copy(update={"ladder": ladder})


SETAGAYA = with_steps("cease", "announce_stop", "stop_and_urge", "leave", "announce_police", "police", count=3)
SAPPORO = with_steps("warn", "stop", "police")
YURIHONJO = with_steps("superior", "warn", "end", "ask_leave", "legal")
CITIES = {"shinagawa": SHINAGAWA, "setagaya": SETAGAYA, "sapporo": SAPPORO, "yurihonjo": YURIHONJO, "default": DEFAULT}


def shown(rules: PolicyProfile = DEFAULT, **facts: Any) -> list[str]:
    """The ids of the cards for a situation."""
    return [guide.card for guide in cards_now(rules, situation(**facts))]


def situation(**facts: Any) -> Situation:
    """A situation; sets are frozen here."""
    frozen: dict[str, Any] = {
        name: frozenset(value) if isinstance(value, set) else value for name, value in facts.items()
    }
    return Situation(**frozen)


situations = st.builds(
    Situation,
    level=st.sampled_from(["assist", "emergency"]),
    open=st.booleans(),
    channel=st.sampled_from(["counter", "phone", "offsite"]),
    acts=st.frozensets(st.sampled_from(get_args(Act)), max_size=4),
    since_swap=st.frozensets(st.sampled_from(get_args(Act)), max_size=2),
    steps=st.dictionaries(st.sampled_from(get_args(Step)), st.integers(0, 4), max_size=5),
    marks=st.frozensets(
        st.sampled_from(
            ["recording_refused", "filming", "staff_swapped", "slot_announced", "repeat_long_hold", "police_called",
             "police_arrived", "visitor_left", "superior_demanded", "apology_demanded", "anything"]
        ), max_size=4,
    ),
    due=st.frozensets(st.sampled_from(["stalemate", "slot", "overrun", "contact_cap", "special_demand", "x"])),
    responder=st.booleans(),
    stop_decided=st.booleans(),
    filming=st.sampled_from([None, *get_args(Prompt)]),
    recording_refused=st.booleans(),
    contact_ended=st.booleans(),
    police_called=st.booleans(),
    police_arrived=st.booleans(),
    visitor_left=st.booleans(),
)  # fmt: skip
cities = st.sampled_from(sorted(CITIES)).map(CITIES.__getitem__)


# --- always -----------------------------------------------------------------------------------------------------------


@given(cities, situations)
def test_as_long_as_an_incident_is_open_there_is_a_card_and_each_stands_once(
    rules: PolicyProfile, facts: Situation
) -> None:
    guides = cards_now(rules, facts)
    names = [guide.card for guide in guides]
    assert bool(names) is facts.open
    assert len(names) == len(set(names))
    assert set(names) <= set(card_files.cards())
    assert {guide.why for guide in guides} <= set(get_args(Why))
    assert cards_now(rules, facts) == guides


@given(cities, situations.filter(lambda one: one.open and not one.contact_ended and not one.gone))
def test_sug_01_in_an_emergency_or_in_danger_a_card_of_safety_is_first(rules: PolicyProfile, facts: Situation) -> None:
    danger = {"violence", "danger", *rules.police.immediate_types} & facts.acts
    if facts.level == "emergency" or danger:
        first = cards_now(rules, facts)[0].card
        assert first in {"police", "violence"} <= SAFETY_FIRST
        assert card_files.cards()[first].first


@given(cities, situations.filter(lambda one: one.open and one.contact_ended))
def test_when_the_talk_is_over_people_are_looked_after(rules: PolicyProfile, facts: Situation) -> None:
    names = [guide.card for guide in cards_now(rules, facts)]
    assert names[0] == ("police_arrival" if facts.police_told else "debrief")
    assert "debrief" in names
    assert not {"hear", "warn", "stop", "leave", "final", "police"} & set(names)


@given(cities, situations, st.sampled_from(["stalemate", "slot", "contact_cap"]))
def test_shi_06_a_clock_that_is_due_changes_no_step(rules: PolicyProfile, facts: Situation, clock: str) -> None:
    """It only brings the card of the decision; what was next is still next."""
    without = Situation(**{name: getattr(facts, name) for name in Situation.__slots__ if name != "due"})
    later = Situation(**{name: getattr(facts, name) for name in Situation.__slots__ if name != "due"},
                      due=frozenset({clock}))  # fmt: skip
    following = [guide for guide in cards_now(rules, without) if guide.why == "next_step"]
    assert [guide for guide in cards_now(rules, later) if guide.why == "next_step"] in (following, [])
    assert {guide.card for guide in cards_now(rules, without)} <= {guide.card for guide in cards_now(rules, later)}


@given(cities, st.data())
def test_set_06_going_up_step_by_step_meets_every_step_of_the_city_in_its_order(
    rules: PolicyProfile, data: st.DataObject
) -> None:
    taken: dict[str, int] = {}
    order: list[str] = []
    while (step := next_step(rules, taken, in_building=True)) is not None:
        taken[step] = taken.get(step, 0) + 1
        order += [step] if step not in order else []
    assert tuple(order) == rules.ladder.steps
    assert taken.get("leave", rules.ladder.leave.count) == rules.ladder.leave.count
    skipped = data.draw(st.sampled_from(rules.ladder.steps))
    after = next_step(rules, {skipped: 9}, in_building=True)
    assert after is None or rules.ladder.steps.index(after) == rules.ladder.steps.index(skipped) + 1


# --- emergency and danger ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rules", CITIES.values(), ids=list(CITIES))
def test_shi_19_an_emergency_press_goes_to_the_police_card_and_asks_for_no_judgement(rules: PolicyProfile) -> None:
    guides = cards_now(rules, situation(level="emergency"))
    assert guides[0] == Guide("police", "emergency")
    assert guides[1].card == "violence"


def test_shi_20_shi_21_violence_brings_stepping_away_before_everything_else() -> None:
    assert shown(acts={"violence", "abuse"})[:2] == ["violence", "police"]
    guide = cards_now(DEFAULT, situation(acts={"danger"}))[0]
    assert (guide.card, guide.why, guide.about) == ("violence", "danger", "danger")


def test_yur_06_a_threat_calls_the_police_where_the_city_says_at_once() -> None:
    at_once = cards_now(DEFAULT, situation(acts={"threat"}))  # default: violence, threat, danger
    assert (at_once[0].card, at_once[0].why, at_once[0].about) == ("police", "police_at_once", "threat")
    assert "threat" in [guide.card for guide in at_once]
    assert shown(SHINAGAWA, acts={"threat"})[0] == "swap"  # Shinagawa consults, unless danger is felt


def test_once_the_police_are_called_their_arrival_is_prepared() -> None:
    names = shown(SHINAGAWA, level="emergency", police_called=True)
    assert names[:2] == ["violence", "police_arrival"]
    assert "police" not in names
    assert shown(SHINAGAWA, steps={"police": 1})[0] == "police_arrival"
    assert shown(SHINAGAWA, marks={"police_called"}, visitor_left=True) == ["police_arrival", "debrief"]


@pytest.mark.parametrize(("rules", "act"), [(SHINAGAWA, "violence"), (SHINAGAWA, "danger"), (DEFAULT, "threat")])
@pytest.mark.parametrize("level", ["assist", "emergency"])
def test_shi_23_when_a_violent_visitor_is_gone_the_police_and_the_injured_are_still_seen_to(
    rules: PolicyProfile, act: str, level: str
) -> None:
    facts: dict[str, Any] = {"acts": {act}, "visitor_left": True, "level": level}
    guides = cards_now(rules, situation(**facts))
    assert [one.card for one in guides] == ["police", "violence", "debrief"]
    assert (guides[0].why, guides[0].about) == ("act", act)
    assert shown(rules, police_called=True, **facts) == ["police_arrival", "debrief", "violence"]
    assert shown(rules, acts={"abuse"}, visitor_left=True) == ["debrief"]


# --- what the moment asks for -----------------------------------------------------------------------------------------


def test_shi_22_when_the_police_are_on_their_way_their_card_comes_before_every_other() -> None:
    assert shown(SHINAGAWA, acts={"threat"}, police_called=True)[:3] == ["police_arrival", "swap", "threat"]
    assert shown(police_called=True, recording_refused=True)[:2] == ["police_arrival", "refusal"]


@pytest.mark.parametrize("act", ["threat", "authority", "sexual"])
def test_shi_34_these_acts_bring_the_swap_before_the_talk_goes_on(act: str) -> None:
    names = shown(SHINAGAWA, acts={act})
    assert names[:2] == ["swap", act]
    assert shown(SHINAGAWA, acts={act}, marks={"staff_swapped"})[0] == act
    again = shown(SHINAGAWA, acts={act, "abuse"}, marks={"staff_swapped"}, since_swap={act})
    assert again[:2] == ["swap", act]
    assert "swap" not in shown(SHINAGAWA, acts={act, "abuse"}, marks={"staff_swapped"}, since_swap={"abuse"})
    assert "swap" not in shown(SHINAGAWA, acts={"abuse"})


def test_shi_25_a_refused_recording_shows_its_card() -> None:
    assert shown(recording_refused=True)[0] == "refusal"
    assert shown(marks={"recording_refused"})[0] == "refusal"


def test_shi_31_filming_offers_our_own_recording_with_its_notice() -> None:
    assert shown(acts={"filming"})[:3] == ["permit", "filming", "notice"]
    assert shown(marks={"filming"})[:3] == ["permit", "filming", "notice"]
    assert "notice" not in shown(acts={"filming"}, recording_refused=True)
    off = DEFAULT.recording.model_copy(update={"audio": "off", "video": "off"})
    assert "notice" not in shown(DEFAULT.model_copy(update={"recording": off}), acts={"filming"})


@pytest.mark.parametrize(("clock", "cards"), [
    ("stalemate", ["stop"]), ("slot", ["slot", "stop"]), ("overrun", ["stop"]), ("contact_cap", ["slot", "stop"]),
    ("offtopic", ["slot", "stop"]), ("special_demand", ["authority", "stop"]), ("visit", ["offsite"]),
])  # fmt: skip
def test_shi_05_a_clock_that_is_due_brings_the_card_of_the_decision(clock: str, cards: list[str]) -> None:
    guides = cards_now(SHINAGAWA, situation(due={clock}, steps={"warn": 1}))
    assert [guide.card for guide in guides[: len(cards)]] == cards
    assert {(guide.why, guide.about) for guide in guides[: len(cards)]} == {("clock", clock)}


def test_shi_13_what_was_decided_is_said_next_and_once_said_the_next_step_is() -> None:
    facts: dict[str, Any] = {"due": {"slot", "stalemate"}, "acts": {"abuse"}}
    assert shown(steps={"warn": 1}, stop_decided=True, **facts)[0] == "stop"
    assert shown(steps={"warn": 1, "stop": 1, "cease": 1}, stop_decided=True, **facts)[0] == "leave"
    assert cards_now(SHINAGAWA, situation(steps={"warn": 1}, stop_decided=True))[0].why == "decided"


@pytest.mark.parametrize(("where", "card"), [
    ("ask_permit", "permit"), ("explain_permit", "filming"), ("report", "filming"), ("order", "leave"),
    ("police", "police"),
])  # fmt: skip
def test_shi_29_the_answers_about_filming_lead_to_the_words_that_come_next(where: str, card: str) -> None:
    assert shown(marks={"filming"}, filming=where)[0] == card


def test_when_the_filming_is_over_nobody_is_asked_for_a_permit() -> None:
    assert not {"permit", "filming", "notice"} & set(shown(marks={"filming"}, filming="ended"))


def test_a_clock_that_concerns_the_office_shows_no_card() -> None:
    assert shown(due={"human_response", "aftercare"}) == shown()


@pytest.mark.parametrize(("mark", "card"), [
    ("superior_demanded", "superior_demanded"), ("apology_demanded", "apology"), ("repeat_long_hold", "slot"),
])  # fmt: skip
def test_a_mark_brings_its_card(mark: str, card: str) -> None:
    assert card in shown(marks={mark})
    assert card not in shown()


def test_shi_40_organised_pressure_leaves_the_normal_steps() -> None:
    assert shown(acts={"organised"}) == ["organised"]
    assert shown(acts={"organised", "violence"}) == ["violence", "police", "organised"]


@pytest.mark.parametrize("act", get_args(Act))
def test_every_act_that_is_seen_brings_its_card(act: str) -> None:
    assert ACT_CARDS[act] in shown(SHINAGAWA, acts={act})  # type: ignore[index]


# --- the ladder -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CITIES)
def test_before_any_step_the_first_card_is_to_listen(name: str) -> None:
    rules = CITIES[name]
    assert shown(rules) == ["hear", "answer", STEP_CARDS[rules.ladder.steps[0]]]
    assert "hear" not in shown(rules, steps={rules.ladder.steps[0]: 1})


@pytest.mark.parametrize(("name", "steps", "card", "about"), [
    ("shinagawa", {"warn": 1}, "stop", "stop"),
    ("shinagawa", {"warn": 1, "stop": 1}, "cease", "cease"),
    ("shinagawa", {"leave": 1}, "leave", "leave"),
    ("shinagawa", {"leave": 2}, "final", "final"),
    ("setagaya", {"cease": 1}, "warn", "announce_stop"),
    ("setagaya", {"stop_and_urge": 1, "leave": 2}, "leave", "leave"),
    ("setagaya", {"leave": 3}, "final", "announce_police"),
    ("sapporo", {"stop": 1}, "police", "police"),
    ("yurihonjo", {"superior": 1}, "warn", "warn"),
    ("yurihonjo", {"end": 1}, "leave", "ask_leave"),
    ("yurihonjo", {"ask_leave": 1}, "police", "legal"),
])  # fmt: skip
def test_after_a_step_comes_the_next_one_of_the_city(name: str, steps: dict[str, int], card: str, about: str) -> None:
    assert cards_now(CITIES[name], situation(steps=steps))[0] == Guide(card, "next_step", about)


def test_set_06_on_the_phone_the_ladder_is_short_and_ends_with_hanging_up() -> None:
    assert shown(SETAGAYA, channel="phone", steps={"announce_stop": 1}) == ["stop"]
    assert shown(SETAGAYA, channel="phone", steps={"stop_and_urge": 1}) == ["debrief"]
    assert shown(SHINAGAWA, channel="phone", steps={"stop": 1}) == ["debrief"]
    for rules in CITIES.values():
        for step in rules.ladder.steps:
            assert next_step(rules, {step: 9}, in_building=False) not in ("leave", "ask_leave", "final")


def test_when_everything_was_said_the_police_card_stays_at_hand() -> None:
    assert cards_now(YURIHONJO, situation(steps={"legal": 1})) == (Guide("police", "no_more_steps"),)


def test_whoever_comes_is_told_how_to_take_over() -> None:
    assert shown(SHINAGAWA, steps={"warn": 1}, responder=True) == ["stop", "swap"]
    assert shown(SHINAGAWA, steps={"warn": 1}, responder=True, marks={"staff_swapped"}) == ["stop"]


def test_after_violence_the_doctor_and_the_report_are_not_forgotten() -> None:
    assert shown(acts={"violence"}, contact_ended=True) == ["debrief", "violence"]
    assert shown(acts={"online"}, contact_ended=True) == ["debrief", "online"]


def test_a_closed_incident_shows_nothing() -> None:
    assert shown(open=False, level="emergency", acts={"violence"}) == []
