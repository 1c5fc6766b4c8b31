"""Supply and heat as Linux tells them, from a folder that looks like a Raspberry Pi's /sys."""

from pathlib import Path

import pytest

from device.adapters.board_linux import LinuxBoard


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("0\n", ()),
        ("1\n", ("under_voltage",)),
        ("50005\n", ("under_voltage", "throttled")),
        ("0xe0008\n", ("temperature_limit",)),
        ("50000\n", ()),  # it was once; it is well now
    ],
)
def test_d20_d21_the_flags_of_the_firmware(tmp_path: Path, text: str, flags: tuple[str, ...]) -> None:
    write(tmp_path / "sys/devices/platform/soc/soc:firmware/get_throttled", text)
    write(tmp_path / "sys/class/thermal/thermal_zone0/temp", "48312\n")
    state = LinuxBoard(tmp_path, tmp_path).read()
    assert state.power == flags
    assert state.temperature_c == 48.312
    assert state.disk_free_bytes > 0


def test_d20_the_voltage_monitor_where_there_is_no_firmware_file(tmp_path: Path) -> None:
    write(tmp_path / "sys/class/hwmon/hwmon0/name", "cpu_thermal\n")
    write(tmp_path / "sys/class/hwmon/hwmon1/name", "rpi_volt\n")
    write(tmp_path / "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0\n")
    assert LinuxBoard(tmp_path, tmp_path).read().power == ()
    write(tmp_path / "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n")
    assert LinuxBoard(tmp_path, tmp_path).read().power == ("under_voltage",)


def test_a_machine_that_cannot_say_says_nothing(tmp_path: Path) -> None:
    state = LinuxBoard(tmp_path, tmp_path).read()
    assert (state.power, state.temperature_c) == (None, None)
