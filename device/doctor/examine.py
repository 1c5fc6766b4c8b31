"""The whole examination."""

from pathlib import Path

from device import sounds
from device.adapters import sealer_age
from device.config import BoxSettings
from device.doctor import bundle, network, parts
from device.doctor.findings import ENROLL, NO_EVIDENCE, Finding, Report, Words
from device.doctor.machine import Machine


def examine(directory: Path, machine: Machine | None = None, *, ask_hub: bool = True) -> Report:
    """Everything that is wrong with the box whose bundle is `directory`. Changes nothing there."""
    machine, report = machine or Machine(), Report()
    directory = directory.resolve()
    seen = bundle.look(directory, report)
    running = machine.holds(directory / "state" / "lock")
    report.facts["a box runs on this folder"] = "yes" if running else "no"
    parts.system(machine, directory, report)
    settings = seen.settings
    if settings is None:
        return report
    if settings.role.kind == "counter":
        _evidence(settings, report)
        _sounds(directory, settings, report)
        parts.camera(machine, settings, running, report)
        parts.sound(machine, settings, running, report)
    if settings.role.kind == "counter" or settings.lamp.kind != "none" or settings.buzzer.pin is not None:
        parts.pins(machine, report)
        parts.groups(machine, report)
    if ask_hub:
        network.look(directory, settings, network.uplink_runs(directory / "state"), report)
    return report


def _evidence(settings: BoxSettings, report: Report) -> None:
    seal, fault = sealer_age.choose(settings.evidence)
    if fault is None:
        return
    ja, _, en = fault.partition(" / ")
    usable = bool(seal.recipients)
    means = (
        Words("録画は残りますが、開けられる人が足りません。", "Recordings are kept, but too few people can open them.")
        if usable
        else NO_EVIDENCE
    )
    report.findings.append(Finding("recipients", Words(ja + "。", en + "."), means, ENROLL))


def _sounds(directory: Path, settings: BoxSettings, report: Report) -> None:
    for problem in sounds.problems(directory, settings.sound):
        ja, _, en = str(problem).partition(" / ")
        report.findings.append(
            Finding(
                "sound_file",
                Words(ja, en),
                Words("代わりに標準の音声が流れます。", "Ours is played instead."),
                Words(
                    "PCM の WAV、60 秒以内で用意し、箱のフォルダに置いてください。",
                    "Put a PCM WAV file of at most 60 s into the box's folder.",
                ),
                grave=False,
            )
        )
