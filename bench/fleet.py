"""The fleet that everything is measured on: 200 implementations in 600 racks of six zones, the same each time.

MIDR_EL1 values are those of real models in five revisions each, so that the hazard tables divide the fleet as they
would divide a real one.
"""

import json
from collections.abc import Iterator
from itertools import product
from typing import Any, Final

Document = dict[str, Any]

_MODELS: Final = (
    *(
        0x410F_0000 | part << 4
        for part in (0xD0C, 0xD40, 0xD49, 0xD4F, 0xD8E, 0xD84, 0xD08, 0xD0B, 0xD41, 0xD44, 0xD0A)
    ),
    *(0x480F_0000 | part << 4 for part in (0xD01, 0xD02)),  # HiSilicon
    *(0xC00F_0000 | part << 4 for part in (0xAC3, 0xAC4, 0xAC5)),  # Ampere
    0x430F_0AF0,  # Marvell
    0x460F_0010,  # Fujitsu
    0x6D0F_D490,  # Microsoft
    0x4E0F_0100,  # NVIDIA
)
_STEPPINGS: Final = (0x00_0000, 0x00_0001, 0x10_0000, 0x20_0000, 0x30_0001)
"""Variant and revision, where MIDR_EL1 has them."""

IMPLEMENTATIONS: Final = tuple(
    (model | stepping, revidr, 0) for model, stepping, revidr in product(_MODELS, _STEPPINGS, (0, 1))
)
RACKS: Final = 600
ZONES: Final = 6

VM: Final = "vm-1"
BOOT_HOST: Final = "r000-n0000"
DEFINITION: Final[Document] = {
    "placement": {
        "selector": {"match_expressions": [{"key": "zone", "operator": "In", "values": ["z0", "z1", "z2"]}]},
        "max_implementations": 256,
    },
    "guest": {"discovers_implementations": True},
}
"""Half of the zones: every implementation is met there."""


def host(number: int, kernel: str = "6.17.3", day: int = 22) -> Document:
    rack = number % RACKS
    midr, revidr, aidr = IMPLEMENTATIONS[rack % len(IMPLEMENTATIONS)]
    able = rack % 10 != 9
    return {
        "name": name(number),
        "state": "cordoned" if number % 49 == 48 else "active",
        "labels": {"zone": f"z{rack % ZONES}", "rack": f"r{rack:03}"},
        "cpus": [
            {
                "cpu_list": "0-127",
                "midr": f"{midr:#x}",
                "revidr": f"{revidr:#x}",
                # One in a hundred runs a kernel that does not show it.
                "aidr": None if number % 97 == 96 else f"{aidr:#x}",
            }
        ],
        "capabilities": {"writable_id_registers": able, "discovery_hypercalls": able},
        "capacity": {"vcpus": 128, "memory_mib": 524_288},
        "kernel_release": kernel,
        "vmm": "qemu 10.2.0" if able else "qemu 9.2.4",
        # Collectors report every five minutes.
        "observed_at": f"2026-11-{day}T10:{number % 300 // 60:02}:{number % 60:02}Z",
    }


def name(number: int) -> str:
    return f"r{number % RACKS:03}-n{number // RACKS:04}"


def ndjson(hosts: int, **changes: Any) -> bytes:
    """The body of an import."""
    return b"".join(json.dumps(document).encode() + b"\n" for document in _hosts(hosts, **changes))


def _hosts(hosts: int, **changes: Any) -> Iterator[Document]:
    return (host(number, **changes) for number in range(hosts))
