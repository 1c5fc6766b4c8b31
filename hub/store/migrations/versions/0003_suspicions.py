"""What the broker refused a box, and whether two machines seem to use its certificate."""

import sqlalchemy as sa
from alembic import op

from hub.store.schema import Utc

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("box", sa.Column("refused", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("box", sa.Column("refused_at", Utc()))
    op.add_column("box", sa.Column("shared_at", Utc()))
