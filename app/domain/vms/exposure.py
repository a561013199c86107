"""Whether a running guest was told of the CPUs it runs on (rule 10)."""

from app.domain.cpu.cpulist import CpuList
from app.domain.cpu.identity import Identity
from app.domain.planning.implementation_list import ImplementationList


def covers(sealed: ImplementationList, boot_host: str, pinned: CpuList | None, host: str, identity: Identity) -> bool:
    """Whether every CPU that the guest can meet on a host with this identity is known, and on its list.

    On its boot host a pinned VM meets only the CPUs it is pinned to, and each of them must still be there.
    """
    cpus = pinned if host == boot_host else None
    if cpus is not None and identity.missing(cpus):
        return False
    return identity.readable and all(reported.known in sealed.members for reported in identity.on_cpus(cpus))
