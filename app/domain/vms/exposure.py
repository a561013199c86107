"""Whether a running guest was told of the CPUs it runs on (rule 10)."""

from app.domain.cpu.cpulist import CpuList
from app.domain.cpu.identity import Identity
from app.domain.planning.implementation_list import ImplementationList


def covers(sealed: ImplementationList, pinned: CpuList | None, identity: Identity, *, moved: bool) -> bool:
    """Whether every CPU that the guest can meet on a host with this identity is known, and on its list.

    Until it moves, a pinned VM meets only the CPUs that its boot was pinned to, and each of them must still be there.
    The pin is a fact of that boot: `moved` is true after any completed migration, also after one that came home.
    """
    cpus = None if moved else pinned
    if cpus is not None and identity.missing(cpus):
        return False
    return identity.readable and all(reported.known in sealed.members for reported in identity.on_cpus(cpus))
