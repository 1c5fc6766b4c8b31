"""Which incident a request made: who sends it again is led to the same one."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("idempotency", sa.Column("made", sa.String(length=36), nullable=True))
