"""Who may decide together: how many, of which offices, and when deputies count. Each city's rule as it stands."""

import pytest

from hub.domain.deciders import Quorum, for_judging, for_stopping, office_of, problems
from tests.hub_domain.life import PROFILES

KNOWN = ("係長", "係長級", "所属長", "施設長", "庶務担当係長")
TWO_WITH_A_HEAD = Quorum(2, ("所属長", "施設長"), 3, ("係長級",))
NO_DEPUTY = Quorum(1, ("所属長",), 1, ())


def lacking(quorum: Quorum, *persons: str, head_absent: bool = False, namesakes: bool = False) -> list[str]:
    found = problems(quorum, KNOWN, persons, head_absent=head_absent, namesakes=namesakes)
    return [problem.field for problem in found]


@pytest.mark.parametrize(
    ("city", "judging", "stopping"),
    [
        (
            "shinagawa", Quorum(2, ("所属長", "施設長"), 2, ("庶務担当係長", "係長級")),
            Quorum(2, ("所属長",), 2, ("庶務担当係長", "係長級")),
        ),
        ("default", Quorum(2, ("所属長",), 2, ("係長級",)), Quorum(2, ("所属長",), 2, ("係長級",))),
        ("setagaya", Quorum(1, ("所属長",), 1, ()), Quorum(1, (), 1, ())),
        ("sapporo", Quorum(1, (), 1, ()), Quorum(1, (), 1, ())),
        ("yurihonjo", Quorum(1, (), 1, ()), Quorum(1, (), 1, ())),
    ],
)  # fmt: skip
def test_each_citys_document_says_who_judges_and_who_stops_the_response(
    city: str, judging: Quorum, stopping: Quorum
) -> None:
    assert for_judging(PROFILES[city]) == judging
    assert for_stopping(PROFILES[city]) == stopping


@pytest.mark.parametrize(
    ("own", "judging", "deputy", "deputies", "least", "deputy_least"),
    [
        (None, None, None, (), 1, 1),
        (3, 2, None, (), 3, 3),
        (None, 2, None, ("係長級",), 1, 2),
        (2, 2, 4, ("係長級",), 2, 4),
        (5, 2, 4, ("係長級",), 5, 5),
        (2, 2, 4, (), 2, 2),
    ],
)
def test_deputies_who_stop_the_response_are_as_many_as_the_stricter_rule_asks(
    own: int | None, judging: int | None, deputy: int | None, deputies: tuple[str, ...], least: int, deputy_least: int
) -> None:
    city = PROFILES["shinagawa"]
    stop = city.ladder.stop.model_copy(update={"min_persons": own})
    rules = city.judgement.model_copy(
        update={"min_persons": judging, "deputy_min_persons": deputy, "deputy_roles": deputies}
    )
    ladder = city.ladder.model_copy(update={"stop": stop})
    found = for_stopping(city.model_copy(update={"ladder": ladder, "judgement": rules}))
    assert (found.least, found.deputy_least) == (least, deputy_least)


@pytest.mark.parametrize(
    ("person", "office"),
    [
        ("所属長 佐藤", "所属長"),
        ("係長級 佐藤", "係長級"),
        ("係長 佐藤", "係長"),
        ("所属長代理 佐藤", None),
        ("施設長補佐 佐藤", None),
        ("所属長", None),
        ("所属長佐藤", None),
        ("佐藤", None),
        ("前所属長 佐藤", None),
    ],
)
def test_the_office_is_a_word_of_its_own_in_front_of_a_name(person: str, office: str | None) -> None:
    assert office_of(person, KNOWN) == office


@pytest.mark.parametrize(
    ("persons", "fields"),
    [
        (("所属長 鈴木", "主任 田中"), []),
        (("主任 田中", "施設長 鈴木", "係長 佐藤"), []),
        (("所属長 鈴木",), ["persons"]),
        (("主任 田中", "係長 佐藤"), ["persons"]),
        (("主任 田中",), ["persons", "persons"]),
        ((), ["persons", "persons"]),
        (("所属長 鈴木", "所属長  鈴木", "所属長　鈴木"), ["persons"]),
        (("所属長 鈴木", "鈴木"), ["persons"]),
        (("鈴木", "所属長 鈴木"), ["persons"]),
        (("所属長 鈴木", "主任 鈴木"), ["namesakes"]),
        (("所属長 鈴木", "主任 鈴木", "係長 田中"), []),
        (("所属長 佐藤 花子", "主任 鈴木 花子"), []),
        (("所属長 鈴木", "田中"), []),
        (("所属長 鈴木", "係長級"), ["persons"]),
        (("所属長 鈴木", "所属長鈴木"), ["persons"]),
        (("所属長", "係長級"), ["persons", "persons"]),
        (("所属長代理 鈴木", "主任 田中"), ["persons"]),
    ],
)
def test_enough_different_persons_and_one_of_the_heads(persons: tuple[str, ...], fields: list[str]) -> None:
    assert lacking(TWO_WITH_A_HEAD, *persons) == fields


def test_two_persons_of_one_surname_count_as_two_once_somebody_says_so() -> None:
    assert lacking(TWO_WITH_A_HEAD, "所属長 鈴木", "主任 鈴木", namesakes=True) == []
    assert lacking(TWO_WITH_A_HEAD, "所属長 鈴木", "鈴木", namesakes=True) == ["persons"]
    assert lacking(TWO_WITH_A_HEAD, "所属長 鈴木", "所属長 鈴木", namesakes=True) == ["persons"]


@pytest.mark.parametrize(
    ("persons", "fields"),
    [
        (("係長級 佐藤", "主任 田中", "主任 鈴木"), []),
        (("係長級 佐藤", "主任 田中"), ["persons"]),
        (("所属長 佐藤", "主任 田中", "主任 鈴木"), ["persons"]),
        (("係長 佐藤", "主任 田中", "主任 鈴木"), ["persons"]),
    ],
)
def test_shi_02_in_the_heads_absence_the_deputies_own_rule_holds(persons: tuple[str, ...], fields: list[str]) -> None:
    assert lacking(TWO_WITH_A_HEAD, *persons, head_absent=True) == fields


def test_who_has_the_title_of_a_rank_holds_the_office_of_that_rank() -> None:
    assert office_of("係長 佐藤", ("所属長", "係長級")) == "係長級"
    assert office_of("課長 佐藤", ("所属長", "係長級")) is None


def test_where_the_city_names_no_deputy_nobody_decides_in_the_heads_place() -> None:
    assert lacking(NO_DEPUTY, "所属長 鈴木") == []
    assert lacking(NO_DEPUTY, "所属長 鈴木", head_absent=True) == ["head_absent"]
    assert lacking(Quorum(1, (), 1, ()), "主任 田中", head_absent=True) == []


def test_a_refusal_says_how_many_and_whom_in_both_languages() -> None:
    few, whom = problems(TWO_WITH_A_HEAD, KNOWN, ("主任 田中",), head_absent=False)
    assert ("2 人" in few.ja, "2 persons" in few.en) == (True, True)
    assert ("所属長、施設長" in whom.ja, "所属長, 施設長" in whom.en) == (True, True)
    assert all("所属長 佐藤" in words for words in (whom.ja, whom.en)), "with an example of how it is written"
