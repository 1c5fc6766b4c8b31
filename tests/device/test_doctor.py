"""The doctor on a sound box and on broken ones: each finding says what, what it means, and what to do."""

import fcntl
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from support.bundles import RECIPIENTS, Authority, make_bundle
from support.hubs import LiveHub, make_site, until

from contract.messages import ClockState
from contract.profile import digest_of
from device.adapters.wire_unix import BOX, UPLINK, Mailbox
from device.core.board import BoardState
from device.doctor.examine import examine
from device.doctor.findings import Finding, Report
from device.doctor.machine import Machine, SoundDevices
from device.hub_rules import HubRules

ROOT = Path(__file__).resolve().parents[2]
SEALED = f'\n[evidence]\nrecipients = ["{RECIPIENTS[0]}", "{RECIPIENTS[1]}"]\n'


class Pi(Machine):
    """A Raspberry Pi with everything plugged in; a test takes something away."""

    def __init__(self) -> None:
        self.state = BoardState((), 48.0, 2**34)
        self.time = ClockState.SYNCED
        self.word_bits = 64
        self.broken: dict[str, str] = {}
        self.seen_cameras: Sequence[str] | None = ["imx708"]
        self.devices = SoundDevices(("USB PnP Sound Device: Audio (hw:1,0)",), ("bcm2835 Headphones: (hw:0,0)",))
        self.member_of = {"gpio", "video", "audio"}
        self.closed: set[str] = set()

    def bits(self) -> int:
        return self.word_bits

    def clock(self) -> ClockState:
        return self.time

    def board(self, disk: Path) -> BoardState:
        return self.state

    def problem_with(self, module: str) -> str | None:
        return self.broken.get(module)

    def cameras(self) -> Sequence[str] | None:
        return self.seen_cameras

    def usb_cameras(self) -> Sequence[str]:
        return ["/dev/video0"]

    def may_open(self, path: str) -> bool:
        return path not in self.closed

    def pin_chips(self) -> Sequence[str]:
        return ["/dev/gpiochip0"]

    def sound(self) -> SoundDevices:
        return self.devices

    def groups(self) -> set[str]:
        return self.member_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    directory = make_bundle(tmp_path / "box", extra=SEALED)
    follows(directory, "shinagawa")
    return directory


def follows(folder: Path, city: str) -> None:
    rules = ROOT / f"contract/profiles/{city}.toml"
    (folder / "profile.toml").write_text(rules.read_text("utf-8"), "utf-8")


def ids(report: Report) -> set[str]:
    return {finding.id for finding in report.findings}


def settings(folder: Path, old: str, new: str) -> None:
    path = folder / "box.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


# --- ten and more broken set-ups --------------------------------------------------------------------------------------

Break = Callable[[Path, Pi], None]


def no_key(folder: Path, _: Pi) -> None:
    (folder / "box.key").unlink()


def misspelt(folder: Path, _: Pi) -> None:
    settings(folder, "[hub]\n", "[camara]\nkind = 'usb'\n[hub]\n")


def bad_profile(folder: Path, _: Pi) -> None:
    (folder / "profile.toml").write_text("[meta\n")


def other_rules(folder: Path, _: Pi) -> None:
    (folder / "state").mkdir()
    HubRules(folder / "state").heard("sha256:" + "a" * 64)


def expired(folder: Path, _: Pi) -> None:
    authority = Authority()
    certificate, key = authority.issue("counter-01", days=-3)
    (folder / "ca.crt").write_bytes(authority.pem())
    (folder / "box.crt").write_bytes(certificate)
    (folder / "box.key").write_bytes(key)


def soon(folder: Path, _: Pi) -> None:
    authority = Authority()
    certificate, key = authority.issue("counter-01", days=12)
    (folder / "ca.crt").write_bytes(authority.pem())
    (folder / "box.crt").write_bytes(certificate)
    (folder / "box.key").write_bytes(key)


def other_key(folder: Path, _: Pi) -> None:
    (folder / "box.key").write_bytes(Authority().issue("counter-01")[1])


def other_authority(folder: Path, _: Pi) -> None:
    (folder / "ca.crt").write_bytes(Authority("another CA").pem())


def other_box(folder: Path, _: Pi) -> None:
    settings(folder, 'box = "counter-01"', 'box = "counter-02"')


def torn_certificate(folder: Path, _: Pi) -> None:
    path = folder / "box.crt"
    path.write_bytes(path.read_bytes()[:300])


def open_key(folder: Path, _: Pi) -> None:
    (folder / "box.key").chmod(0o644)


def one_recipient(folder: Path, _: Pi) -> None:
    settings(folder, f', "{RECIPIENTS[1]}"', "")


def bad_sound(folder: Path, _: Pi) -> None:
    settings(folder, "\n[evidence]", '\n[sound]\nnotice = "own.wav"\n\n[evidence]')
    (folder / "own.wav").write_bytes(b"ID3" + bytes(100))


def nameless_notice(folder: Path, _: Pi) -> None:
    follows(folder, "sapporo")


def damaged_spool(folder: Path, _: Pi) -> None:
    (folder / "state").mkdir()
    (folder / "state/spool.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)


def damaged_evidence_key(folder: Path, _: Pi) -> None:
    (folder / "state").mkdir()
    (folder / "state/evidence.key").write_text("-----BEGIN PRIVATE KEY-----\n")


def no_camera(_: Path, pi: Pi) -> None:
    pi.seen_cameras = []


def no_usb_camera(folder: Path, _: Pi) -> None:
    settings(folder, "\n[evidence]", '\n[camera]\nkind = "usb"\ndevice = "/dev/video9"\n\n[evidence]')


def no_picamera2(_: Path, pi: Pi) -> None:
    pi.broken = {"picamera2": "ModuleNotFoundError: No module named 'libcamera'"}


def no_portaudio(_: Path, pi: Pi) -> None:
    pi.devices = SoundDevices(problem="OSError: PortAudio library not found")


def no_microphone(_: Path, pi: Pi) -> None:
    pi.devices = replace(pi.devices, inputs=())


def other_speaker(folder: Path, _: Pi) -> None:
    settings(folder, "\n[evidence]", '\n[sound]\nspeaker = "Jabra"\n\n[evidence]')


def no_lgpio(_: Path, pi: Pi) -> None:
    pi.broken = {"lgpio": "ModuleNotFoundError: No module named 'lgpio'"}


def no_right(_: Path, pi: Pi) -> None:
    pi.closed = {"/dev/gpiochip0"}


def no_group(_: Path, pi: Pi) -> None:
    pi.member_of = {"gpio", "video"}


def full_disk(_: Path, pi: Pi) -> None:
    pi.state = replace(pi.state, disk_free_bytes=2**27)


def weak_supply(_: Path, pi: Pi) -> None:
    pi.state = replace(pi.state, power=("under_voltage",))


def hot(_: Path, pi: Pi) -> None:
    pi.state = replace(pi.state, temperature_c=83.0)


def no_time(_: Path, pi: Pi) -> None:
    pi.time = ClockState.UNSYNCED


def old_system(_: Path, pi: Pi) -> None:
    pi.word_bits = 32


BROKEN: list[tuple[Break, str, bool, str]] = [
    (no_key, "file_missing", True, "enroll"),
    (misspelt, "settings", True, "綴り"),
    (bad_profile, "profile", True, "引用符や括弧"),
    (other_rules, "profile_mismatch", True, "systemctl restart madomori-box"),
    (expired, "expired", True, "enroll"),
    (soon, "expires_soon", False, "enroll"),
    (other_key, "key_mismatch", True, "enroll"),
    (other_authority, "wrong_authority", True, "enroll"),
    (other_box, "wrong_name", True, "enroll"),
    (torn_certificate, "damaged", True, "enroll"),
    (open_key, "key_open", True, "chmod 600"),
    (one_recipient, "recipients", True, "enroll"),
    (bad_sound, "sound_file", False, "PCM の WAV"),
    (nameless_notice, "notice_office", False, "部署の名を入れた音声"),
    (damaged_spool, "spool_damaged", True, "SD カード"),
    (damaged_evidence_key, "evidence_key", True, "ハブの管理者"),
    (no_camera, "camera", True, "ケーブル"),
    (no_usb_camera, "camera", True, "/dev/video0"),
    (no_picamera2, "picamera2", True, "apt install python3-picamera2"),
    (no_portaudio, "portaudio", True, "apt install libportaudio2"),
    (no_microphone, "microphone", True, "arecord -l"),
    (other_speaker, "speaker", True, "bcm2835 Headphones"),
    (no_lgpio, "gpio_library", True, "apt install python3-gpiozero python3-lgpio"),
    (no_right, "no_right_gpio", True, "usermod -aG gpio"),
    (no_group, "groups", False, "usermod -aG audio"),
    (full_disk, "disk", True, "SD カード"),
    (weak_supply, "voltage", True, "純正の電源"),
    (hot, "heat", True, "風通し"),
    (no_time, "clock", False, "NTP"),
    (old_system, "bits", True, "64 ビット版"),
]


def test_a_sound_box_has_no_findings(folder: Path) -> None:
    before = sorted(path.name for path in folder.rglob("*"))
    report = examine(folder, Pi(), ask_hub=False)
    assert report.findings == []
    assert report.ok
    assert report.facts["microphones"] == ("USB PnP Sound Device: Audio (hw:1,0)",)
    assert report.as_text().endswith("箱は使えます。 / The box can do its work.")
    assert sorted(path.name for path in folder.rglob("*")) == before  # it changes nothing


@pytest.mark.parametrize(("broken", "finding", "grave", "remedy"), BROKEN, ids=[row[0].__name__ for row in BROKEN])
def test_what_is_broken_is_found_alone_with_meaning_and_remedy(
    folder: Path, broken: Break, finding: str, grave: bool, remedy: str
) -> None:
    pi = Pi()
    assert examine(folder, pi, ask_hub=False).findings == []
    broken(folder, pi)
    report = examine(folder, pi, ask_hub=False)
    assert ids(report) == {finding}
    assert report.ok is not grave
    for found in report.findings:
        assert remedy in found.remedy.ja
        well_said(found)


def well_said(finding: Finding) -> None:
    """As a city's IT person wants it: whole sentences, Japanese and English, nothing of the program's insides."""
    for words in (finding.found, finding.means, finding.remedy):
        assert re.search(r"[\u3040-\u30ff]", words.ja), words
        assert not re.search(r"[\u3040-\u30ff]", words.en.replace("利用者名", "")), words
        assert "Traceback" not in words.ja + words.en
        assert words.ja.strip()
        assert words.en.strip()
    assert len(finding.found.ja) < 200


def test_sap_01_a_box_whose_own_notice_may_name_the_office_is_sound(folder: Path) -> None:
    nameless_notice(folder, Pi())
    assert ids(examine(folder, Pi(), ask_hub=False)) == {"notice_office"}
    (folder / "own.wav").write_bytes((ROOT / "device/notices/notice_ja.wav").read_bytes())
    settings(folder, "\n[evidence]", '\n[sound]\nnotice = "own.wav"\n\n[evidence]')
    assert ids(examine(folder, Pi(), ask_hub=False)) == set()


def test_once_the_hub_s_rules_are_copied_into_the_folder_the_doctor_is_content(folder: Path) -> None:
    other_rules(folder, Pi())
    assert ids(examine(folder, Pi(), ask_hub=False)) == {"profile_mismatch"}
    follows(folder, "setagaya")
    HubRules(folder / "state").heard(digest_of((folder / "profile.toml").read_text("utf-8")))
    assert ids(examine(folder, Pi(), ask_hub=False)) == set()


def test_everything_wrong_is_told_at_once(folder: Path) -> None:
    pi = Pi()
    for broken in (open_key, bad_sound, no_camera, no_microphone, no_lgpio, weak_supply, no_time, other_authority):
        broken(folder, pi)
    report = examine(folder, pi, ask_hub=False)
    assert ids(report) == {
        *("key_open", "sound_file", "camera", "microphone", "gpio_library", "voltage", "clock", "wrong_authority"),
    }
    text = report.as_text()
    assert text.index("box.key") < text.index("時計が合っていません")  # what is grave comes first
    assert "直すところが 6 件あります。" in text
    assert json.loads(json.dumps(report.as_json()))["ok"] is False


def test_a_running_box_is_seen_and_its_camera_and_sound_are_left_alone(folder: Path) -> None:
    class Busy(Pi):
        def cameras(self) -> Sequence[str] | None:
            raise AssertionError("the camera is in use")

        def sound(self) -> SoundDevices:
            raise AssertionError("the sound card is in use")

    (folder / "state").mkdir()
    lock = os.open(folder / "state/lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    report = examine(folder, Busy(), ask_hub=False)
    os.close(lock)
    assert report.facts["a box runs on this folder"] == "yes"
    assert report.findings == []
    assert examine(folder, Pi(), ask_hub=False).facts["a box runs on this folder"] == "no"


def test_a_beacon_needs_neither_camera_nor_sound_nor_keys(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "beacon", extra='\n[role]\nkind = "beacon"\n')
    pi = Pi()
    pi.seen_cameras, pi.devices = [], SoundDevices(problem="none")
    assert examine(folder, pi, ask_hub=False).findings == []


def test_the_command_says_it_in_json_and_by_its_exit_code(folder: Path, tmp_path: Path) -> None:
    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "device", "doctor", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)

    no_key(folder, Pi())
    done = run(str(folder / "box.toml"), "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert "file_missing" in {finding["id"] for finding in report["findings"]}
    assert run(str(folder)).returncode == 1
    missing = run(str(tmp_path / "nowhere"))
    assert missing.returncode == 2
    assert "フォルダがありません" in missing.stderr


# --- the way to the hub ----------------------------------------------------------------------------------------------


def test_a_hub_that_is_not_there_is_told(folder: Path) -> None:
    settings(folder, "127.0.0.1:8883", "127.0.0.1:9")
    (finding,) = (one for one in examine(folder, Pi()).findings if one.id == "hub_unreachable")
    assert "LAN ケーブル" in finding.remedy.ja
    well_said(finding)


def test_a_name_that_nobody_knows_is_told(folder: Path) -> None:
    settings(folder, "127.0.0.1:8883", "hub.invalid:8883")
    (finding,) = (one for one in examine(folder, Pi()).findings if one.id == "hub_unreachable")
    assert "DNS" in finding.remedy.ja
    well_said(finding)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHub]:
    """A real broker with a real private CA; nobody serves its pages."""
    live = LiveHub(make_site(tmp_path_factory.mktemp("hub") / "site"))
    live.start_broker()
    yield live
    live.stop()


WITHOUT_PAGES = {
    "hub_pages",
    "recipients",
    "notice_office",
}  # this hub serves no pages, and its city has not made its keys yet


def test_a_way_that_is_free_up_to_the_broker_and_pages_that_are_down(hub: LiveHub) -> None:
    report = examine(hub.enrol(), Pi())
    assert ids(report) <= WITHOUT_PAGES
    (finding,) = (one for one in report.findings if one.id == "hub_pages")
    assert "madomori-hub web" in finding.remedy.ja
    well_said(finding)


def test_a_hub_made_anew_is_not_trusted(hub: LiveHub) -> None:
    folder = hub.enrol()
    for name, content in zip(("box.crt", "box.key"), (authority := Authority()).issue(folder.name[7:17]), strict=True):
        (folder / name).write_bytes(content)
    (folder / "ca.crt").write_bytes(authority.pem())
    report = examine(folder, Pi())
    (finding,) = (one for one in report.findings if one.id == "hub_not_trusted")
    assert "作り直したとき" in finding.remedy.ja
    well_said(finding)


def test_a_box_that_was_revoked_is_refused(hub: LiveHub) -> None:
    old, name = hub.enrol("counter-90"), "counter-90"
    assert ids(examine(old, Pi())) <= WITHOUT_PAGES
    hub.enrol(name)  # enrolling again ends the older certificate
    until(lambda: ids(examine(old, Pi())) & {"broker_refuses", "hub_no_tls"}, 30, "the refusal")
    (finding,) = (one for one in examine(old, Pi()).findings if one.id in ("broker_refuses", "hub_no_tls"))
    assert "enroll" in finding.remedy.ja
    well_said(finding)


def test_a_running_uplink_keeps_its_place_at_the_broker(hub: LiveHub) -> None:
    box = hub.box()
    (box.bundle / "state").mkdir()
    uplink = Mailbox(box.bundle / "state", UPLINK, BOX)
    assert ids(examine(box.bundle, Pi())) <= WITHOUT_PAGES
    assert box.connected.is_set()
    assert box.client.is_connected()
    uplink.close()
    examine(box.bundle, Pi())
    until(lambda: "already connected" in hub.log("broker"), 10, "proof that the other way would have pushed it out")
