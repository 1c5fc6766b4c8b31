"""What is wrong with picture and sound that come: faults while it lasts, spells for the signed record."""

from collections import deque
from collections.abc import Iterable
from typing import Final

from device.recorder.seeing import Heard, Look, Patience, Spell
from device.recorder.settings import RecorderSettings
from device.recorder.watching import Faults

_SPELLS_KEPT: Final = 32

_SAID: Final = {
    "frozen": (
        "camera_frozen",
        (
            "カメラの映像が止まったままです。カメラのケーブルを抜き差ししてください / "
            "the picture has stood still; unplug the camera and plug it in again"
        ),
    ),
    "black": (
        "camera_black",
        (
            "カメラの映像が真っ暗です。レンズの前をふさいでいないか見てください / "
            "the picture is black; look whether something covers the lens"
        ),
    ),
    "silent": (
        "microphone_silent",
        (
            "マイクの音がまったくありません。マイクの消音スイッチと差し込みを見てください / "
            "the microphone gives no sound at all; look at its mute switch and plug"
        ),
    ),
}


class Senses:
    """Used by the writer thread alone; `dbfs` may be read by any."""

    def __init__(self, faults: Faults, settings: RecorderSettings) -> None:
        every_us = settings.look_ms * 1000
        self._faults = faults
        self._frozen = Patience("picture", "frozen", settings.frozen_ms * 1000, every_us)
        self._black = Patience("picture", "black", settings.black_ms * 1000, every_us)
        self._silent = Patience("sound", "silent", settings.silent_ms * 1000, every_us)
        self._before: Look | None = None
        self.still_ms: int | None = None
        """For how long every look has shown the very same picture, black ones too; None when the last two differed."""
        self._still_since_us = 0
        self._spells: deque[Spell] = deque(maxlen=_SPELLS_KEPT)
        self.heard: Heard | None = None
        """The last second of sound."""

    def look(self, seen: Look) -> None:
        """Take in a look at the picture."""
        before, self._before = self._before, seen
        if before is not None and seen.at_us - before.at_us > self._frozen.pause_us:
            before = None  # the camera was lost meanwhile
        same = before is not None and before.digest == seen.digest
        if not same:
            self._still_since_us = seen.at_us
        self.still_ms = (seen.at_us - self._still_since_us) // 1000 if same else None
        since_us = before.at_us if before is not None else None
        # A black picture may well be the same one each time: one name for one trouble.
        self._judge(self._frozen, seen.at_us, same and not seen.dark, since_us)
        self._judge(self._black, seen.at_us, seen.dark)

    def listen(self, heard: Heard) -> None:
        """Take in a second of sound."""
        self.heard = heard
        self._judge(self._silent, heard.at_us, heard.flat)

    def spells(self) -> Iterable[Spell]:
        """The latest spells, oldest first, over or not."""
        return tuple(self._spells)

    def _judge(self, patience: Patience, at_us: int, troubled: bool, since_us: int | None = None) -> None:
        before = patience.spell
        began = patience.look(at_us, troubled, since_us)
        if before is not None and before.over:
            self._faults.gone(_SAID[before.why][0])
        if began is not None:
            self._spells.append(began)
            self._faults.seen(*_SAID[began.why])
