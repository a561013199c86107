"""A whole host as somebody describes it."""

from dataclasses import dataclass, replace

from app.domain.cpu.identity import Identity
from app.domain.cpu.report import CpuReport
from app.domain.fleet.host import Host


@dataclass(frozen=True, slots=True)
class HostReport:
    """What is said of a host. What becomes of it depends on what is known of its CPUs already."""

    host: Host
    unread: frozenset[int] = frozenset()
    """Positions of the CPU groups whose AIDR was not read."""

    def after(self, present: Identity | None) -> Host:
        """The host that it describes, where this is known of its CPUs."""
        if present is None or not self.unread:
            return self.host
        identity = CpuReport(self.host.identity.groups, self.unread).after(present)
        return replace(self.host, profile=replace(self.host.profile, identity=identity))
