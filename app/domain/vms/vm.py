"""A VM: where it may run, what its guest is, and the boot it is in."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.cpu.identity import Identity
from app.domain.fleet.placement import Placement
from app.domain.planning.guest import Guest
from app.domain.planning.plan import Plan
from app.domain.vms.exposure import covers


class VmState(StrEnum):
    """`migrating` is a running VM with an open migration; it is still on the source."""

    DEFINED = "defined"
    RUNNING = "running"
    MIGRATING = "migrating"


@dataclass(frozen=True, slots=True)
class Resources:
    vcpus: int
    memory_mib: int


@dataclass(frozen=True, slots=True)
class VmDefinition:
    """What a client says of a VM."""

    placement: Placement
    guest: Guest
    resources: Resources | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """One start of a VMM process, with the plan it sealed; never changed once written (rule 7)."""

    vm: str
    number: int
    """Counts the boots of the VM from 1."""
    plan: Plan
    sealed_at: datetime
    adopted: bool = False
    """Whether the list is what an already running VMM exposed, and not of our making."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What there is of a VM while it runs, and only then."""

    boot: Boot
    host: str
    identity: Identity
    """What its host shows now."""
    moved: bool = False
    """Whether it has moved since its boot, wherever it is now."""
    migration: str | None = None
    """Id of the open migration."""

    @property
    def exposed(self) -> bool:
        """Whether its host has registers that its sealed list does not cover (rule 10)."""
        return not covers(self.boot.plan.list, self.boot.plan.cpus, self.identity, moved=self.moved)


@dataclass(frozen=True, slots=True)
class Vm:
    """A VM as it stands now."""

    name: str
    definition: VmDefinition
    running: Running | None = None
    """None while it is only defined."""
    boots: int = 0
    """How many boots there were. Their numbers count from 1 and are not used twice."""

    @property
    def state(self) -> VmState:
        if self.running is None:
            return VmState.DEFINED
        return VmState.MIGRATING if self.running.migration else VmState.RUNNING

    @property
    def exposed(self) -> bool:
        return self.running is not None and self.running.exposed


@dataclass(frozen=True, slots=True)
class VmRecord:
    """A VM as the service keeps it."""

    vm: Vm
    key: int
    """Never used twice, also not for a later VM of the same name."""
    version: int
    """Grows with every write to the VM."""
    token: bytes = b""
    """Random, of the last write: a restored database comes to the same version again, with another content."""

    @property
    def tag(self) -> str:
        """Changes with everything a reader can see; what shows without a write is whether the VM is exposed."""
        return f"{self.key}-{self.version}-{self.token.hex()}-{'exposed' if self.vm.exposed else 'covered'}"
