"""The CPUs of a host as they are reported: what it shows, and what its operator states where it shows nothing."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from roadstead.collector.cpulist import format_cpu_list
from roadstead.collector.failures import HostUnreadable
from roadstead.collector.reading import Registers, read_present, read_registers
from roadstead.collector.report import CpuGroup
from roadstead.collector.silent import read_silence
from roadstead.collector.statements import NOTHING, Statements

_LONGEST: Final = 1000
"""Characters that the service takes of remarks, about."""


class Cpus(NamedTuple):
    groups: tuple[CpuGroup, ...]
    """Equal ones together, in order of the lowest CPU number of each."""
    remarks: tuple[str, ...]
    """What was stated or left out. There are none of a host that shows all its CPUs, and is believed."""


def read_cpus(root: Path, statements: Statements = NOTHING) -> Cpus:
    """All present CPUs but those that are left out.

    Raises HostUnreadable unless the registers of every one of them are shown or stated, and Misconfigured where the
    statements speak of CPUs that the host does not have.
    """
    present = read_present(root)
    statements.check(present)
    counted = [cpu for cpu in present if cpu not in statements.without]
    shown = {cpu: registers for cpu in counted if (registers := read_registers(root, cpu))}
    likened = statements.liken(shown)
    known = {**shown, **likened}
    dormant = _dormant(root, [cpu for cpu in counted if cpu not in known], shown)
    cpus = {cpu: known[cpu] for cpu in counted if cpu in known}
    return Cpus(
        _grouped({cpu: statements.complete(registers) for cpu, registers in cpus.items()}),
        (*_not_enabled(dormant), *statements.remarks(likened, cpus)),
    )


def joined(remarks: Sequence[str]) -> str | None:
    """As one line, cut where lists of CPUs make it too long for the service."""
    line = "; ".join(remarks)
    return (line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…") or None


def _dormant(root: Path, silent: Sequence[int], shown: Collection[int]) -> Sequence[int]:
    """The silent CPUs, if nothing can run on any. Raises HostUnreadable otherwise."""
    if not shown:
        message = "no CPU here shows its identification registers; arm64 Linux 4.8 or newer does"
        raise HostUnreadable(message)
    silence = read_silence(root)
    if unknown := [cpu for cpu in silent if not silence.dormant(cpu)]:
        raise HostUnreadable(silence.why(unknown, min(shown)))
    return silent


def _not_enabled(dormant: Sequence[int]) -> Sequence[str]:
    if not dormant:
        return ()
    return (f"CPU {format_cpu_list(dormant)} left out: neither online nor enabled by the firmware",)


def _grouped(known: Mapping[int, Registers]) -> tuple[CpuGroup, ...]:
    alike: defaultdict[Registers, list[int]] = defaultdict(list)
    for cpu, registers in known.items():
        alike[registers].append(cpu)
    return tuple(CpuGroup(format_cpu_list(cpus), *registers) for registers, cpus in alike.items())
