"""What the programs write while they run is for their own user only: keys, calls, recordings, waiting events."""

from collections.abc import Iterator
from pathlib import Path

from support.api import Api
from support.stage import Stage


def written(folder: Path) -> Iterator[tuple[Path, int]]:
    """Everything in `folder` with its mode; what goes away meanwhile is left out."""
    for path in [folder, *folder.rglob("*")]:
        try:
            yield path, path.lstat().st_mode & 0o777
        except FileNotFoundError:
            continue


def test_nothing_of_a_running_site_or_box_can_be_read_by_other_users(stage: Stage) -> None:
    box = stage.boxes[1]  # the story is told at the other one
    report = box.press(until="hub")
    assert report["ok"]
    stage.wait_until(lambda: any(stage.site.glob("evidence/*/*.seg")), 30, "a stored segment")
    found = dict([*written(stage.site), *written(box.bundle)])
    names = {path.name for path in found}
    assert {"madomori.db", "madomori.db-wal", "box.key", "spool.db", "spool.db-wal"} <= names
    assert {str(path): oct(mode) for path, mode in found.items() if mode & 0o077} == {}
    Api(stage.url, stage.token("supervisor", "private")).do(report["incident"], "contact", action="ended")
    stage.wait_until(lambda: box.shown().get("state") in ("ready", "nobody"), 30, "the stage is left as it was found")
