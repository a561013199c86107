"""Kinds of reasons, those of a boot's mode among them: one table from codes to what they mean and what helps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.domain.planning.reasons import LASTING, ReasonCode


@dataclass(frozen=True, slots=True)
class ReasonType:
    """A kind of reason; its page under /reasons/ is made of this."""

    code: ReasonCode
    title: str
    meaning: str
    remedy: str

    @property
    def lasting(self) -> bool:
        return self.code in LASTING


REASON_TYPES: Final[Mapping[str, ReasonType]] = {
    each.code: each
    for each in (
        ReasonType(
            ReasonCode.IS_CURRENT_HOST,
            "The VM is on this host",
            "It is the host on which the VM is now.",
            "Nothing is to be done.",
        ),
        ReasonType(
            ReasonCode.HOST_NOT_ACTIVE,
            "The host takes no VMs now",
            "It is planned, cordoned, in maintenance or retired; `detail` names its state.",
            "Set its state to `active` if it may take VMs again, or choose another host.",
        ),
        ReasonType(
            ReasonCode.PLACEMENT_MISMATCH,
            "The placement does not allow the host",
            "The host's name or labels do not satisfy the VM's placement; `unmet` has each condition that fails.",
            "Change the placement or the host's labels. A wider placement counts at once for moves, but the list of a"
            " running VM does not grow by it.",
        ),
        ReasonType(
            ReasonCode.IDENTITY_INCOMPLETE,
            "A register of the host is unknown",
            "Nobody has read it for some CPU, nearly always AIDR_EL1 on a kernel before Linux 6.16; `unread_cpus` says"
            " of which. It is not taken for 0, because it may not be. Or what is stored of the host cannot be read.",
            "Upgrade the host's kernel and let its collector report again, or read the value another way and put it"
            " into the inventory.",
        ),
        ReasonType(
            ReasonCode.INVENTORY_STALE,
            "The host has not reported for too long",
            "It was last observed longer ago than `ROADSTEAD_MAX_INVENTORY_AGE` allows, or its clock is far ahead.",
            "Find out why its collector does not report: `systemctl status roadstead-collect` on the host.",
        ),
        ReasonType(
            ReasonCode.IMPLEMENTATION_NOT_LISTED,
            "The guest was not told of the host's CPU",
            "The host has a CPU that is not on the list of the VM's boot. `implementation` is the host's,"
            " `nearest_listed` the most similar one on the list, `differing_registers` that in which they differ."
            " A difference in REVIDR_EL1 alone is a real one.",
            "Stop the VM and boot it again: the new list has the CPUs that are in the inventory and the placement by"
            " then. That does not help where `would_weaken_guest` or `guest_cannot_discover` stands beside it.",
        ),
        ReasonType(
            ReasonCode.LACKS_WRITABLE_ID_REGISTERS,
            "The host's KVM cannot keep the guest's registers",
            "The host does not let a guest keep its MIDR, REVIDR and AIDR (capability 239, Linux 6.15), or nobody has"
            " reported that it does.",
            "Upgrade the host's kernel. If it is new enough, the collector could not open `/dev/kvm`: add its user to"
            " the group `kvm`.",
        ),
        ReasonType(
            ReasonCode.LACKS_DISCOVERY_HYPERCALLS,
            "The host does not answer the guest's discovery calls",
            "Its kernel is older than Linux 6.15, its VMM does not know the calls, or nobody has said that it does.",
            "Upgrade the kernel or the VMM, and say so in the host's capabilities: no collector can find it out.",
        ),
        ReasonType(
            ReasonCode.GUEST_CANNOT_DISCOVER,
            "The guest asks for no list",
            "Its kernel knows the one implementation it was booted on, and the host is another.",
            "Boot a guest with Linux 6.15 or later, and set `guest.discovers_implementations`. Until then the VM moves"
            " among equal hosts only.",
        ),
        ReasonType(
            ReasonCode.WOULD_WEAKEN_GUEST,
            "The host's CPU would weaken the guest",
            "It may not stand on one list with the VM's, because the guest would then take an unsafe CPU for safe;"
            " `weakening` names the tables.",
            "Keep such machines in different placements. Or accept the hazard by name (`accept_hazards`) and boot the"
            " VM again, if you know that the guest decides otherwise or can live without the mitigation.",
        ),
        ReasonType(
            ReasonCode.HETEROGENEOUS_HOST,
            "The host mixes CPUs, and this boot can tell of one",
            "The guest cannot discover, or the host lacks an ability, so the guest would learn only what its vCPUs"
            " happen to show.",
            "Pin the boot, and the VMM with it, to CPUs of one kind with `cpus`.",
        ),
        ReasonType(
            ReasonCode.HAZARD_ON_BOOT_HOST,
            "The host's own CPUs would weaken the guest",
            "It mixes CPUs that are in a table of safe parts with CPUs that are not.",
            "Pin the boot to CPUs of one kind with `cpus`, or accept the hazard by name (`accept_hazards`).",
        ),
    )
}


def page_of(code: ReasonCode) -> str:
    """The page about a reason, from the root of the service."""
    return f"/reasons/{code}"
