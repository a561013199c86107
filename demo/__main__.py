"""Starts the service, loads the fleet, prints the calls, and stays until it is told to end."""

import argparse
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

import httpx

from demo.failure import DemoFailure
from demo.loading import load
from demo.service import HOST, PROGRAM, free_port, running
from demo.walking import print_tour, walk


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parse(arguments)
    _on_signals(_end)
    try:
        port = free_port(options.port)
        with _directory(options.data) as data, running(port, data) as service:
            _show(service, f"http://{HOST}:{port}", data, once=options.once)
    except DemoFailure as failure:
        print(f"demo: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nThe demo has ended.")
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description="The service on a made-up fleet.")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on, 0 for any free one (default: 8000)")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="keep the data in DIR (default: a temporary directory)"
    )
    parser.add_argument("--once", action="store_true", help="make each printed call, show how it is answered, and end")
    return parser.parse_args(arguments)


def _on_signals(do: Callable[[int, FrameType | None], NoReturn] | signal.Handlers) -> None:
    for signal_ in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signal_, do)


def _end(_: int = 0, __: FrameType | None = None) -> NoReturn:
    # Once is enough: a second signal would only disturb the cleaning up.
    _on_signals(signal.SIG_IGN)
    raise KeyboardInterrupt


@contextmanager
def _directory(wanted: Path | None) -> Iterator[Path]:
    if wanted is not None:
        wanted.mkdir(parents=True, exist_ok=True)
        yield wanted
        return
    with tempfile.TemporaryDirectory(prefix="roadstead-demo-") as made:
        yield Path(made)


def _show(service: subprocess.Popen[bytes], base_url: str, data: Path, *, once: bool) -> None:
    with httpx.Client(base_url=base_url, timeout=60, trust_env=False) as client:
        loaded = load(client)
        fleet = "a made-up fleet" if loaded else "the fleet that was there already"
        print(f"Roadstead runs on {base_url} with {fleet}; its data is in {data}.")
        print(f"The API, documented and to be tried out: {base_url}/docs")
        if once:
            walk(client, base_url)
            return
    print("These calls can be copied and pasted, in this order: each with curl, or with roadstead after these two.")
    print(f"export ROADSTEAD_SERVER={base_url}")
    print(f"export PATH={shlex.quote(str(PROGRAM.parent))}:$PATH")
    print_tour(base_url)
    print("\nCtrl-C ends the demo.", flush=True)
    if code := service.wait():
        message = f"the service ended with {code}; {data / 'service.log'} may say why"
        raise DemoFailure(message)
    # It ends well only where it was told to end, and so is the demo.
    _end()


if __name__ == "__main__":
    sys.exit(main())
