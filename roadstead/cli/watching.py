"""`--watch`: a question that is asked again and again, and answered where the answer has changed."""

import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout, suppress
from io import StringIO
from typing import Annotated, Any, NoReturn, TextIO

import typer
from typing_extensions import override

from roadstead.cli.options import add_options, chosen, kept_option


def _options(
    watch: Annotated[
        bool, kept_option("--watch", "-w", help="Ask again and again, and show what has changed, until Ctrl-C.")
    ] = False,
    interval: Annotated[
        float, kept_option("--interval", help="With --watch, how long to wait in between.", min=0.1, metavar="SECONDS")
    ] = 2.0,
) -> None:
    """Options of commands that only ask."""


def make_watchable(command: Any) -> None:
    """Give a command `--watch`."""
    add_options(command, [_options], brief=True)
    ask: Callable[[typer.Context], object] = command.invoke

    def invoke(ctx: typer.Context) -> object:
        options = chosen(ctx)
        return _watch(lambda: ask(ctx), options["interval"]) if options["watch"] else ask(ctx)

    command.invoke = invoke


def _watch(ask: Callable[[], object], interval: float) -> NoReturn:
    """Until Ctrl-C, which Typer makes the exit code 130 of."""
    seen = ("", "")
    while True:
        if (answer := _answer(ask)) != seen:
            _show(answer)
        seen = answer
        time.sleep(interval)


class _Held(StringIO):
    """What is printed, as it would be where it goes in the end."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    @override
    def isatty(self) -> bool:
        return self._stream.isatty()


def _answer(ask: Callable[[], object]) -> tuple[str, str]:
    """What it prints on standard output and error. However it ends: the next answer may be another."""
    out, err = _Held(sys.stdout), _Held(sys.stderr)
    with redirect_stdout(out), redirect_stderr(err), suppress(typer.Exit):
        ask()
    return out.getvalue(), err.getvalue()


def _show(answer: tuple[str, str]) -> None:
    for stream, text in zip((sys.stdout, sys.stderr), answer, strict=True):
        stream.write(text)
        stream.flush()
