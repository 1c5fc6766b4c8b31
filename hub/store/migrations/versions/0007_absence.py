"""Who is away and until when, and why a message is sent."""

import sqlalchemy as sa
from alembic import op

from hub.store.schema import Utc

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "absence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("contact", sa.String(length=60), nullable=False),
        sa.Column("from_at", Utc(), nullable=False),
        sa.Column("until_at", Utc(), nullable=False),
        sa.Column("noted_by", sa.String(length=36), nullable=False),
        sa.Column("noted_name", sa.String(length=200), nullable=False),
        sa.Column("noted_at", Utc(), nullable=False),
        sa.Column("ended_at", Utc(), nullable=True),
        sa.Column("ended_by", sa.String(length=36), nullable=True),
        sa.Column("ended_name", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_index("ix_absence_until", "absence", ["until_at"])
    op.add_column("alert", sa.Column("why", sa.String(length=20), server_default="call", nullable=False))
