#!/usr/bin/env python3
"""`make mutate`: put small faults into the rules of the hub, one at a time, and see which of them no test notices.

    make mutate                                    every module of [tool.mutation.modules] in pyproject.toml
    make mutate MODULES=hub/domain/incident.py     only this one

Each module is worked on in a copy of the source, so the working tree stays as it is. Cosmic Ray has a venv of its own
(requirements/mutate.txt); nothing else needs it. A fault is *killed* when a test fails or hangs, else it *survives*.
Exit code 1: a module's score lies below `floor`, or its tests fail without any fault.
"""

import argparse
import compileall
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".bootstrap" / "mutate"
LOCK = ROOT / "requirements" / "mutate.txt"
COPIED = ("contract", "hub", "tests", "pyproject.toml")
EQUAL = Path(__file__).with_name("equivalent.toml")


def main() -> int:
    """Prepare Cosmic Ray, work through the modules, print the table. Gives the exit code."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mutation"]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", help="paths like hub/domain/incident.py; none: all of them")
    wanted = parser.parse_args().modules or list(settings["modules"])
    if unknown := [module for module in wanted if module not in settings["modules"]]:
        parser.error(f"{', '.join(unknown)}: [tool.mutation.modules] にありません / not in [tool.mutation.modules]")
    prepare()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda module: work(module, settings["modules"][module]), wanted))
    known = tomllib.loads(EQUAL.read_text("utf-8")).get("mutant", [])
    good = [told(module, result, known, settings["floor"]) for module, result in zip(wanted, results, strict=True)]
    return 0 if all(good) else 1


def prepare() -> None:
    """A venv with Cosmic Ray in exactly the locked versions, made once for each lock."""
    stamp = VENV / "lock"
    if stamp.exists() and stamp.read_bytes() == LOCK.read_bytes():
        return
    shutil.rmtree(VENV, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    python = str(VENV / "bin/python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(LOCK)], check=True)
    stamp.write_bytes(LOCK.read_bytes())


def work(module: str, tests: list[str]) -> list[dict[str, Any]] | str:
    """Every mutant of a module with its outcome; text when the tests fail as they are."""
    with tempfile.TemporaryDirectory(prefix="madomori-mutate-") as folder:
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, Path(folder, name), ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, folder)
        compileall.compile_dir(folder, quiet=2)
        for stale in Path(folder, module).parent.glob(f"__pycache__/{Path(module).stem}.*"):
            stale.unlink()
        mutants = str(Path(__file__).with_name("mutants.py"))
        command = [str(VENV / "bin/python"), mutants, module, sys.executable, *tests]
        environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "HYPOTHESIS_PROFILE": "mutants"}
        ended = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
        if ended.returncode:
            return ended.stdout
        return tomllib.loads(ended.stdout).get("mutant", [])


def told(module: str, result: list[dict[str, Any]] | str, known: list[dict[str, Any]], floor: int) -> bool:
    """Print how a module fared; whether that is enough."""
    if isinstance(result, str):
        print(f"{module}: 欠陥を入れる前から試験が失敗しています / the tests fail without any fault\n{result}")
        return False
    alive = [one for one in result if not one["killed"]]
    score = 100 * (len(result) - len(alive)) / len(result) if result else 100.0
    print(f"{module}: {len(result) - len(alive)} killed, {len(alive)} survived: {score:.1f} %")
    for one in alive:
        why = next((same["why"] for same in known if same["module"] == module and _same(same, one)), None)
        print(f"  {module}:{one['line']}  {one['was']}  ->  {one['now']}  {f'(equal: {why})' if why else '(SURVIVED)'}")
    return score >= floor


def _same(known: dict[str, Any], one: dict[str, Any]) -> bool:
    return bool(known["was"] == one["was"] and one["now"] in known["now"])


if __name__ == "__main__":
    sys.exit(main())
