"""The house is laid out as CONTRIBUTING.md says, its locks name only packages, its wheel has everything."""

import re
import shutil
import subprocess
import tomllib
import zipfile
from itertools import pairwise
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

pytestmark = pytest.mark.check

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PACKAGES = ("contract", "device", "hub")
NOT_ROOM_NAMES = {"common", "helpers", "lib", "misc", "scripts", "utils"}
LOCK_LINE = re.compile(
    r"""
      [#].*                                             # a comment
    | [a-z0-9][a-z0-9._-]*==[0-9][0-9A-Za-z.+!]*(\ ;\ [^\\]+)?\ \\   # package, version, where
    | \ {4}--hash=sha256:[0-9a-f]{64}(\ \\)?            # a hash
    | \ {4}[#].*                                        # who asks for it
    """,
    re.VERBOSE,
)


def tracked() -> list[Path]:
    """Every file of the project: committed, or new and not ignored."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        out = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        return [Path(name) for name in out.split("\0") if name and (ROOT / name).is_file()]
    files = (path for package in (*PACKAGES, "tests") for path in (ROOT / package).rglob("*"))
    return [path.relative_to(ROOT) for path in files if path.is_file() and path.parent.name != "__pycache__"]


def test_rooms_have_names_that_say_what_is_in_them() -> None:
    bad = [str(path) for path in tracked() if NOT_ROOM_NAMES & set(path.parent.parts)]
    assert bad == []


@pytest.mark.parametrize("paper", ["CONTRIBUTING.md", "README.md", "README.ja.md"])
def test_every_room_that_a_paper_shows_is_there(paper: str) -> None:
    table = [line for line in (ROOT / paper).read_text("utf-8").splitlines() if line.startswith("| `")]
    rooms = [room for line in table for room in re.findall(r"`(\w+/)`", line.split("|")[1])]
    assert len(rooms) >= 6
    assert [room for room in rooms if not (ROOT / room).is_dir()] == []


def test_tests_are_not_a_package() -> None:
    assert [str(path) for path in tracked() if path.parts[0] == "tests" and path.name == "__init__.py"] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_holds_names_versions_and_hashes_only(lock: Path) -> None:
    lines = lock.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line and not LOCK_LINE.fullmatch(line)] == []
    assert "://" not in lock.read_text(encoding="utf-8")
    for before, line in pairwise(lines):
        if "==" in before and not before.lstrip().startswith("#"):
            assert line.startswith("    --hash="), before


def pins(lock: str) -> set[str]:
    """`name==version` of every line, without the markers."""
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z0-9._-]+==\S+)", text, re.MULTILINE))


def test_what_is_installed_at_a_site_is_what_was_tested() -> None:
    assert pins("device.txt") <= pins("dev.txt")
    assert pins("hub.txt") <= pins("dev.txt")


def test_a_box_never_gets_numpy_from_here() -> None:
    """On Raspberry Pi OS numpy and picamera2 come from apt and are bound to each other."""
    assert not {pin for pin in pins("device.txt") if pin.startswith(("numpy==", "picamera2=="))}


def test_the_project_cannot_be_uploaded_by_mistake() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "Private :: Do Not Upload" in project["classifiers"]


def test_the_wheel_has_every_file_of_the_packages(tmp_path: Path) -> None:
    """Profiles, templates, styles, sounds, translations and migrations are part of the product."""
    wheel = next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"]))
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if ".dist-info/" not in name}
        notices = [name for name in archive.namelist() if name.endswith("/THIRD_PARTY_NOTICES.md")]
    assert shipped == {path.as_posix() for path in tracked() if path.parts[0] in PACKAGES}
    assert notices
