"""The clocks of the policy: when each began on the machine's own clock, and which prompts have come."""

import sqlalchemy as sa
from alembic import op

from hub.store.schema import Utc

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "policy_clock",
        sa.Column("incident", sa.String(36), nullable=False),
        sa.Column("key", sa.String(60), nullable=False),
        sa.Column("boot", sa.String(36), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("lead_at", Utc()),
        sa.Column("due_at", Utc()),
        sa.ForeignKeyConstraint(["incident"], ["incident.id"], name="fk_policy_clock_incident_incident"),
        sa.PrimaryKeyConstraint("incident", "key", name="pk_policy_clock"),
    )
