"""What the web process makes ready before anybody asks."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from hub.web.server import read_ahead
from tests.hub_web.conftest import Hub


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    yield
    gc.unfreeze()


def _compiling(*_: Any, **__: Any) -> None:
    raise AssertionError("a template was compiled while somebody waited")


def test_the_first_person_waits_for_no_template(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    incident = hub.press()
    monkeypatch.setattr(hub.app.jinja_env, "bytecode_cache", None)
    read_ahead(hub.app)
    monkeypatch.setattr(hub.app.jinja_env, "compile", _compiling)
    for path in ("/", f"/incidents/{incident}", "/statistics"):
        assert hub.sees("section_head", path).status_code == 200
    assert gc.get_freeze_count() > 0


def test_a_process_that_ends_is_not_kept(hub: Hub) -> None:
    read_ahead(hub.app, lambda: False)
    assert gc.get_freeze_count() == 0
