"""Sets of CPU numbers in Linux cpulist syntax, as in /sys/devices/system/cpu/present: `0-3,8,10-15`."""

import re
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

CPU_MAX: Final = 65_535
"""Highest CPU number taken. arm64 kernels are built for at most 4,096 CPUs (arch/arm64/Kconfig, NR_CPUS)."""

LONGEST: Final = 65_536
"""Characters of a list, as it comes and as it is kept: enough for any set of the CPUs that a kernel is built for."""

_RANGE: Final = re.compile(r"([0-9]{1,6})(?:-([0-9]{1,6})(?::([0-9]{1,6})/([0-9]{1,6}))?)?")
_WRITTEN: Final = re.compile(r"([0-9]{1,7})(?:-([0-9]{1,7}))?")
_DECADES: Final = (0, 10, 100, 1_000, 10_000)
"""From each of these on, a number has one digit more."""


@dataclass(frozen=True, slots=True)
class CpuList:
    """A set of CPU numbers, kept as a bit mask: bit n stands for CPU n."""

    mask: int

    @property
    def lowest(self) -> int:
        """The lowest CPU number of a list that is not empty."""
        return (self.mask & -self.mask).bit_length() - 1

    def overlaps(self, other: "CpuList") -> bool:
        return bool(self.mask & other.mask)

    def __or__(self, other: "CpuList") -> "CpuList":
        return CpuList(self.mask | other.mask)

    def __sub__(self, other: "CpuList") -> "CpuList":
        return CpuList(self.mask & ~other.mask)

    def __bool__(self) -> bool:
        return bool(self.mask)

    @override
    def __str__(self) -> str:
        return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in self._ranges())

    @property
    def text_length(self) -> int:
        """How many characters `str` would write. Takes no time: a strided form of few bytes can name many ranges."""
        lows, highs = self.mask & ~(self.mask << 1), self.mask & ~(self.mask >> 1)
        longer = highs & ~lows
        separators = lows.bit_count() - 1 + longer.bit_count()
        return separators + sum((ends >> decade).bit_count() for ends in (lows, longer) for decade in _DECADES)

    def _ranges(self) -> list[tuple[int, int]]:
        lowest_first = f"{self.mask:b}"[::-1]
        return [(run.start(), run.end() - 1) for run in re.finditer("1+", lowest_first)]


def parse_cpulist(text: str) -> CpuList:
    """Read a list that names at least one CPU; raise ValueError with a sentence on anything else.

    Also takes the strided form `0-31:2/8` (first 2 of every 8; lib/bitmap-str.c, bitmap_parselist). It can be short
    and stand for a long list, which is refused as if it had been written out.
    """
    if len(text) > LONGEST:
        message = f"a list of CPUs has at most {LONGEST} characters"
        raise ValueError(message)
    mask = 0
    for part in text.split(","):
        mask |= _parse_range(part)
    cpus = CpuList(mask)
    if (length := cpus.text_length) > LONGEST:
        message = (
            f"a list of CPUs has at most {LONGEST} characters; this one, with its ranges written out, has {length}"
        )
        raise ValueError(message)
    return cpus


def read_cpulist(text: str) -> CpuList:
    """Read what `str` wrote, whatever limits the wire has or had; raise ValueError on anything else."""
    mask = 0
    for part in text.split(","):
        match = _WRITTEN.fullmatch(part)
        if match is None or (low := int(match[1])) > (high := int(match[2] or low)):
            message = f"{part!r} is no range of CPUs"
            raise ValueError(message)
        mask |= (1 << high + 1) - (1 << low)
    return CpuList(mask)


def _parse_range(part: str) -> int:
    match = _RANGE.fullmatch(part.strip(" \t\n"))
    if match is None:
        message = f"{part!r} is no range of CPUs; a list looks like 0-3,8,10-15"
        raise ValueError(message)
    low = int(match[1])
    high = int(match[2] or low)
    if not low <= high <= CPU_MAX:
        message = f"{part!r} must ascend and end at {CPU_MAX} or below"
        raise ValueError(message)
    return _strided(low, high, int(match[3] or 1), int(match[4] or 1))


def _strided(low: int, high: int, used: int, group: int) -> int:
    if not 1 <= used <= group:
        message = f"of every {group} CPUs, {used} cannot be taken"
        raise ValueError(message)
    if used == group:
        return (1 << (high + 1)) - (1 << low)
    # One group, repeated by a multiplication: bit by bit, a request of a few bytes would take seconds.
    groups = (high - low) // group + 1
    one, repeated = (1 << used) - 1, ((1 << group * groups) - 1) // ((1 << group) - 1)
    return (one * repeated << low) & ((1 << high + 1) - 1)
