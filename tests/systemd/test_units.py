"""The units of the box, as systemd itself reads them."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).resolve().parents[2] / "systemd"
BOX, UPLINK = "madomori-box.service", "madomori-uplink.service"
EXPOSURE_MAX = 2.0

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")


def unit(name: str) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read(UNITS / name, "utf-8")
    return parsed


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The units with a program that is there: `verify` looks for it."""
    for path in UNITS.glob("*.service"):
        text = path.read_text("utf-8").replace("/opt/madomori/venv/bin/madomori-box", "/bin/true")
        (tmp_path / path.name).write_text(text, "utf-8")
    return tmp_path


@needs_systemd
@pytest.mark.parametrize("name", [BOX, UPLINK])
def test_systemd_finds_nothing_wrong(copy: Path, name: str) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy / name)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "madomori" not in done.stderr  # no unknown key, no bad value
    broken = copy / name
    broken.write_text(broken.read_text("utf-8") + "\n[Service]\nWatchdogSec=often\n", "utf-8")
    again = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(broken)], capture_output=True, text=True, timeout=60
    )
    assert "Failed to parse" in again.stderr  # the check can fail


@needs_systemd
@pytest.mark.parametrize("name", [BOX, UPLINK])
def test_the_services_are_shut_in(copy: Path, name: str) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(copy / name)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    if "unrecognized option" in done.stderr or "Unknown" in done.stderr:
        pytest.skip("needs systemd 250 or later")
    overall = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert overall is not None, done.stderr
    assert 0 < float(overall[1]) <= EXPOSURE_MAX


@pytest.mark.parametrize("name", [BOX, UPLINK])
def test_a_service_is_watched_and_never_given_up(name: str) -> None:
    service = unit(name)["Service"]
    assert service["Type"] == "notify"
    assert service["Restart"] == "always"
    assert int(service["WatchdogSec"]) >= 3 * 2  # fed every third of it, and looked at every 2 s at the most often
    assert unit(name)["Unit"]["StartLimitIntervalSec"] == "0"
    assert service["UMask"] == "0077"
    assert service["User"] == "madomori"
    assert int(service["LimitCORE"]) == 0


def test_the_box_has_its_parts_and_no_network() -> None:
    service = unit(BOX)["Service"]
    assert set(service["SupplementaryGroups"].split()) == {"gpio", "video", "audio"}
    assert service["PrivateNetwork"] == "yes"
    assert "AF_INET" not in service["RestrictAddressFamilies"]
    assert "GPIOZERO_PIN_FACTORY=lgpio" in service["Environment"]
    assert int(service["OOMScoreAdjust"]) < int(unit(UPLINK)["Service"]["OOMScoreAdjust"])  # d26: the recorder stays


@pytest.mark.parametrize("name", [BOX, UPLINK])
def test_d22_the_services_may_ask_the_kernel_whether_the_clock_is_right(name: str) -> None:
    service = unit(name)["Service"]
    assert "ProtectClock" not in service
    text = (UNITS / name).read_text("utf-8")
    assert "SystemCallFilter=@system-service adjtimex clock_adjtime\n" in text
