"""Random histories, driven through two workers over one database, and after each step compared with a plain model.

Each step goes to either worker, and the truth is then asked of the other: it has to notice by itself what changed.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from typing_extensions import override

from app.settings import Settings
from tests.concurrency import requests as some
from tests.concurrency.model import HAZARD, Document, Host, Model, Refusals, Reported, Sealed, Vm, cpus_of
from tests.concurrency.workers import Worker, Workers
from tests.databases import empty, sqlite_url

MAX_INVENTORY_AGE: Final = timedelta(hours=1)
MIGRATION_TIMEOUT: Final = timedelta(hours=2)

NDJSON: Final = {"Content-Type": "application/x-ndjson"}

on_either = st.sampled_from((0, 1))
"""Which worker a step goes to."""
ends = st.sampled_from(("complete", "complete", "fail"))


class TwoWorkers(RuleBasedStateMachine):
    """The inventory, VMs and migrations, as many clients might change them."""

    migrations: Bundle[str] = Bundle("migrations")

    def __init__(self, fresh: Callable[[], Settings]) -> None:
        super().__init__()
        self.workers = Workers(fresh())
        self.workers.__enter__()
        self.model = Model(MAX_INVENTORY_AGE)
        self.sealed: dict[tuple[str, int], bytes] = {}
        """Every list of the present VMs, as it was when it was sealed."""
        self.acting, self.steps = 0, 0

    @override
    def teardown(self) -> None:
        try:
            self._every_list_is_as_it_was_sealed()
            self._migrations_stand_as_told()
        finally:
            self.workers.__exit__(None, None, None)

    @initialize(fleet=some.fleets, definitions=some.definitions)
    def begin(self, fleet: Mapping[str, Document], definitions: Mapping[str, Document]) -> None:
        self._import(0, fleet, dry_run=False)
        for name, definition in definitions.items():
            self.define_vm(1, name, definition)
            self.boot_where_it_fits(0, name)

    # Hosts.

    @rule(at=on_either, name=some.host_names, document=some.hosts, age=some.ages)
    def put_host(self, at: int, name: str, document: Document, age: timedelta | None) -> None:
        if age is not None:
            document = {**document, "observed_at": (self.now - age).isoformat()}
        created, _, _ = self.model.put_hosts({name: Host.of(document, self.now)})
        answer = self._send(at, "PUT", f"/v1/hosts/{name}", json=document)
        assert answer.status_code == (201 if created else 200)
        assert answer.json()["fleet_revision"] == self.model.hosts[name].revision

    @rule(at=on_either, name=some.host_names)
    def repeat_report(self, at: int, name: str) -> None:
        """A heartbeat: what the host reported before, seen again now."""
        self.patch_host(at, name, {"observed_at": None})

    @rule(at=on_either, name=some.host_names, patch=some.patches)
    def patch_host(self, at: int, name: str, patch: Document) -> None:
        answer = self._send(at, "PATCH", f"/v1/hosts/{name}", json=patch)
        if name not in self.model.hosts:
            refused(answer, {"host_not_found": frozenset()})
            return
        assert answer.status_code == 200
        self.model.put_hosts({name: self.model.hosts[name].patched(patch, self.now)})
        assert answer.json()["fleet_revision"] == self.model.hosts[name].revision

    @rule(at=on_either, patch=some.registers)
    def change_what_matters(self, at: int, patch: Document) -> None:
        """Other registers on a host to which a VM migrates, or on which one runs."""
        arriving = [each.target for each in self.model.migrations.values() if each.state == "admitted"]
        hosting = [vm.host for vm in self.model.vms.values() if vm.host]
        if used := [*arriving, *hosting]:
            self.patch_host(at, used[0], patch)

    @rule(at=on_either, name=some.host_names)
    def delete_host(self, at: int, name: str) -> None:
        refusals = self.model.refusals_to_delete(name)
        answer = self._send(at, "DELETE", f"/v1/hosts/{name}")
        if not is_refused(answer, refusals):
            assert answer.status_code == 204
            self.model.delete_host(name)

    @rule(at=on_either, fleet=some.reports, dry_run=some.dry_runs)
    def import_hosts(self, at: int, fleet: Mapping[str, Document], dry_run: bool) -> None:
        self._import(at, fleet, dry_run=dry_run)

    @rule(at=on_either, fleet=some.reports)
    def import_with_a_fault(self, at: int, fleet: Mapping[str, Document]) -> None:
        answer = self._post(at, "/v1/hosts:import", content=lines({**fleet, "h9": {"cpus": []}}), headers=NDJSON)
        refused(answer, {"invalid_import": frozenset()})

    def _import(self, at: int, fleet: Mapping[str, Document], *, dry_run: bool) -> None:
        path = f"/v1/hosts:import?dry_run={str(dry_run).lower()}"
        answer = self._post(at, path, content=lines(fleet), headers=NDJSON)
        model = self.model.copy() if dry_run else self.model
        counts = model.put_hosts({name: Host.of(document, self.now) for name, document in fleet.items()})
        assert answer.status_code == 200
        told = answer.json()
        assert (told["created"], told["updated"], told["unchanged"]) == counts
        assert told["fleet_revision"] == self.model.revision

    @rule(minutes=st.sampled_from((5, 25)))
    def let_time_pass(self, minutes: int) -> None:
        self.workers.clock.now += timedelta(minutes=minutes)

    # VMs.

    @rule(at=on_either, name=some.vm_names, definition=some.vms)
    def define_vm(self, at: int, name: str, definition: Document) -> None:
        answer = self._send(at, "PUT", f"/v1/vms/{name}", json=definition)
        assert answer.status_code == (200 if name in self.model.vms else 201)
        self.model.vms.setdefault(name, Vm(definition)).definition = definition

    @rule(at=on_either, name=some.vm_names)
    def delete_vm(self, at: int, name: str) -> None:
        refusals = self.model.refusals_to_forget(name)
        answer = self._send(at, "DELETE", f"/v1/vms/{name}")
        if not is_refused(answer, refusals):
            assert answer.status_code == 204
            for boot in self.model.vms.pop(name).boots:
                del self.sealed[name, boot.number]

    @rule(at=on_either, vm=some.vm_names, host=some.host_names, cpus=some.pins)
    def boot(self, at: int, vm: str, host: str, cpus: str | None) -> None:
        refusals = self.model.refusals_to_boot(vm, host, cpus_of(cpus), self.now)
        body = {"host": host} if cpus is None else {"host": host, "cpus": cpus}
        answer = self._post(at, f"/v1/vms/{vm}/boots", json=body)
        if not is_refused(answer, refusals):
            self._sealed(vm, self.model.compose(self.model.vms[vm], host, cpus_of(cpus)), answer)

    @rule(at=on_either, vm=some.vm_names)
    def boot_where_it_fits(self, at: int, vm: str) -> None:
        """What an orchestrator does that asks first."""
        self.stop(at, vm)
        for host in sorted(self.model.hosts):
            if not self.model.refusals_to_boot(vm, host, None, self.now):
                self.boot(1 - at, vm, host, None)
                return

    @rule(at=on_either, vm=some.vm_names, host=some.host_names, mode=some.modes, registers=some.exposed_lists)
    def adopt(self, at: int, vm: str, host: str, mode: str, registers: list[tuple[str, str, str]]) -> None:
        told = registers if mode == "discoverable" else registers[:1]
        listed = [dict(zip(("midr", "revidr", "aidr"), each, strict=True)) for each in told]
        refusals = self.model.refusals_to_adopt(vm, host)
        body = {"host": host, "adopt": {"mode": mode, "implementations": listed}}
        answer = self._post(at, f"/v1/vms/{vm}/boots", json=body)
        if not is_refused(answer, refusals):
            entries = tuple((int(midr, 16), int(revidr, 16), int(aidr, 16)) for midr, revidr, aidr in told)
            self._sealed(vm, self.model.adopted(self.model.vms[vm], host, mode, entries), answer)

    def _sealed(self, vm: str, boot: Sealed, answer: httpx.Response) -> None:
        assert answer.status_code == 201, answer.text
        told = answer.json()
        assert [triple(each) for each in told["implementations"]] == list(boot.entries)
        assert triple(told["vcpu_identity"]) == boot.entries[0]
        assert (told["boot"], told["mode"], told["digest"]) == (boot.number, boot.mode, boot.digest)
        assert told["fleet_revision"] == self.model.revision
        left_out = [(triple(each["implementation"]), each["hosts"], each["hazards"]) for each in told["left_out"]]
        assert left_out == [(each, boot.left_out[each], [HAZARD]) for each in sorted(boot.left_out)]
        self.model.seal(vm, boot)
        self.sealed[vm, boot.number] = boot.content

    @rule(at=on_either, vm=some.vm_names)
    def stop(self, at: int, vm: str) -> None:
        refusals = self.model.refusals_to_stop(vm)
        answer = self._post(at, f"/v1/vms/{vm}/stop")
        if not is_refused(answer, refusals):
            assert (answer.status_code, answer.json()["state"]) == (200, "defined")
            self.model.stop(vm)

    # Migrations.

    @rule(target=migrations, at=on_either, vm=some.vm_names, host=some.host_names)
    def admit(self, at: int, vm: str, host: str) -> Any:
        refusals = self.model.refusals_to_admit(vm, host, self.now)
        answer = self._post(at, f"/v1/vms/{vm}/migrations", json={"target": host})
        if answer.status_code == 201:
            self._nothing_awaits_the_guest_that_it_was_not_told_of(vm, host)
        if is_refused(answer, refusals):
            return multiple()
        told = answer.json()
        admitted = self.model.admit(told["id"], vm, host, self.now)
        assert told.items() >= admitted.shown(self.now, MIGRATION_TIMEOUT).items()
        return told["id"]

    @rule(target=migrations, at=on_either)
    def move_where_it_fits(self, at: int) -> Any:
        """What an orchestrator does that asks first."""
        moves = [(vm, host) for vm in sorted(self.model.vms) for host in self._fitting(vm)]
        return self.admit(at, *moves[self.steps % len(moves)]) if moves else multiple()

    @rule(at=on_either, meanwhile=st.none() | some.patches, end=ends)
    def move_whole(self, at: int, meanwhile: Document | None, end: str) -> None:
        """A migration from its admission to its end, with what may happen on its way."""
        id_ = self.move_where_it_fits(at)
        if isinstance(id_, str):
            if meanwhile is not None:
                self.patch_host(1 - at, self.model.migrations[id_].target, meanwhile)
            self.verify(at, id_)
            self.close(1 - at, id_, end)

    def _fitting(self, vm: str) -> list[str]:
        return [host for host in sorted(self.model.hosts) if not self.model.refusals_to_admit(vm, host, self.now)]

    def _nothing_awaits_the_guest_that_it_was_not_told_of(self, vm: str, host: str) -> None:
        """Rule 10, in so many words, whatever the model thinks of the rest."""
        number = self.model.vms[vm].boots[-1].number
        content = self.sealed[vm, number]
        listed = {content[start : start + 24] for start in range(0, len(content), 24)}
        for midr, revidr, aidr in self.model.hosts[host].on(None):
            assert aidr is not None
            assert b"".join(value.to_bytes(8, "big") for value in (midr, revidr, aidr)) in listed

    @rule(at=on_either, id_=migrations)
    def verify(self, at: int, id_: str) -> None:
        refusals = self.model.refusals_to_verify(id_)
        answer = self._send(at, "POST", f"/v1/migrations/{id_}:verify")
        if not is_refused(answer, refusals):
            assert answer.status_code == 200

    @rule(at=on_either, id_=migrations, end=ends)
    def close(self, at: int, id_: str, end: str) -> None:
        state = {"complete": "completed", "fail": "failed"}[end]
        refusals = self.model.refusals_to_close(id_, state)
        answer = self._post(at, f"/v1/migrations/{id_}:{end}")
        if not is_refused(answer, refusals):
            assert (answer.status_code, answer.json()["state"]) == (200, state)
            self.model.close(id_, state)

    # What holds after each step, by the word of the worker that did not take it.

    @invariant()
    def inventory_is_as_told(self) -> None:
        told = self.reader("GET", "/v1/hosts").json()
        assert told["fleet_revision"] == self.model.revision
        assert [each["name"] for each in told["items"]] == sorted(self.model.hosts)
        for each in told["items"]:
            host = self.model.hosts[each["name"]]
            assert (each["state"], each["labels"]) == (host.state, host.labels)
            assert [triple(shown) for shown in each["implementations"]] == host.on(None)
            assert (each["identity_complete"], each["fleet_revision"]) == (host.complete, host.revision)

    @invariant()
    def vms_stand_as_told(self) -> None:
        items = self.reader("GET", "/v1/vms").json()["items"]
        assert [each["name"] for each in items] == sorted(self.model.vms)
        for told in items:
            assert told.items() >= self.model.shown(self.model.vms[told["name"]]).items()

    @invariant()
    def both_workers_judge_alike(self) -> None:
        if not (running := sorted(name for name, vm in self.model.vms.items() if vm.boot)):
            return
        name = running[self.steps % len(running)]
        answers = [worker("GET", f"/v1/vms/{name}/targets").json() for worker in self.workers.all]
        assert answers[0] == answers[1]
        assert [each["host"] for each in answers[0]["items"]] == self.model.targets(self.model.vms[name], self.now)
        assert answers[0]["fleet_revision"] == self.model.revision

    @invariant()
    def one_more_thing_is_right(self) -> None:
        """One by one, because each costs as much as a step."""
        checks = (self._rejections_are_counted, self._list_in_force_is_sealed, self._boots_are_as_sealed)
        turn, number = divmod(self.steps, len(some.VMS))
        if some.VMS[number] in self.model.vms:
            checks[turn % len(checks)](some.VMS[number])

    def _rejections_are_counted(self, name: str) -> None:
        vm = self.model.vms[name]
        if vm.boot is not None:
            told = self.reader("GET", f"/v1/vms/{name}/rejections").json()
            against = [self.model.against_move(vm, host, self.now) for host in self.model.hosts]
            assert {each["code"]: each["hosts"] for each in told["items"]} == Counter(chain.from_iterable(against))
            assert told["total"] == sum(map(bool, against))

    def _list_in_force_is_sealed(self, name: str) -> None:
        answer = self.reader("GET", f"/v1/vms/{name}/implementation-list?format=binary")
        boot = self.model.vms[name].boot
        if boot is None:
            refused(answer, {"no_current_list": frozenset()})
        elif boot.mode == "discoverable":
            assert answer.content == boot.content

    def _boots_are_as_sealed(self, name: str) -> None:
        boots = self.reader("GET", f"/v1/vms/{name}/boots").json()["items"]
        expected = [content for (vm, _), content in self.sealed.items() if vm == name]
        assert [content_of(each) for each in boots] == expected

    def _every_list_is_as_it_was_sealed(self) -> None:
        for (vm, number), content in self.sealed.items():
            for worker in self.workers.all:
                told = worker("GET", f"/v1/vms/{vm}/boots/{number}").json()
                assert content_of(told) == content
                assert told["digest"] == f"sha256:{sha256(content).hexdigest()}"

    def _migrations_stand_as_told(self) -> None:
        items = self.reader("GET", "/v1/migrations?limit=1000").json()["items"]
        assert [each["id"] for each in items] == list(self.model.migrations)
        for told, migration in zip(items, self.model.migrations.values(), strict=True):
            assert told.items() >= migration.shown(self.now, MIGRATION_TIMEOUT).items()

    # Sending.

    @property
    def now(self) -> datetime:
        return self.workers.clock.now

    @property
    def reader(self) -> Worker:
        return self.workers.all[1 - self.acting]

    def _send(self, at: int, method: str, path: str, **request: Any) -> httpx.Response:
        self.acting, self.steps = at, self.steps + 1
        return self.workers.all[at](method, path, **request)

    def _post(self, at: int, path: str, **request: Any) -> httpx.Response:
        """Send a POST with a key, and now and then again to the other worker: it answers the same, and does nothing."""
        headers = {**request.pop("headers", {}), "Idempotency-Key": uuid4().hex}
        answer = self._send(at, "POST", path, headers=headers, **request)
        if self.steps % 2:
            return answer
        again = self.reader("POST", path, headers=headers, **request)
        assert (again.status_code, again.content) == (answer.status_code, answer.content)
        return answer


def lines(fleet: Mapping[str, Document]) -> bytes:
    return b"\n".join(orjson.dumps({"name": name, **document}) for name, document in fleet.items())


def is_refused(answer: httpx.Response, refusals: Refusals) -> bool:
    """Whether it had to be refused, and was."""
    if refusals:
        refused(answer, refusals)
    else:
        assert answer.is_success, answer.text
    return bool(refusals)


def refused(answer: httpx.Response, refusals: Refusals) -> None:
    """The answer is one of the refusals, with exactly its reasons."""
    problem = answer.json()
    assert problem["code"] in refusals, problem
    assert {each["code"] for each in problem.get("reasons", [])} == refusals[problem["code"]]


def triple(implementation: Document) -> Reported:
    aidr = implementation["aidr"]
    return int(implementation["midr"], 16), int(implementation["revidr"], 16), aidr and int(aidr, 16)


def content_of(told: Document) -> bytes:
    """The bytes of a list, from its entries in JSON."""
    registers = ("midr", "revidr", "aidr")
    return b"".join(bytes.fromhex(each[register][2:]) for each in told["implementations"] for register in registers)


def run(fresh: Callable[[], Settings], *, examples: int, steps: int) -> None:
    run_state_machine_as_test(
        lambda: TwoWorkers(fresh),  # type: ignore[arg-type] # it is called, and need not be a class
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            phases=set(Phase) - {Phase.shrink, Phase.explain},  # at this price a step, shrinking takes many minutes
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize(("examples", "steps"), [(10, 30), pytest.param(80, 50, marks=pytest.mark.long)])
def test_random_histories_on_sqlite(migrated_sqlite: Path, tmp_path: Path, examples: int, steps: int) -> None:
    path = tmp_path / "roadstead.db"

    def fresh() -> Settings:
        for left in tmp_path.glob("roadstead.db*"):
            left.unlink()
        shutil.copy(migrated_sqlite, path)
        return _settings(sqlite_url(path))

    run(fresh, examples=examples, steps=steps)


@pytest.mark.postgresql
@pytest.mark.parametrize(("examples", "steps"), [(7, 25), pytest.param(60, 50, marks=pytest.mark.long)])
def test_random_histories_on_postgresql(migrated_postgresql: str, examples: int, steps: int) -> None:
    def fresh() -> Settings:
        empty(migrated_postgresql)
        return _settings(migrated_postgresql)

    run(fresh, examples=examples, steps=steps)


def _settings(url: str) -> Settings:
    return Settings(
        database_url=url, max_inventory_age=MAX_INVENTORY_AGE, migration_timeout=MIGRATION_TIMEOUT, database_pool_size=2
    )
