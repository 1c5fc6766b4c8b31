"""`madomori-box`: the programs of the counter box."""

import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from contract.messages import Level
from contract.problems import Refused
from device.config import Bundle
from device.ports import Camera, Microphone, PortError, Speaker

_SWITCH_INTERVAL_S = 0.0005
"""How long a busy media thread may keep the button's thread waiting for the interpreter (default: 5 ms)."""

BundleDirectory = click.argument("bundle_directory", metavar="BUNDLE_DIR", type=click.Path(path_type=Path))
Config = click.argument("config", metavar="CONFIG", type=click.Path(path_type=Path))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="madomori")
def main() -> None:
    """窓守の箱。 / Madomori's counter box."""
    os.umask(0o077)  # keys, calls, recordings: nothing of a box is for other users of the machine
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s", stream=sys.stderr)


@main.command()
@BundleDirectory
@click.option("--page", metavar="HOST:PORT", help="ランプとボタンのページを出す場所。 / Where to serve the box's page.")
@click.option("--camera", metavar="DEVICE", help="本物のカメラ（例: /dev/video0）。 / A real camera.")
@click.option("--microphone", is_flag=True, help="本物のマイクを使う。 / Use the machine's microphone.")
@click.option("--speaker", is_flag=True, help="本物のスピーカーを使う。 / Use the machine's speaker.")
def simulate(bundle_directory: Path, page: str | None, camera: str | None, microphone: bool, speaker: bool) -> None:
    """機器なしで箱を動かす。 / Run a box without hardware."""
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    bundle = _bundle(bundle_directory)
    address = _address(page) if page is not None else None
    from device.simulated.box import run_simulated

    with _plain_errors():
        run_simulated(bundle, address, lambda run: _parts(bundle, run, camera, microphone, speaker), _on_signals)


@main.command()
@BundleDirectory
@click.option("--level", type=click.Choice([level.value for level in Level]), default=Level.ASSIST.value)
@click.option(
    "--until",
    type=click.Choice(["received", "hub", "seen"]),
    default="received",
    show_default=True,
    help="ここまで待つ。 / Wait until the call has come this far.",
)
@click.option(
    "--timeout", "timeout_s", type=click.FloatRange(0.1, 600), default=10.0, show_default=True, help="秒 / seconds"
)
@click.option("--json", "as_json", is_flag=True, help="結果を JSON で出す。 / Print the result as JSON.")
def press(bundle_directory: Path, level: str, until: str, timeout_s: float, as_json: bool) -> None:
    """動いている模擬の箱のボタンを押す。 / Press the button of a running simulated box."""
    from device.adapters.control_unix import NobodyAnswers, call

    bundle = _bundle(bundle_directory)
    message = {"do": "press", "level": level, "until": until, "timeout_s": timeout_s}
    try:
        report = call(bundle.state, message, timeout_s + 5)
    except NobodyAnswers as error:
        raise click.ClickException(
            f"{bundle_directory}: 模擬の箱が動いていません。先に madomori-box simulate を始めてください。 / "
            f"no simulated box is running on this bundle. Start madomori-box simulate first. ({error})"
        ) from error
    click.echo(json.dumps(report, ensure_ascii=False) if as_json else _told(report))
    sys.exit(0 if report["ok"] else 1)


@main.command()
@Config
def run(config: Path) -> None:
    """本物の箱を動かす（通信は uplink）。 / Run the real box; `uplink` carries its calls.

    CONFIG は箱のフォルダか、その中の box.toml です。 / CONFIG is the box's folder, or its box.toml.
    """
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    bundle = _bundle(_folder(config))
    from device.real import run_real

    with _plain_errors():
        run_real(bundle, _on_signals)


@main.command()
@Config
@click.option("--timeout", "timeout_s", type=click.FloatRange(1, 600), default=120.0, show_default=True, help="秒 / s")
@click.option("--json", "as_json", is_flag=True, help="結果を JSON で出す。 / Print the result as JSON.")
def selftest(config: Path, timeout_s: float, as_json: bool) -> None:
    """動いている箱に自己診断をさせる。 / Let the running box test itself: picture, sound, speaker, disk, keys."""
    from device.adapters.control_unix import NobodyAnswers, call

    folder = _folder(config)
    try:
        report = call(folder / "state", {"do": "selftest", "timeout_s": timeout_s}, timeout_s + 5)
    except NobodyAnswers as error:
        raise click.ClickException(
            f"{folder}: 箱が動いていません。systemctl status madomori-box を確かめてください。 / "
            f"no box is running on this bundle. See systemctl status madomori-box. ({error})"
        ) from error
    click.echo(json.dumps(report, ensure_ascii=False) if as_json else _tested(report))
    sys.exit(0 if report["ok"] else 1)


@main.command()
@Config
@click.option("--json", "as_json", is_flag=True, help="結果を JSON で出す。 / Print the result as JSON.")
def doctor(config: Path, as_json: bool) -> None:
    """具合の悪いところと直し方を全て言う。 / Say everything that is wrong, each with its remedy.

    終わりの値: 0 使える、1 直すところがある、2 調べられない。 / Exits 0 well, 1 something to mend, 2 cannot look.
    """
    from device.doctor.examine import examine

    folder = _folder(config)
    if not folder.is_dir():
        raise click.UsageError(f"{config}: フォルダがありません。 / there is no such folder.")
    report = examine(folder)
    click.echo(json.dumps(report.as_json(), ensure_ascii=False) if as_json else report.as_text())
    sys.exit(0 if report.ok else 1)


@main.command()
@BundleDirectory
@click.option("--until-stdin-closes", is_flag=True, hidden=True)
def uplink(bundle_directory: Path, until_stdin_closes: bool) -> None:
    """箱とハブの間で通報を運ぶ。 / Carry calls between the box and the hub."""
    from device.adapters.clock_system import SystemClock
    from device.adapters.watchdog_systemd import SystemdWatchdog
    from device.guard import Guard
    from device.uplink import Uplink

    bundle = _bundle(_folder(bundle_directory))
    with _plain_errors():
        process = Uplink(bundle)
        watchdog = SystemdWatchdog()
        guard = Guard(watchdog, SystemClock(), process.state, watchdog.every_s)
        process.watched(guard.pulse)

        def stop() -> None:
            watchdog.stopping()
            guard.let_go()
            process.stop()

        _on_signals(stop)
        guard.start()  # after the signals: who is told "ready" may be asked to stop
        if until_stdin_closes:
            threading.Thread(target=_stop_at_end_of_input, args=(stop,), daemon=True).start()
        process.run()


def _parts(
    bundle: Bundle, simulated: Any, camera: str | None, microphone: bool, speaker: bool
) -> tuple[Camera, Microphone, Speaker]:
    """The chosen camera, microphone and speaker; `simulated` gives the ones that were not chosen."""
    media = bundle.settings.media
    chosen_camera, chosen_microphone, chosen_speaker = simulated
    if camera is not None:
        from device.adapters.camera_av import AvCamera

        chosen_camera = AvCamera(camera, media.width, media.height, media.frames_per_second)
    if microphone:
        from device.adapters.microphone_sounddevice import SounddeviceMicrophone

        chosen_microphone = SounddeviceMicrophone()
    if speaker:
        from device.adapters.speaker_sounddevice import SounddeviceSpeaker

        chosen_speaker = SounddeviceSpeaker()
    return chosen_camera, chosen_microphone, chosen_speaker


def _folder(config: Path) -> Path:
    """The box's folder, given as itself or as its settings."""
    return config.parent if config.name == "box.toml" else config


def _bundle(directory: Path) -> Bundle:
    try:
        return Bundle(directory)
    except Refused as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{directory}: 開けません / cannot be opened: {error.strerror}") from error


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise click.UsageError(
            f"--page {text}: HOST:PORT の形で書いてください（例: 127.0.0.1:8081）。 / must be HOST:PORT."
        )
    return host.strip("[]"), int(port)


class _plain_errors:
    """Turns what the world refuses into one plain line and exit code 1."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, PortError):
            raise click.ClickException(str(error)) from error
        if isinstance(error, OSError):
            where = f"{error.filename}: " if error.filename else ""
            raise click.ClickException(f"{where}{error.strerror or error}") from error


def _on_signals(stop: Callable[[], None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop())


def _stop_at_end_of_input(stop: Callable[[], None]) -> None:
    # Not through `sys.stdin`: whoever stops the program while this thread waits there would find its lock held.
    while os.read(sys.stdin.fileno(), 1024):
        pass  # nothing is said here; the end is the message
    stop()


def _tested(report: dict[str, Any]) -> str:
    if report["aborted"]:
        return (
            "通報が出ているか、時間内に終わりませんでした。あとでもう一度行ってください。"
            " / a call stands, or it did not end in time. Try again later."
        )
    lines = []
    for check in report["checks"]:
        sign = "○" if check["ok"] else "×" if check["needed"] else "・"
        lines.append(f"{sign} {check['name']}" + ("" if check["ok"] else f": {check['ja']} / {check['en']}"))
    return "\n".join([*lines, "合格 / passed" if report["ok"] else "不合格 / failed"])


def _told(report: dict[str, Any]) -> str:
    if not report["ok"]:
        return f"時間内に進みませんでした（ランプ: {report['lamp']}）。 / not reached in time (lamp: {report['lamp']})."
    return f"{report['type']} {report['incident']} {report['lamp']} {report['number']}".rstrip()


if __name__ == "__main__":
    main()
