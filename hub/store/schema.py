"""All tables. Alembic's migrations must end at exactly this (a test compares them)."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Utc(TypeDecorator[datetime]):
    """An aware UTC datetime, on databases with and without time zones.

    Raises:
        ValueError: a datetime without a time zone is put in.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        if value.tzinfo is not UTC:  # it nearly always is, and this is asked for every moment of every row
            value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_SERIAL = BigInteger().with_variant(Integer, "sqlite")
_ID = String(36)
_NAME = String(63)
_LINE = String(200)

box = Table(
    "box",
    metadata,
    Column("name", _NAME, primary_key=True),
    Column("counter", _LINE, nullable=False),
    Column("enrolled_at", Utc, nullable=False),
    Column("revoked_at", Utc),
    Column("presence", String(10), nullable=False, default="never"),  # never, online, offline
    Column("session", BigInteger, nullable=False, default=0),  # of the newest birth: an older will is ignored
    Column("heard_at", Utc),
    Column("boot", _ID),
    Column("software", _LINE),
    Column("evidence_key", String(64)),  # Ed25519, raw, base64; bound at the first box.started
    Column("recording", String(10)),  # off, armed, recording, failed
    Column("faults", JSON, nullable=False, default=list),
    Column("spool_depth", BigInteger),
    Column("disk_free_bytes", BigInteger),
    Column("temperature_c", Float),
    Column("clock", String(10)),
    Column("profile_id", _LINE),
    Column("profile_digest", String(80)),
    Column("refused", BigInteger, nullable=False, default=0, server_default="0"),  # what the broker did not let it say
    Column("refused_at", Utc),
    Column("shared_at", Utc),  # when two machines last seemed to use its certificate
    Column("drill", _ID),  # the drill that it is in, as the hub knows it
)

certificate = Table(
    "certificate",
    metadata,
    Column("serial", String(40), primary_key=True),  # hexadecimal
    Column("box", _NAME, ForeignKey("box.name"), nullable=False),
    Column("issued_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("revoked_at", Utc),
)
Index("ix_certificate_box", certificate.c.box)

incident = Table(
    "incident",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("number", String(20), nullable=False, unique=True),  # 2026-000123
    Column("box", _NAME, ForeignKey("box.name"), nullable=False),  # whose unit's rules hold, whatever the origin
    Column("counter", _LINE, nullable=False),  # as it was called then
    Column("level", String(10), nullable=False),  # assist, emergency: the highest so far
    Column("state", String(20), nullable=False),  # hub.domain.incident.State
    Column("drill", Boolean, nullable=False, default=False),
    Column("presses", Integer, nullable=False, default=1),
    Column("pressed_at", Utc, nullable=False),  # the box's time of the press
    Column("clock", String(10), nullable=False),  # whether that time was known to be right
    Column("received_at", Utc, nullable=False),
    Column("raised_at", Utc, nullable=False),  # when the level was last raised: alert ladders count from here
    Column("seen_at", Utc),
    Column("seen_by", _ID),  # user or token id; the first wins
    Column("seen_name", _LINE),
    Column("responding_at", Utc),
    Column("responder", _ID),
    Column("responder_name", _LINE),
    Column("contact_started_at", Utc),  # back-dated by staff when they say so
    Column("contact_ended_at", Utc),
    Column("closed_at", Utc),
    Column("outcome", String(30)),  # as said at close: hub.domain.incident.Outcome
    Column("profile_id", _LINE, nullable=False),
    Column("profile_digest", String(80), nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("case_number", String(60)),  # hub.domain.case: the city's own, set by people only
    Column("origin", String(10), nullable=False, default="counter", server_default="counter"),  # hub.domain.incident
    Column("promised_until", Utc),  # the last day of a promise, or of the look for a post
    Column("reach", String(10)),  # of a drill, whom it reaches: hub.domain.drill.Reach; none where it is in earnest
    Column("drill_ends_at", Utc),  # of a drill, when the hub ends it
)
Index("ix_incident_state_pressed", incident.c.state, incident.c.pressed_at)
Index("ix_incident_box_state", incident.c.box, incident.c.state)
Index("ix_incident_pressed", incident.c.pressed_at)
Index("ix_incident_case", incident.c.case_number)
Index("ix_incident_drill", incident.c.drill_ends_at)

event = Table(
    "event",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("box", _NAME, nullable=False),
    Column("boot", _ID, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("type", _LINE, nullable=False),
    Column("incident", _ID),
    Column("at", Utc, nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("payload", Text, nullable=False),  # as it came
)
Index("ix_event_box_boot_seq", event.c.box, event.c.boot, event.c.seq)
Index("ix_event_incident", event.c.incident)  # what came before its alarm.raised

timeline = Table(
    "timeline",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("incident", _ID, ForeignKey("incident.id"), nullable=False),
    Column("at", Utc, nullable=False),  # when it happened
    Column("recorded_at", Utc, nullable=False),  # when the hub learnt of it
    Column("kind", String(40), nullable=False),  # hub.domain.incident.Entry kinds; wire types for box events
    Column("source", String(10), nullable=False),  # box, person, hub
    Column("actor", _ID),
    Column("actor_name", _LINE),
    Column("actor_role", String(30)),
    Column("text", Text, nullable=False, default=""),  # exact words
    Column("data", JSON, nullable=False, default=dict),
    Column("profile_digest", String(80)),
)
Index("ix_timeline_incident", timeline.c.incident, timeline.c.id)

change = Table(
    "change",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),  # the SSE event id
    Column("kind", String(10), nullable=False),  # incident, box, alert, visit
    Column("incident", _ID),
    Column("box", _NAME),
    Column("at", Utc, nullable=False),
    sqlite_autoincrement=True,
)

alert = Table(
    "alert",
    metadata,
    Column("id", _ID, primary_key=True),  # also Idempotency-Key and part of Message-ID
    Column("incident", _ID, ForeignKey("incident.id"), nullable=False),
    Column("key", String(120), nullable=False, unique=True),  # incident:level:round:stage:contact: never twice
    Column("stage_s", Integer, nullable=False),
    Column("round", Integer, nullable=False),  # 0 first, then each repeat
    Column("contact", String(60), nullable=False),  # id of the contact in hub.toml
    Column("role", String(30), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("target", _LINE, nullable=False),
    Column("state", String(10), nullable=False),  # due, leased, sent, failed, cancelled
    Column("tries", Integer, nullable=False, default=0),
    Column("created_at", Utc, nullable=False),
    Column("next_at", Utc, nullable=False),
    Column("lease_until", Utc),
    Column("sent_at", Utc),
    Column("error", _LINE),
    Column("why", String(20), nullable=False, default="call", server_default="call"),  # hub.domain.notices.Why
)
Index("ix_alert_due", alert.c.channel, alert.c.state, alert.c.next_at)
Index("ix_alert_incident", alert.c.incident)

absence = Table(
    "absence",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("contact", String(60), nullable=False),  # id of the contact in hub.toml
    Column("from_at", Utc, nullable=False),
    Column("until_at", Utc, nullable=False),
    Column("noted_by", _ID, nullable=False),  # user or token id
    Column("noted_name", _LINE, nullable=False),
    Column("noted_at", Utc, nullable=False),
    Column("ended_at", Utc),  # when somebody said that they are back, or will not be away
    Column("ended_by", _ID),
    Column("ended_name", _LINE),
)
Index("ix_absence_until", absence.c.until_at)

disclosure = Table(
    "disclosure",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("number", String(20), nullable=False, unique=True),  # D2026-0001
    Column("opened_at", Utc, nullable=False),
    Column("closed_at", Utc),  # until then what it concerns is not deleted: hub.domain.retention
)
Index("ix_disclosure_closed", disclosure.c.closed_at)

disclosure_entry = Table(
    "disclosure_entry",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("disclosure", _ID, ForeignKey("disclosure.id"), nullable=False),
    Column("at", Utc, nullable=False),
    Column("recorded_at", Utc, nullable=False),
    Column("kind", String(20), nullable=False),  # hub.domain.disclosure.Told.entry
    Column("actor", _ID, nullable=False),
    Column("actor_name", _LINE, nullable=False),
    Column("actor_role", String(30), nullable=False),
    Column("text", Text, nullable=False, default=""),  # exact words
    Column("data", JSON, nullable=False, default=dict),
    Column("profile_digest", String(80), nullable=False),
)
Index("ix_disclosure_entry_disclosure", disclosure_entry.c.disclosure, disclosure_entry.c.id)

drill = Table(
    "drill",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("box", _NAME, ForeignKey("box.name"), nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("reach", String(10), nullable=False),  # hub.domain.drill.Reach
    Column("started_at", Utc, nullable=False),
    Column("started_by", _ID, nullable=False),  # user or token id
    Column("started_name", _LINE, nullable=False),
    Column("ends_at", Utc, nullable=False),  # by itself
    Column("confirmed_at", Utc),  # when the box first said that it is in a drill
    Column("ended_at", Utc),
    Column("ended_why", String(10)),  # hub.domain.drill.Ended
    Column("ended_by", _ID),
    Column("ended_name", _LINE),
)
Index("ix_drill_ended", drill.c.ended_at, drill.c.started_at)

practice = Table(
    "practice",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("scenario", String(40), nullable=False),  # hub.domain.scenario
    Column("person", _ID, nullable=False),  # user or token id
    Column("name", _LINE, nullable=False),
    Column("box", _NAME, ForeignKey("box.name"), nullable=False),
    Column("incident", _ID),  # once it was pressed
    Column("passed", JSON, nullable=False, default=list),  # steps that were passed over, with the time
    Column("started_at", Utc, nullable=False),
    Column("ended_at", Utc),
)
Index("ix_practice_person", practice.c.person, practice.c.started_at)
Index("ix_practice_started", practice.c.started_at)

command = Table(
    "command",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("box", _NAME, nullable=False),
    Column("type", String(40), nullable=False),
    Column("incident", _ID),
    Column("name", _LINE, nullable=False, default=""),
    Column("created_at", Utc, nullable=False),
    Column("sent_at", Utc),
    Column("minutes", Integer),  # how long a drill lasts
)
Index("ix_command_unsent", command.c.sent_at, command.c.created_at)

policy_clock = Table(
    "policy_clock",
    metadata,
    Column("incident", _ID, ForeignKey("incident.id"), primary_key=True),
    Column("key", String(60), primary_key=True),  # hub.domain.policy_clock.Clock.key
    Column("boot", _ID, nullable=False),  # the machine's boot that since_ms counts in
    Column("since_ms", BigInteger, nullable=False),  # its start on CLOCK_MONOTONIC
    Column("lead_at", Utc),  # when its prompts came; each once
    Column("due_at", Utc),
)

visit = Table(
    "visit",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("box", _NAME, ForeignKey("box.name"), nullable=False),  # whose unit goes: its rules hold
    Column("place", _LINE, nullable=False),  # a rough word; no address and no name
    Column("case_number", String(60)),  # hub.domain.case
    Column("about", _LINE, nullable=False, default=""),
    Column("team", JSON, nullable=False),  # [{name, role}], surname or code
    Column("contact", _LINE, nullable=False),  # who in the office waits for their word
    Column("limit_minutes", Integer, nullable=False),
    Column("state", String(20), nullable=False),  # hub.domain.visit.State
    Column("planned_at", Utc, nullable=False),
    Column("left_at", Utc),
    Column("arrived_at", Utc),
    Column("ended_at", Utc),  # they took their leave
    Column("back_at", Utc),
    Column("debriefed_at", Utc),
    Column("profile_digest", String(80), nullable=False),
    Column("changed_at", Utc, nullable=False),
)
Index("ix_visit_state", visit.c.state)
Index("ix_visit_planned", visit.c.planned_at)

visit_checkin = Table(
    "visit_checkin",
    metadata,
    Column("visit", _ID, ForeignKey("visit.id"), primary_key=True),
    Column("at", Utc, primary_key=True),  # as agreed before they left
    Column("met_at", Utc),  # when word came
    Column("missed_at", Utc),  # when the office was told that none had come
)

visit_clock = Table(
    "visit_clock",
    metadata,
    Column("visit", _ID, ForeignKey("visit.id"), primary_key=True),
    Column("key", String(60), primary_key=True),  # hub.domain.policy_clock.Clock.key
    Column("boot", _ID, nullable=False),  # the machine's boot that since_ms counts in
    Column("since_ms", BigInteger, nullable=False),  # its start on CLOCK_MONOTONIC
    Column("lead_at", Utc),  # when its prompts came; each once
    Column("due_at", Utc),
)

visit_entry = Table(
    "visit_entry",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("visit", _ID, ForeignKey("visit.id"), nullable=False),
    Column("at", Utc, nullable=False),  # when it happened
    Column("recorded_at", Utc, nullable=False),  # when the hub learnt of it
    Column("kind", String(40), nullable=False),  # hub.domain.visit.Entry
    Column("source", String(10), nullable=False),  # person, hub
    Column("actor", _ID),
    Column("actor_name", _LINE),
    Column("actor_role", String(30)),
    Column("text", Text, nullable=False, default=""),  # exact words
    Column("data", JSON, nullable=False, default=dict),
    Column("profile_digest", String(80)),
)
Index("ix_visit_entry_visit", visit_entry.c.visit, visit_entry.c.id)

visit_call = Table(
    "visit_call",
    metadata,
    Column("incident", _ID, ForeignKey("incident.id"), primary_key=True),
    Column("visit", _ID, ForeignKey("visit.id"), nullable=False),
    Column("why", String(20), nullable=False),  # hub.domain.visit.Why
    Column("agreed_at", Utc),  # the time at which no word came
)
Index("ix_visit_call_visit", visit_call.c.visit)

recording = Table(
    "recording",
    metadata,
    Column("incident", _ID, primary_key=True),
    Column("box", _NAME, nullable=False),
    Column("pre_roll_ms", BigInteger),
    Column("video", Boolean),
    Column("audio", Boolean),
    Column("count", BigInteger),  # fixed by recording.closed
    Column("head", String(71)),
    Column("leaf", BigInteger),
    Column("closed_at", Utc),
)

segment = Table(
    "segment",
    metadata,
    Column("incident", _ID, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("box", _NAME, nullable=False),
    Column("record", Text, nullable=False),  # exactly the signed text
    Column("signature", String(128), nullable=False),
    Column("head", String(71), nullable=False),
    Column("leaf", BigInteger),  # set when segment.sealed was ingested
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("stored_at", Utc),  # when the content became durable here
)
Index("ix_segment_box_stored", segment.c.box, segment.c.stored_at, segment.c.bytes)

leaf = Table(
    "leaf",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("kind", String(40), nullable=False),
    Column("incident", _ID),
    Column("digest", String(71), nullable=False),
    Column("at", Utc, nullable=False),
    UniqueConstraint("kind", "incident", "digest", name="uq_leaf_once"),
    sqlite_autoincrement=True,
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("topic", _LINE, nullable=False),
    Column("box", _NAME),
    Column("reason", String(500), nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),  # at most the first 4 KiB
)

user = Table(
    "user_account",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("login", String(60), nullable=False, unique=True),
    Column("name", _LINE, nullable=False),  # surname or code, as it is shown
    Column("role", String(30), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("language", String(5), nullable=False, default="ja"),
    Column("created_at", Utc, nullable=False),
    Column("disabled_at", Utc),
    Column("failures", Integer, nullable=False, default=0),  # from places that never had the right password
    Column("locked_until", Utc),  # for such places only
)

session = Table(
    "session",
    metadata,
    Column("id", String(64), primary_key=True),  # SHA-256 of the cookie's token
    Column("user", _ID, ForeignKey("user_account.id"), nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("live_at", Utc),  # while its live stream is open: somebody can respond
)
Index("ix_session_user", session.c.user)

login_source = Table(
    "login_source",
    metadata,
    Column("user", _ID, ForeignKey("user_account.id"), primary_key=True),
    Column("source", String(80), primary_key=True),  # device:SHA-256 of a browser's cookie, or address:where from
    Column("failures", Integer, nullable=False, default=0),
    Column("locked_until", Utc),
    Column("known_at", Utc),  # when the right password last came from there
    Column("tried_at", Utc, nullable=False),
)
Index("ix_login_source_tried", login_source.c.tried_at)

token = Table(
    "token",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", _LINE, nullable=False),
    Column("role", String(30), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),  # SHA-256
    Column("created_at", Utc, nullable=False),
    Column("revoked_at", Utc),
)

calendar = Table(
    "calendar",
    metadata,
    Column("user", _ID, ForeignKey("user_account.id"), primary_key=True),
    Column("hash", String(64), nullable=False, unique=True),  # SHA-256 of the secret in the address
    Column("made_at", Utc, nullable=False),
    Column("used_at", Utc),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("actor", _ID, primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("request", String(64), nullable=False),  # SHA-256 of method, path and body
    Column("created_at", Utc, nullable=False),
    Column("made", _ID),  # what it began: an incident, a visit, a request for disclosure
)
Index("ix_idempotency_created", idempotency.c.created_at)

access = Table(
    "access",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("at", Utc, nullable=False),
    Column("actor", _ID),
    Column("actor_name", _LINE),
    Column("act", String(40), nullable=False),  # recording.viewed, login.failed, ...
    Column("incident", _ID),
    Column("reason", Text, nullable=False, default=""),
    Column("data", JSON, nullable=False, default=dict),
)

beat = Table(
    "beat",
    metadata,
    Column("name", String(40), primary_key=True),  # worker, mqtt
    Column("at", Utc, nullable=False),
    Column("data", JSON, nullable=False, default=dict),
)

sequence = Table(
    "sequence",
    metadata,
    Column("name", String(40), primary_key=True),  # incident:2026, or a counter of hub.store.figures
    Column("last", BigInteger, nullable=False),
)

card_wording = Table(
    "card_wording",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("unit", _NAME, nullable=False),  # "": the whole site
    Column("card", String(40), nullable=False),  # hub.domain.card
    Column("language", String(5), nullable=False),
    Column("say", JSON, nullable=False),  # sentences; none: back to what came with the program
    Column("changed_at", Utc, nullable=False),
    Column("changed_by", _ID, nullable=False),
    Column("changed_name", _LINE, nullable=False),
)
Index("ix_card_wording_card", card_wording.c.card, card_wording.c.unit, card_wording.c.language, card_wording.c.id)
