"""Imports of hosts on the wire."""

from app.api.models.common import (
    FleetRevision,
    Name,
    Out,
)
from app.api.models.hosts import HostIn, OneOfAKind
from app.services.host_imports import Imported


class HostLine(HostIn):
    """A line of an import."""

    name: Name


class NamedOneOfAKind(OneOfAKind):
    """What tells the lines of an import apart."""

    name: Name


class ImportedOut(Out):
    created: int
    updated: int
    unchanged: int
    fleet_revision: FleetRevision
    dry_run: bool

    @classmethod
    def from_domain(cls, imported: Imported) -> "ImportedOut":
        return cls(
            created=imported.created,
            updated=imported.updated,
            unchanged=imported.unchanged,
            fleet_revision=imported.fleet_revision,
            dry_run=imported.dry_run,
        )
