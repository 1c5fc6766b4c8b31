"""Drills that people hold, practice for one, and when a drill's incident ends."""

import sqlalchemy as sa
from alembic import op

from hub.store.schema import Utc

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "drill",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("box", sa.String(length=63), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("reach", sa.String(length=10), nullable=False),
        sa.Column("started_at", Utc(), nullable=False),
        sa.Column("started_by", sa.String(length=36), nullable=False),
        sa.Column("started_name", sa.String(length=200), nullable=False),
        sa.Column("ends_at", Utc(), nullable=False),
        sa.Column("confirmed_at", Utc(), nullable=True),
        sa.Column("ended_at", Utc(), nullable=True),
        sa.Column("ended_why", sa.String(length=10), nullable=True),
        sa.Column("ended_by", sa.String(length=36), nullable=True),
        sa.Column("ended_name", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["box"], ["box.name"], name=op.f("fk_drill_box_box")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drill")),
    )
    op.create_index("ix_drill_ended", "drill", ["ended_at", "started_at"])
    op.create_table(
        "practice",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("scenario", sa.String(length=40), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("box", sa.String(length=63), nullable=False),
        sa.Column("incident", sa.String(length=36), nullable=True),
        sa.Column("passed", sa.JSON(), nullable=False),
        sa.Column("started_at", Utc(), nullable=False),
        sa.Column("ended_at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(["box"], ["box.name"], name=op.f("fk_practice_box_box")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practice")),
    )
    op.create_index("ix_practice_person", "practice", ["person", "started_at"])
    op.create_index("ix_practice_started", "practice", ["started_at"])
    op.add_column("box", sa.Column("drill", sa.String(length=36), nullable=True))
    op.add_column("incident", sa.Column("reach", sa.String(length=10), nullable=True))
    op.add_column("incident", sa.Column("drill_ends_at", Utc(), nullable=True))
    op.create_index("ix_incident_drill", "incident", ["drill_ends_at"])
    op.add_column("command", sa.Column("minutes", sa.Integer(), nullable=True))
