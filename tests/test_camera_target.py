"""`make test-camera` where it cannot do its work: loud, and no reason for a red CI. A failing test is one."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support.hubs import until


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    specification = importlib.util.spec_from_file_location("camera_run", Path(__file__).parent / "camera" / "run.py")
    assert specification is not None
    assert specification.loader is not None
    module: Any = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    monkeypatch.setattr(sys, "argv", ["run.py"])
    monkeypatch.setattr(module, "CACHE", tmp_path)
    monkeypatch.setattr(module, "PYTHON", sys.executable)
    monkeypatch.setattr(module, "install_packages", lambda: None)
    monkeypatch.setattr(module, "SOURCE_PLACES", ("file:///nowhere",))
    monkeypatch.setattr(module, "mirrors", list)
    return module  # type: ignore[no-any-return]


def skipped(target: Any, capfd: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        target.main()
    target.HELD.pop().close()  # its lock, which is otherwise held until the process ends
    assert ended.value.code == 0
    said = capfd.readouterr().out
    assert "SKIPPED: make test-camera" in said
    assert "本物の picamera2 での試験はしていません / the genuine picamera2 was NOT tested" in said
    return said


def gone(state: Path) -> bool:
    try:
        return state.read_text().split()[2] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_source_that_is_gone_is_told_loudly_and_where_to_put_a_copy(
    target: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    said = skipped(target, capfd)
    assert str(tmp_path / target.SOURCE) in said
    assert target.SOURCE_SHA256 in said


def test_a_source_with_another_digest_is_not_built(
    target: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / target.SOURCE).write_bytes(b"not Debian's")
    assert "取得できません" in skipped(target, capfd)


def test_a_build_that_takes_too_long_is_ended_with_all_its_children(
    target: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    children = tmp_path / "child"

    def build(prefix: Path, work: Path) -> None:
        target.log(["sh", "-c", f"sleep 600 & echo $! > {children}; wait"], "failed", limit_s=1.0)

    monkeypatch.setattr(target, "libcamera", build)
    assert "終わりません / not done in time" in skipped(target, capfd)
    # A killed process is not gone at once: whoever adopted it has yet to run.
    until(lambda: gone(Path(f"/proc/{children.read_text().strip()}/stat")), what="end of the child")
    assert "終わりません" in skipped(target, capfd)  # and what was half built is not taken for built


def test_packages_that_only_an_administrator_can_install_are_named(
    target: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(target, "installed", lambda package: package != "meson")
    monkeypatch.setattr(target.shutil, "which", lambda program: None)
    with pytest.raises(target.Unavailable, match=r"sudo apt-get install --no-install-recommends meson$"):
        target.install_packages()


def test_a_failing_test_fails(target: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "prepared", lambda: {"MADOMORI_VENV_PYTHON": "false"})
    monkeypatch.setattr(
        target.subprocess, "run", lambda command, **options: subprocess.CompletedProcess(command, 1, b"", b"")
    )
    assert target.main() == 1
