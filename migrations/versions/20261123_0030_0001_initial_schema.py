"""Initial schema.

Revision: 0001, the first
Created: 2026-11-23 00:30:40.306726+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TIMESTAMP = sa.DateTime(timezone=True)
REGISTER = sa.LargeBinary(8)
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "answers",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("headers", DOCUMENT, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("answers_pkey")),
        comment="First answers to requests with an Idempotency-Key.",
    )
    op.create_index(op.f("answers_created_at_idx"), "answers", ["created_at"], unique=False)

    op.create_table(
        "deleted_hosts",
        sa.Column("name", NAME, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("deleted_hosts_pkey")),
        comment="Tombstones: what a worker must take out of its snapshot.",
    )
    op.create_index(op.f("deleted_hosts_revision_idx"), "deleted_hosts", ["revision"], unique=False)

    op.create_table(
        "fleet",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("fleet_single_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("fleet_pkey")),
        comment="One row: the fleet revision. Locked by every change to the inventory.",
    )
    op.create_table(
        "fleet_revisions",
        sa.Column("revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("revision", name=op.f("fleet_revisions_pkey")),
        comment="Random tokens of recent revisions: they tell two histories apart.",
    )
    op.create_table(
        "hosts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("labels", DOCUMENT, nullable=False),
        sa.Column("identity", sa.LargeBinary(), nullable=False),
        sa.Column("writable_id_registers", sa.Boolean(), nullable=True),
        sa.Column("discovery_hypercalls", sa.Boolean(), nullable=True),
        sa.Column("vcpus", sa.BigInteger(), nullable=True),
        sa.Column("memory_mib", sa.BigInteger(), nullable=True),
        sa.Column("kernel_release", sa.Text(), nullable=True),
        sa.Column("vmm", sa.Text(), nullable=True),
        sa.Column("observed_at", TIMESTAMP, nullable=False),
        sa.Column(
            "fingerprint",
            sa.LargeBinary(),
            nullable=False,
            comment="Digest of all that was reported, observed_at aside.",
        ),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("identity_since", TIMESTAMP, nullable=False),
        sa.Column("identity_reported_by", sa.Text(), nullable=False),
        sa.Column("identity_revision", sa.BigInteger(), nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("updated_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("hosts_pkey")),
        sa.UniqueConstraint("name", name=op.f("hosts_name_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("hosts_observed_at_idx"), "hosts", ["observed_at"], unique=False)
    op.create_index(op.f("hosts_revision_idx"), "hosts", ["revision"], unique=False)

    op.create_table(
        "identities",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("identities_pkey")),
        comment="Distinct sets of registers that hosts reported, by content. Never changed, never deleted.",
    )
    op.create_table(
        "implementation_lists",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column(
            "entries", sa.LargeBinary(), nullable=False, comment="24 bytes an entry; the digest is SHA-256 of this."
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("implementation_lists_pkey")),
    )
    op.create_table(
        "identity_groups",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cpu_list", sa.Text(), nullable=True),
        sa.Column("midr", REGISTER, nullable=False),
        sa.Column("revidr", REGISTER, nullable=False),
        sa.Column("aidr", REGISTER, nullable=True),
        sa.ForeignKeyConstraint(["digest"], ["identities.digest"], name=op.f("identity_groups_digest_fkey")),
        sa.PrimaryKeyConstraint("digest", "position", name=op.f("identity_groups_pkey")),
    )
    op.create_table(
        "past_identities",
        sa.Column("id", KEY, nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("identity", sa.LargeBinary(), nullable=False),
        sa.Column("since", TIMESTAMP, nullable=False),
        sa.Column("until", TIMESTAMP, nullable=False),
        sa.Column("reported_by", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["identity"], ["identities.digest"], name=op.f("past_identities_identity_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("past_identities_pkey")),
        comment="What hosts reported before, by name; kept beyond their deletion.",
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("past_identities_host_idx"), "past_identities", ["host"], unique=False)

    op.create_table(
        "vms",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("placement", DOCUMENT, nullable=False),
        sa.Column("discovers_implementations", sa.Boolean(), nullable=False),
        sa.Column("kernel_release", sa.Text(), nullable=True),
        sa.Column("vcpus", sa.BigInteger(), nullable=True),
        sa.Column("memory_mib", sa.BigInteger(), nullable=True),
        sa.Column("boots", sa.Integer(), nullable=False, comment="How many boots there were."),
        sa.Column(
            "boot", sa.Integer(), nullable=True, comment="Number of the boot it is in; null while it is only defined."
        ),
        sa.Column("host_id", KEY, nullable=True),
        sa.CheckConstraint("(boot IS NULL) = (host_id IS NULL)", name=op.f("vms_somewhere_check")),
        sa.ForeignKeyConstraint(["host_id"], ["hosts.id"], name=op.f("vms_host_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("vms_pkey")),
        sa.UniqueConstraint("name", name=op.f("vms_name_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("vms_host_id_idx"), "vms", ["host_id"], unique=False)

    op.create_table(
        "boots",
        sa.Column("vm_id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("cpus", sa.Text(), nullable=True),
        sa.Column(
            "own_entries",
            sa.LargeBinary(),
            nullable=False,
            comment="The boot host's implementations, 24 bytes an entry.",
        ),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("mode_reasons", DOCUMENT, nullable=False),
        sa.Column("left_out", DOCUMENT, nullable=False),
        sa.Column(
            "accepted_hazards",
            DOCUMENT,
            nullable=False,
        ),
        sa.Column("fleet_revision", sa.BigInteger(), nullable=False),
        sa.Column("sealed_at", TIMESTAMP, nullable=False),
        sa.Column("adopted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["implementation_lists.digest"], name=op.f("boots_digest_fkey")),
        sa.ForeignKeyConstraint(["vm_id"], ["vms.id"], name=op.f("boots_vm_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("vm_id", "number", name=op.f("boots_pkey")),
    )
    op.create_table(
        "migrations",
        sa.Column("number", KEY, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("vm_id", KEY, nullable=True),
        sa.Column("vm", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("target_id", KEY, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("admitted_at", TIMESTAMP, nullable=False),
        sa.Column("closed_at", TIMESTAMP, nullable=True),
        sa.ForeignKeyConstraint(["digest"], ["implementation_lists.digest"], name=op.f("migrations_digest_fkey")),
        sa.ForeignKeyConstraint(
            ["target_id"], ["hosts.id"], name=op.f("migrations_target_id_fkey"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["vm_id"], ["vms.id"], name=op.f("migrations_vm_id_fkey"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("number", name=op.f("migrations_pkey")),
        sa.UniqueConstraint("id", name=op.f("migrations_id_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "migrations_open_key",
        "migrations",
        ["vm_id"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
        sqlite_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(op.f("migrations_target_id_idx"), "migrations", ["target_id"], unique=False)
    op.create_index(op.f("migrations_vm_id_idx"), "migrations", ["vm_id"], unique=False)
    op.create_index(op.f("migrations_vm_idx"), "migrations", ["vm"], unique=False)
    op.execute(sa.text("INSERT INTO fleet (id, revision) VALUES (1, 0)"))


def downgrade() -> None:
    op.drop_index(op.f("migrations_vm_idx"), "migrations")
    op.drop_index(op.f("migrations_vm_id_idx"), "migrations")
    op.drop_index(op.f("migrations_target_id_idx"), "migrations")
    op.drop_index(
        "migrations_open_key",
        "migrations",
        postgresql_where=sa.text("closed_at IS NULL"),
        sqlite_where=sa.text("closed_at IS NULL"),
    )

    op.drop_table("migrations")
    op.drop_table("boots")
    op.drop_index(op.f("vms_host_id_idx"), "vms")

    op.drop_table("vms")
    op.drop_index(op.f("past_identities_host_idx"), "past_identities")

    op.drop_table("past_identities")
    op.drop_table("identity_groups")
    op.drop_table("implementation_lists")
    op.drop_table("identities")
    op.drop_index(op.f("hosts_revision_idx"), "hosts")
    op.drop_index(op.f("hosts_observed_at_idx"), "hosts")

    op.drop_table("hosts")
    op.drop_table("fleet_revisions")
    op.drop_table("fleet")
    op.drop_index(op.f("deleted_hosts_revision_idx"), "deleted_hosts")

    op.drop_table("deleted_hosts")
    op.drop_index(op.f("answers_created_at_idx"), "answers")

    op.drop_table("answers")
