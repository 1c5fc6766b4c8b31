"""Seals for a test's folder: a custodian's and an escrow key, so that a test can look inside what a box writes."""

from pathlib import Path

from pyrage import decrypt, x25519

from device.adapters.sealer_age import AgeSeal

NAMES = ("custodian", "escrow")


def seal_in(folder: Path) -> AgeSeal:
    """What a box in `folder` seals with. Its keys are made when they are missing; a box would never have them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        path = folder / f"{name}.agekey"
        if not path.exists():
            path.write_text(str(x25519.Identity.generate()))
    return AgeSeal([str(identity(folder, name).to_public()) for name in NAMES])


def identity(folder: Path, name: str = NAMES[0]) -> x25519.Identity:
    """A private key of `folder`."""
    return x25519.Identity.from_str((folder / f"{name}.agekey").read_text())


def opened_in(folder: Path, stored: bytes, name: str = NAMES[0]) -> bytes:
    """What the holder of one of the keys sees."""
    return bytes(decrypt(stored, [identity(folder, name)]))
