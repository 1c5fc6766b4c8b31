"""The hand of a simulated box: `madomori-box press` reaches the running box through a socket in its bundle.

The press goes the way of a real one: raw edges on the runner's queue.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

from contract.messages import AlarmRaised, AlarmRepeated, Event, Level
from device.adapters.control_unix import Answer, ControlSocket
from device.core.events import ButtonName, EdgeSeen
from device.core.lamp import LampState, LampView
from device.ports import Post
from device.simulated.lamp import SimulatedLamp

TAP_MS: Final = 120
"""How long a simulated finger stays down."""

_REACHED: Final = {
    "received": frozenset(LampState) - {LampState.PRESSED},
    "hub": frozenset({LampState.HUB_HAS, LampState.SEEN, LampState.COMING, LampState.NOBODY_COMES}),
    "seen": frozenset({LampState.SEEN, LampState.COMING}),
}

_UNTIL: Final = tuple(_REACHED)


class WatchedRunner(Protocol):
    """What the hand needs to see of the runner."""

    sent_watchers: list[Callable[[tuple[Event, ...]], None]]


class Control:
    """Serves presses on a Unix socket until closed. Each connection has a thread of its own."""

    def __init__(
        self, state: Path, post: Post, lamp: SimulatedLamp, runner: WatchedRunner, answers: dict[str, Answer]
    ) -> None:
        """Serve presses and `answers` on the control socket in `state`."""
        self._post = post
        self._lamp = lamp
        self._runner = runner
        self._pressing = threading.Lock()
        own: dict[str, Answer] = {"press": self._press_asked, "state": lambda _: _shown(self._lamp.view)}
        self._socket = ControlSocket(state, answers | own)

    def start(self) -> None:
        """Begin to serve."""
        self._socket.start()

    def close(self) -> None:
        """Serve no more."""
        self._socket.close()

    def press(self, level: Level, until: str, timeout_s: float) -> dict[str, Any]:
        """Press once and wait until the box has come that far.

        Times are ms from the edge, null when not reached; `pressed_s` is the edge on this machine's monotonic clock.
        """
        button = ButtonName.MAIN if level is Level.ASSIST else ButtonName.SECOND
        with self._pressing:
            return self._watched_press(button, until, timeout_s)

    def _watched_press(self, button: ButtonName, until: str, timeout_s: float) -> dict[str, Any]:
        changed = threading.Condition()
        views: list[tuple[float, LampView]] = []
        calls: list[tuple[float, Event]] = []

        def saw(view: LampView) -> None:
            with changed:
                views.append((time.monotonic(), view))
                changed.notify()

        def sent(events: tuple[Event, ...]) -> None:
            with changed:
                calls.extend(
                    (time.monotonic(), event) for event in events if isinstance(event.body, AlarmRaised | AlarmRepeated)
                )
                changed.notify()

        def reached() -> bool:
            view = self._lamp.view
            return bool(calls) and view is not None and view.state in _REACHED[until]

        stop = self._lamp.watch(saw)
        self._runner.sent_watchers.append(sent)
        try:
            pressed_s = time.monotonic()
            self._post(EdgeSeen(button, True, int(pressed_s * 1000)))
            threading.Timer(TAP_MS / 1000, self._release, (button,)).start()
            with changed:
                done = changed.wait_for(reached, timeout_s)
        finally:
            stop()
            self._runner.sent_watchers.remove(sent)
        return _report(done, pressed_s, views, calls, self._lamp.view)

    def _release(self, button: ButtonName) -> None:
        self._post(EdgeSeen(button, False, time.monotonic_ns() // 1_000_000))

    def _press_asked(self, call: dict[str, Any]) -> dict[str, Any]:
        return self.press(Level(call["level"]), _UNTIL[_UNTIL.index(call["until"])], float(call["timeout_s"]))


def _report(
    done: bool,
    pressed_s: float,
    views: list[tuple[float, LampView]],
    calls: list[tuple[float, Event]],
    view: LampView | None,
) -> dict[str, Any]:
    def after_ms(moment_s: float) -> float:
        return round((moment_s - pressed_s) * 1000, 3)

    event = calls[0][1] if calls else None
    firsts: dict[str, float] = {}
    for moment_s, seen in views:
        firsts.setdefault(seen.state.value, after_ms(moment_s))
    return {
        "ok": done,
        "event": event and event.id,
        "incident": event and event.incident,
        "type": event and event.type,
        "pressed_s": pressed_s,
        "lamp_ms": after_ms(views[0][0]) if views else None,
        "durable_ms": after_ms(calls[0][0]) if calls else None,
        "reached_ms": firsts,
        **_shown(view),
    }


def _shown(view: LampView | None) -> dict[str, Any]:
    if view is None:
        return {"lamp": None}
    return {
        "lamp": view.state.value,
        "name": view.name,
        "number": view.number,
        "recording": view.recording,
        "faults": list(view.faults),
        "others": view.others,
        "stale": view.stale,
    }
