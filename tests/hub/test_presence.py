"""Whether a box is there: wills, births and silence in any order."""

from hypothesis import given
from hypothesis import strategies as st

from hub.domain.presence import SILENT_S, Shown, heard, is_new_birth, lost, told


def test_an_old_will_cannot_hide_a_new_birth() -> None:
    born = told(Shown("never", 0), "online", 7)
    assert born == Shown("online", 7)
    assert told(born, "offline", 6) == born
    assert told(born, "offline", 7) == Shown("offline", 7)


def test_a_birth_counts_even_when_the_boxs_clock_went_back() -> None:
    assert told(Shown("online", 1_795_000_000_000), "online", 12) == Shown("online", 12)


@given(st.lists(st.tuples(st.sampled_from(["online", "offline"]), st.integers(0, 5)), min_size=1))
def test_after_its_newest_birth_only_its_own_will_or_a_later_one_hides_a_box(said: list[tuple[str, int]]) -> None:
    shown = Shown("never", 0)
    for state, session in said:
        before, shown = shown, told(shown, state, session)
        if state == "offline" and session < before.session:
            assert shown == before
        else:
            assert shown == Shown(state, session)


def test_health_comes_from_a_living_box() -> None:
    assert heard(Shown("offline", 7)) == Shown("online", 7)


def test_what_counts_as_a_new_birth() -> None:
    assert is_new_birth(Shown("offline", 7), Shown("online", 7))
    assert is_new_birth(Shown("online", 7), Shown("online", 8))
    assert not is_new_birth(Shown("online", 7), Shown("online", 7))
    assert not is_new_birth(Shown("online", 7), Shown("offline", 7))


def test_silence() -> None:
    assert not lost(100.0, 100.0 + SILENT_S)
    assert lost(100.0, 100.1 + SILENT_S)
