"""The registers of a host beside a list: what each of its implementations is nearest to."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.cpu.identity import Identity
from app.domain.cpu.implementation import Implementation, ReportedImplementation, differing_registers
from app.domain.planning.implementation_list import ImplementationList
from app.domain.planning.reasons import Unlisted


@dataclass(frozen=True, slots=True)
class Comparison:
    """An implementation of a host, and what the list has nearest to it: itself, if it is listed."""

    reported: ReportedImplementation
    nearest_listed: Implementation | None
    """None where the host does not know all of its registers, so that nothing is near to it."""

    @property
    def differing_registers(self) -> tuple[str, ...]:
        known = self.reported.known
        return differing_registers(known, self.nearest_listed) if known and self.nearest_listed else ()


def compare(identity: Identity, listed: ImplementationList) -> tuple[Comparison, ...]:
    """Every implementation of a host, by the lowest CPU that has each."""
    return tuple(
        Comparison(each, listed.relatives.nearest(known) if (known := each.known) else None)
        for each in identity.reported
    )


def unlisted(identity: Identity, listed: ImplementationList) -> Iterator[Unlisted]:
    """Those that are fully known and not on the list."""
    for each in compare(identity, listed):
        if (known := each.reported.known) and each.nearest_listed and each.differing_registers:
            yield Unlisted(known, each.nearest_listed, each.differing_registers)
