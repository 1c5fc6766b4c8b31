"""The Raspberry Pi camera adapter where no picamera2 is: its times, its errors, and what it leans on.

`make test-camera` runs it on the genuine library; here only stubs of a few lines stand for it.
"""

import ast
import importlib.util
import json
import os
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import device.adapters.camera_picamera2 as adapter
from device.adapters.camera_picamera2 import Picamera2Camera, Stamps
from device.ports import CameraError

CAMERA_TESTS = Path(__file__).parents[2] / "camera"
RECORDED: dict[str, str] = json.loads((CAMERA_TESTS / "picamera2_signatures.json").read_text())
LIBRARIES = ("picamera2", "picamera2.encoders", "picamera2.outputs")
KEYFRAME = b"\x00\x00\x00\x01\x67\x42\x00\x00\x00\x01\x68\xce\x00\x00\x00\x01\x65\x88"


# --- times ---------------------------------------------------------------------------------------------------------


class Clocks:
    """A machine that has slept for an hour: CLOCK_BOOTTIME is that much ahead."""

    SLEPT_US = 3_600_000_000

    def __init__(self) -> None:
        self.mono_us = 50_000_000
        self.stamps = Stamps(lambda: self.mono_us * 1000, lambda: (self.mono_us + self.SLEPT_US) * 1000)


@pytest.mark.parametrize("ahead_us", [0, Clocks.SLEPT_US], ids=["monotonic", "boottime"])
def test_pictures_are_placed_on_the_boxs_clock_whichever_the_camera_uses(ahead_us: int) -> None:
    clocks = Clocks()
    for number in range(50):
        taken_us = 50_000_000 + number * 40_000
        clocks.mono_us = taken_us + 90_000 + number % 3 * 10_000
        assert clocks.stamps.place(taken_us + ahead_us) == taken_us


def test_a_clock_that_nobody_knows_gives_the_time_of_arrival_and_keeps_the_cameras_distances() -> None:
    clocks = Clocks()
    clocks.mono_us = 50_000_000
    assert clocks.stamps.place(7) == 50_000_000
    clocks.mono_us += 75_000  # arrival is never as even as the sensor
    assert clocks.stamps.place(40_007) == 50_040_000


def test_a_camera_whose_clock_jumps_is_placed_anew() -> None:
    clocks = Clocks()
    assert clocks.stamps.place(49_900_000) == 49_900_000
    clocks.mono_us += 40_000
    assert clocks.stamps.place(1_000) == 50_040_000


def test_times_rise_by_a_millisecond_at_least() -> None:
    clocks = Clocks()
    placed = [clocks.stamps.place(at_us) for at_us in (49_900_000, 49_900_000, 49_899_000, 49_940_000)]
    assert placed == [49_900_000, 49_901_000, 49_902_000, 49_940_000]


def test_a_late_encoder_does_not_shift_its_pictures() -> None:
    clocks = Clocks()
    clocks.stamps.place(49_900_000)
    clocks.mono_us += 3_000_000
    assert clocks.stamps.place(49_940_000) == 49_940_000


# --- errors for people ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "package"), [("picamera2", "python3-picamera2"), ("libcamera", "python3-libcamera")]
)
def test_missing_software_names_the_package_to_install(
    module: str, package: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if module == "libcamera":
        library(tmp_path, monkeypatch, "import libcamera\n")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(CameraError, match=rf"sudo apt install {package}.*--system-site-packages.*missing"):
        next(Picamera2Camera().packets())


def test_software_that_does_not_fit_its_neighbours_says_what_to_remove(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    library(tmp_path, monkeypatch, "raise ValueError('numpy.dtype size changed')\n")
    with pytest.raises(CameraError, match=r"pip で入れた numpy.*numpy and av that came by pip.*size changed"):
        next(Picamera2Camera().packets())


def library(folder: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    for name in LIBRARIES:
        monkeypatch.delitem(sys.modules, name, raising=False)
    (folder / "picamera2").mkdir()
    (folder / "picamera2" / "__init__.py").write_text(source)
    monkeypatch.syspath_prepend(folder)


@pytest.mark.parametrize(
    "cameras", [[], [{"Id": "/base/scb/pcie@7d500000/usb@0,0-1.2:1.0-046d:0825", "Num": 0}]], ids=["none", "usb"]
)
def test_d09_without_a_camera_of_the_board_people_read_what_to_do(
    cameras: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    put_stub(monkeypatch, cameras)
    with pytest.raises(CameraError, match=r'見つかりません.*kind = "usb".*no camera was found'):
        next(Picamera2Camera().packets())


def test_the_ribbon_camera_is_taken_even_where_a_usb_camera_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    stub = put_stub(monkeypatch, [{"Id": "/base/usb@1"}, {"Id": "/base/axi/i2c@88000/imx708@1a"}])
    next(Picamera2Camera().packets())
    assert stub.number == 1


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("Failed to acquire camera: Device or resource busy", "別のプログラム"),
        ("no memory", "始められません.*no memory"),
    ],
)
def test_the_reason_behind_picamera2s_own_error_is_told(
    reason: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_stub(monkeypatch).error = reason
    with pytest.raises(CameraError, match=said):
        next(Picamera2Camera().packets())


# --- the board's encoder, which no test machine has ------------------------------------------------------------------


def test_the_boards_encoder_is_asked_in_its_own_way_for_a_keyframe(monkeypatch: pytest.MonkeyPatch) -> None:
    stub = put_stub(monkeypatch)
    camera = Picamera2Camera(1280, 720, 25, 2_000_000)
    camera.want_keyframe()  # not open yet: nothing happens
    packets = camera.packets()
    at_us, keyframe, data = next(packets)
    assert (keyframe, data) == (True, KEYFRAME)
    assert at_us > 0
    camera.want_keyframe()
    assert stub.asked == 1
    assert stub.options == {"bitrate": 2_000_000, "repeat": True, "iperiod": 25, "framerate": 25}
    packets.close()  # type: ignore[attr-defined]
    assert stub.closed == ["stop_recording", "close"]


def test_packets_that_nobody_fetched_are_dropped_up_to_a_keyframe(monkeypatch: pytest.MonkeyPatch) -> None:
    stub = put_stub(monkeypatch)
    camera = Picamera2Camera(frames_per_second=5)  # its queue holds four seconds: 20 packets
    packets = camera.packets()
    next(packets)
    for number in range(1, 30):
        stub.output.outputframe(b"p%d" % number, False, number * 200_000)
    stub.output.outputframe(KEYFRAME, True, 30 * 200_000)
    kept = [next(packets) for _ in range(20)]
    assert [data for _, _, data in kept] == [b"p%d" % number for number in range(1, 21)]
    assert stub.asked == 1  # for a keyframe: nothing after the hole can be decoded
    stub.output.outputframe(b"refers to what is lost", False, 31 * 200_000)
    stub.output.outputframe(KEYFRAME, True, 32 * 200_000)
    assert next(packets)[1:] == (True, KEYFRAME)
    assert all(later[0] > earlier[0] for earlier, later in pairwise(kept))


class Stub:
    """Of `Picamera2` and its V4L2 encoder, as much as the adapter touches."""

    def __init__(self, cameras: list[dict[str, Any]]) -> None:
        self.cameras = cameras
        self.error, self.number, self.asked = "", -1, 0
        self.options: dict[str, Any] = {}
        self.closed: list[str] = []
        self.output: Any = None

    def camera(self, number: int) -> Any:
        self.number = number
        if self.error:
            raise RuntimeError("Camera __init__ sequence did not complete.") from RuntimeError(self.error)
        return SimpleNamespace(
            camera_controls={"FrameDurationLimits": (1, 2, 3)},
            frames=0,
            create_video_configuration=lambda main, controls: {"main": main, "controls": controls},
            configure=lambda configuration: None,
            start_recording=self.start,
            stop_recording=lambda: self.closed.append("stop_recording"),
            close=lambda: self.closed.append("close"),
        )

    def encoder(self, **options: Any) -> Any:
        self.options = options
        return SimpleNamespace(force_key_frame=self.ask, firsttimestamp=5_000_000, frames_encoded=0)

    def ask(self) -> None:
        self.asked += 1

    def start(self, encoder: Any, output: Any) -> None:
        self.output = output
        output.outputframe(KEYFRAME, True, 0)


def put_stub(monkeypatch: pytest.MonkeyPatch, cameras: list[dict[str, Any]] | None = None) -> Stub:
    stub = Stub([{"Id": "/base/soc/i2c0mux/imx219@10"}] if cameras is None else cameras)
    modules: dict[str, Any] = {name: ModuleType(name) for name in LIBRARIES}
    modules["picamera2"].Picamera2 = type(
        "Picamera2",
        (),
        {"__new__": lambda cls, number: stub.camera(number), "global_camera_info": staticmethod(lambda: stub.cameras)},
    )
    modules["picamera2.encoders"].H264Encoder = stub.encoder
    modules["picamera2.outputs"].Output = object
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
        if "." in name:
            setattr(modules["picamera2"], name.split(".")[1], module)
    return stub


# --- what it leans on ------------------------------------------------------------------------------------------------


def owners() -> dict[str, str]:
    """Names in the adapter's source that stand for something of picamera2, and its class there."""
    return {"camera": "Picamera2", "encoder": "Encoder", "Picamera2": "Picamera2"}


def touched() -> Iterator[str]:
    """`Class.member` for everything that the adapter touches of picamera2's objects."""
    for node in ast.walk(ast.parse(Path(adapter.__file__).read_text("utf-8"))):
        if isinstance(node, ast.Attribute):
            inner = node.value
            name = inner.attr if isinstance(inner, ast.Attribute) else getattr(inner, "id", "")
            if name in owners():
                yield f"{owners()[name]}.{node.attr}"
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "getattr":
            first, second = (ast.unparse(argument) for argument in node.args[:2])
            if first in owners():
                yield f"{owners()[first]}.{ast.literal_eval(second)}"


@pytest.mark.check
def test_the_adapter_touches_nothing_of_picamera2_that_is_not_recorded() -> None:
    recorded = set(RECORDED) | {name.replace("H264Encoder.", "Encoder.").replace("Libav", "") for name in RECORDED}
    used = set(touched())
    assert {"Picamera2.start_recording", "Picamera2.frames", "Encoder.firsttimestamp", "Encoder._stream"} <= used
    assert used - recorded == set()


@pytest.mark.check
def test_every_argument_that_the_adapter_gives_is_one_that_picamera2_takes() -> None:
    takers = {
        "H264Encoder": ["H264Encoder.__init__", "LibavH264Encoder.__init__"],
        "create_video_configuration": ["Picamera2.create_video_configuration"],
    }
    seen = set()
    for node in ast.walk(ast.parse(Path(adapter.__file__).read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in takers:
            seen.add(node.func.attr)
            for taker in takers[node.func.attr]:
                assert {keyword.arg for keyword in node.keywords} <= parameters(RECORDED[taker])
    assert seen == set(takers)


@pytest.mark.check
def test_our_output_takes_what_picamera2_gives_one() -> None:
    ours = adapter._handover(object, 1).outputframe
    names = ours.__code__.co_varnames[: ours.__code__.co_argcount]
    assert list(names) == [part.split("=")[0].strip() for part in RECORDED["Output.outputframe"].split(",")]


@pytest.mark.check
def test_the_installed_picamera2_still_has_all_that_is_recorded() -> None:
    packages = installed()
    if not packages:
        pytest.skip(
            "picamera2 がここにはありません（make test-camera で入ります） / no picamera2 here: make test-camera has it"
        )
    specification = importlib.util.spec_from_file_location("signatures", CAMERA_TESTS / "signatures.py")
    assert specification is not None
    assert specification.loader is not None
    signatures = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(signatures)
    for package in packages:
        found = signatures.read(package)
        assert set(RECORDED) - set(found) == set(), package
        lost = {name: parameters(RECORDED[name]) - parameters(found[name]) for name in RECORDED}
        assert {name: names for name, names in lost.items() if names} == {}, package


def installed() -> list[Path]:
    """The system's or the venv's, and that of `make test-camera`."""
    specification = importlib.util.find_spec("picamera2")
    own = [Path(specification.origin).parent] if specification is not None and specification.origin else []
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "madomori" / "test-camera"
    return own + sorted(cache.glob("venv-*/lib/python3*/site-packages/picamera2"))


def parameters(signature: str) -> set[str]:
    if signature in ("attribute", "exported"):
        return {signature}
    arguments = ast.parse(f"def taker({signature}): ...").body[0]
    assert isinstance(arguments, ast.FunctionDef)
    return {argument.arg for argument in (*arguments.args.args, *arguments.args.kwonlyargs)}
