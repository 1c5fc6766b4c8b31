"""What a beacon or wall lamp shows: the calls of other boxes, from their retained alarms, with or without a hub."""

from datetime import datetime

from contract.messages import AlarmState
from device.core.buzz import SILENCE, Buzzing, buzzing_for
from device.core.lamp import LampState, LampView


class Following:
    """The calls that stand at the boxes that are followed. What was known last stays when the link is lost.

    `quiet`: it hangs where the public is, and the policy wants emergencies silent.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._alarms: dict[str, AlarmState] = {}
        self._connected = False
        self._listening = False

    def heard(self, box: str, alarm: AlarmState | None) -> None:
        """The retained alarm of `box` as it stands now, or None when it was taken away."""
        if alarm is None or alarm.state == "none":
            self._alarms.pop(box, None)
        else:
            self._alarms[box] = alarm

    def link(self, *, connected: bool, listening: bool) -> None:
        """Whether the broker is there, which is all that a beacon needs, and whether a hub listens behind it."""
        self._connected, self._listening = connected, listening

    def view(self, faults: tuple[str, ...]) -> LampView:
        """What the lamp shows: the call that most needs somebody, and how many more there are."""
        calls = sorted(self._alarms.items(), key=lambda call: _order(*call))
        if not calls:
            return LampView(self._idle(faults), faults=faults)
        first = calls[0][1]
        others = sum(1 for _, alarm in calls[1:] if alarm.drill is first.drill)
        return LampView(_state(first), first.counter, faults=faults, others=others, stale=not self._connected)

    def buzzing(self, state: LampState) -> Buzzing:
        """What is heard while `state` is shown: a call until a person has seen it, then nothing."""
        quiet = self._quiet and state is LampState.CALL_EMERGENCY
        return buzzing_for(state, quiet=quiet) or SILENCE

    def _idle(self, faults: tuple[str, ...]) -> LampState:
        if not self._connected:
            return LampState.LINK_LOST
        if faults:
            return LampState.FAULT
        return LampState.WATCHING if self._listening else LampState.HUB_SILENT


def _order(box: str, alarm: AlarmState) -> tuple[bool, bool, bool, datetime, str]:
    """Real before drill, unseen before seen, emergency before assist, oldest first.

    Unseen goes before emergency: to an emergency that somebody has seen somebody goes, and an assist that nobody has
    seen must not be hidden behind it.
    """
    return alarm.drill, alarm.seen, alarm.state != "emergency", alarm.since or alarm.at, box


def _state(alarm: AlarmState) -> LampState:
    if alarm.drill:
        return LampState.CALL_DRILL
    if alarm.seen:
        return LampState.CALL_SEEN
    return LampState.CALL_EMERGENCY if alarm.state == "emergency" else LampState.CALL_ASSIST
