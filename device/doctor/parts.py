"""The machine and its parts: system, disk, clock, supply, camera, sound, pins."""

from pathlib import Path
from typing import Final

from contract.messages import ClockState
from device.config import BoxSettings
from device.core.board import DISK_LOW_BYTES, HOT_C
from device.doctor.findings import (
    NO_CALL,
    NO_NOTICE,
    NO_PICTURE,
    NO_SOUND,
    NO_START,
    Finding,
    Report,
    Words,
)
from device.doctor.machine import Machine, SoundDevices

_REINSTALL: Final = Words(
    "64 ビット版の Raspberry Pi OS（Bookworm か Trixie）を入れ直してください。",
    "Install the 64-bit Raspberry Pi OS (Bookworm or Trixie).",
)


def system(machine: Machine, place: Path, report: Report) -> None:
    """Python, 64 bits, clock, disk, supply."""
    if machine.python() < (3, 11):
        found = ".".join(map(str, machine.python()))
        report.findings.append(
            Finding("python", Words(f"Python が {found} です。", f"Python is {found}."), NO_START, _REINSTALL)
        )
    if machine.bits() != 64:
        report.findings.append(
            Finding("bits", Words("32 ビットの OS です。", "The system is 32-bit."), NO_START, _REINSTALL)
        )
    if machine.clock() is not ClockState.SYNCED:
        report.findings.append(
            Finding(
                "clock",
                Words("時計が合っていません。", "The clock is not set."),
                Words(
                    "箱は動きますが、記録の時刻に「未確認」と残ります。",
                    "The box works, but its times are marked as unconfirmed.",
                ),
                Words(
                    "庁内の NTP サーバーを /etc/systemd/timesyncd.conf の NTP= に書き、`timedatectl` で確かめてください"
                    "（chrony では rtcsync が要ります）。",
                    "Name your NTP server in /etc/systemd/timesyncd.conf (NTP=) and see `timedatectl`"
                    " (with chrony, rtcsync is needed).",
                ),
                grave=False,
            )
        )
    _board(machine, place, report)


def _board(machine: Machine, place: Path, report: Report) -> None:
    state = machine.board(place)
    free = state.disk_free_bytes // 2**20
    report.facts["free storage, MiB"] = free
    if state.temperature_c is not None:
        report.facts["temperature, C"] = round(state.temperature_c, 1)
    if state.disk_free_bytes < DISK_LOW_BYTES:
        report.findings.append(
            Finding(
                "disk",
                Words(f"保存場所の空きが {free} MiB です。", f"{free} MiB of storage are left."),
                Words("まもなく録画を残せなくなります。", "Recordings soon cannot be kept."),
                Words(
                    "ハブにつなぐと、届いた録画から空きができます。足りなければ SD カードを大きくしてください。",
                    "Connect the hub: what it has makes room. If that is not enough use a larger SD card.",
                ),
            )
        )
    if "under_voltage" in (state.power or ()):
        report.findings.append(
            Finding(
                "voltage",
                Words("電源の電圧が足りません。", "The supply voltage is too low."),
                Words(
                    "録画が途切れ、SD カードが壊れることがあります。", "Recordings may break off, the card may fail."
                ),
                Words("純正の電源とケーブルに替えてください。", "Use the official supply and cable."),
            )
        )
    if state.temperature_c is not None and state.temperature_c >= HOT_C:
        report.findings.append(
            Finding(
                "heat",
                Words(f"基板が {state.temperature_c:.0f} 度です。", f"The board is at {state.temperature_c:.0f} C."),
                Words("遅くなり、85 度で止まることがあります。", "It slows down, and may stop at 85 C."),
                Words("風通しを良くしてください。", "Let air reach it."),
            )
        )


def camera(machine: Machine, settings: BoxSettings, running: bool, report: Report) -> None:
    """The camera that `box.toml` names."""
    if settings.camera.kind == "usb":
        _usb_camera(machine, settings.camera.device, report)
    if settings.camera.kind != "picamera2":
        return
    problem = machine.problem_with("picamera2")
    if problem is not None:
        report.findings.append(
            Finding(
                "picamera2",
                Words(f"picamera2 を読み込めません（{problem}）。", f"picamera2 cannot be loaded ({problem})."),
                NO_PICTURE,
                Words(
                    "`sudo apt install python3-picamera2` を行い、venv は --system-site-packages で作ってください。"
                    "pip では入れないでください。",
                    "Run `sudo apt install python3-picamera2` and make the venv with --system-site-packages."
                    " Do not install it by pip.",
                ),
            )
        )
    elif not running:  # a running box has it, and its own health tells how it is
        found = machine.cameras()
        report.facts["cameras"] = found or []
        if not found:
            report.findings.append(
                Finding(
                    "camera",
                    Words("カメラが見つかりません。", "No camera is found."),
                    NO_PICTURE,
                    Words(
                        "電源を切り、カメラのケーブルの向きと差し込みを確かめてください"
                        "（`rpicam-hello --list-cameras` に出れば正常です）。",
                        "Switch off and look at the cable of the camera, its sides and its seat"
                        " (`rpicam-hello --list-cameras` should show it).",
                    ),
                )
            )


def _usb_camera(machine: Machine, device: str, report: Report) -> None:
    found = machine.usb_cameras()
    report.facts["video devices"] = found
    if device not in found:
        report.findings.append(
            Finding(
                "camera",
                Words(f"カメラ {device} がありません。", f"There is no camera {device}."),
                NO_PICTURE,
                Words(
                    f"カメラを差し直すか、box.toml の [camera] device を直してください（今あるもの: {_list(found)}）。",
                    f"Plug the camera in again, or mend [camera] device in box.toml (there are: {_list(found)}).",
                ),
            )
        )
    elif not machine.may_open(device):
        report.findings.append(_no_right(device, "video", NO_PICTURE))


def sound(machine: Machine, settings: BoxSettings, running: bool, report: Report) -> None:
    """Microphone and speaker, by the names that PortAudio gives.

    A running box holds them: looking for them would find them busy, and its self-test tells how they are.
    """
    if running:
        return
    devices = machine.sound()
    report.facts["microphones"], report.facts["speakers"] = devices.inputs, devices.outputs
    if devices.problem:
        report.findings.append(
            Finding(
                "portaudio",
                Words(
                    f"音の機器を調べられません（{devices.problem}）。", f"PortAudio does not work ({devices.problem})."
                ),
                NO_SOUND,
                Words("`sudo apt install libportaudio2` を行ってください。", "Run `sudo apt install libportaudio2`."),
            )
        )
        return
    _sound_device("microphone", settings.sound.microphone, devices, report)
    _sound_device("speaker", settings.sound.speaker, devices, report)


def _sound_device(kind: str, wanted: str | None, devices: SoundDevices, report: Report) -> None:
    names = devices.inputs if kind == "microphone" else devices.outputs
    ja, en, means = ("マイク", "microphone", NO_SOUND) if kind == "microphone" else ("スピーカー", "speaker", NO_NOTICE)
    if not names:
        report.findings.append(
            Finding(
                kind,
                Words(f"{ja}が見つかりません。", f"No {en} is found."),
                means,
                Words(
                    "USB を差し直し、`arecord -l` と `aplay -l` を確かめ、利用者を audio グループに入れてください。",
                    "Plug it in again, see `arecord -l` and `aplay -l`, and put the user into the group audio.",
                ),
            )
        )
    elif wanted is not None and not any(wanted.lower() in name.lower() for name in names):
        report.findings.append(
            Finding(
                kind,
                Words(f"{ja}「{wanted}」がありません。", f"There is no {en} named {wanted!r}."),
                means,
                Words(
                    f"box.toml の [sound] {kind} を、次のどれかの一部にしてください: {_list(names)}",
                    f"Set [sound] {kind} in box.toml to part of one of these: {_list(names)}",
                ),
            )
        )


def pins(machine: Machine, report: Report) -> None:
    """GPIO: library, chip, rights."""
    for module in ("gpiozero", "lgpio"):
        problem = machine.problem_with(module)
        if problem is not None:
            report.findings.append(
                Finding(
                    "gpio_library",
                    Words(f"{module} を読み込めません（{problem}）。", f"{module} cannot be loaded ({problem})."),
                    NO_CALL,
                    Words(
                        "`sudo apt install python3-gpiozero python3-lgpio` を行い、"
                        "venv は --system-site-packages で作ってください。",
                        "Run `sudo apt install python3-gpiozero python3-lgpio` and make the venv"
                        " with --system-site-packages.",
                    ),
                )
            )
    chips = machine.pin_chips()
    if not chips:
        report.findings.append(
            Finding(
                "gpio",
                Words("GPIO がありません。", "There are no GPIO pins."),
                NO_CALL,
                Words(
                    "Raspberry Pi で動かしてください。機器なしで試すには `madomori-box simulate` を使います。",
                    "Run this on a Raspberry Pi. To try the box without hardware use `madomori-box simulate`.",
                ),
            )
        )
    elif not any(machine.may_open(chip) for chip in chips):
        report.findings.append(_no_right(chips[0], "gpio", NO_CALL))


def groups(machine: Machine, report: Report) -> None:
    """Groups of the user that runs the doctor: it should be the one that runs the box."""
    lacking = {"gpio", "video", "audio"} - machine.groups()
    if lacking:
        listed = ", ".join(sorted(lacking))
        report.findings.append(
            Finding(
                "groups",
                Words(f"今の利用者は {listed} グループに入っていません。", f"The present user is not in: {listed}."),
                Words(
                    "箱をこの利用者で動かすと、ボタン・カメラ・音が使えません。",
                    "A box run by this user has no button, camera or sound.",
                ),
                Words(
                    f"`sudo usermod -aG {listed.replace(', ', ',')} 利用者名` を行うか、"
                    "`sudo -u madomori madomori-box doctor …` で確かめてください。",
                    f"Run `sudo usermod -aG {listed.replace(', ', ',')} USER`, or look with"
                    " `sudo -u madomori madomori-box doctor …`.",
                ),
                grave=False,
            )
        )


def _no_right(path: str, group: str, means: Words) -> Finding:
    return Finding(
        f"no_right_{group}",
        Words(f"{path} を開く権限がありません。", f"{path} may not be opened."),
        means,
        Words(
            f"箱を動かす利用者を {group} グループに入れてください（`sudo usermod -aG {group} 利用者名`）。",
            f"Put the user that runs the box into the group {group} (`sudo usermod -aG {group} USER`).",
        ),
    )


def _list(names: "tuple[str, ...] | list[str] | object") -> str:
    return ", ".join(map(str, names)) or "-" if isinstance(names, (tuple, list)) else str(names)
