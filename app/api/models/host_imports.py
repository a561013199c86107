"""Imports of hosts on the wire."""

from collections.abc import Iterable

from app.api.models.common import (
    FleetRevision,
    Name,
    Out,
    Warnings,
    warned,
)
from app.api.models.hosts import HostIn, OneOfAKind
from app.domain.planning.advice import Advice
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
    warnings: Warnings

    @classmethod
    def from_domain(cls, imported: Imported, advice: Iterable[Advice]) -> "ImportedOut":
        return cls(
            created=imported.created,
            updated=imported.updated,
            unchanged=imported.unchanged,
            fleet_revision=imported.fleet_revision,
            dry_run=imported.dry_run,
            warnings=warned(advice),
        )
