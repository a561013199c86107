"""What an operator states of a host because the host does not show it.

What the host shows always wins; a statement that it contradicts is not used for the rest either.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from roadstead.collector.cpulist import format_cpu_list, parse_cpu_list
from roadstead.collector.failures import HostUnreadable, Misconfigured
from roadstead.collector.reading import Registers

_REGISTER: Final = re.compile(r"0[xX][0-9a-fA-F]{1,16}")
_CPU: Final = re.compile(r"\d+", re.ASCII)


class Likeness(NamedTuple):
    """`cpus` have the registers of `model`."""

    model: int
    cpus: tuple[int, ...]

    def registers(self, shown: Mapping[int, Registers]) -> Registers:
        """Those of the model. Raises HostUnreadable unless it shows them, and none of `cpus` shows others."""
        if because := self._belied(shown):
            message = f"--same-as {self.model}:{format_cpu_list(self.cpus)} does not hold: {because}"
            raise HostUnreadable(message)
        return shown[self.model]

    def _belied(self, shown: Mapping[int, Registers]) -> str | None:
        if self.model not in shown:
            return f"CPU {self.model} itself is left out or shows no registers"
        others = [cpu for cpu in self.cpus if shown.get(cpu, shown[self.model]) != shown[self.model]]
        return f"CPU {format_cpu_list(others)} shows other registers than CPU {self.model}" if others else None


@dataclass(frozen=True, slots=True)
class Statements:
    without: tuple[int, ...] = ()
    """CPUs that no VM of this service ever runs on."""
    same_as: tuple[Likeness, ...] = ()
    aidr: str | None = None
    """In the form of sysfs."""

    def check(self, present: Sequence[int]) -> None:
        """Raises Misconfigured where CPUs are named that the host does not have, or all of them are left out."""
        named = {*self.without, *(cpu for model, cpus in self.same_as for cpu in (model, *cpus))}
        if absent := named.difference(present):
            message = f"this host has no CPU {format_cpu_list(absent)}; its CPUs are {format_cpu_list(present)}"
            raise Misconfigured(message)
        if not set(present).difference(self.without):
            message = "--without-cpus leaves no CPU to report"
            raise Misconfigured(message)

    def liken(self, shown: Mapping[int, Registers]) -> Mapping[int, Registers]:
        """The registers that are stated of CPUs which show none. Raises HostUnreadable where others belie it."""
        return {
            cpu: registers for likeness in self.same_as for cpu, registers in self._likened(likeness, shown).items()
        }

    def _likened(self, likeness: Likeness, shown: Mapping[int, Registers]) -> Mapping[int, Registers]:
        silent = [cpu for cpu in likeness.cpus if cpu not in shown and cpu not in self.without]
        return dict.fromkeys(silent, likeness.registers(shown)) if silent else {}

    def complete(self, registers: Registers) -> Registers:
        return registers._replace(aidr=registers.aidr or self.aidr)

    def remarks(self, likened: Collection[int], cpus: Mapping[int, Registers]) -> Iterator[str]:
        """What of `cpus`, the whole host as it showed or was likened, rests on a statement."""
        if self.without:
            yield f"CPU {format_cpu_list(self.without)} left out as stated"
        for model, alike in self.same_as:
            if stated := set(likened).intersection(alike):
                yield f"CPU {format_cpu_list(stated)} like CPU {model} as stated"
        if self.aidr:
            yield from _of_aidr(self.aidr, cpus)


NOTHING: Final = Statements()


def _of_aidr(stated: str, cpus: Mapping[int, Registers]) -> Iterator[str]:
    if unread := [cpu for cpu, registers in cpus.items() if registers.aidr is None]:
        yield f"AIDR_EL1 {stated} of CPU {format_cpu_list(unread)} as stated"
    if others := [cpu for cpu, registers in cpus.items() if registers.aidr not in {None, stated}]:
        yield f"AIDR_EL1 of CPU {format_cpu_list(others)} as shown, which is not the {stated} stated"


def parse_likeness(text: str) -> Likeness:
    """Of `0:4-63`: CPUs 4 to 63 are like CPU 0. Raises ValueError."""
    model, _, cpus = text.partition(":")
    if not _CPU.fullmatch(model):
        message = f"{text!r} is not CPU:LIST, such as 0:4-63"
        raise ValueError(message)
    return Likeness(int(model), parse_cpu_list(cpus))


def parse_register(text: str) -> str:
    """In the form of sysfs. Raises ValueError."""
    if not _REGISTER.fullmatch(text):
        message = f"{text!r} is no register: 0x and 1 to 16 hexadecimal digits"
        raise ValueError(message)
    return f"{int(text, 16):#018x}"
