"""CPUs that are present and show no registers: why, and what can be done about it.

A CPU may be present without being enabled: firmware has to enable it before it can come online, and sysfs has no
directory of it until then (Linux 6.11, Documentation/arch/arm64/cpu-hotplug.rst).
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from roadstead.collector.cpulist import format_cpu_list
from roadstead.collector.reading import CPUS, read_cpu_list

_SHOWN: Final = Path("/") / CPUS

_NOT_ENABLED: Final = (
    f"they are not in {_SHOWN}/enabled, so the kernel does not show them, and cannot bring them online before the"
    " firmware enables them"
)
_NO_DIRECTORY: Final = f"{_SHOWN} has no directory of theirs, so nothing tells whether they are online"
_ONLINE: Final = f"they are online, but {_SHOWN}/cpuN/regs/identification has not both midr_el1 and revidr_el1"
_OFFLINE: Final = (
    "an offline CPU shows none, and none are assumed."
    f" Bring each online (echo 1 > {_SHOWN}/cpuN/online) and collect again"
)


class Silence(NamedTuple):
    """What sysfs tells of CPUs beside their registers."""

    directory: Path
    enabled: frozenset[int] | None
    """None before Linux 6.11, which has no such list."""
    online: frozenset[int] | None

    def dormant(self, cpu: int) -> bool:
        """Whether nothing can run on it until firmware enables it."""
        return not (self.enabled is None or self.online is None or cpu in self.enabled or cpu in self.online)

    def why(self, silent: Sequence[int], model: int) -> str:
        """Each cause with its CPUs, and the ways out; `model` is a CPU that shows its registers."""
        causes: defaultdict[str, list[int]] = defaultdict(list)
        for cpu in silent:
            causes[self._cause(cpu)].append(cpu)
        told = [f"no registers of CPU {format_cpu_list(cpus)}: {cause}" for cause, cpus in causes.items()]
        named = format_cpu_list(silent)
        return (
            f"{'. '.join(told)}. Otherwise: --without-cpus {named} if no VM can run on them,"
            f" or --same-as {model}:{named} if you know that they are like CPU {model}"
        )

    def _cause(self, cpu: int) -> str:
        if self.enabled is not None and cpu not in self.enabled:
            return _NOT_ENABLED
        if not (self.directory / f"cpu{cpu}").is_dir():
            return _NO_DIRECTORY
        return _ONLINE if self.online is not None and cpu in self.online else _OFFLINE


def read_silence(root: Path) -> Silence:
    directory = root / CPUS
    return Silence(directory, _listed(directory / "enabled"), _listed(directory / "online"))


def _listed(path: Path) -> frozenset[int] | None:
    cpus = read_cpu_list(path)
    return None if cpus is None else frozenset(cpus)
