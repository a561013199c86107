"""Trees of files as arm64 Linux shows them, made of published register values."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from roadstead.collector.cpulist import format_cpu_list


class Shown(NamedTuple):
    """The registers of one CPU. `aidr` None: the kernel is older than 6.16 and has no such file."""

    midr: int
    revidr: int
    aidr: int | None


# Firecracker, tests/data/cpu_template_helper/fingerprint_ARM_NEOVERSE_*.json
GRAVITON2: Final = Shown(0x413FD0C1, 0xFF, 0x0)
GRAVITON3: Final = Shown(0x411FD401, 0x1, 0x0)
GRAVITON4: Final = Shown(0x410FD4F1, 0x17, 0x0)

# QEMU, cover letter of the series on target implementations
KUNPENG_920: Final = Shown(0x481FD010, 0x0, 0x551)
KUNPENG_920_NEXT: Final = Shown(0x481FD011, 0x0, 0x551)

# util-linux, tests/ts/lscpu/dumps/arm-A510-A710-A715-X3
PHONE_A510: Final = Shown(0x411FD461, 0x1800000, None)
PHONE_A715: Final = Shown(0x411FD4D0, 0x2, None)
PHONE_A710: Final = Shown(0x412FD470, 0x1F, None)
PHONE_X3: Final = Shown(0x411FD4E0, 0x0, None)
PHONE: Final = {
    **dict.fromkeys(range(3), PHONE_A510),
    **dict.fromkeys(range(3, 5), PHONE_A715),
    **dict.fromkeys(range(5, 7), PHONE_A710),
    7: PHONE_X3,
}

CPUS: Final = Path("sys/devices/system/cpu")


def write_host(root: Path, cpus: Mapping[int, Shown | None]) -> Path:
    """Make `root` a host of these CPUs, None for one that is present but offline. Answers `root`."""
    write(root / CPUS / "present", format_cpu_list(cpus))
    write(root / "proc/sys/kernel/osrelease", "6.17.3-arm64")
    write(root / "proc/sys/kernel/hostname", "Node-7.FRA1.example.net")
    for cpu, shown in cpus.items():
        (root / CPUS / f"cpu{cpu}").mkdir()
        if shown is not None:
            _write_registers(root, cpu, shown)
    return root


def register_file(root: Path, cpu: int, name: str) -> Path:
    return root / CPUS / f"cpu{cpu}/regs/identification/{name}_el1"


def write(path: Path, line: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{line}\n")


def _write_registers(root: Path, cpu: int, shown: Shown) -> None:
    for name, value in shown._asdict().items():
        if value is not None:
            write(register_file(root, cpu, name), f"0x{value:016x}")
