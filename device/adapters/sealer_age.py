"""Seals recordings with age, for people whose private keys the box does not have. It can open none of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyrage
from pyrage import x25519

from device.config import Evidence
from device.ports import SealError

BAKED: Final = Path(__file__).parent.parent / "escrow.txt"
"""A city that writes its own image puts its escrow key here, for boxes whose bundle lost theirs."""

_RECIPIENTS_MIN: Final = 2


class AgeSeal:
    """Turns a segment into an age file in RAM (about 2 ms for 1.5 MB on a PC). Any thread."""

    def __init__(self, recipients: Sequence[str]) -> None:
        """`recipients` must be usable (`usable`); none at all is allowed, and then nothing can be sealed."""
        self.recipients = tuple(recipients)
        self._keys = [x25519.Recipient.from_str(one) for one in recipients]

    def __call__(self, content: bytes) -> bytes:
        """`content` for the eyes of the recipients only.

        Raises:
            SealError: nobody could open it, so it must not be stored.
        """
        if not self._keys:
            raise SealError(NOBODY)
        try:
            return bytes(pyrage.encrypt(content, self._keys))
        except pyrage.EncryptError as error:
            raise SealError(f"録画に封ができません / the recording cannot be sealed: {error}") from error


def choose(evidence: Evidence, baked: Path = BAKED) -> tuple[AgeSeal, str | None]:
    """For whom this box seals, and what is wrong with its keys (Japanese and English), if anything is.

    Bad keys never keep a box from recording: with fewer than two usable ones it seals for the escrow key alone, from
    the bundle or else from the image (faults D24, D25). Nothing is ever left unsealed instead.
    """
    good = tuple(dict.fromkeys(one for one in evidence.recipients if usable(one)))
    odd = [*(one for one in evidence.recipients if not usable(one)), *evidence.odd]
    if len(good) >= _RECIPIENTS_MIN:
        return AgeSeal(good), _SOME_WRONG.format(odd=_shown(odd)) if odd else None
    escrow = next((one for one in (evidence.escrow, _baked(baked)) if one is not None and usable(one)), None)
    if escrow is not None:
        return AgeSeal([escrow]), _ESCROW_ONLY.format(count=len(good))
    if good:
        return AgeSeal(good), _ONE_ONLY
    return AgeSeal([]), NOBODY


def usable(recipient: str) -> bool:
    """Whether `recipient` is a whole age public key."""
    try:
        x25519.Recipient.from_str(recipient)
    except pyrage.RecipientError:
        return False
    return True


def _baked(path: Path) -> str | None:
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    return next((line.strip() for line in lines if line.strip() and not line.startswith("#")), None)


def _shown(odd: Sequence[str]) -> str:
    return ", ".join(one[:16] for one in odd[:4])


NOBODY: Final = (
    "封をする鍵が一つもなく、録画を保存できません。ハブで箱を登録し直してください / "
    "there is no key to seal with, so no recording can be kept; enrol the box at the hub again"
)
_ESCROW_ONLY: Final = (
    "使える鍵が {count} 個です（2 個要ります）。控えの鍵だけで封をします。登録し直してください / "
    "{count} usable keys (2 are needed): sealed for the escrow key only; enrol the box again"
)
_ONE_ONLY: Final = (
    "使える鍵が 1 個で、控えの鍵もありません。その鍵で封をします。登録し直してください / "
    "one usable key and no escrow key: sealed for that one; enrol the box again"
)
_SOME_WRONG: Final = (
    "使えない鍵があります（{odd}）。残りの鍵で封をします。登録し直してください / "
    "some keys cannot be used ({odd}); sealed for the others; enrol the box again"
)
