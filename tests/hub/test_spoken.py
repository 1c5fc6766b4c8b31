"""The line that is read out on the telephone or copied."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from hub.domain.incident import State
from hub.domain.spoken import spoken

AT = datetime(2026, 11, 20, 5, 32, tzinfo=UTC)


@dataclass(frozen=True)
class Call:
    counter: str = "2階 住民票3番"
    level: str = "emergency"
    state: State = State.RAISED
    drill: bool = False
    pressed_at: datetime = AT
    origin: str = "counter"


def test_it_says_where_how_urgent_when_and_that_nobody_goes_yet() -> None:
    assert spoken(Call(), None, None, AT, "ja") == "2階 住民票3番、緊急、14:32、まだ誰も向かっていません"
    assert spoken(Call(), None, None, AT, "en") == "2階 住民票3番, emergency, 14:32, nobody is on the way yet"


def test_shi_12_of_a_visit_it_says_that_no_word_came_and_not_that_somebody_stands_at_a_counter() -> None:
    missed, trouble = (Call("中央二丁目", level, origin="visit") for level in ("assist", "emergency"))
    assert spoken(missed, None, None, AT, "ja") == (
        "訪問先 中央二丁目、決めた時刻に連絡がありません、14:32、まだ誰も応えていません"
    )
    assert spoken(trouble, None, None, AT, "en") == (
        "visit to 中央二丁目, the team asks for help, 14:32, nobody has answered yet"
    )


@pytest.mark.parametrize(
    ("call", "seen_by", "responder", "end"),
    [
        (Call(state=State.SEEN), "佐藤", None, "佐藤さんが確認、まだ誰も向かっていません"),
        (Call(state=State.ATTENDED), "佐藤", "高橋", "高橋さんが向かっています"),
        (Call(state=State.CONTACT_ENDED), "佐藤", "高橋", "応対は終わりました"),
        (Call(state=State.CLOSED), None, None, "終わりました"),
    ],
)
def test_it_says_how_the_call_stands(call: Call, seen_by: str | None, responder: str | None, end: str) -> None:
    assert spoken(call, seen_by, responder, AT, "ja").endswith(f"、{end}")


def test_a_drill_is_said_first_and_another_day_by_its_date() -> None:
    line = spoken(Call(drill=True, level="assist"), None, None, AT + timedelta(hours=10), "ja")
    assert line == "訓練です、2階 住民票3番、応援の呼び出し、11月20日 14:32、まだ誰も向かっていません"


def test_it_is_one_line_whatever_a_counter_is_called() -> None:
    assert "\n" not in spoken(Call(counter="2階\n3番"), None, None, AT, "ja")
