"""How long the event loop is held: the longest answer of `/healthz`, asked for again and again.

Run as `python -m bench.pulse PORT`; it says what it found when its standard input ends.
"""

import http.client
import select
import subprocess
import sys
from collections.abc import Callable
from time import perf_counter, sleep
from typing import NamedTuple

from bench.load import HOST

_WARM_UP = 0.2


class Pulse(NamedTuple):
    longest: float
    """Milliseconds."""
    seconds: float
    """How long the work took beside which it was measured."""


def pulse_beside(port: int, work: Callable[[], object]) -> Pulse:
    """Ask in a process of its own while the work is done."""
    command = [sys.executable, "-m", "bench.pulse", str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        assert child.stdin
        child.stdout.readline()
        begun = perf_counter()
        work()
        seconds = perf_counter() - begun
        sleep(_WARM_UP / 4)
        child.stdin.close()
        return Pulse(float(child.stdout.readline()), seconds)


def _main(port: int) -> None:
    connection = http.client.HTTPConnection(HOST, port, timeout=600)
    begun = perf_counter()
    while perf_counter() - begun < _WARM_UP:
        _ask(connection)
    print("asking", flush=True)
    longest = 0.0
    while not select.select([sys.stdin], [], [], 0)[0]:
        longest = max(longest, _ask(connection))
    print(longest * 1000, flush=True)


def _ask(connection: http.client.HTTPConnection) -> float:
    begun = perf_counter()
    connection.request("GET", "/healthz")
    answer = connection.getresponse()
    answer.read()
    assert answer.status == http.client.OK
    return perf_counter() - begun


if __name__ == "__main__":
    _main(int(sys.argv[1]))
