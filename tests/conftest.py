"""What every test shares: little, on purpose. A fixture belongs next to the tests that use it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from playwright.sync_api import Browser, sync_playwright

# The same examples on every run, so that a red test is red for its change. No deadline: it would measure
# the machine.
settings.register_profile("steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# HYPOTHESIS_PROFILE=search looks for new counter-examples, at length.
settings.register_profile("search", deadline=None, max_examples=2000)
# `make mutate` asks only whether a test fails, not for the smallest example.
settings.register_profile("mutants", settings.get_profile("steady"), phases=[Phase.explicit, Phase.generate])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, once for a whole process: Playwright allows no second driver beside the first."""
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("chromium がありません（.ci/prepare --test） / chromium is missing: run .ci/prepare --test")
    # Without a graphics card its part would be computed in a process of its own, and copied: a sixth of all its work.
    arguments = [
        "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--disable-gpu",
    ]  # fmt: skip
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium refuses to start as root without it; tests only
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


IN_TIME = ("faults", "device", "end_to_end")
"""Folders whose tests record, wait or start whole programs: too many at once would take each other's time."""

ORDER = ("faults", "browser", "hub", "device", "end_to_end")
"""The slowest come first, so that at the end nobody waits for one long file; the end-to-end tests after the others that
run in real time, because the boxes of their stage go on encoding until nothing is left to test.
"""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs in real time, and put it in order."""
    folders = {item: item.path.relative_to(Path(__file__).parent).parts[0] for item in items}
    for item, folder in folders.items():
        if folder in IN_TIME:
            item.add_marker(pytest.mark.in_time)
    items.sort(key=lambda item: ORDER.index(folders[item]) if folders[item] in ORDER else len(ORDER))
