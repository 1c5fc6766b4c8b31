"""Visits away from the office: the plan, the times agreed, every word of them, and the calls that came of it."""

import sqlalchemy as sa
from alembic import op

from hub.store.schema import Utc

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "visit",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("box", sa.String(length=63), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("case_number", sa.String(length=60), nullable=True),
        sa.Column("about", sa.String(length=200), nullable=False),
        sa.Column("team", sa.JSON(), nullable=False),
        sa.Column("contact", sa.String(length=200), nullable=False),
        sa.Column("limit_minutes", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("planned_at", Utc(), nullable=False),
        sa.Column("left_at", Utc(), nullable=True),
        sa.Column("arrived_at", Utc(), nullable=True),
        sa.Column("ended_at", Utc(), nullable=True),
        sa.Column("back_at", Utc(), nullable=True),
        sa.Column("debriefed_at", Utc(), nullable=True),
        sa.Column("profile_digest", sa.String(length=80), nullable=False),
        sa.Column("changed_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(["box"], ["box.name"], name=op.f("fk_visit_box_box")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
    )
    op.create_index("ix_visit_state", "visit", ["state"])
    op.create_index("ix_visit_planned", "visit", ["planned_at"])
    op.create_table(
        "visit_checkin",
        sa.Column("visit", sa.String(length=36), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("met_at", Utc(), nullable=True),
        sa.Column("missed_at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(["visit"], ["visit.id"], name=op.f("fk_visit_checkin_visit_visit")),
        sa.PrimaryKeyConstraint("visit", "at", name=op.f("pk_visit_checkin")),
    )
    op.create_table(
        "visit_clock",
        sa.Column("visit", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("boot", sa.String(length=36), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("lead_at", Utc(), nullable=True),
        sa.Column("due_at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(["visit"], ["visit.id"], name=op.f("fk_visit_clock_visit_visit")),
        sa.PrimaryKeyConstraint("visit", "key", name=op.f("pk_visit_clock")),
    )
    op.create_table(
        "visit_entry",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("visit", sa.String(length=36), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("recorded_at", Utc(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("actor", sa.String(length=36), nullable=True),
        sa.Column("actor_name", sa.String(length=200), nullable=True),
        sa.Column("actor_role", sa.String(length=30), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("profile_digest", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["visit"], ["visit.id"], name=op.f("fk_visit_entry_visit_visit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_entry")),
    )
    op.create_index("ix_visit_entry_visit", "visit_entry", ["visit", "id"])
    op.create_table(
        "visit_call",
        sa.Column("incident", sa.String(length=36), nullable=False),
        sa.Column("visit", sa.String(length=36), nullable=False),
        sa.Column("why", sa.String(length=20), nullable=False),
        sa.Column("agreed_at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(["incident"], ["incident.id"], name=op.f("fk_visit_call_incident_incident")),
        sa.ForeignKeyConstraint(["visit"], ["visit.id"], name=op.f("fk_visit_call_visit_visit")),
        sa.PrimaryKeyConstraint("incident", name=op.f("pk_visit_call")),
    )
    op.create_index("ix_visit_call_visit", "visit_call", ["visit"])
