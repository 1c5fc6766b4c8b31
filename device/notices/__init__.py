"""The spoken notices: that sound and picture are recorded from now on. README.md says how they were made."""

from importlib import resources
from typing import Final

LANGUAGES: Final = ("ja", "en")


def notice(language: str) -> bytes:
    """The notice in `language` ("ja" or "en"): a mono 48 kHz 16-bit WAV with a peak of -3 dB.

    Raises:
        ValueError: there is no notice in that language.
    """
    if language not in LANGUAGES:
        raise ValueError(f"no notice in {language!r}; there are {', '.join(LANGUAGES)}")
    return resources.files(__name__).joinpath(f"notice_{language}.wav").read_bytes()
