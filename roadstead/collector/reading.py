"""Reading a host: its tree of /sys, /proc and /dev, and the version of its QEMU.

The registers are those of Linux Documentation/ABI/testing/sysfs-devices-system-cpu, written by
arch/arm64/kernel/cpuinfo.c. They vanish while a CPU is offline, and what they would be is never assumed.
"""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final, NamedTuple

from roadstead.collector.cpulist import parse_cpu_list
from roadstead.collector.failures import HostUnreadable

CPUS: Final = Path("sys/devices/system/cpu")
_REGISTER: Final = re.compile(r"0x[0-9a-f]{16}")
_MIDR: Final = re.compile(r"(?!0x(0{8}|f{8})f{8})0x[0-9a-f]{11}f[0-9a-f]{4}")
"""What a CPU can have there: bits 19:16 are 0xf, and not all bits are set."""
_LIBEXEC: Final = Path("/usr/libexec")
"""Where RHEL and its kin have their qemu-kvm, off the search path."""
_QEMU_SECONDS: Final = 10
_QEMU_VERSION: Final = re.compile(r"QEMU emulator version (\S+)")


class Registers(NamedTuple):
    """Of one CPU, each `0x` and 16 lower-case digits as sysfs prints it."""

    midr: str
    revidr: str
    aidr: str | None


def read_present(root: Path) -> tuple[int, ...]:
    """The CPUs that the host has, ascending, whether or not they are online. Raises HostUnreadable."""
    path = root / CPUS / "present"
    cpus = read_cpu_list(path)
    if cpus is None:
        message = f"{path} does not exist, so nothing tells which CPUs there are"
        raise HostUnreadable(message)
    return cpus


def read_cpu_list(path: Path) -> tuple[int, ...] | None:
    """None where there is no such file. Raises HostUnreadable where it holds no CPU list."""
    text = _read(path)
    if text is None:
        return None
    try:
        return parse_cpu_list(text)
    except ValueError as error:
        message = f"{path} is no CPU list: {error}"
        raise HostUnreadable(message) from error


def read_registers(root: Path, cpu: int) -> Registers | None:
    """None where the CPU does not show what every kernel shows of an online one. Raises HostUnreadable."""
    directory = root / CPUS / f"cpu{cpu}/regs/identification"
    # AIDR comes first: a CPU that goes offline in between then lacks MIDR too, and is not taken for one whose
    # kernel is too old (before 6.16) to show AIDR.
    aidr = _read_register(directory / "aidr_el1")
    revidr = _read_register(directory / "revidr_el1")
    midr = _read_midr(directory / "midr_el1")
    return None if midr is None or revidr is None else Registers(midr, revidr, aidr)


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


def installed_qemu(libexec: Path = _LIBEXEC) -> str | None:
    """`qemu` and its version, None where none is found that answers."""
    found = (shutil.which(name) for name in ("qemu-system-aarch64", "qemu-kvm", str(libexec / "qemu-kvm")))
    return next(filter(None, (_version(program) for program in found if program)), None)


def _version(program: str) -> str | None:
    try:
        answer = subprocess.run(  # noqa: S603 - no word of the command comes from outside
            [program, "--version"], capture_output=True, check=False, text=True, timeout=_QEMU_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = _QEMU_VERSION.match(answer.stdout)
    return f"qemu {version[1]}" if version else None
