"""Hosts keep what of their CPUs was stated rather than read, or left out.

Revision: 0004, after 0003
Created: 2026-11-25 14:40:12.604713+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("hosts", sa.Column("remarks", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("hosts", "remarks")
