"""The real box on a desk and the person before it, for tests/hardware."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from device.adapters.control_unix import NobodyAnswers, call


class OnDesk:
    """The box on the desk, and the person before it."""

    def __init__(self, bundle: Path) -> None:
        self.bundle = bundle
        self.notes: dict[str, Any] = {}

    def ask(self, ja: str, en: str) -> str:
        """Say what to do; what the person typed."""
        return input(f"\n>>> {ja}\n    {en}\n    [Enter] ").strip()

    def yes(self, ja: str, en: str) -> None:
        """A question that only a person can answer."""
        assert self.ask(f"{ja} (y/n)", f"{en} (y/n)").lower().startswith("y")

    def state(self) -> dict[str, Any]:
        return call(self.bundle / "state", {"do": "state"}, 5)

    def selftest(self) -> dict[str, Any]:
        return call(self.bundle / "state", {"do": "selftest", "timeout_s": 180}, 190)

    def until(self, met: Callable[[dict[str, Any]], bool], timeout_s: float, what: str) -> float:
        """Seconds until the box's state is so."""
        begun = time.monotonic()
        state: dict[str, Any] = {}
        while time.monotonic() - begun < timeout_s:
            try:
                state = self.state()
                if met(state):
                    return time.monotonic() - begun
            except NobodyAnswers:
                pass  # it is just being started
            time.sleep(0.05)
        raise AssertionError(f"{what}: not within {timeout_s} s; {state}")

    def segments(self) -> dict[str, list[Path]]:
        """Stored segments of each incident, oldest first."""
        folder = self.bundle / "state" / "segments"
        return {path.name: sorted(path.glob("*.seg")) for path in sorted(folder.iterdir()) if path.is_dir()}

    def resident_mib(self, pid: int) -> float:
        fields = dict(
            line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line
        )
        return int(fields["VmRSS"].split()[0]) / 1024

    def note(self, name: str, value: Any) -> None:
        """A figure for the protocol."""
        self.notes[name] = value
        print(json.dumps({name: value}, ensure_ascii=False))
