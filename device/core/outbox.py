"""Wire events on their way to safety: first the spool, then the uplink. Memory is only for what the spool refused."""

from contract.messages import Event
from device.core.effects import Effect, Persist, Send


class Outbox:
    """Events that are not durable on the box yet. Durable ones belong to the spool and are forgotten here."""

    def __init__(self) -> None:
        self._waiting: dict[str, Event] = {}

    def add(self, event: Event) -> Effect:
        """Take an event; it must be persisted before anything else."""
        self._waiting[event.id] = event
        return Persist(event)

    def persisted(self, event_ids: tuple[str, ...]) -> list[Effect]:
        """They are durable: the uplink may have them."""
        events = tuple(self._waiting.pop(event_id) for event_id in event_ids if event_id in self._waiting)
        return [Send(events, kept=True)] if events else []

    def refused(self, event_ids: tuple[str, ...]) -> list[Effect]:
        """The spool could not keep them: they go out from memory, because the call comes before the record."""
        events = tuple(self._waiting[event_id] for event_id in event_ids if event_id in self._waiting)
        return [Send(events, kept=False)] if events else []

    def receipted(self, event_ids: tuple[str, ...]) -> None:
        """The hub has them; nothing more is owed."""
        for event_id in event_ids:
            self._waiting.pop(event_id, None)
