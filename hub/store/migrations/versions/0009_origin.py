"""Incidents that do not begin at a counter: a visit from which nobody called, a post."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("incident", sa.Column("origin", sa.String(length=10), nullable=False, server_default="counter"))
