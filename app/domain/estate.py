"""The estate: the fleet and the VMs that run on it, in groups that fare alike. What-if is a changed estate."""

from collections.abc import Iterator
from dataclasses import dataclass

from pyroaring import FrozenBitMap

from app.domain.cpu.identity import Identity
from app.domain.fleet.fleet import Fleet
from app.domain.fleet.placement import Placement
from app.domain.planning.eligibility import Move, targets
from app.domain.planning.plan import Plan
from app.domain.reference.reference_data import ReferenceData
from app.domain.vms.exposure import covers


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningGroup:
    """VMs on one host with equal placements and equal boots, which therefore fare alike."""

    vms: int
    host: str
    identity: Identity
    """What their host shows now."""
    placement: Placement
    plan: Plan
    moved: bool

    @property
    def exposed(self) -> bool:
        """As `Running.exposed` of each of them."""
        return not covers(self.plan.list, self.plan.cpus, self.identity, moved=self.moved)


@dataclass(frozen=True, slots=True)
class Estate:
    fleet: Fleet
    running: tuple[RunningGroup, ...]

    def exposed(self) -> Iterator[RunningGroup]:
        return (group for group in self.running if group.exposed)

    def accepting_hazards(self) -> Iterator[RunningGroup]:
        """Those whose list weakens the guest, by consent of their placement."""
        return (group for group in self.running if group.plan.accepted_hazards)

    def without_target(self, reference: ReferenceData) -> Iterator[RunningGroup]:
        """Those that could move nowhere now."""
        within_reach: dict[object, FrozenBitMap] = {}
        for group in self.running:
            # Groups of one kind differ by where they are now, and no VM has its own host for a target.
            kind = (group.placement, group.plan.list.digest, group.plan.mode, group.plan.mode_reasons)
            if (reached := within_reach.get(kind)) is None:
                move = Move(group.placement, reference, group.plan, current_host="")
                reached = within_reach[kind] = targets(self.fleet, move)
            if not reached - self.fleet.number(group.host):
                yield group


def counted(groups: Iterator[RunningGroup]) -> int:
    """How many VMs are in the groups."""
    return sum(group.vms for group in groups)
