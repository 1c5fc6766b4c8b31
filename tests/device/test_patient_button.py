"""A button that cannot be read at the start is shown, tried again, and read once it can be."""

import threading

from support.studio import Diary

from device.core.events import ButtonName, EdgeSeen, FaultGone, FaultSeen
from device.patient_button import PatientButton
from device.ports import ButtonError, Post


class LooseButton:
    """Can be read once it is plugged in."""

    def __init__(self) -> None:
        self.plugged = threading.Event()
        self.closed = 0

    def start(self, post: Post) -> None:
        if not self.plugged.is_set():
            raise ButtonError("ボタンを読めません / the button cannot be read")
        post(EdgeSeen(ButtonName.MAIN, True, 1))

    def close(self) -> None:
        self.closed += 1


def test_a_sound_button_is_read_before_start_returns() -> None:
    button, diary = LooseButton(), Diary()
    button.plugged.set()
    PatientButton(button).start(diary.post)
    assert diary.of(EdgeSeen)
    assert diary.faults() == []


def test_a_broken_one_is_a_fault_until_it_works() -> None:
    button, diary = LooseButton(), Diary()
    patient = PatientButton(button, retry_s=0.01)
    patient.start(diary.post)
    assert diary.wait(FaultSeen).fault == "button"
    button.plugged.set()
    diary.wait(FaultGone, fault="button")
    assert diary.of(EdgeSeen)
    assert diary.faults() == ["+button", "-button"]
    patient.close()


def test_it_can_be_given_up() -> None:
    button = LooseButton()
    patient = PatientButton(button, retry_s=0.01)
    patient.start(lambda event: None)
    patient.close()
    assert button.closed >= 2
