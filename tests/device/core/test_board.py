"""Supply, heat and disk as faults that do not flap."""

from device.core.board import DISK_LOW_BYTES, DISK_WELL_BYTES, STEADY_LOOKS, Board, BoardState
from device.core.events import FaultGone, FaultSeen

WELL = BoardState(power=(), temperature_c=50.0, disk_free_bytes=2**33)


def names(news: list[FaultSeen | FaultGone]) -> list[str]:
    return [("+" if isinstance(item, FaultSeen) else "-") + item.fault for item in news]


def test_a_machine_that_is_well_or_cannot_say_has_no_faults() -> None:
    board = Board()
    for state in (WELL, BoardState(None, None, 2**33)):
        for _ in range(10):
            assert board.look(state) == []


def test_d20_under_voltage_is_shown_at_once_and_taken_back_when_it_has_stayed_away() -> None:
    board, low = Board(), BoardState(("under_voltage",), 50.0, 2**33)
    assert board.look(WELL) == []
    assert names(board.look(low)) == ["+under_voltage"]
    assert board.look(low) == []
    for _ in range(3):  # it sags again and again under load: one fault
        for _ in range(STEADY_LOOKS - 1):
            assert board.look(WELL) == []
        assert board.look(low) == []
    looks = [names(board.look(WELL)) for _ in range(STEADY_LOOKS)]
    assert looks == [[]] * (STEADY_LOOKS - 1) + [["-under_voltage"]]


def test_d21_heat_is_shown_before_anything_stops() -> None:
    board = Board()
    assert board.look(BoardState((), 79.9, 2**33)) == []
    (fault,) = board.look(BoardState((), 80.0, 2**33))
    assert isinstance(fault, FaultSeen)
    assert fault.fault == "over_temperature"
    assert "80 度" in fault.detail
    assert board.look(BoardState((), 76.0, 2**33)) == []
    assert names(board.look(BoardState((), 74.0, 2**33))) == ["-over_temperature"]
    assert names(board.look(BoardState(("temperature_limit",), 60.0, 2**33))) == ["+over_temperature"]


def test_a_disk_that_fills_up_is_shown() -> None:
    board = Board()
    assert board.look(BoardState((), 50.0, DISK_LOW_BYTES)) == []
    assert names(board.look(BoardState((), 50.0, DISK_LOW_BYTES - 1))) == ["+disk_low"]
    assert board.look(BoardState((), 50.0, DISK_WELL_BYTES - 1)) == []
    assert names(board.look(BoardState((), 50.0, DISK_WELL_BYTES))) == ["-disk_low"]
