"""Hubs to test: `hub` runs broker and worker for a whole file, `fresh_hub` for one test that breaks something."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.hubs import LiveHub, make_site


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHub]:
    """A running hub that tests share: each makes its own boxes."""
    yield from _running(tmp_path_factory.mktemp("hub"))


@pytest.fixture
def fresh_hub(tmp_path: Path) -> Iterator[LiveHub]:
    """A running hub of the test's own."""
    yield from _running(tmp_path)


def _running(directory: Path) -> Iterator[LiveHub]:
    live = LiveHub(make_site(directory / "site"))
    try:
        live.start()
        yield live
    finally:
        live.stop()
