"""What becomes of a program whose reader has seen enough, as in `roadstead hosts list | head`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

UNREAD: Final = 128 + 13
"""The exit code of whatever SIGPIPE ends, as the shell tells it. It is neither a yes nor a no."""


@contextmanager
def read_to_its_end() -> Iterator[None]:
    """Writes out all that was printed. Raises SystemExit(UNREAD), without a word, if nobody reads it any more."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError as error:
        # Python writes out what is left when it ends, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(UNREAD) from error
