"""VMs tell whether they have moved since their boot.

Revision: 0002, after 0001
Created: 2026-11-25 09:45:10.118204+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_MOVED = """
    UPDATE vms SET moved = true WHERE EXISTS (
        SELECT * FROM boots JOIN migrations ON migrations.vm_id = boots.vm_id
        WHERE boots.vm_id = vms.id AND boots.number = vms.boot
        AND migrations.state = 'completed' AND migrations.closed_at >= boots.sealed_at
    )
"""
"""Moments compare on SQLite too: all are text in UTC, with six digits after the point."""


def upgrade() -> None:
    op.add_column(
        "vms",
        sa.Column(
            "moved",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="Whether a migration was completed since the boot it is in.",
        ),
    )
    op.execute(sa.text(_MOVED))


def downgrade() -> None:
    op.drop_column("vms", "moved")
