"""What a box records reaches the disk sealed, for people whose keys the box does not have; wrong keys never stop it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pyrage import DecryptError, decrypt, x25519
from support.bundles import RECIPIENTS, make_bundle
from support.seals import NAMES, identity, opened_in, seal_in
from support.studio import Studio, boxes, stored

from device.adapters.sealer_age import BAKED, NOBODY, AgeSeal, choose
from device.config import Bundle, Evidence
from device.core.events import FaultGone, FaultSeen, RecorderChanged, RecordingEnded, SegmentWritten
from device.recorder.sealer import SigningSealer

ROOT = Path(__file__).parents[3]
MARKS = (b"ftypiso", b"moof\x00\x00\x00\x10mfhd")
"""What every film of a box has; long enough that no sealed bytes happen to hold it."""


def marks_in(folder: Path) -> dict[str, list[bytes]]:
    """Files that hold something of a film in the clear."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found[path.name] = [mark for mark in MARKS if mark in content]
    return {name: marks for name, marks in found.items() if marks}


@pytest.mark.media
def test_i06_nothing_a_box_writes_while_it_records_holds_a_film(studio: Studio, tmp_path: Path) -> None:
    incident = studio.keep()
    studio.diary.wait(SegmentWritten, 2)
    assert marks_in(tmp_path) == {}  # in the middle of it, temporary files included
    studio.stop(incident)
    assert marks_in(tmp_path) == {}
    # The same search finds an unsealed film: it would have found one above.
    [content, *_] = [content for content, _ in stored(tmp_path, incident)]
    assert [kind for kind, _ in boxes(content)][:2] == ["ftyp", "moov"]
    (tmp_path / "plain.mp4").write_bytes(content)
    assert marks_in(tmp_path) == {"plain.mp4": list(MARKS)}


@pytest.mark.media
def test_i06_no_call_to_the_kernel_ever_carries_a_film(tmp_path: Path) -> None:
    """Also what is written and taken away again at once, to whatever file."""
    child = [sys.executable, str(Path(__file__).with_name("sealing_child.py")), str(tmp_path)]
    seen = {}
    for how in ("plain", "sealed"):
        log = tmp_path / f"{how}.trace"
        watched = ["strace", "-f", "-e", "trace=write,writev,pwrite64,sendto,sendmsg", "-s", "64", "-o", str(log)]
        environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "PATH": "/usr/bin:/bin"}
        subprocess.run([*watched, *child, how], check=True, timeout=100, env=environment, cwd=ROOT)
        seen[how] = {mark for mark in ("ftyp", "age-encryption.org/v1") if mark in log.read_text("utf-8", "replace")}
    assert seen == {"plain": {"ftyp"}, "sealed": {"age-encryption.org/v1"}}


@pytest.mark.media
def test_each_key_opens_every_segment_alone_and_no_other_does(studio: Studio, tmp_path: Path) -> None:
    incident = studio.keep()
    studio.diary.wait(SegmentWritten, 2)
    studio.stop(incident)
    kept = [path.read_bytes() for path in sorted((tmp_path / "segments" / incident).glob("*.seg"))]
    assert len(kept) >= 2
    for name in NAMES:
        assert [opened_in(tmp_path, one, name) for one in kept] == [
            content for content, _ in stored(tmp_path, incident)
        ]
    with pytest.raises(DecryptError):
        decrypt(kept[0], [x25519.Identity.generate()])


@pytest.mark.media
def test_with_no_key_at_all_nothing_is_stored_the_fault_says_so_and_the_box_lives_on(
    open_studio: Callable[..., Studio], tmp_path: Path
) -> None:
    keyless: dict[str, Callable[[bytes], bytes]] = {"seal": AgeSeal([])}
    store_of = Studio(tmp_path)
    sealer = SigningSealer(
        store_of.key, lambda content: keyless["seal"](content), "kita", "counter-01", BOOT, store_of.clock,
        store_of.store.chain,
    )  # fmt: skip
    studio = open_studio(sealer=sealer)
    studio.diary.wait(RecorderChanged)
    incident = studio.keep()
    assert studio.diary.wait(FaultSeen, fault="unsealed").detail == NOBODY[:200]
    studio.let_pass(2_500)
    assert not list(tmp_path.rglob("*.seg"))
    assert marks_in(tmp_path) == {}
    assert studio.diary.of(SegmentWritten) == []
    keyless["seal"] = seal_in(tmp_path)  # what waited in RAM is sealed as soon as it can be
    studio.diary.wait(FaultGone, fault="unsealed")
    assert studio.stop(incident).count == len(stored(tmp_path, incident)) >= 2
    assert studio.diary.of(RecordingEnded)


BOOT = "01938f00-0000-7000-8000-000000000001"


# --- which keys -------------------------------------------------------------------------------------------------------


@pytest.fixture
def keys() -> list[str]:
    return [str(x25519.Identity.generate().to_public()) for _ in range(4)]


@pytest.fixture
def baked(tmp_path: Path, keys: list[str]) -> Path:
    path = tmp_path / "escrow.txt"
    path.write_text(f"# a comment\n\n{keys[3]}\n", "utf-8")
    return path


def test_two_or_more_good_keys_are_taken_as_they_are(keys: list[str], baked: Path) -> None:
    for count in (2, 3):
        seal, fault = choose(Evidence(recipients=tuple(keys[:count]), escrow=keys[1]), baked)
        assert (seal.recipients, fault) == (tuple(keys[:count]), None)


def cut(key: str) -> str:
    return key[:-5]


def test_d24_a_damaged_key_is_named_and_the_others_are_used(keys: list[str], baked: Path) -> None:
    seal, fault = choose(Evidence(recipients=(keys[0], cut(keys[2]), keys[1]), escrow=keys[1]), baked)
    assert seal.recipients == (keys[0], keys[1])
    assert fault is not None
    assert keys[2][:16] in fault


@pytest.mark.parametrize("recipients", [[], [0], [0, 0], ["cut", 0], ["cut", "cut"], ["", "age1"]])
def test_d25_with_fewer_than_two_it_is_the_escrow_key_alone(
    keys: list[str], baked: Path, recipients: list[int | str]
) -> None:
    named = tuple(keys[one] if isinstance(one, int) else cut(keys[2]) if one == "cut" else one for one in recipients)
    for escrow, expected in ((keys[1], keys[1]), (None, keys[3]), (cut(keys[1]), keys[3])):
        seal, fault = choose(Evidence(recipients=named, escrow=escrow), baked)
        assert seal.recipients == (expected,)
        assert fault is not None
        assert "控えの鍵だけ" in fault
        assert "enrol the box again" in fault
        assert seal(b"film").startswith(b"age-encryption.org/v1\n")


def test_d25_without_any_escrow_key_the_one_that_is_left_is_better_than_none(keys: list[str], tmp_path: Path) -> None:
    seal, fault = choose(Evidence(recipients=(keys[0],)), tmp_path / "none")
    assert seal.recipients == (keys[0],)
    assert fault is not None
    assert choose(Evidence(), tmp_path / "none")[1] == NOBODY


def test_the_escrow_file_comes_empty() -> None:
    assert choose(Evidence())[1] == NOBODY
    assert "age1" not in BAKED.read_text("utf-8").replace("age1…", "")


@pytest.mark.parametrize(
    "written",
    [
        "", "[evidence]", "evidence = 3", 'evidence = "age1"', "[evidence]\nrecipients = 3",
        "[evidence]\nrecipients = [1, []]",
        '[evidence]\nrecipients = "age1"', "[evidence]\nescrow = true", '[evidence]\nrecipient = ["age1"]',
    ],
)  # fmt: skip
def test_d24_whatever_stands_in_the_settings_the_box_starts(tmp_path: Path, written: str) -> None:
    text = make_bundle(tmp_path / "bundle", extra="[evidence]\n").joinpath("box.toml")
    head, _, _ = text.read_text("utf-8").partition("[evidence]")
    top, _, rest = head.partition("[hub]")
    text.write_text(
        f"{written}\n{head}" if written.startswith("evidence =") else f"{top}[hub]{rest}{written}\n", "utf-8"
    )
    settings = Bundle(tmp_path / "bundle").settings
    assert (settings.site, settings.box) == ("kita", "counter-01")
    seal, fault = choose(settings.evidence)
    assert (seal.recipients, fault) == ((), NOBODY)


def test_a_good_bundle_is_taken_without_a_fault(tmp_path: Path) -> None:
    seal, fault = choose(Bundle(make_bundle(tmp_path / "bundle")).settings.evidence)
    assert (seal.recipients, fault) == (RECIPIENTS, None)


def test_a_meaningless_key_in_the_settings_is_told(keys: list[str], baked: Path) -> None:
    evidence = Evidence.model_validate({"recipients": keys[:2], "escrow": keys[1], "recipiants": [keys[2]]})
    seal, fault = choose(evidence, baked)
    assert seal.recipients == tuple(keys[:2])
    assert fault is not None
    assert "recipiants" in fault


def test_the_keys_of_the_tests_are_real(tmp_path: Path) -> None:
    assert seal_in(tmp_path).recipients == tuple(str(identity(tmp_path, name).to_public()) for name in NAMES)
