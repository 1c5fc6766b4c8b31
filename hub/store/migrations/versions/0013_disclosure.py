"""The register of disclosure requests, and until when an answer was promised."""

import sqlalchemy as sa
from alembic import op

from hub.store.schema import Utc

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("incident", sa.Column("promised_until", Utc(), nullable=True))
    op.create_table(
        "disclosure",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("opened_at", Utc(), nullable=False),
        sa.Column("closed_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_disclosure"),
        sa.UniqueConstraint("number", name="uq_disclosure_number"),
    )
    op.create_index("ix_disclosure_closed", "disclosure", ["closed_at"])
    op.create_table(
        "disclosure_entry",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("disclosure", sa.String(length=36), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("recorded_at", Utc(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.String(length=36), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("actor_role", sa.String(length=30), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("profile_digest", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["disclosure"], ["disclosure.id"], name="fk_disclosure_entry_disclosure_disclosure"),
        sa.PrimaryKeyConstraint("id", name="pk_disclosure_entry"),
    )
    op.create_index("ix_disclosure_entry_disclosure", "disclosure_entry", ["disclosure", "id"])
