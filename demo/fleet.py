"""A made-up fleet of 400 hosts in three zones: racks as data, and the hosts that differ from their rack.

MIDR_EL1 values are those of real CPUs. REVIDR_EL1 and AIDR_EL1 are real where they were published (Graviton, Kunpeng,
the phone's four CPU types) and 0 elsewhere; which company would mix all of these is another question.
"""

from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, Final, NamedTuple

Document = dict[str, Any]


class Cpus(NamedTuple):
    """CPUs with the same registers."""

    cpu_list: str
    midr: str
    revidr: str = "0x0"
    aidr: str | None = "0x0"


class Model(NamedTuple):
    """A kind of machine."""

    vcpus: int
    memory_gib: int
    cpus: tuple[Cpus, ...]


ALTRA: Final = Model(80, 256, (Cpus("0-79", "0x413fd0c1"),))
GRAVITON2: Final = Model(64, 256, (Cpus("0-63", "0x413fd0c1", "0xff"),))
GRAVITON3: Final = Model(64, 256, (Cpus("0-63", "0x411fd401", "0x1"),))
GRAVITON4: Final = Model(96, 384, (Cpus("0-95", "0x410fd4f1", "0x17"),))
GRACE: Final = Model(144, 480, (Cpus("0-143", "0x410fd4f0"),))
KUNPENG_920: Final = Model(128, 512, (Cpus("0-127", "0x481fd010", aidr="0x551"),))
KUNPENG_920_NEXT: Final = Model(128, 512, (Cpus("0-127", "0x481fd011", aidr="0x551"),))
AMPEREONE: Final = Model(192, 512, (Cpus("0-191", "0xc00fac30"),))
AMPEREONE_NEXT: Final = Model(192, 512, (Cpus("0-191", "0xc00fac31"),))
AMPERE_1A: Final = Model(192, 768, (Cpus("0-191", "0xc00fac40"),))
NEOVERSE_N2: Final = Model(128, 512, (Cpus("0-127", "0x410fd493"),))
THUNDERX2: Final = Model(224, 256, (Cpus("0-223", "0x431f0af1"),))
PHONE: Final = Model(
    8,
    12,
    (
        Cpus("0-2", "0x411fd461", "0x1800000"),
        Cpus("3-4", "0x411fd4d0", "0x2"),
        Cpus("5-6", "0x412fd470", "0x1f"),
        Cpus("7", "0x411fd4e0"),
    ),
)
"""A development board with a phone's big.LITTLE: four kinds of CPU in one machine."""

HOSTS_PER_RACK: Final = 18


@dataclass(frozen=True, slots=True)
class Rack:
    zone: str
    name: str
    model: Model
    _: KW_ONLY
    state: str = "active"
    kernel: str = "6.17.3"
    able: bool = True
    """Whether its kernel and its VMM can do what a discoverable guest needs."""


RACKS: Final = (
    Rack("fra1", "r01", ALTRA),
    Rack("fra1", "r02", ALTRA),
    Rack("fra1", "r03", ALTRA),
    Rack("fra1", "r04", GRAVITON2),
    Rack("fra1", "r05", GRAVITON3),
    Rack("fra1", "r06", AMPEREONE),
    Rack("fra1", "r07", AMPEREONE_NEXT),
    Rack("fra1", "r08", NEOVERSE_N2, state="planned"),  # bought for next year
    Rack("ams1", "r01", KUNPENG_920),
    Rack("ams1", "r02", KUNPENG_920),
    Rack("ams1", "r03", KUNPENG_920),
    Rack("ams1", "r04", KUNPENG_920_NEXT),
    Rack("ams1", "r05", ALTRA),
    Rack("ams1", "r06", GRAVITON4),
    Rack("ams1", "r07", GRACE),
    Rack("ams1", "r08", AMPERE_1A, state="planned"),  # the same
    Rack("dub1", "r01", GRAVITON3),
    Rack("dub1", "r02", GRAVITON3),
    Rack("dub1", "r03", GRAVITON4),
    Rack("dub1", "r04", THUNDERX2, state="retired", kernel="6.12.57", able=False),
    Rack("dub1", "r05", THUNDERX2, state="cordoned", kernel="6.12.57", able=False),  # next to go
    Rack("dub1", "r06", ALTRA, kernel="6.12.57", able=False),  # to be upgraded next month
)

OLD_VMM: Final[Document] = {
    "vmm": "qemu 9.2.4",
    "capabilities": {"writable_id_registers": True, "discovery_hypercalls": False},
}

UNLIKE_THEIR_RACK: Final[Mapping[str, Document]] = {
    "fra1-r02-n17": {"state": "cordoned"},
    "fra1-r02-n18": {"state": "maintenance"},
    "ams1-r02-n09": {"state": "maintenance"},
    "fra1-r03-n16": OLD_VMM,
    "fra1-r03-n17": OLD_VMM,
    # Linux shows AIDR_EL1 since 6.16: here it is unknown, which is not the same as 0.
    "fra1-r03-n18": {
        "cpus": [{"cpu_list": "0-79", "midr": "0x413fd0c1", "revidr": "0x0", "aidr": None}],
        "kernel_release": "6.12.57",
        "capabilities": {"writable_id_registers": False, "discovery_hypercalls": False},
    },
}

BOARD: Final = "dub1-lab-n01"

LATECOMER: Final = "fra1-r01-n19"
"""Racked after the VMs were booted: the same CPU model and stepping as its rack, with another REVIDR_EL1."""
LATER_ALTRA: Final = Model(80, 256, (Cpus("0-79", "0x413fd0c1", "0x1"),))

MISTYPED: Final = "ams1-r05-n04"
"""Put in by hand like the rest of its rack; then its collector reported what its CPUs really are."""
COLLECTED: Final[Document] = {
    "cpus": [{"cpu_list": "0-79", "midr": "0x413fd0c1", "revidr": "0x3", "aidr": "0x0"}],
}


def hosts() -> Iterator[Document]:
    """The fleet as it stood when the VMs were booted."""
    for rack in RACKS:
        for number in range(1, HOSTS_PER_RACK + 1):
            name = f"{rack.zone}-{rack.name}-n{number:02}"
            yield {"name": name, **_report(rack), **UNLIKE_THEIR_RACK.get(name, {})}
    yield {"name": BOARD, **_report(Rack("dub1", "lab", PHONE))}


def latecomer() -> Document:
    return _report(Rack("fra1", "r01", LATER_ALTRA))


def _report(rack: Rack) -> Document:
    model = rack.model
    return {
        "state": rack.state,
        "labels": {"zone": rack.zone, "rack": rack.name},
        "cpus": [group._asdict() for group in model.cpus],
        "capabilities": {"writable_id_registers": rack.able, "discovery_hypercalls": rack.able},
        "capacity": {"vcpus": model.vcpus, "memory_mib": model.memory_gib * 1024},
        "kernel_release": rack.kernel,
        "vmm": "qemu 10.2.0 with impl-cpu" if rack.able else "qemu 9.2.4",
    }
