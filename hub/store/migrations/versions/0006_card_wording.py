"""The sites' own words on guidance cards. Rows are only added: the newest holds, the others are its history."""

import sqlalchemy as sa
from alembic import op

from hub.store.schema import Utc

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "card_wording",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("unit", sa.String(length=63), nullable=False),
        sa.Column("card", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("say", sa.JSON(), nullable=False),
        sa.Column("changed_at", Utc(), nullable=False),
        sa.Column("changed_by", sa.String(length=36), nullable=False),
        sa.Column("changed_name", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_wording")),
    )
    op.create_index("ix_card_wording_card", "card_wording", ["card", "unit", "language", "id"])
