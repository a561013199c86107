"""The tables. `migrations/` makes them; a test proves that the two agree."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    false,
)

from app.storage.profiles import PROFILE_COLUMNS
from app.storage.types import Document, Key, Name, Register, Timestamp


def _token() -> Column[bytes]:
    comment = "Random, of the last change. Null until the first one of a release that knows of it."
    return Column("token", LargeBinary, comment=comment)


metadata: Final = MetaData(
    naming_convention={
        # PostgreSQL's own defaults, so that hand-written SQL and generated SQL agree on names.
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)

fleet: Final = Table(
    "fleet",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("revision", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="single"),
    comment="One row: the fleet revision. Locked by every change to the inventory.",
)

fleet_revisions: Final = Table(
    "fleet_revisions",
    metadata,
    Column("revision", BigInteger, primary_key=True, autoincrement=False),
    Column("token", LargeBinary, nullable=False),
    comment="Random tokens of recent revisions: they tell two histories apart.",
)

identities: Final = Table(
    "identities",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    comment="Distinct sets of registers that hosts reported, by content. Never changed, never deleted.",
)

identity_groups: Final = Table(
    "identity_groups",
    metadata,
    Column("digest", LargeBinary, ForeignKey("identities.digest"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("cpu_list", Text),
    Column("midr", Register, nullable=False),
    Column("revidr", Register, nullable=False),
    Column("aidr", Register),
)

hosts: Final = Table(
    "hosts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", Name, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("labels", Document, nullable=False),
    *PROFILE_COLUMNS,
    Column("observed_at", Timestamp, nullable=False, index=True),
    Column("fingerprint", LargeBinary, nullable=False, comment="Digest of all that was reported, observed_at aside."),
    Column("revision", BigInteger, nullable=False, index=True),
    Column("identity_since", Timestamp, nullable=False),
    Column("identity_reported_by", Text, nullable=False),
    Column("identity_revision", BigInteger, nullable=False),
    Column("created_at", Timestamp, nullable=False),
    Column("updated_at", Timestamp, nullable=False),
    _token(),
    sqlite_autoincrement=True,
)

deleted_hosts: Final = Table(
    "deleted_hosts",
    metadata,
    Column("name", Name, primary_key=True),
    Column("revision", BigInteger, nullable=False, index=True),
    comment="Tombstones: what a worker must take out of its snapshot.",
)

past_identities: Final = Table(
    "past_identities",
    metadata,
    Column("id", Key, primary_key=True),
    Column("host", Text, nullable=False, index=True),
    Column("identity", LargeBinary, ForeignKey("identities.digest"), nullable=False),
    Column("since", Timestamp, nullable=False),
    Column("until", Timestamp, nullable=False),
    Column("reported_by", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
    comment="What hosts reported before, by name; kept beyond their deletion.",
    sqlite_autoincrement=True,
)

implementation_lists: Final = Table(
    "implementation_lists",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("entries", LargeBinary, nullable=False, comment="24 bytes an entry; the digest is SHA-256 of this."),
)

vms: Final = Table(
    "vms",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", Name, nullable=False, unique=True),
    Column("version", BigInteger, nullable=False),
    Column("placement", Document, nullable=False),
    Column("discovers_implementations", Boolean, nullable=False),
    Column("kernel_release", Text),
    Column("vcpus", BigInteger),
    Column("memory_mib", BigInteger),
    Column("boots", Integer, nullable=False, comment="How many boots there were."),
    Column("boot", Integer, comment="Number of the boot it is in; null while it is only defined."),
    Column("host_id", Key, ForeignKey("hosts.id"), index=True),
    Column(
        "moved",
        Boolean,
        nullable=False,
        server_default=false(),  # for the release before, which does not know of it
        comment="Whether a migration was completed since the boot it is in.",
    ),
    _token(),
    CheckConstraint("(boot IS NULL) = (host_id IS NULL)", name="somewhere"),
    sqlite_autoincrement=True,
)

boots: Final = Table(
    "boots",
    metadata,
    Column("vm_id", Key, ForeignKey("vms.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("host", Text, nullable=False),
    Column("cpus", Text),
    Column("own_entries", LargeBinary, nullable=False, comment="The boot host's implementations, 24 bytes an entry."),
    Column("digest", LargeBinary, ForeignKey("implementation_lists.digest"), nullable=False),
    Column("mode", Text, nullable=False),
    Column("mode_reasons", Document, nullable=False),
    Column("left_out", Document, nullable=False),
    Column("accepted_hazards", Document, nullable=False),
    Column("fleet_revision", BigInteger, nullable=False),
    Column("sealed_at", Timestamp, nullable=False),
    Column("adopted", Boolean, nullable=False),
)

migrations: Final = Table(
    "migrations",
    metadata,
    Column("number", Key, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("vm_id", Key, ForeignKey("vms.id", ondelete="SET NULL"), index=True),
    Column("vm", Text, nullable=False, index=True),
    Column("source", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("target_id", Key, ForeignKey("hosts.id", ondelete="SET NULL"), index=True),
    Column("state", Text, nullable=False),
    Column("digest", LargeBinary, ForeignKey("implementation_lists.digest"), nullable=False),
    Column("admitted_at", Timestamp, nullable=False),
    Column("closed_at", Timestamp),
    sqlite_autoincrement=True,
)

Index(
    "migrations_open_key",
    migrations.c.vm_id,
    unique=True,
    postgresql_where=migrations.c.closed_at.is_(None),
    sqlite_where=migrations.c.closed_at.is_(None),
)
"""A VM has at most one open migration, whoever writes."""

answers: Final = Table(
    "answers",
    metadata,
    Column("key", Text, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("status", SmallInteger),
    Column("headers", Document),
    Column("body", LargeBinary),
    Column("created_at", Timestamp, nullable=False, index=True),
    comment="First answers to requests with an Idempotency-Key.",
)
