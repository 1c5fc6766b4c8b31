"""The site's age keys. Only making a site and the evidence process may import this (a wall of import-linter).

Files are as `age-keygen` writes them, so that `age -d -i FILE` works with them on any machine, without Madomori.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyrage
from pyrage import x25519

from hub.places import Places

CREDENTIAL: Final = "viewing.key"
"""Name of the viewing key as a systemd credential; it comes before the file in the site's folder."""

_PRIVATE: Final = "AGE-SECRET-KEY-1"


class NoKey(Exception):
    """The viewing key cannot be used, for a reason said in Japanese and English."""

    def __init__(self, ja: str, en: str) -> None:
        super().__init__(f"{ja} / {en}")


@dataclass(frozen=True, slots=True)
class Pair:
    """A key pair. `file` is what its holder keeps, the private half included."""

    recipient: str
    file: bytes


def make_pair(what: str) -> Pair:
    """A new key pair; `what` is written into the file for the person who finds it one day."""
    identity = x25519.Identity.generate()
    recipient = str(identity.to_public())
    return Pair(recipient, f"# {what}\n# public key: {recipient}\n{identity}\n".encode())


def is_recipient(text: str) -> bool:
    """Whether `text` is a whole public key, without a slip of the pen."""
    try:
        x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        return False
    return True


def load_viewing_key(places: Places) -> tuple[x25519.Identity, str]:
    """The site's viewing key and its public half.

    Raises:
        NoKey: it is not there, cannot be read, or is damaged.
    """
    path = _path(places)
    try:
        lines = path.read_text("utf-8").split()
        [secret] = [line for line in lines if line.startswith(_PRIVATE)]
        identity = x25519.Identity.from_str(secret)
    except OSError as error:
        raise NoKey(
            f"閲覧用の鍵 {path} を読めません（{error.strerror}）。控えから戻すか、viewing = false にしてください。",
            f"the viewing key {path} cannot be read ({error.strerror}). "
            "Put it back from your copy, or set viewing = false in hub.toml.",
        ) from error
    except (ValueError, pyrage.IdentityError) as error:
        raise NoKey(
            f"閲覧用の鍵 {path} が壊れています。控えから戻すか、hub.toml で viewing = false にしてください。",
            f"the viewing key {path} is damaged. Put it back from your copy, or set viewing = false in hub.toml.",
        ) from error
    return identity, str(identity.to_public())


def _path(places: Places) -> Path:
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if credentials and (Path(credentials) / CREDENTIAL).exists():
        return Path(credentials) / CREDENTIAL
    return places.viewing_key
