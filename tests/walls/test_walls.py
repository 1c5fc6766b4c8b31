"""The walls stand: the real tree is clean, and a violation of each wall is reported by that wall's name."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.check

ROOT = Path(__file__).parents[2]
PACKAGES = ("contract", "device", "hub")

BOX_AND_HUB = "wall: box and hub meet only on the wire"
CONTRACT = "wall: the contract knows neither side"
PURE = "wall: pure rooms touch no clock, thread, socket, file, database, web or log"
ALARM = "wall: a dead camera cannot break a call for help"
WEB = "wall: a web page never speaks to the broker or sends an alert"
KEY = "wall: only the evidence process and the making of a site touch the viewing key"


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def broken(report: str) -> set[str]:
    """The names of the walls that a report calls broken."""
    lines = [" ".join(line.split()) for line in report.splitlines()]
    return {line.removesuffix(" BROKEN") for line in lines if line.endswith(" BROKEN")}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the source in which a wall may be broken."""
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package,
            tmp_path / package,
            ignore=lambda folder, names: [
                name for name in names if Path(folder, name).is_file() and not name.endswith(".py")
            ],
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_real_tree_keeps_every_wall() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr
    for wall in (BOX_AND_HUB, CONTRACT, PURE, ALARM, WEB, KEY):
        assert wall in " ".join(result.stdout.split())


PLANTS = [
    pytest.param("device/planted.py", "import hub", {BOX_AND_HUB}, id="box imports hub"),
    pytest.param("hub/planted.py", "import device", {BOX_AND_HUB}, id="hub imports box"),
    pytest.param("contract/planted.py", "import device.core", {CONTRACT}, id="contract imports box"),
    pytest.param("contract/planted.py", "import hub.domain", {CONTRACT}, id="contract imports hub"),
    pytest.param("contract/planted.py", "import socket", {PURE}, id="contract opens sockets"),
    pytest.param("device/core/planted.py", "from time import monotonic", {PURE}, id="core reads a clock"),
    pytest.param("device/core/planted.py", "import os.path", {PURE}, id="core touches files"),
    pytest.param("device/core/planted.py", "import threading", {PURE}, id="core starts threads"),
    pytest.param("hub/domain/planted.py", "from sqlalchemy import select", {PURE}, id="domain asks a database"),
    pytest.param("hub/domain/planted.py", "import logging", {PURE}, id="domain logs"),
    pytest.param("hub/domain/planted.py", "from flask import g", {PURE}, id="domain knows the web"),
    pytest.param("device/core/alarm.py", "import device.core.recording", {ALARM}, id="alarm needs recording"),
    pytest.param("hub/web/planted.py", "import paho.mqtt.client", {WEB}, id="web speaks MQTT"),
    pytest.param("hub/web/planted.py", "from hub import alerts", {WEB}, id="web sends alerts"),
    pytest.param("hub/web/planted.py", "from hub.evidence import keys", {KEY}, id="web reads the viewing key"),
    pytest.param("hub/worker.py", "import hub.evidence.keyholder", {KEY}, id="worker opens recordings"),
    pytest.param("hub/evidence/playback.py", "import pyrage", {KEY}, id="playback decrypts by itself"),
]


@pytest.mark.parametrize(("file", "line", "walls"), PLANTS)
def test_a_hole_in_a_wall_is_reported(tree: Path, file: str, line: str, walls: set[str]) -> None:
    with (tree / file).open("a", encoding="utf-8") as source:
        source.write(f"\n{line}\n")
    result = lint_imports(tree)
    assert result.returncode == 1, result.stdout + result.stderr
    assert broken(result.stdout) == walls


def test_a_hole_is_found_through_another_module(tree: Path) -> None:
    (tree / "contract" / "planted.py").write_text("import subprocess\n", encoding="utf-8")
    (tree / "device" / "core" / "planted.py").write_text("import contract.planted\n", encoding="utf-8")
    result = lint_imports(tree)
    assert broken(result.stdout) == {PURE}
    assert "device.core is not allowed to import subprocess" in result.stdout
