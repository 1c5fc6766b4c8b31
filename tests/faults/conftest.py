"""The real programs on free ports, fresh for each fault test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.stage import Ports, Stage, running


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with running(Stage(tmp_path / "stage", Ports.free(2))) as running_stage:
        yield running_stage
