"""Files copied from other projects are exactly what was published, and their licence lies beside them."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.check

ROOT = Path(__file__).parents[2]
VENDOR = ROOT / "hub" / "web" / "static" / "vendor"
PACKAGES: list[dict[str, Any]] = json.loads((VENDOR / "lock.json").read_text(encoding="utf-8"))["packages"]
FILES = [(path, entry) for package in PACKAGES for path, entry in package["files"].items()]


@pytest.mark.parametrize(("path", "entry"), FILES, ids=[path for path, _ in FILES])
def test_a_copy_is_what_was_published(path: str, entry: dict[str, str]) -> None:
    assert hashlib.sha256((VENDOR / path).read_bytes()).hexdigest() == entry["sha256"]
    assert entry["source"], "say where in the package it came from"


def test_nothing_lies_there_that_the_lock_does_not_name() -> None:
    found = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    assert found == {"lock.json"} | {path for path, _ in FILES}


@pytest.mark.parametrize("package", PACKAGES, ids=[package["package"] for package in PACKAGES])
def test_the_licence_is_there_and_named(package: dict[str, Any]) -> None:
    licence = VENDOR / package["licence_file"]
    assert package["licence_file"] in package["files"]
    assert package["licence"].split("-")[0] in licence.read_text(encoding="utf-8")
    folders = {path.split("/")[0] for path in package["files"]}
    assert len(folders) == 1
    assert folders.pop().endswith("-" + package["version"])
    notices = (ROOT / "THIRD_PARTY_NOTICES.md").read_text(encoding="utf-8")
    assert f"{package['package']} {package['version']}" in notices


@pytest.mark.parametrize("path", [path for path, _ in FILES if path.endswith((".css", ".js", ".svg"))])
def test_a_copy_loads_nothing_from_elsewhere(path: str) -> None:
    text = (VENDOR / path).read_text(encoding="utf-8")
    assert not re.search(r"@import|url\(|(?:src|href)\s*=|importScripts|\bfetch\(", text)
