"""What a box stored within a day is asked at each of its segments."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_segment_box_stored", "segment", ["box", "stored_at", "bytes"])
