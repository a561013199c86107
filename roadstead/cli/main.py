"""The `roadstead` command."""

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Final

_DEFECT: Final = 3
"""Python's own code would be 1, which is a no."""


def main() -> None:
    """Run a command. `collect` runs on hosts, every few minutes: it must not wait for what people's commands import.

    Nor must whoever presses TAB.
    """
    arguments = sys.argv[1:]
    if arguments[:1] == ["collect"]:
        sys.exit(_collect()(arguments[1:]))
    if "_ROADSTEAD_COMPLETE" in os.environ and _completed():
        return
    try:
        _commands()()
    except Exception as defect:
        traceback.print_exc()
        raise SystemExit(_DEFECT) from defect


def _collect() -> Callable[[Sequence[str]], int]:
    from roadstead.collector.command import main as collect  # noqa: PLC0415 - what it does not import is the point

    return collect


def _completed() -> bool:
    from roadstead.cli.completion import main as complete  # noqa: PLC0415 - the same

    return complete()


def _commands() -> Callable[[], None]:
    from roadstead.cli.application import app  # noqa: PLC0415 - the same

    return app
