"""Hosts and VMs bear a random token of their last change, which tells apart two histories with the same numbers.

Revision: 0003, after 0002
Created: 2026-11-25 13:45:02.331871+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TABLES = ("hosts", "vms")
_COMMENT = "Random, of the last change. Null until the first one of a release that knows of it."


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("token", sa.LargeBinary(), nullable=True, comment=_COMMENT))


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_column(table, "token")
