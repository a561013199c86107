"""CPU lists such as `0-3,8`, in the form that sysfs prints (Linux lib/vsprintf.c, `%*pbl`)."""

import re
from collections.abc import Iterable
from itertools import groupby
from typing import Final

_RANGE: Final = re.compile(r"(?P<first>\d+)(?:-(?P<last>\d+))?", re.ASCII)


def parse_cpu_list(text: str) -> tuple[int, ...]:
    """CPU numbers of a list, ascending; raise ValueError on what the kernel would not print."""
    cpus = [cpu for part in text.split(",") for cpu in _parse_range(part)]
    if cpus != sorted(set(cpus)):
        message = f"{text!r} is not in ascending order"
        raise ValueError(message)
    return tuple(cpus)


def _parse_range(text: str) -> range:
    match = _RANGE.fullmatch(text)
    cpus = range(int(match["first"]), int(match["last"] or match["first"]) + 1) if match else range(0)
    if not cpus:
        message = f"{text!r} is neither a CPU number nor a range of them"
        raise ValueError(message)
    return cpus


def format_cpu_list(cpus: Iterable[int]) -> str:
    """Write CPU numbers, given in any order, with each run of neighbours as one range."""
    runs = groupby(enumerate(sorted(set(cpus))), key=lambda placed: placed[1] - placed[0])
    return ",".join(_format_run([cpu for _, cpu in run]) for _, run in runs)


def _format_run(cpus: list[int]) -> str:
    return str(cpus[0]) if len(cpus) == 1 else f"{cpus[0]}-{cpus[-1]}"
