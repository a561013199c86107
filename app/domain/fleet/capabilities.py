"""What a host can do for a migrating guest: the table of capabilities, and what one host reports of each.

Rules, sets of hosts, columns and the API follow the table.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final


@dataclass(frozen=True, slots=True)
class Capability:
    """Something that a host can do, or not."""

    name: str
    """Of the field of `Capabilities`, of the field of the API, and of the column."""
    meaning: str
    """What it takes, and what comes of it."""
    ability: str
    """What a host without it cannot do: the end of a sentence."""
    remedy: str
    """What a host needs to have it."""
    since: tuple[int, int]
    """The first Linux that can have it: major and minor."""

    @property
    def lack(self) -> str:
        """Value of the code of every refusal for want of it."""
        return f"lacks_{self.name}"


WRITABLE_ID_REGISTERS: Final = Capability(
    "writable_id_registers",
    "KVM_CAP_ARM_WRITABLE_IMP_ID_REGS (Linux 6.15): guests keep their MIDR, REVIDR and AIDR.",
    "keep the guest's MIDR, REVIDR and AIDR",
    "run a kernel with KVM_CAP_ARM_WRITABLE_IMP_ID_REGS (Linux 6.15 or later) and report the capability",
    (6, 15),
)
DISCOVERY_HYPERCALLS: Final = Capability(
    "discovery_hypercalls",
    "KVM forwards DISCOVER_IMPL_* and the VMM answers them.",
    "answer the discovery hypercalls",
    "run Linux 6.15 or later and a VMM that answers DISCOVER_IMPL_*, and report the capability",
    (6, 15),
)

CAPABILITIES: Final = (WRITABLE_ID_REGISTERS, DISCOVERY_HYPERCALLS)
"""All of them, in the order of the fields of `Capabilities`."""

DISCOVERY: Final = (WRITABLE_ID_REGISTERS, DISCOVERY_HYPERCALLS)
"""What a host must be able to do to boot a VM in discoverable mode, or to take one over (rule 4)."""


@dataclass(frozen=True)
class Capabilities:
    """What a host reports of each capability. None is unknown, and counts as no."""

    writable_id_registers: bool | None = None
    discovery_hypercalls: bool | None = None

    @cached_property
    def answers(self) -> tuple[tuple[str, bool | None], ...]:
        """Each capability by name, with what is reported of it."""
        # An index of the fleet asks it of every host; hosts share theirs by the thousand.
        return tuple((each.name, getattr(self, each.name)) for each in CAPABILITIES)

    def of(self, capability: Capability) -> bool | None:
        answer: bool | None = getattr(self, capability.name)
        return answer

    def lacking(self, needed: tuple[Capability, ...]) -> tuple[Capability, ...]:
        """Those of the needed that are not known to be there."""
        return tuple(each for each in needed if self.of(each) is not True)
