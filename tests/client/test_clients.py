"""Both clients and the service, over HTTP."""

import json
import uuid
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice

import pytest

from roadstead.client import (
    Problem,
    boots,
    compatibility,
    effects,
    errata,
    hosts,
    hypercalls,
    implementation_lists,
    implementations,
    migrations,
    placements,
    targets,
    vms,
)
from roadstead.client.documents import VmInput
from tests.api.talk import N1, N1_NEW, V1
from tests.client.asking import Asker
from tests.client.inputs import host, vm


@pytest.fixture
def zone() -> str:
    """A part of the fleet that no other test knows of."""
    return f"z{uuid.uuid4().hex[:8]}"


def in_zone(zone: str) -> VmInput:
    return vm({"selector": {"match_labels": {"zone": zone}}})


def test_a_vm_and_where_it_may_move(client: Asker, zone: str) -> None:
    one, other, strange, guest = f"{zone}-1", f"{zone}-2", f"{zone}-3", f"{zone}-vm"
    for name, cpu in ((one, N1), (other, V1)):
        assert client.send(hosts.write(name, host(cpu, labels={"zone": zone}))).created
    client.ask(vms.write(guest, in_zone(zone)))

    sealed = client.ask(boots.boot(guest, one))
    assert (sealed["boot"], sealed["count"], sealed["mode"]) == (1, 2, "discoverable")
    assert sealed == client.ask(implementation_lists.of_vm(guest)) == client.ask(implementation_lists.of_vm(guest, 1))
    assert client.ask(implementation_lists.of_vm_for_qemu(guest)).startswith("impl-cpu.0.midr=0x413fd0c1")
    assert f"sha256:{sha256(client.ask(implementation_lists.of_vm_in_bytes(guest))).hexdigest()}" == sealed["digest"]
    assert client.ask(implementation_lists.read(sealed["digest"]))["count"] == 2

    client.ask(hosts.write(strange, host(N1_NEW, labels={"zone": zone})))
    assert [target["host"] for target in client.each(targets.find(guest))] == [other]
    verdict = client.ask(targets.verdict(guest, strange))
    assert [reason["code"] for reason in verdict["reasons"]] == ["implementation_not_listed"]
    assert verdict["reasons"][0]["unlisted"][0]["differing_registers"] == ["revidr"]
    with pytest.raises(Problem) as refused:
        client.ask(migrations.admit(guest, strange))
    assert refused.value.code == "not_a_target"
    assert refused.value.reasons == verdict["reasons"]


def test_a_migration(client: Asker, zone: str) -> None:
    one, other, guest = f"{zone}-1", f"{zone}-2", f"{zone}-vm"
    for name in (one, other):
        client.ask(hosts.write(name, host(N1, labels={"zone": zone})))
    client.ask(vms.write(guest, in_zone(zone)))
    client.ask(boots.boot(guest, one))
    migration = client.ask(migrations.admit(guest, other))
    assert client.ask(migrations.verify(migration["id"]))["state"] == "admitted"
    assert client.ask(migrations.complete(migration["id"]))["state"] == "completed"
    assert client.ask(vms.read(guest))["host"] == other
    assert client.ask(boots.stop(guest))["state"] == "defined"
    client.ask(vms.remove(guest))
    with pytest.raises(Problem, match="there is no VM"):
        client.ask(vms.read(guest))


def test_conditions(client: Asker, zone: str) -> None:
    name = f"{zone}-1"
    created = client.send(hosts.write(name, host(N1)).only_create())
    assert (created.created, bool(created.etag), bool(created.request_id)) == (True, True, True)
    assert created.etag
    assert client.ask(hosts.read(name).unless(created.etag)) is None
    edited = client.send(hosts.edit(name, {"state": "cordoned"}).only_if(created.etag))
    assert (edited.value["state"], edited.created) == ("cordoned", False)
    unseen = client.ask(hosts.read(name).unless(created.etag))
    assert unseen
    assert unseen["state"] == "cordoned"
    for stale in (hosts.edit(name, {}).only_if(created.etag), hosts.write(name, host(N1)).only_create()):
        with pytest.raises(Problem) as refused:
            client.ask(stale)
        assert refused.value.status == 412


def test_one_key_is_carried_out_once(client: Asker, zone: str) -> None:
    guest, home = f"{zone}-vm", f"{zone}-1"
    client.ask(hosts.write(home, host(N1, labels={"zone": zone})))
    client.ask(vms.write(guest, in_zone(zone)))
    boot = boots.boot(guest, home).with_key(zone)
    assert client.ask(boot) == client.ask(boot)
    assert len(list(client.each(boots.find(guest)))) == 1
    with pytest.raises(Problem) as refused:
        client.ask(boots.boot(guest, home))  # a key of its own: another boot
    assert refused.value.code == "vm_running"


def test_all_pages_of_a_list_and_only_those_that_are_needed(client: Asker, zone: str) -> None:
    def lines() -> Iterator[bytes]:
        for number in range(25):
            yield json.dumps({"name": f"{zone}-{number:02}", **host(N1, labels={"zone": zone})}).encode() + b"\n"

    assert client.ask(hosts.take_in(lines, dry_run=True))["created"] == 25
    assert client.ask(hosts.take_in(lines))["created"] == 25
    found = hosts.find(labels=[f"zone={zone}"], states=["active"], page_size=10)
    assert [each["name"] for each in client.each(found)] == [f"{zone}-{number:02}" for number in range(25)]
    assert len(list(islice(client.each(found), 12))) == 12
    assert client.ask(found)["fleet_revision"] > 0


def test_a_faulty_import_names_its_lines(client: Asker, zone: str) -> None:
    with pytest.raises(Problem) as refused:
        client.ask(hosts.take_in(f'{{"name":"{zone}"}}\n\n{{"name":"{zone}"'.encode()))
    assert refused.value.code == "invalid_import"
    assert [fault["pointer"] for fault in refused.value.errors] == ["/1/cpus", "/3"]


def test_adoption(client: Asker, zone: str) -> None:
    guest, home = f"{zone}-vm", f"{zone}-1"
    client.ask(hosts.write(home, host(N1)))
    client.ask(vms.write(guest, vm(discovers=True)))
    sealed = client.ask(
        boots.adopt(guest, home, "discoverable", [{"midr": "0x481fd010", "revidr": "0x0", "aidr": "0x0"}])
    )
    assert sealed["adopted"]
    assert client.ask(vms.read(guest))["exposed"]
    assert guest in [each["name"] for each in client.each(vms.find(exposed=True))]
    assert guest not in [each["name"] for each in client.each(vms.find(exposed=False))]
    assert home in [each["name"] for each in client.each(hosts.find(implementation="0x413fd0c1,0x0,0x0"))]
    assert [each["name"] for each in client.each(vms.find(states=["running"], host=home))] == [guest]


def test_a_list_in_all_its_forms(client: Asker, zone: str) -> None:
    guest, home = f"{zone}-vm", f"{zone}-1"
    client.ask(hosts.write(home, host(N1, labels={"zone": zone})))
    client.ask(vms.write(guest, in_zone(zone)))
    sealed = client.ask(boots.boot(guest, home))
    qemu = client.ask(implementation_lists.of_vm_for_qemu(guest))
    assert client.ask(implementation_lists.for_qemu(sealed["digest"])) == qemu
    assert len(client.ask(implementation_lists.in_bytes(sealed["digest"]))) == 24 * sealed["count"]
    told = client.ask(hypercalls.find(guest))
    assert (told["boot"], told["abi"]) == (1, "kvm")
    first = told["calls"][0]
    assert client.ask(hypercalls.answer(guest, first["name"], first["arguments"]))["returns"] == first["returns"]


def test_the_rest_of_the_reads(client: Asker, zone: str) -> None:
    guest, home = f"{zone}-vm", f"{zone}-1"
    client.ask(hosts.write(home, host(N1, labels={"zone": zone})))
    client.ask(vms.write(guest, in_zone(zone)))
    sealed = client.ask(boots.boot(guest, home))
    assert client.ask(hosts.history(home))["items"][0]["current"]
    assert client.ask(targets.rejections(guest))["total"] >= 1
    assert (
        client.ask(placements.preview(home, {"discovers_implementations": True}))["implementation_list"]["host"] == home
    )
    assert client.ask(effects.of_vm(guest, "7.0"))["kernel"] == "7.0"
    assert client.ask(effects.of_list(sealed["digest"]))["digest"] == sealed["digest"]
    assert client.ask(errata.read("ARM64_SPECTRE_BHB"))["hazard_table"]
    assert client.ask(compatibility.read())["groups"]
    assert next(iter(client.each(errata.find())))["id"]
    assert "0x00000000413fd0c1" in [each["midr"] for each in client.each(implementations.find())]
    assert not list(client.each(migrations.find(vm=guest, state="admitted")))
    client.ask(boots.stop(guest))
    client.ask(vms.remove(guest))
    client.ask(hosts.remove(home))
