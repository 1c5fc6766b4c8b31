"""Hours of recording: memory stays flat, with a good disk and with none."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.media

ROOT = Path(__file__).resolve().parents[3]
GROWTH_KIB = 4_096
"""What an allocator may still take after the first half hour; a picture a minute kept by mistake would be more."""


@pytest.mark.parametrize(
    ("hours", "disk"),
    [
        (1, "good"),
        (1, "gone"),
        pytest.param(24, "good", marks=[pytest.mark.long_faults, pytest.mark.timeout(1800)]),
        pytest.param(24, "gone", marks=[pytest.mark.long_faults, pytest.mark.timeout(1800)]),
    ],
)
def test_d07_memory_is_flat_over_hours_of_recording(hours: int, disk: str) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    child = [sys.executable, str(Path(__file__).with_name("hours_child.py")), str(hours), disk]
    done = subprocess.run(child, env=environment, capture_output=True, text=True, timeout=1700)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    resident = told["resident_kib"]
    assert len(resident) == hours * 6
    assert told["lost"] == 0
    assert (told["segments"] >= hours * 1_790) is (disk == "good")
    settled = max(resident[:3]) if disk == "good" else max(resident[:4])  # RAM fills first while nothing can be stored
    assert max(resident) - settled < GROWTH_KIB, resident
