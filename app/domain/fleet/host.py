"""A host: what it reports of itself, and what its operator says of it."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Final, NamedTuple

from typing_extensions import override

from app.domain.cpu.identity import Identity
from app.domain.fleet.capabilities import Capabilities

MAX_LABELS: Final = 256


class HostState(StrEnum):
    """Life of a host; rule 2. Only `active` hosts receive VMs; all but `retired` ones shape the next lists."""

    PLANNED = "planned"
    ACTIVE = "active"
    CORDONED = "cordoned"
    MAINTENANCE = "maintenance"
    RETIRED = "retired"


UNREADABLE: Final = Identity(())
"""Stands for what a host reported where the database has it in no form that can be read: nothing of it is known."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What the host offers to VMs."""

    vcpus: int
    memory_mib: int


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What a host reports of itself. Hosts report alike by the thousand, so many share one."""

    identity: Identity
    capabilities: Capabilities = field(default_factory=Capabilities)
    capacity: Capacity | None = None
    kernel_release: str | None = None
    vmm: str | None = None
    remarks: str | None = None
    """What of the CPUs was stated rather than read, or left out; for people."""

    @override
    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        # An import looks profiles up once for every host; there are far fewer profiles than hosts.
        return hash((self.identity, self.capabilities, self.capacity, self.kernel_release, self.vmm, self.remarks))


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One host of the inventory, whole."""

    name: str
    state: HostState
    labels: Mapping[str, str]
    profile: Profile
    observed_at: datetime
    """When the host was last looked at. A report that changes nothing else is a heartbeat."""

    @property
    def identity(self) -> Identity:
        return self.profile.identity


class LinedHost(NamedTuple):
    """A host of an import, with the number of the line it came in, counted from 1."""

    line: int
    host: Host
    unread: frozenset[int] = frozenset()
    """As in `HostReport`."""


@dataclass(frozen=True, slots=True)
class HostRecord:
    """A host as the inventory keeps it."""

    host: Host
    revision: int
    """Fleet revision of its last change; a heartbeat is none."""
    created_at: datetime
    updated_at: datetime
    _: KW_ONLY
    token: bytes = b""
    """Random, of that change: a restored database comes to the same revision again, with another content."""

    @property
    def tag(self) -> str:
        """Changes with everything a reader can see, heartbeats too: a strong validator (RFC 9110, 8.8.1)."""
        return f"{self.revision}-{int(self.host.observed_at.timestamp() * 1_000_000):x}-{self.token.hex()}"
