"""The city's own number of the case that an incident belongs to."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("incident", sa.Column("case_number", sa.String(length=60), nullable=True))
    op.create_index("ix_incident_case", "incident", ["case_number"])
