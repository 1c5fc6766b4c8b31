"""Studios that are closed whatever happens."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.studio import Studio

from device.core.events import RecorderChanged


@pytest.fixture
def open_studio(tmp_path: Path) -> Iterator[Callable[..., Studio]]:
    """Opens studios on the test's own folder: `open_studio(settings, camera=…)`."""
    opened: list[Studio] = []

    def open_one(*arguments: Any, start: bool = True, **ports: Any) -> Studio:
        studio = Studio(tmp_path, *arguments, **ports)
        opened.append(studio)
        if start:
            studio.recorder.start()
        return studio

    yield open_one
    for studio in opened:
        studio.close()


@pytest.fixture
def studio(open_studio: Callable[..., Studio]) -> Studio:
    """One that is armed."""
    opened = open_studio()
    opened.diary.wait(RecorderChanged)
    return opened
