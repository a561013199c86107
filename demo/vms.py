"""The VMs of the demo, one or more in every state there is."""

from dataclasses import KW_ONLY, dataclass
from typing import Final

from demo.fleet import BOARD, MISTYPED, Document

MODERN: Final = "6.18.15"
"""A guest kernel that asks for its list: Linux 6.15 or later."""


@dataclass(frozen=True, slots=True)
class SampleVm:
    """A VM that may run anywhere in its zone. Booted on `host`, or only defined where that is None."""

    name: str
    zone: str
    host: str | None = None
    _: KW_ONLY
    kernel: str = MODERN
    boot: Document | None = None
    """What its boot says beside the host: CPUs it is pinned to, or what an adopted VM exposes."""
    accept_hazards: tuple[str, ...] = ()

    @property
    def definition(self) -> Document:
        return {
            "placement": {
                "selector": {"match_labels": {"zone": self.zone}},
                "accept_hazards": list(self.accept_hazards),
            },
            "guest": {"discovers_implementations": self.kernel == MODERN, "kernel_release": self.kernel},
            "resources": {"vcpus": 4, "memory_mib": 8192},
        }


WEB: Final = SampleVm("web-01", "fra1", "fra1-r01-n01")
"""The one that the calls ask about most."""
BATCH: Final = SampleVm("batch-01", "fra1")
CACHE: Final = SampleVm("cache-01", "ams1", MISTYPED)
"""Exposed: its host turned out to have other registers than its list."""
TESTS: Final = SampleVm("tests-01", "dub1")
MOVING: Final = SampleVm("db-01", "fra1", "fra1-r02-n01")
MOVING_TO: Final = "fra1-r04-n01"

_KUNPENGS: Final = [{"midr": midr, "revidr": "0x0", "aidr": "0x551"} for midr in ("0x481fd010", "0x481fd011")]

VMS: Final = (
    WEB,
    *(SampleVm(f"web-{number:02}", "fra1", f"fra1-r01-n{number:02}") for number in range(2, 13)),
    *(SampleVm(f"api-{number:02}", "dub1", f"dub1-r01-n{number:02}") for number in range(1, 7)),
    BATCH,
    SampleVm("batch-02", "fra1"),
    CACHE,
    TESTS,
    MOVING,
    SampleVm("db-02", "fra1", "fra1-r05-n01"),
    SampleVm("build-01", "fra1", "fra1-r06-n01"),
    SampleVm("hpc-01", "ams1", "ams1-r07-n01"),
    # Homogeneous: its guest cannot ask, or its host cannot answer.
    SampleVm("legacy-01", "fra1", "fra1-r03-n01", kernel="6.1.158"),
    SampleVm("mail-01", "dub1", "dub1-r06-n01"),
    # It ran before the service was there, and keeps the list that its VMM exposes.
    SampleVm("erp-01", "ams1", "ams1-r01-n02", boot={"adopt": {"mode": "discoverable", "implementations": _KUNPENGS}}),
    SampleVm("phone-01", "dub1", BOARD, boot={"cpus": "0-2"}),
    # Its owner knows what it means that AmpereOne stands beside Neoverse N1 on a list, and wants it nevertheless.
    SampleVm("lab-01", "fra1", "fra1-r02-n03", accept_hazards=("ARM64_HAS_BBML3",)),
)
