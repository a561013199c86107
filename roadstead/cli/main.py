"""The `roadstead` command."""

import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Final

_DEFECT: Final = 3
"""Python's own code would be 1, which is a no."""


def main() -> None:
    """Run a command. `collect` runs on hosts, every few minutes: it must not wait for what people's commands import."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["collect"]:
        sys.exit(_collect()(arguments[1:]))
    try:
        _commands()()
    except Exception as defect:
        traceback.print_exc()
        raise SystemExit(_DEFECT) from defect


def _collect() -> Callable[[Sequence[str]], int]:
    from roadstead.collector.command import main as collect  # noqa: PLC0415 - what it does not import is the point

    return collect


def _commands() -> Callable[[], None]:
    from roadstead.cli.application import app  # noqa: PLC0415 - the same

    return app
