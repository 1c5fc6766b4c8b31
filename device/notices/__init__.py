"""What the box says: that recording begins, that it goes on, that the time is over. README.md says how it was made."""

from importlib import resources
from typing import Final

LANGUAGES: Final = ("ja", "en")
KINDS: Final = ("notice", "reminder", "time_limit")
"""The names of the files, of the keys in `[sound]`, and (the last two) of `device.core.effects.Cue`."""


def shipped(kind: str, language: str) -> bytes:
    """The announcement `kind` in `language` ("ja" or "en"): a mono 48 kHz 16-bit WAV with a peak of -3 dB.

    Raises:
        ValueError: there is no such announcement.
    """
    if language not in LANGUAGES or kind not in KINDS:
        raise ValueError(f"no {kind!r} in {language!r}; there are {', '.join(KINDS)} in {', '.join(LANGUAGES)}")
    return resources.files(__name__).joinpath(f"{kind}_{language}.wav").read_bytes()


def notice(language: str) -> bytes:
    """The notice that recording begins, see `shipped`.

    Raises:
        ValueError: there is no notice in that language.
    """
    return shipped("notice", language)
