"""The store on a real file system, with crashes and full disks."""

import errno
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.seals import seal_in
from support.studio import WallClock, new_id, stored

from contract.evidence import CHAIN_START, digest, head_of
from device.ports import Sealed, Segment, SpoolError
from device.recorder.sealer import SigningSealer, load_or_make_key
from device.recorder.store import SegmentStore


@pytest.fixture
def incident() -> str:
    return new_id()


@pytest.fixture
def store(tmp_path: Path) -> SegmentStore:
    return SegmentStore(tmp_path / "segments")


def sealer_of(folder: Path, store: SegmentStore) -> SigningSealer:
    key, _ = load_or_make_key(folder / "evidence.pem")
    return SigningSealer(key, seal_in(folder), "kita", "counter-01", new_id(), WallClock(), store.chain)


def segment(incident: str, number: int, last: bool = False, size: int = 1000) -> Segment:
    content = bytes([number]) * size
    return Segment(incident, content, digest(content)[7:], number * 2_000, number * 2_000 + 2_000, True, True, last)


def fill(folder: Path, store: SegmentStore, incident: str, count: int, last: bool = False) -> list[Sealed]:
    sealer = sealer_of(folder, store)
    first = sealer.head(incident)[0]
    sealed = [sealer.seal(segment(incident, first + n, last and n == count - 1)) for n in range(count)]
    for number, one in enumerate(sealed):
        store.write(incident, first + number, one)
    return sealed


def test_what_is_written_can_be_read_and_verified(tmp_path: Path, store: SegmentStore, incident: str) -> None:
    sealed = fill(tmp_path, store, incident, 3, last=True)
    assert [store.read(incident, seq) for seq in range(3)] == sealed
    assert store.chain(incident) == (3, head_of(sealed[-1].record), 6_000)
    assert len(stored(tmp_path, incident)) == 3
    assert store.unfinished() == []
    assert not list((tmp_path / "segments").rglob("*.tmp"))


def test_the_chain_goes_on_in_a_new_program(tmp_path: Path, store: SegmentStore, incident: str) -> None:
    fill(tmp_path, store, incident, 2)
    assert store.unfinished() == [incident]
    fill(tmp_path, SegmentStore(tmp_path / "segments"), incident, 2, last=True)
    assert [record.seq for _, record in stored(tmp_path, incident)] == [0, 1, 2, 3]
    assert len({record.boot for _, record in stored(tmp_path, incident)}) == 2


def test_the_chain_goes_on_after_the_content_has_left(tmp_path: Path, store: SegmentStore, incident: str) -> None:
    sealed = fill(tmp_path, store, incident, 2)
    for seq in (0, 1, 1):
        store.delete(incident, seq)
    assert store.segments(incident) == []
    assert store.chain(incident) == (2, head_of(sealed[-1].record), 4_000)
    with pytest.raises(SpoolError):
        store.read(incident, 0)
    store.forget(incident)
    store.forget(incident)
    assert store.chain(incident) == (0, CHAIN_START, 0)


@pytest.mark.parametrize("left", ["record", "content", "temporary"])
def test_half_a_segment_is_not_seen(tmp_path: Path, store: SegmentStore, incident: str, left: str) -> None:
    sealed = fill(tmp_path, store, incident, 2)
    folder = tmp_path / "segments" / incident
    if left == "record":
        (folder / "000001.seg").unlink()
    elif left == "content":
        (folder / "000001.json").unlink()
    else:
        (folder / "000001.seg").rename(folder / "000001.seg.tmp")
    assert store.chain(incident) == (1, head_of(sealed[0].record), 2_000)
    assert store.segments(incident) == [0]
    fill(tmp_path, store, incident, 1)
    assert store.chain(incident)[0] == 2


def test_a_damaged_record_does_not_end_the_chain(tmp_path: Path, store: SegmentStore, incident: str) -> None:
    sealed = fill(tmp_path, store, incident, 3)
    (tmp_path / "segments" / incident / "000001.json").write_bytes(b"\0" * 100)
    assert store.chain(incident) == (3, head_of(sealed[2].record), 6_000)


def test_a_failed_fsync_means_the_file_is_lost(
    tmp_path: Path, store: SegmentStore, incident: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = sealer_of(tmp_path, store).seal(segment(incident, 0))
    synced = 0

    def failing(descriptor: int) -> None:
        nonlocal synced
        synced += 1
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing)
        with pytest.raises(SpoolError, match="Input/output error"):
            store.write(incident, 0, one)
    assert synced == 1  # never tried again on the same file
    assert not list((tmp_path / "segments").rglob("*.seg"))
    store.write(incident, 0, one)
    assert store.chain(incident)[0] == 1


def test_an_incident_cannot_be_a_path(store: SegmentStore) -> None:
    with pytest.raises(SpoolError):
        store.chain("../../etc")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip("needs the right to mount a small tmpfs: " + mounted.stderr.strip())
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_says_so_and_leaves_nothing_behind(small_disk: Path, tmp_path: Path, incident: str) -> None:
    store = SegmentStore(small_disk / "segments")
    sealer = sealer_of(tmp_path, store)
    first, second = sealer.seal(segment(incident, 0, size=100_000)), sealer.seal(segment(incident, 1, size=300_000))
    store.write(incident, 0, first)
    with pytest.raises(SpoolError, match="No space left"):
        store.write(incident, 1, second)
    assert sorted(path.name for path in (small_disk / "segments" / incident).iterdir()) == ["000000.json", "000000.seg"]
    assert store.chain(incident)[0] == 1


# --- key -------------------------------------------------------------------------------------------------------------


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first, fault = load_or_make_key(tmp_path / "keys" / "evidence.pem")
    again, _ = load_or_make_key(tmp_path / "keys" / "evidence.pem")
    assert fault is None
    assert first.private_bytes_raw() == again.private_bytes_raw()
    assert (tmp_path / "keys" / "evidence.pem").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("length", [0, 1, 60, 110])
def test_a_truncated_key_gives_a_fresh_one_and_a_fault(tmp_path: Path, length: int) -> None:
    path = tmp_path / "evidence.pem"
    first, _ = load_or_make_key(path)
    path.write_bytes(path.read_bytes()[:length])
    fresh, fault = load_or_make_key(path)
    assert fault is not None
    assert "新しく" in fault
    assert fresh.private_bytes_raw() != first.private_bytes_raw()
    assert load_or_make_key(path)[1] is None
    assert path.with_name("evidence.pem.broken").stat().st_size == length


def test_a_changed_record_is_noticed(tmp_path: Path, store: SegmentStore, incident: str) -> None:
    fill(tmp_path, store, incident, 2)
    assert len(stored(tmp_path, incident)) == 2
    path = tmp_path / "segments" / incident / "000000.json"
    fields = json.loads(path.read_text())
    fields["record"] = fields["record"].replace('"end_ms":2000', '"end_ms":9000')
    path.write_text(json.dumps(fields))
    with pytest.raises(ValueError, match="signature"):
        stored(tmp_path, incident)
