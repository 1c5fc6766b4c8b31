"""Charts: one well-formed picture with a name, with nothing a strict policy refuses, whatever a counter is called."""

import re
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from hub.domain.chart import Bar, bars, columns

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\ufffe\uffff"), max_size=30)
rows = st.lists(
    st.builds(Bar, texts, st.none() | st.integers(0, 10**6), texts, st.none() | st.integers(0, 10**6), texts),
    max_size=30,
)


@given(texts, rows)
def test_a_chart_is_one_picture_without_style_script_or_addresses(name: str, some: list[Bar]) -> None:
    for draw in (bars, columns):
        picture = ElementTree.fromstring(draw(name, some))  # noqa: S314 - our own
        assert picture.get("aria-label") == name
        assert picture.get("role") == "img"
        kinds = {element.tag for element in picture.iter()}
        assert kinds <= {"svg", "rect", "text", "line"}
        names = {attribute for element in picture.iter() for attribute in element.attrib}
        assert not {one for one in names if one in ("style", "href") or one.startswith("on")}
        for bar in picture.iter("rect"):
            assert float(bar.get("x", "")) + float(bar.get("width", "")) <= 360.5


def test_a_hidden_count_is_drawn_as_hidden_and_not_to_scale() -> None:
    drawn = bars("x", [Bar("a", None, "1-2", 2000, "2000")])
    assert re.search(r'chart__bar--now chart__bar--hidden" [^>]*width="6.0"', drawn)
