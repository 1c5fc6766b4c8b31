"""From raw edges to gestures: debounce, hold and stuck button, decided on the ticks of the edges themselves.

The first closing edge counts at once, without waiting; only its echoes are swallowed. gpiozero's mock pins do not
debounce and lgpio's do, so that the rule has to live here to be tested (facts/recording, 2.6).
"""

from dataclasses import dataclass
from typing import Final

from contract.messages import Gesture
from device.core.events import ButtonName, EdgeSeen

QUIET_MS: Final = 40
"""A contact is at rest when no edge came for this long."""

HOLD_MS: Final = 2_000
"""Held this long, an assist press becomes an emergency (design, section 5)."""

STUCK_MS: Final = 30_000
"""Held this long, no hand is doing it any more."""


@dataclass(frozen=True, slots=True)
class GestureMade:
    """A hand did this."""

    gesture: Gesture


@dataclass(frozen=True, slots=True)
class ButtonStuck:
    """A button has been held for `STUCK_MS`."""

    button: ButtonName


@dataclass(frozen=True, slots=True)
class ButtonFreed:
    """A stuck button was released."""

    button: ButtonName


PressNews = GestureMade | ButtonStuck | ButtonFreed


class Contact:
    """One button. Feed it edges and let it look at the time whenever `next_ms` comes."""

    def __init__(self, button: ButtonName) -> None:
        self._button = button
        self._level = False
        self._raw = False
        self._edge_ms = 0
        self._since_ms = 0
        self._held = False
        self._stuck = False

    def edge(self, event: EdgeSeen) -> list[PressNews]:
        """Take one raw edge."""
        news = self.look(event.mono_ms)
        self._raw, self._edge_ms = event.pressed, event.mono_ms
        if event.pressed and not self._level:
            self._level, self._since_ms, self._held = True, event.mono_ms, False
            first = Gesture.SHORT if self._button is ButtonName.MAIN else Gesture.SECOND_BUTTON
            news.append(GestureMade(first))
        return news

    def look(self, now_ms: int) -> list[PressNews]:
        """See what the passing of time has made of the contact."""
        news: list[PressNews] = []
        until_ms = now_ms if self._raw else self._edge_ms  # an open contact is held no longer, bounce or not
        if self._level and until_ms - self._since_ms >= HOLD_MS and not self._held:
            self._held = True
            if self._button is ButtonName.MAIN:
                news.append(GestureMade(Gesture.LONG))
        if self._level and until_ms - self._since_ms >= STUCK_MS and not self._stuck:
            self._stuck = True
            news.append(ButtonStuck(self._button))
        if self._level and not self._raw and now_ms - self._edge_ms >= QUIET_MS:
            self._level = False
            if self._stuck:
                self._stuck = False
                news.append(ButtonFreed(self._button))
        return news

    @property
    def next_ms(self) -> int | None:
        """When to look again, or None while nothing can happen by itself."""
        if not self._level:
            return None
        if not self._raw:
            return self._edge_ms + QUIET_MS
        due = [self._since_ms + HOLD_MS] if not self._held else []
        due += [self._since_ms + STUCK_MS] if not self._stuck else []
        return min(due, default=None)
