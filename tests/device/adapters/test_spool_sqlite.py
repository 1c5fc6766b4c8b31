"""The spool on a real disk: durable before it says so, alive on a full disk, exact after a kill."""

import json
import os
import queue
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support.desk import Desk

from contract.codec import decode_event
from contract.messages import Event
from device.adapters.spool_sqlite import SpoolReader, SpoolWriter
from device.core.alarm import AlarmIs
from device.core.events import Happening, Persisted, PersistFailed

WAIT_S = 10


class Held:
    """A spool with its answers."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.answers: queue.Queue[Happening] = queue.Queue()
        self.writer = SpoolWriter(path, self.answers.put)
        self.resumed = self.writer.resume()
        self.writer.start()

    def persist(self, *events: Event) -> None:
        """Persist and wait until the spool says that all are durable."""
        for event in events:
            self.writer.persist(event)
        waiting = {event.id for event in events}
        while waiting:
            answer = self.answers.get(timeout=WAIT_S)
            assert isinstance(answer, Persisted)
            waiting -= set(answer.event_ids)

    def pending(self) -> list[str]:
        reader = SpoolReader(self.path)
        try:
            return [pending.id for urgent in (True, False) for pending in reader.pending(1000, urgent=urgent)]
        finally:
            reader.close()


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Held]:
    held = Held(tmp_path / "spool.db")
    yield held
    held.writer.close()


def pressed_events(desk: Desk | None = None) -> list[Event]:
    desk = desk or Desk()
    desk.tap()
    return desk.events()


def test_an_event_is_there_for_the_uplink_as_it_was_made_and_gone_after_its_receipt(spool: Held) -> None:
    started, raised = pressed_events()
    spool.persist(started, raised)
    reader = SpoolReader(spool.path)
    calls, others = reader.pending(10, urgent=True), reader.pending(10, urgent=False)
    assert [decode_event(item.payload) for item in calls] == [raised]
    assert [decode_event(item.payload) for item in others] == [started]
    assert reader.pending(10, without=[raised.id], urgent=True) == []
    reader.close()
    spool.writer.receipted((raised.id,), raised.incident, "2026-000001")
    spool.persist(*pressed_events(Desk())[:0], started)  # a write behind it has passed it
    assert spool.pending() == [started.id]


def test_the_same_event_twice_is_kept_once(spool: Held) -> None:
    events = pressed_events()
    spool.persist(*events)
    spool.persist(*events)
    assert len(spool.pending()) == len(events)


def test_a_standing_alarm_is_found_again_and_an_ended_one_is_not(tmp_path: Path) -> None:
    held = Held(tmp_path / "spool.db")
    assert held.resumed is None
    desk = Desk()
    desk.edge(True)
    desk.wait(2_500)  # held on: an emergency now
    held.persist(*desk.events())
    raised = desk.events()[1]
    held.writer.receipted((raised.id,), raised.incident, "2026-000009")
    held.writer.close()

    again = Held(tmp_path / "spool.db")
    assert again.resumed is not None
    assert (again.resumed.incident, again.resumed.alarm) == (raised.incident, AlarmIs.EMERGENCY)
    assert (again.resumed.hub_has, again.resumed.number) == (True, "2026-000009")
    from contract.messages import CommandType
    from device.core.events import CommandArrived

    desk.feed(CommandArrived(CommandType.RECORDING_STOP, raised.incident, ""))
    again.persist(*desk.events())
    again.writer.close()
    last = Held(tmp_path / "spool.db")
    assert last.resumed is None
    last.writer.close()


def test_a_drill_that_was_called_real_is_resumed_as_a_real_emergency(tmp_path: Path) -> None:
    from contract.messages import CommandType
    from device.core.events import CommandArrived, LinkChanged

    desk = Desk()
    desk.feed(LinkChanged(True, 1))
    desk.feed(CommandArrived(CommandType.DRILL, None, "", None, 15))
    desk.tap()
    held = Held(tmp_path / "spool.db")
    held.persist(*desk.events())
    desk.feed(CommandArrived(CommandType.DRILL_REAL, desk.box.standing.incident, ""))
    held.persist(desk.events()[-1])
    held.writer.close()
    again = Held(tmp_path / "spool.db")
    again.writer.close()
    assert again.resumed is not None
    assert (again.resumed.incident, again.resumed.alarm) == (desk.box.standing.incident, AlarmIs.EMERGENCY)
    assert not again.resumed.drill


def test_a_spool_that_cannot_be_opened_says_what_to_do_and_starts_when_it_can(tmp_path: Path) -> None:
    folder = tmp_path / "unplugged"
    held = Held(folder / "spool.db")
    assert "空き容量" in held.writer.unopened
    assert "Check free space" in held.writer.unopened
    events = pressed_events()
    held.writer.persist(events[1])
    assert isinstance(held.answers.get(timeout=WAIT_S), PersistFailed)
    folder.mkdir()
    answer = held.answers.get(timeout=WAIT_S)
    while not isinstance(answer, Persisted):
        answer = held.answers.get(timeout=WAIT_S)
    assert held.pending() == [events[1].id]
    held.writer.close()


def test_a_damaged_spool_is_put_aside_and_the_box_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    path.write_bytes(b"not a database" * 1000)
    held = Held(path)
    held.persist(*pressed_events())
    assert (tmp_path / "spool.db.broken").read_bytes().startswith(b"not a database")
    held.writer.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_d04_a_full_disk_has_room_for_thousands_of_presses(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(disk)], check=True)
    try:
        held = Held(disk / "spool.db")
        held.persist(*pressed_events())  # the clean case
        with pytest.raises(OSError, match="No space left"):
            fill(disk / "filler")
        for _ in range(300):
            held.persist(*pressed_events(Desk(ids=iter(_fresh_ids()))))
        held.writer.close()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as filler:
        while True:
            filler.write(b"\0" * 65536)


def _fresh_ids() -> Iterator[str]:
    from device.adapters.clock_system import new_id

    while True:
        yield new_id()


def test_a_spool_that_refuses_says_so_and_keeps_trying_until_it_works(tmp_path: Path) -> None:
    held = Held(tmp_path / "spool.db")
    events = pressed_events()
    blocker = sqlite3.connect(held.path, isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")  # refuses every write after the busy timeout
    assert held.writer._connection is not None
    held.writer._connection.execute("PRAGMA busy_timeout=50")
    held.writer.persist(events[1])
    answer = held.answers.get(timeout=WAIT_S)
    assert isinstance(answer, PersistFailed)
    assert answer.event_ids == (events[1].id,)
    blocker.execute("ROLLBACK")
    while not isinstance(answer, Persisted):
        answer = held.answers.get(timeout=WAIT_S)
    assert held.pending() == [events[1].id]
    held.writer.close()


_WRITER = """
    import itertools, sys, threading
    from pathlib import Path
    from device.adapters import spool_sqlite
    from device.adapters.spool_sqlite import SpoolWriter
    from device.adapters.clock_system import new_id
    from device.core.events import Persisted
    from support.desk import Desk

    said = threading.Semaphore(0)

    def post(answer):
        assert isinstance(answer, Persisted), answer
        for event_id in answer.event_ids:
            print(event_id, flush=True)
        said.release()

    spool_sqlite._RESERVE_BYTES = 4096  # a thousand writes of no interest less
    writer = SpoolWriter(Path(sys.argv[1]), post)
    writer.start()
    for _ in range(int(sys.argv[2])):
        desk = Desk(ids=iter(new_id, None))
        desk.tap()
        for event in desk.events():
            writer.persist(event)
            said.acquire()
    writer.close()
"""


@pytest.mark.parametrize("call", ["pwrite64", "fdatasync"])
def test_i1_a_kill_at_any_write_or_sync_loses_no_event_that_was_called_durable(tmp_path: Path, call: str) -> None:
    made = tmp_path / "made.db"
    SpoolWriter(made, lambda _: None).close()  # making a spool reserves space with a thousand writes of no interest
    presses, fired, killed = 1, 0, True
    assert _killed_writer(Path(shutil.copy(made, tmp_path / "clean.db")), presses, call, 10_000) == (presses * 2, False)
    while killed:
        nth = fired + 1
        _, killed = _killed_writer(Path(shutil.copy(made, tmp_path / f"{nth}.db")), presses, call, nth)
        fired += killed
    assert fired >= presses * 2, f"the kill fired only {fired} times"


def _killed_writer(path: Path, presses: int, call: str, nth: int) -> tuple[int, bool]:
    """Events that were called durable, and whether the kill fired; asserts that each of them is in the file."""
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}"]
    command += ["-e", f"inject={call}:signal=SIGKILL:when={nth}", sys.executable, "-c", textwrap.dedent(_WRITER)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, "tests"])}
    done = subprocess.run(
        [*command, str(path), str(presses)], capture_output=True, timeout=60, check=False, env=environment
    )
    killed = done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
    assert killed or done.returncode == 0, done.stderr.decode()
    said = done.stdout.decode().split()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        stored = {row[0] for row in connection.execute("SELECT id FROM event")}
    assert set(said) <= stored, f"lost at {call} {nth}: {set(said) - stored}"
    return len(said), killed


def test_payloads_in_the_spool_are_the_wire_format(spool: Held) -> None:
    raised = pressed_events()[1]
    spool.persist(raised)
    reader = SpoolReader(spool.path)
    assert json.loads(reader.pending(1, urgent=True)[0].payload)["body"]["gesture"] == "short"
    reader.close()
