"""The clock of the hub: `cycle(now)` reads, asks the domain, writes, commits, and only then sends.

Its thread sleeps until the next thing is due or until it is poked. Time since a call is counted on the monotonic clock,
so that setting the wall clock neither delays nor repeats an alert (faults, H11).
"""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import structlog
from sqlalchemy import Engine as Database
from sqlalchemy import Row
from sqlalchemy.exc import DBAPIError, OperationalError

from contract import topics
from contract.codec import encode
from contract.messages import Command, CommandType
from contract.profile import PolicyProfile
from contract.topics import Kind
from hub import enrol
from hub.calling import LOOK_EVERY_S, Calls
from hub.clock import JumpWatch, boot_id, now_utc
from hub.config import HubConfig, SiteProfile
from hub.domain import escalation, presence
from hub.domain.duty import Called
from hub.domain.nearness import nearby
from hub.limits import Limits
from hub.poke import poke
from hub.recording_watch import RecordingWatch
from hub.store import absences, alerts, boxes, changes, commands, drills, quarantine, signs, users
from hub.store.engine import begin_read, begin_write
from hub.store.ids import new_id
from hub.store.opening import Holding
from hub.visit_limits import VisitLimits

if TYPE_CHECKING:
    from hub.ingest import Ingest
    from hub.link import Link

_log = structlog.get_logger()

PRESENCE_EVERY_S: Final = 5.0
COMMANDS_S: Final = 1.0
"""The longest wait for the broker to take commands; what it has not taken then is published again."""

FLOOD_CUT: Final = 1000
"""A box of which so many messages had to be dropped between two looks loses its connection."""

LIMITS_EVERY_S: Final = 0.5


class Engine:
    """Escalation, commands and presence. `wake` may be called from any thread."""

    def __init__(
        self,
        config: HubConfig,
        profile: SiteProfile,
        database: Database,
        alert: Callable[[], None],
        rules_of: Callable[[str], PolicyProfile] | None = None,
        digest_of: Callable[[str], str] | None = None,
    ) -> None:
        """`rules_of` gives the rules that hold at a box's counter, `digest_of` their digest; else the city's."""
        self._config, self._profile, self._database, self._alert = config, profile, database, alert
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._calls = Calls(profile.rules.alert)
        of_box, boot = rules_of or (lambda _box: profile.rules), boot_id()
        self._limits = Limits(of_box, digest_of or (lambda _box: profile.digest), database, boot)
        holding = Holding(profile.rules, profile.digest, config.roster)
        self._visits = VisitLimits(of_box, holding, database, boot)
        self._contacts: Sequence[Called] = ()
        self._begun = False  # nothing was looked at yet
        self._limits_due_s = 0.0
        self._recordings: RecordingWatch | None = None
        if profile.rules.recording.full_types:  # the same at every counter: `contract.units` lets no unit change it
            self._recordings = RecordingWatch(rules_of or (lambda _box: profile.rules), config.roster, database)
        self._recordings_due_s = 0.0
        self._drills_due_s = 0.0
        self._jumps = JumpWatch()
        self._started_s = time.monotonic()
        self._presence_due_s = 0.0
        self._told: tuple[bool, int, bool] | None = None
        self._beat = 0
        self._ingest: Ingest | None = None
        self._link: Link | None = None
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self, ingest: "Ingest", link: "Link") -> None:
        """Begin. Everything that fell due while nobody ran is made up for at once."""
        self._ingest, self._link = ingest, link
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """End the thread."""
        self._stop.set()
        self._wake.set()
        self._thread.join(timeout_s)

    def wake(self) -> None:
        """Look now. Any thread."""
        self._alert()
        self._wake.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            sleep_s = LOOK_EVERY_S
            try:
                if jump_s := self._jumps.jump_s():
                    _log.warning("engine.wall_clock_jumped", by_s=round(jump_s, 3))
                sleep_s = self.cycle(now_utc(), time.monotonic())
            except DBAPIError as error:
                _log.error("engine.database_refuses", reason=str(error.orig))
            except Exception:  # noqa: BLE001 - the ladder must go on
                _log.exception("engine.cycle_failed")
            self._wake.wait(sleep_s)

    def cycle(self, now: datetime, monotonic_s: float) -> float:
        """One round; the seconds until the next one is needed. The call for help comes first, and no part holds up
        another one: a fault of ours in one of them is raised when all have had their turn.

        Raises:
            sqlalchemy.exc.OperationalError: the database refuses; the rest of the round would wait for it as well.
        """
        broken: list[Exception] = []
        next_s = LOOK_EVERY_S
        for part in (
            self._escalate, self._stem_floods, self._show_doubles, self._look_at_limits, self._look_at_recordings,
            self._end_drills, self._send_commands, self._lose_silent_boxes, self._publish_presence,
        ):  # fmt: skip
            try:
                wanted_s = part(now, monotonic_s)
                next_s = min(next_s, LOOK_EVERY_S if wanted_s is None else wanted_s)
            except OperationalError:
                raise
            except Exception as error:  # noqa: BLE001 - the first is raised below
                _log.exception("engine.part_failed", part=part.__name__)
                broken.append(error)
        if broken:
            raise broken[0]
        return max(0.01, next_s)

    # --- escalation ----------------------------------------------------------------------------------------------

    def _escalate(self, now: datetime, monotonic_s: float) -> float:
        """Write the alerts that are due, and take back those that an answer has made needless."""
        rules = self._profile.rules.alert
        with begin_read(self._database) as connection:
            contacts = absences.duty(connection, self._config.roster, now).called
            if contacts != self._contacts:  # who comes on duty now hears of the calls that stand, and not a round later
                self._calls.look_again(monotonic_s)
            needless = alerts.needless(connection)
            rows = alerts.calling(connection)
            climbed_s = {} if self._begun else alerts.climbed_s(connection, rows, rules.repeat_s)
            ripe = self._calls.ripe(rows, now, monotonic_s, climbed_s)
            known = alerts.keys(connection, ripe, rules.repeat_s)
        self._begun = True
        self._contacts = contacts
        due = [found for call in ripe if (found := escalation.due(rules, call, known, nearby(contacts, call.box)))]
        unheard = [call.incident for call in ripe if escalation.unheard(rules, call)]
        if due or needless or unheard:
            try:
                self._write_alerts(due, needless, unheard, now)
            except Exception:
                self._calls.look_again(monotonic_s)
                raise
            self._alert()
            poke(self._config.places.directory, "web")
        return self._calls.wait_s(monotonic_s)

    def _write_alerts(
        self, due: Sequence[Sequence[escalation.Due]], needless: Sequence[str], unheard: Sequence[str], now: datetime
    ) -> None:
        with begin_write(self._database) as connection:
            gone = alerts.cancel(connection, needless)
            # An answer may have come since the reading: the one that was first in the database counts.
            still = set(alerts.still_calling(connection, [found[0].incident for found in due]))
            for found in due:
                if found[0].incident in still:
                    alerts.add(
                        connection,
                        escalation.alert_rows(found, new_id, now),
                        escalation.alerted_entry(found[0].incident, found, now, self._profile.digest),
                    )
            told = commands.nobody_available(connection, alerts.still_calling(connection, unheard), now)
            alerts.note(connection, [escalation.unheard_entry(one, now, self._profile.digest) for one in told])
            changed = [*sorted(still), *gone, *told]
            changes.add(connection, [("alert", incident, None) for incident in changed], now)

    # --- limits --------------------------------------------------------------------------------------------------

    def _look_at_limits(self, now: datetime, monotonic_s: float) -> float:
        """Prompt people whose clock has come to its end. The ladder has gone before: a call for help comes first.

        In a storm of calls this thread is woken all the time; clocks of minutes are looked at twice a second at most.
        """
        if monotonic_s < self._limits_due_s:
            return self._limits_due_s - monotonic_s
        visits_s, missed = self._visits.cycle(now, monotonic_s)
        if missed:  # a team that gave no word may have called the office
            self._alert()
        next_s, fired = self._limits.cycle(now, monotonic_s)
        next_s = min(next_s, visits_s)
        self._limits_due_s = monotonic_s + min(next_s, LIMITS_EVERY_S)
        if fired or missed:
            poke(self._config.places.directory, "web")
        return min(next_s, LOOK_EVERY_S)

    def _look_at_recordings(self, now: datetime, monotonic_s: float) -> None:
        """Tell of gaps in recordings that the city wants whole; where it wants none, nothing is read."""
        if self._recordings is None or monotonic_s < self._recordings_due_s:
            return
        self._recordings_due_s = monotonic_s + LIMITS_EVERY_S
        if self._recordings.cycle(now, monotonic_s):
            self._alert()
            poke(self._config.places.directory, "web")

    # --- drills --------------------------------------------------------------------------------------------------

    def _end_drills(self, now: datetime, monotonic_s: float) -> None:
        """End what is over of the drills. It is no contact with a visitor: no other thing is ended by a clock."""
        if monotonic_s < self._drills_due_s:
            return
        self._drills_due_s = monotonic_s + LOOK_EVERY_S
        with begin_read(self._database) as connection:
            if not drills.something_over(connection, now):
                return
        with begin_write(self._database) as connection:
            drills.end_what_is_over(connection, now, self._profile.digest)
        poke(self._config.places.directory, "web")

    # --- commands ------------------------------------------------------------------------------------------------

    def _send_commands(self, now: datetime, _monotonic_s: float) -> None:
        """Give the broker the commands that it does not have. Sending one twice does nothing new at the box:
        what an answer has overtaken is no longer there to be sent.
        """
        link = self._link
        if link is None or not link.connected:
            return
        with begin_read(self._database) as connection:
            rows = commands.unsent(connection, now)
        if not rows:
            return
        waiting = [
            (row.id, link.publish(topics.box_topic(self._config.site, row.box, Kind.COMMAND), _command(row)))
            for row in rows
        ]
        until = time.monotonic() + COMMANDS_S
        sent: list[str] = []
        for id, info in waiting:
            try:
                info.wait_for_publish(max(0.01, until - time.monotonic()))
            except (RuntimeError, ValueError) as error:  # it stays unsent and is published again
                _log.warning("engine.command_not_sent", command=id, reason=str(error))
                continue
            if info.is_published():
                sent.append(id)
        with begin_write(self._database) as connection:
            commands.sent(connection, sent, now)

    # --- floods --------------------------------------------------------------------------------------------------

    def _stem_floods(self, now: datetime, _monotonic_s: float) -> None:
        """Show which boxes say too much, and cut the connection of one that does not stop."""
        dropped = self._link.meter.take_dropped() if self._link is not None else {}
        if not dropped:
            return
        with begin_write(self._database) as connection:
            for box, count in dropped.items():
                topic = topics.box_topic(self._config.site, box, Kind.EVENT)
                reason = f"the box floods: {count} messages beyond its share were dropped"
                quarantine.add(connection, [quarantine.row(topic, box, reason, b"", now)])
            changes.add(connection, [("box", None, box) for box in dropped], now)
        poke(self._config.places.directory, "web")
        for box, count in dropped.items():
            _log.warning("engine.box_floods", box=box, dropped=count)
            if count >= FLOOD_CUT:
                # Not on this thread: it takes seconds when the broker is busy, and the ladder must go on.
                threading.Thread(target=enrol.interrupt, args=(self._config, box, now), daemon=True).start()

    def _show_doubles(self, now: datetime, _monotonic_s: float) -> None:
        """Show which certificates seem to be in two machines. Nothing is refused: one of the two is the real box."""
        found = self._ingest.doubles.take() if self._ingest is not None else set()
        if not found:
            return
        with begin_write(self._database) as connection:
            changes.add(connection, [("box", None, box) for box in boxes.shared(connection, found, now)], now)
        poke(self._config.places.directory, "web")
        _log.warning("engine.certificate_in_two_places", boxes=sorted(found))

    # --- presence ------------------------------------------------------------------------------------------------

    def _lose_silent_boxes(self, now: datetime, monotonic_s: float) -> None:
        heard = self._ingest.heard if self._ingest is not None else {}
        with begin_read(self._database) as connection:
            online = boxes.online(connection)
        silent = [name for name in online if presence.lost(heard.get(name, self._started_s), monotonic_s)]
        if silent:
            with begin_write(self._database) as connection:
                changes.add(connection, signs.lose(connection, silent), now)
            _log.warning("engine.boxes_lost", boxes=silent[:20], count=len(silent))
            poke(self._config.places.directory, "web")

    def _publish_presence(self, now: datetime, monotonic_s: float) -> None:
        """Tell the boxes who listens: at once when that changes, otherwise every few seconds."""
        link, ingest = self._link, self._ingest
        if link is None or ingest is None or not link.connected:
            self._told = None
            return
        listening = ingest.listening
        responders = 0
        if listening:
            with begin_read(self._database) as connection:
                responders = users.responders(connection, now)
        told = (listening, responders, True)
        if told != self._told or monotonic_s >= self._presence_due_s:
            self._beat += 1
            link.publish_presence(self._beat, responders, listening=listening)
            self._told, self._presence_due_s = told, monotonic_s + PRESENCE_EVERY_S


def _command(row: Row[Any]) -> bytes:
    return encode(
        Command(
            id=row.id,
            type=CommandType(row.type),
            incident=row.incident,
            name=row.name,
            at=row.created_at,
            minutes=row.minutes,
        )
    )
