"""Addresses by which people's calendars read what is left to do."""

import sqlalchemy as sa
from alembic import op

from hub.store.schema import Utc

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar",
        sa.Column("user", sa.String(length=36), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("made_at", Utc(), nullable=False),
        sa.Column("used_at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(["user"], ["user_account.id"], name="fk_calendar_user_user_account"),
        sa.PrimaryKeyConstraint("user", name="pk_calendar"),
        sa.UniqueConstraint("hash", name="uq_calendar_hash"),
    )
