"""Where people log in from, and a quick way to old idempotency keys."""

import sqlalchemy as sa
from alembic import op

from hub.store.schema import Utc

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "login_source",
        sa.Column("user", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", Utc(), nullable=True),
        sa.Column("known_at", Utc(), nullable=True),
        sa.Column("tried_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["user_account.id"], name=op.f("fk_login_source_user")),
        sa.PrimaryKeyConstraint("user", "source", name=op.f("pk_login_source")),
    )
    op.create_index("ix_login_source_tried", "login_source", ["tried_at"])
    op.create_index("ix_idempotency_created", "idempotency", ["created_at"])
