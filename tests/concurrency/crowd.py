"""A crowd of clients that all want something else of the same few hosts and VMs, and what they were answered."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from threading import Event
from typing import Any, Final

import httpx
import orjson

from tests.concurrency.clients import connected, until
from tests.waiting import PATIENCE, wait_until

HOSTS: Final = tuple(f"h{number}" for number in range(6))
COMING_AND_GOING: Final = HOSTS[4:]
VMS: Final = tuple(f"vm-{number}" for number in range(4))

ABLE: Final = {"writable_id_registers": True, "discovery_hypercalls": True}
NDJSON: Final = {"Content-Type": "application/x-ndjson"}

Act = Callable[[httpx.Client], None]
Registers = dict[str, str | None]

_REGISTERS: Final[list[Registers]] = [
    {"midr": "0x411fd401", "revidr": f"{number:#x}", "aidr": "0x0"} for number in range(4)
]
_UNREAD: Final[Registers] = {**_REGISTERS[0], "aidr": None}
_MIXED: Final[list[Registers]] = [{**_REGISTERS[0], "cpu_list": "0-3"}, {**_REGISTERS[1], "cpu_list": "4-7"}]
_IDENTITIES: Final[list[list[Registers]]] = [
    *([each] for each in _REGISTERS),
    [_REGISTERS[0]],
    [_REGISTERS[1]],
    [_UNREAD],
    _MIXED,
]


@dataclass
class Tale:
    """What the clients were answered."""

    answers: list[tuple[str, int, str]] = field(default_factory=list)
    """What was asked, the status, and the code of the problem."""
    admitted: list[dict[str, Any]] = field(default_factory=list)
    booted: list[str] = field(default_factory=list)
    """VM and number of each boot."""
    revisions: list[int] = field(default_factory=list)
    """The fleet revision that each change was answered with."""
    deletions: list[str] = field(default_factory=list)
    """Changes that are answered with no revision."""

    def has(self, least: int) -> bool:
        """Whether there are so many admissions, boots and changes of the fleet."""
        return min(len(self.admitted), len(self.booted), len(self.revisions)) >= least

    def note(self, asked: str, answer: httpx.Response) -> httpx.Response:
        code = "" if answer.is_success else answer.json()["code"]
        self.answers.append((asked, answer.status_code, code))
        return answer

    def note_change(self, asked: str, answer: httpx.Response) -> None:
        if self.note(asked, answer).is_success:
            self.revisions.append(answer.json()["fleet_revision"])


@dataclass
class Crowd:
    url: str
    tale: Tale = field(default_factory=Tale)
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    _serial: "count[int]" = field(default_factory=count)

    def gather(self) -> None:
        """Put hosts and VMs there."""
        with connected(self.url) as client:
            for name in HOSTS:
                self._put(client, name)
            for number, name in enumerate(VMS):
                guest = {"discovers_implementations": number % 3 > 0}
                client.put(f"/v1/vms/{name}", json={"guest": guest}).raise_for_status()

    def run(self, enough: Callable[[Tale], bool]) -> None:
        """Let all clients act until they have been answered enough."""
        with self.acting() as over:
            wait_until(lambda: enough(self.tale) or over.is_set(), 10 * PATIENCE)

    def run_until_lost(self, enough: Callable[[Tale], bool], kill: Callable[[], None]) -> None:
        """The same, and kill the service under them."""
        with self.acting(httpx.TransportError) as over:
            wait_until(lambda: enough(self.tale) or over.is_set(), 10 * PATIENCE)
            kill()

    @contextmanager
    def acting(self, *expected: type[Exception]) -> Iterator[Event]:
        """All clients act for the time of the block, or until one fails, which sets the event."""
        over = Event()
        acts: list[Act] = [self.flip, self.flip, self.beat, self.beat, self.replace, self.import_some]
        acts += [self._driver(vm) for vm in VMS]
        with ThreadPoolExecutor(len(acts)) as pool:
            clients = [pool.submit(until, over, self.url, act) for act in acts]
            try:
                yield over
            finally:
                over.set()
            for client in clients:
                with suppress(*expected):
                    client.result()

    # Of hosts.

    def flip(self, client: httpx.Client) -> None:
        """Other registers, and a mark that makes each change one."""
        patch = {"cpus": self._identity(), "kernel_release": self._mark()}
        self.tale.note_change("patch", client.patch(f"/v1/hosts/{self._host()}", json=patch))

    def beat(self, client: httpx.Client) -> None:
        self.tale.note("beat", client.patch(f"/v1/hosts/{self._host()}", json={"observed_at": None}))

    def replace(self, client: httpx.Client) -> None:
        """Delete a host, if it is free, and put another of its name."""
        name = self.chance.choice(COMING_AND_GOING)
        if self.tale.note("delete", client.delete(f"/v1/hosts/{name}")).is_success:
            self.tale.deletions.append(name)
        self._put(client, name)

    def _put(self, client: httpx.Client, name: str) -> None:
        document = {"cpus": self._identity(), "capabilities": ABLE, "kernel_release": self._mark()}
        self.tale.note_change("put", client.put(f"/v1/hosts/{name}", json=document))

    def import_some(self, client: httpx.Client) -> None:
        names = self.chance.sample(HOSTS[:4], 3)
        lines = [
            orjson.dumps({"name": name, "cpus": self._identity(), "capabilities": ABLE, "vmm": self._mark()})
            for name in names
        ]
        self.tale.note_change("import", client.post("/v1/hosts:import", content=b"\n".join(lines), headers=NDJSON))

    def _host(self) -> str:
        return self.chance.choice(HOSTS)

    def _identity(self) -> list[Registers]:
        return self.chance.choice(_IDENTITIES)

    def _mark(self) -> str:
        return f"mark {next(self._serial)}"

    # Of VMs.

    def _driver(self, vm: str) -> Act:
        def drive(client: httpx.Client) -> None:
            """One life of a VM: boot, and move where it may."""
            self.tale.note("stop", client.post(f"/v1/vms/{vm}/stop"))
            booted = self.tale.note("boot", client.post(f"/v1/vms/{vm}/boots", json={"host": self._host()}))
            if booted.status_code == 201:
                self.tale.booted.append(f"{vm}/{booted.json()['boot']}")
                for _ in range(3):
                    self._move(client, vm)

        return drive

    def _move(self, client: httpx.Client, vm: str) -> None:
        answer = self.tale.note("admit", client.post(f"/v1/vms/{vm}/migrations", json={"target": self._host()}))
        if answer.status_code == 201:
            self.tale.admitted.append(answer.json())
            migration = f"/v1/migrations/{answer.json()['id']}"
            self.tale.note("verify", client.post(f"{migration}:verify"))
            end = self.chance.choice(("complete", "complete", "fail"))
            self.tale.note(end, client.post(f"{migration}:{end}"))
