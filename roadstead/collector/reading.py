"""Reading a host: its tree of /sys, /proc and /dev, and the version of its QEMU.

The registers are those of Linux Documentation/ABI/testing/sysfs-devices-system-cpu, written by
arch/arm64/kernel/cpuinfo.c. They vanish while a CPU is offline, and what they would be is never assumed.
"""

import re
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Final, NamedTuple

from roadstead.collector.cpulist import format_cpu_list, parse_cpu_list
from roadstead.collector.failures import HostUnreadable
from roadstead.collector.report import CpuGroup

_CPUS: Final = Path("sys/devices/system/cpu")
_REGISTER: Final = re.compile(r"0x[0-9a-f]{16}")
_MIDR: Final = re.compile(r"(?!0x(0{8}|f{8})f{8})0x[0-9a-f]{11}f[0-9a-f]{4}")
"""What a CPU can have there: bits 19:16 are 0xf, and not all bits are set."""
_QEMU_SECONDS: Final = 10
_QEMU_VERSION: Final = re.compile(r"QEMU emulator version (\S+)")


class _Registers(NamedTuple):
    midr: str
    revidr: str
    aidr: str | None


def read_cpus(root: Path) -> tuple[CpuGroup, ...]:
    """All present CPUs, equal ones together, in order of the lowest CPU number of each group.

    Raises HostUnreadable unless every one of them shows its registers.
    """
    alike: defaultdict[_Registers, list[int]] = defaultdict(list)
    silent: list[int] = []
    for cpu in _present_cpus(root):
        shown = _read_registers(root / _CPUS / f"cpu{cpu}/regs/identification")
        (alike[shown] if shown else silent).append(cpu)
    if silent:
        raise HostUnreadable(_what_is_missing(silent, of_all=not alike))
    return tuple(CpuGroup(format_cpu_list(cpus), *registers) for registers, cpus in alike.items())


def _what_is_missing(silent: list[int], *, of_all: bool) -> str:
    if of_all:
        return "no CPU here shows its identification registers; arm64 Linux 4.8 or newer does"
    return (
        f"no registers of CPU {format_cpu_list(silent)}: an offline CPU shows none, and none are assumed."
        " Bring each online (echo 1 > /sys/devices/system/cpu/cpuN/online) and collect again"
    )


def _present_cpus(root: Path) -> tuple[int, ...]:
    path = root / _CPUS / "present"
    text = _read(path)
    if text is None:
        message = f"{path} does not exist, so nothing tells which CPUs there are"
        raise HostUnreadable(message)
    try:
        return parse_cpu_list(text)
    except ValueError as error:
        message = f"{path} is no CPU list: {error}"
        raise HostUnreadable(message) from error


def _read_registers(directory: Path) -> _Registers | None:
    # AIDR comes first: a CPU that goes offline in between then lacks MIDR too, and is not taken for one whose
    # kernel is too old (before 6.16) to show AIDR.
    aidr = _read_register(directory / "aidr_el1")
    revidr = _read_register(directory / "revidr_el1")
    midr = _read_midr(directory / "midr_el1")
    return None if midr is None or revidr is None else _Registers(midr, revidr, aidr)


def _read_register(path: Path) -> str | None:
    text = _read(path)
    if text is not None and not _REGISTER.fullmatch(text):
        message = f"{path} holds {text!r}; a register is 0x and 16 lower-case hexadecimal digits"
        raise HostUnreadable(message)
    return text


def _read_midr(path: Path) -> str | None:
    text = _read_register(path)
    if text is not None and not _MIDR.fullmatch(text):
        message = (
            f"{path} holds {text}, which no arm64 CPU has: bits 19:16 of MIDR_EL1 are 0xf, and not all bits are set"
        )
        raise HostUnreadable(message)
    return text


def read_kernel_release(root: Path) -> str | None:
    """Release of the running kernel as `uname -r` prints it, None where the tree does not tell."""
    return _read(root / "proc/sys/kernel/osrelease") or None


def read_host_name(root: Path) -> str | None:
    """The name the host gives itself, in lower case as the service wants it; None where it has none."""
    name = (_read(root / "proc/sys/kernel/hostname") or "").lower()
    return None if name.partition(".")[0] in {"", "localhost"} else name


def _read(path: Path) -> str | None:
    """Content of a one-line file of the kernel, None where there is no such file."""
    try:
        return path.read_text("ascii", errors="replace").removesuffix("\n")
    except FileNotFoundError:
        return None
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise HostUnreadable(message) from error


def installed_qemu() -> str | None:
    """`qemu` and the version of the qemu-system-aarch64 on the search path, None where none answers."""
    program = shutil.which("qemu-system-aarch64")
    if program is None:
        return None
    try:
        answer = subprocess.run(  # noqa: S603 - no word of the command comes from outside
            [program, "--version"], capture_output=True, check=False, text=True, timeout=_QEMU_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = _QEMU_VERSION.match(answer.stdout)
    return f"qemu {version[1]}" if version else None
