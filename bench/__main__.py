"""Runs the cases and prints their table."""

import argparse
import os
import platform
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FrameType
from typing import Final, NoReturn

from bench import postgresql
from bench.cases import composition, current_list, cycles, digest, imports, loop, memory, targets
from bench.lab import Lab
from bench.report import HEAD, Row

CASES: Final[Mapping[str, Callable[[Lab], Iterator[Row]]]] = {
    "digest": digest.measure,
    "current-list": current_list.measure,
    "targets": targets.measure,
    "cycles": cycles.on_postgresql,
    "cycles-sqlite": cycles.on_sqlite,
    "import": imports.measure,
    "memory": memory.measure,
    "composition": composition.measure,
    "loop": loop.measure,
}


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parse(arguments)
    signal.signal(signal.SIGTERM, _end)
    with postgresql.server() as server:
        lab = Lab(server, 1 if options.quick else options.rounds, options.quick)
        print(_machine(server, lab), "", HEAD, sep="\n", flush=True)
        for name in options.cases or CASES:
            print(name, file=sys.stderr)
            for row in CASES[name](lab):
                print(row.markdown, flush=True)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the service beside floors.")
    parser.add_argument("cases", nargs="*", type=_case, metavar="CASE", help=f"of {', '.join(CASES)}; all by default")
    parser.add_argument("--rounds", type=int, default=3, help="how often each variant takes its turn (default: 3)")
    parser.add_argument(
        "--quick", action="store_true", help="one short round on small fleets: shows that it works, measures nothing"
    )
    return parser.parse_args(arguments)


def _case(name: str) -> str:
    if name not in CASES:
        message = f"there is no case {name}: {', '.join(CASES)}"
        raise argparse.ArgumentTypeError(message)
    return name


def _end(_: int, __: FrameType | None) -> NoReturn:
    # So that what was started is ended, too.
    sys.exit("ended by a signal")


def _machine(server: str, lab: Lab) -> str:
    load, _, _ = os.getloadavg()
    return (
        f"Python {platform.python_version()}, PostgreSQL {postgresql.version(server)}, {os.cpu_count()} cores,"
        f" load {load:.1f} when begun, medians of {lab.rounds} rounds"
        + (" (quick: too short and too small to measure anything)." if lab.quick else ".")
    )


if __name__ == "__main__":
    main()
