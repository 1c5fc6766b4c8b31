#!/usr/bin/env python3
"""`make test-camera`: the genuine picamera2, on libcamera's virtual camera, drives the box's camera adapter.

What it needs is built once into a cache outside the repository, ${XDG_CACHE_HOME:-~/.cache}/madomori/test-camera:
libcamera from Debian's source package (only its virtual pipeline, with our pacing put in), two small preload libraries,
and a venv with picamera2 and the box's own libraries. libcamera is LGPL and none of it enters the product.

What cannot be had (no network, no compiler, a source that is gone) is told loudly, and the target ends well: that must
not stop a change to the hub. A test that fails fails.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "madomori" / "test-camera"
PYTHON = "/usr/bin/python3"
"""The system's: libcamera's generators need Debian's packages, and its bindings are bound to one Python."""
LEFT_S = int(os.environ["MADOMORI_CAMERA_SECONDS"]) if "MADOMORI_CAMERA_SECONDS" in os.environ else None
"""What continuous integration has left for this; nothing: as long as it takes."""
TESTS_S, BUILD_S = 150, 230
"""Measured on two cores: 107 s of tests; 135 s for libcamera and about a minute for the packages."""
BUILD_LIMIT_S = int(os.environ.get("MADOMORI_CAMERA_BUILD_SECONDS", "480"))

SOURCE = "libcamera_0.7.2.orig.tar.gz"
SOURCE_SHA256 = "e27f5670fe9443eebc8e2f24235cd20b533324ef481a3684d34c78f1c3a12afb"
SOURCE_POOL = f"pool/main/libc/libcamera/{SOURCE}"
"""Where it lies below each of Debian's mirrors; this machine's apt knows which to ask."""
SOURCE_PLACES: tuple[str, ...] = (
    # When Debian has moved on, its archive still gives the file by its SHA-1.
    "https://snapshot.debian.org/file/0bf151348f76cfb63c0a28dfae6b45dcddd94fc4",
)
PACKAGES = [
    *("g++", "meson", "ninja-build", "openssl", "pkg-config", "pybind11-dev"),
    *("python3-dev", "python3-jinja2", "python3-ply", "python3-venv", "python3-yaml"),
    *("libdrm-dev", "libevent-dev", "libgnutls28-dev", "libjpeg-dev", "libssl-dev", "libudev-dev", "libyaml-dev"),
    "libyuv-dev",
]
PRELOADED = ("dma_buf", "usb_camera")
OPTIONS = [
    "--buildtype=plain",
    "-Doptimization=0",  # half the time to build, and the test pictures are small
    "--wrap-mode=nodownload",
    "--libdir=lib",
    "-Dpipelines=virtual",
    "-Dipas=",
    "-Dpycamera=enabled",
    *(
        f"-D{part}=disabled"
        for part in (
            "android", "cam", "documentation", "gstreamer", "lc-compliance", "libdw", "libunwind", "qcam",
            "rpi-awb-nn", "softisp-gpu", "tracing", "v4l2",
        )
    ),
]  # fmt: skip

HELD: list[object] = []


class Unavailable(Exception):
    """Something that the test needs cannot be had here."""


def main() -> int:
    """Prepare, then test. Gives the exit code of the tests, 0 when they could not be run at all."""
    needed_s = TESTS_S if any(CACHE.glob("libcamera-*")) else TESTS_S + BUILD_S
    if LEFT_S is not None and needed_s > LEFT_S:
        skip(
            f"時間が足りません / no time left: {LEFT_S} s, needed about {needed_s} s. Run `make test-camera` by itself."
        )
    try:
        environment = prepared()
    except (Unavailable, OSError, subprocess.SubprocessError) as reason:
        skip(str(reason))
    say(f"picamera2 0.3.38, libcamera 0.7.2 ({CACHE})")
    command = [environment.pop("MADOMORI_VENV_PYTHON"), "-m", "pytest", "-c", "tests/camera/pytest.ini"]
    command += ["--confcutdir=tests/camera", f"--basetemp={CACHE / 'tmp'}", "tests/camera"]
    return subprocess.run([*command, *sys.argv[1:]], cwd=ROOT, env=environment).returncode


def skip(reason: str) -> NoReturn:
    """Say loudly that nothing was tested, and end well."""
    line = "=" * 100
    print(
        f"\n{line}\nSKIPPED: make test-camera\n"
        f"本物の picamera2 での試験はしていません / the genuine picamera2 was NOT tested.\n{reason}\n{line}\n",
        flush=True,
    )
    sys.exit(0)


def prepared() -> dict[str, str]:
    """The environment for the tests, after building what is missing.

    Raises:
        Unavailable: something cannot be had.
    """
    if not Path(PYTHON).exists():
        raise Unavailable("Debian ではないようです / this does not look like Debian: no /usr/bin/python3")
    CACHE.mkdir(parents=True, exist_ok=True)
    turns = (CACHE / "lock").open("w")  # held until this process ends: two runs take turns
    fcntl.flock(turns, fcntl.LOCK_EX)
    HELD.append(turns)
    install_packages()
    version = output([PYTHON, "-c", "import sys; print(*sys.version_info[:2], sep='.')"])
    prefix = built(f"libcamera-{digest(version, SOURCE_SHA256, *OPTIONS, text('paced_camera.h'))}", libcamera)
    shims = built(f"preload-{digest(*(text(f'{name}.c') for name in PRELOADED))}", preloaded)
    venv = built(f"venv-{digest(version, text('requirements.txt'))}", environment_of_python)
    shutil.copy(HERE / "virtual.yaml", prefix / "share/libcamera/pipeline/virtual/virtual.yaml")
    return {
        **os.environ,
        "MADOMORI_VENV_PYTHON": str(venv / "bin/python"),
        "MADOMORI_TEST_CAMERA": "1",
        "PYTHONPATH": str(prefix / "lib/python3/dist-packages"),
        "LD_LIBRARY_PATH": str(prefix / "lib"),
        "LD_PRELOAD": " ".join(str(shims / f"{name}.so") for name in PRELOADED),
        "LIBCAMERA_LOG_LEVELS": "*:ERROR",
    }


# --- what the machine must have ------------------------------------------------------------------------------------


def install_packages() -> None:
    """Debian's packages, by apt where this may be done without asking."""
    missing = [name for name in PACKAGES if not installed(name)]
    if not missing:
        return
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    wanted = f"sudo apt-get install --no-install-recommends {' '.join(missing)}"
    if shutil.which("apt-get") is None or (root and subprocess.run([*root, "true"], capture_output=True).returncode):
        raise Unavailable(
            f"足りないもの（管理者として入れてください）/ missing, install as administrator:\n    {wanted}"
        )
    say(f"apt: {' '.join(missing)}")
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    subprocess.run([*apt, "update"], stdout=subprocess.DEVNULL, timeout=300)
    log(
        [*apt, "install", "-y", "--no-install-recommends", *missing],
        f"apt で入れられませんでした / apt could not install:\n    {wanted}",
        limit_s=300,
    )


def installed(package: str) -> bool:
    status = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status}", package], capture_output=True, text=True)
    return status.stdout == "installed"


# --- what is built --------------------------------------------------------------------------------------------------


def libcamera(prefix: Path, work: Path) -> None:
    """Debian's libcamera with the virtual pipeline and our pacing."""
    archive = source()
    say(f"libcamera 0.7.2 を作ります（数分、長くて {BUILD_LIMIT_S} 秒）/ building it takes minutes, at most so many s")
    log(["tar", "-xzf", str(archive), "-C", str(work)], "libcamera を広げられません / libcamera cannot be unpacked")
    tree = next(path for path in work.iterdir() if path.is_dir())
    put_pacing(tree / "src/libcamera/pipeline/virtual/virtual.cpp")
    environment = {**os.environ, "PATH": "/usr/bin:/bin"}  # its generators must find the system's Python
    give_up_s = time.monotonic() + BUILD_LIMIT_S
    for command in (
        ["meson", "setup", str(work / "build"), str(tree), f"--prefix={prefix}", *OPTIONS],
        ["ninja", "-C", str(work / "build"), "install"],
    ):
        log(command, "libcamera を作れません / libcamera cannot be built", give_up_s - time.monotonic(), environment)
    (prefix / "share/libcamera/pipeline/virtual").mkdir(parents=True, exist_ok=True)


def put_pacing(pipeline: Path) -> None:
    """Two lines into the virtual pipeline: include ours, and ask it before each picture."""
    lines = pipeline.read_text()
    call = r"\1\tif (!madomori::nextPicture(request->_d()->metadata()))\n\t\treturn;\n"
    lines, asked = re.subn(r"(void VirtualCameraData::processRequest\(Request \*request\)\n\{\n)", call, lines)
    lines, included = re.subn(
        r"\nnamespace libcamera \{\n", f'\n#include "{HERE / "paced_camera.h"}"\n\\g<0>', lines, count=1
    )
    if (asked, included) != (1, 1):
        raise Unavailable("libcamera のソースが想定と違います / libcamera's source is not as expected")
    pipeline.write_text(lines)


def mirrors() -> list[str]:
    """What this machine's apt asks for packages."""
    asked = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)"], capture_output=True, text=True, check=False
    )
    return list(dict.fromkeys(line for line in asked.stdout.split() if "://" in line))


def source() -> Path:
    """The pinned source, from the cache or from Debian."""
    archive = CACHE / SOURCE
    fetched = CACHE / f"{SOURCE}.part"
    helper = "/usr/lib/apt/apt-helper"  # fetches the way this machine's apt does, and checks the digest
    for place in ("", *(mirror + SOURCE_POOL for mirror in mirrors()), *SOURCE_PLACES):
        if place:
            with contextlib.suppress(subprocess.TimeoutExpired):  # the next place may answer
                command = [helper, "download-file", place, str(fetched), f"SHA256:{SOURCE_SHA256}"]
                subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
            if fetched.exists():
                fetched.replace(archive)
        if archive.exists() and hashlib.sha256(archive.read_bytes()).hexdigest() == SOURCE_SHA256:
            return archive
    raise Unavailable(
        f"{SOURCE} を取得できません。手元にあれば次に置いてください / cannot be fetched; put a copy of it here:\n"
        f"    {archive}\n    sha256 {SOURCE_SHA256}"
    )


def preloaded(prefix: Path, work: Path) -> None:
    """The preload libraries."""
    for name in PRELOADED:
        target, made_of = str(prefix / f"{name}.so"), str(HERE / f"{name}.c")
        command = ["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-o", target, made_of, "-ldl"]
        log(command, f"{name}.c を作れません / {name}.c cannot be built")


def environment_of_python(prefix: Path, work: Path) -> None:
    """A venv with picamera2 and the box's libraries, at the locked versions."""
    say("picamera2 0.3.38 -> venv")
    failed = "Python のパッケージを入れられません / the Python packages cannot be installed"
    bootstrapped = ROOT / ".bootstrap/bin/uv"
    uv = shutil.which("uv") or (str(bootstrapped) if bootstrapped.exists() else None)
    requirements = ["--require-hashes", "--no-deps", "-r", str(HERE / "requirements.txt")]
    if uv is not None:
        log([uv, "venv", "--quiet", "--clear", "--no-python-downloads", "--python", PYTHON, str(prefix)], failed)
        install = [uv, "pip", "install", "--quiet", "--python", str(prefix / "bin/python"), *requirements]
    else:
        log([PYTHON, "-m", "venv", str(prefix)], failed)
        install = [str(prefix / "bin/pip"), "install", "--quiet", "--disable-pip-version-check", *requirements]
    log(install, failed, limit_s=300)


# --- small parts ----------------------------------------------------------------------------------------------------


def built(name: str, build: Callable[[Path, Path], None]) -> Path:
    """The folder `name` of the cache, made by `build(folder, place to work in)` unless it is there already."""
    folder = CACHE / name
    done = folder / ".done"
    if done.exists():
        return folder
    work = CACHE / "work"
    for stale in (work, *CACHE.glob(f"{name.rsplit('-', 1)[0]}-*")):
        shutil.rmtree(stale, ignore_errors=True)
    for fresh in (work, folder):
        fresh.mkdir(parents=True)
    build(folder, work)
    shutil.rmtree(work)
    done.touch()
    return folder


def log(command: list[str], failed: str, limit_s: float = 120, environment: dict[str, str] | None = None) -> None:
    """Run `command`, its words in the log of the cache.

    Raises:
        Unavailable: it failed, or took longer than `limit_s`; it and its children are ended then.
    """
    path = CACHE / "log"
    with path.open("ab") as words:
        words.write(f"\n$ {' '.join(command)}\n".encode())
        words.flush()
        child = subprocess.Popen(command, stdout=words, stderr=words, env=environment, start_new_session=True)
        try:
            code = child.wait(max(1.0, limit_s))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            raise Unavailable(f"{failed}: {limit_s:.0f} 秒で終わりません / not done in time ({path})") from None
    if code != 0:
        raise Unavailable(f"{failed} ({path}):\n{tail(path)}")


def tail(path: Path) -> str:
    return "\n".join("    " + line for line in path.read_text(errors="replace").splitlines()[-12:])


def output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def text(name: str) -> str:
    return (HERE / name).read_text()


def digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def say(what: str) -> None:
    print(f"[test-camera] {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
