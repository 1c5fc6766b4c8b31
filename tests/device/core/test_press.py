"""Debounce, hold, stuck: driven by raw edges as a real contact makes them (faults D15-D18)."""

from hypothesis import given
from hypothesis import strategies as st

from contract.messages import Gesture
from device.core.events import ButtonName, EdgeSeen
from device.core.press import HOLD_MS, QUIET_MS, STUCK_MS, ButtonFreed, ButtonStuck, Contact, GestureMade, PressNews


def live(contact: Contact, edges: list[tuple[int, bool]], until_ms: int, button: ButtonName) -> list[PressNews]:
    """Everything the contact says while it is fed `edges` and looked at whenever it asks to be."""
    news: list[PressNews] = []
    for at_ms, pressed in [*edges, (until_ms, None)]:
        while contact.next_ms is not None and contact.next_ms < at_ms:
            news += contact.look(contact.next_ms)
        news += contact.look(at_ms) if pressed is None else contact.edge(EdgeSeen(button, pressed, at_ms))
    return news


def gestures(news: list[PressNews]) -> list[Gesture]:
    return [item.gesture for item in news if isinstance(item, GestureMade)]


def test_a_clean_tap_is_one_short_press_at_its_first_edge() -> None:
    contact = Contact(ButtonName.MAIN)
    assert gestures(contact.edge(EdgeSeen(ButtonName.MAIN, True, 1000))) == [Gesture.SHORT]
    assert gestures(live(contact, [(1150, False)], 5000, ButtonName.MAIN)) == []


def test_d15_fifty_bouncing_edges_in_100_ms_are_one_press() -> None:
    bounces = [(1000 + 2 * n, n % 2 == 0) for n in range(50)]
    news = live(Contact(ButtonName.MAIN), [*bounces, (1300, True), (1400, False)], 3000, ButtonName.MAIN)
    assert gestures(news) == [Gesture.SHORT, Gesture.SHORT]  # the train, and the separate press after it


@given(
    st.lists(st.integers(1, QUIET_MS - 1), min_size=1, max_size=60),
    st.integers(100, HOLD_MS - QUIET_MS - 1),
)
def test_no_train_of_bounces_makes_two_presses_or_swallows_the_next(gaps: list[int], held_ms: int) -> None:
    contact, at_ms, edges = Contact(ButtonName.MAIN), 1000, [(1000, True)]
    for n, gap in enumerate(gaps):
        at_ms += gap
        edges.append((at_ms, n % 2 == 1))
    released = max(at_ms + 1, 1000 + min(held_ms, HOLD_MS))
    edges.append((released, False))
    news = live(contact, edges, released + QUIET_MS, ButtonName.MAIN)
    assert gestures(news).count(Gesture.SHORT) == 1
    after = contact.edge(EdgeSeen(ButtonName.MAIN, True, released + QUIET_MS + 1))
    assert gestures(after) == [Gesture.SHORT]


def test_holding_on_raises_to_long_once_after_two_seconds() -> None:
    news = live(Contact(ButtonName.MAIN), [(1000, True), (9000, False)], 10_000, ButtonName.MAIN)
    assert gestures(news) == [Gesture.SHORT, Gesture.LONG]
    almost = live(Contact(ButtonName.MAIN), [(1000, True), (1000 + HOLD_MS - 1, False)], 10_000, ButtonName.MAIN)
    assert gestures(almost) == [Gesture.SHORT]


def test_the_second_button_is_an_emergency_at_once_and_has_no_long_press() -> None:
    news = live(Contact(ButtonName.SECOND), [(1000, True), (9000, False)], 10_000, ButtonName.SECOND)
    assert gestures(news) == [Gesture.SECOND_BUTTON]


def test_d16_a_button_held_for_ten_minutes_is_one_press_and_a_fault_until_released() -> None:
    news = live(Contact(ButtonName.MAIN), [(1000, True)], 601_000, ButtonName.MAIN)
    assert gestures(news) == [Gesture.SHORT, Gesture.LONG]
    assert [item for item in news if isinstance(item, ButtonStuck)] == [ButtonStuck(ButtonName.MAIN)]
    contact = Contact(ButtonName.MAIN)
    freed = live(contact, [(1000, True), (1000 + STUCK_MS + 1, False)], 99_000, ButtonName.MAIN)
    assert freed[-1] == ButtonFreed(ButtonName.MAIN)
    assert contact.next_ms is None
