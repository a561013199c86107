"""Every operation and every parameter of openapi.json has its call in the client."""

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import ModuleType
from typing import Any, Final

import pytest

from roadstead import client
from roadstead.client import (
    Call,
    boots,
    compatibility,
    effects,
    errata,
    fleet,
    hosts,
    hypercalls,
    implementation_lists,
    implementations,
    migrations,
    placements,
    targets,
    vms,
)
from roadstead.client.documents import HostInput, VmInput
from tests.api_description import OPERATIONS, Operation, resolved

HOST: Final[HostInput] = {"cpus": [{"midr": "0x413fd0c1", "revidr": "0x0"}]}
VM: Final[VmInput] = {"guest": {"discovers_implementations": True}}

# Each with all that it takes: what is left out here counts as missing in the client.
CALLS: Final[Mapping[str, list[partial[Call[Any]]]]] = {
    "get_fleet": [partial(fleet.read)],
    "list_hosts": [
        partial(
            hosts.find,
            labels=["zone=fra1"],
            states=["active"],
            implementation="0x413fd0c1",
            page_size=5,
            stale=True,
            incomplete=True,
            unreadable=False,
        )
    ],
    "put_host": [partial(hosts.write, "h1", HOST, dry_run=True)],
    "get_host": [partial(hosts.read, "h1")],
    "patch_host": [partial(hosts.edit, "h1", {"state": "cordoned"})],
    "delete_host": [partial(hosts.remove, "h1")],
    "get_host_history": [partial(hosts.history, "h1")],
    "import_hosts": [partial(hosts.take_in, b"", dry_run=True)],
    "list_implementations": [partial(implementations.find, page_size=5)],
    "list_vms": [
        partial(
            vms.find,
            states=["running"],
            host="h1",
            exposed=True,
            without_target=True,
            accepting_hazards=False,
            outdated=True,
            page_size=5,
        )
    ],
    "put_vm": [partial(vms.write, "vm-1", VM, dry_run=True)],
    "get_vm": [partial(vms.read, "vm-1")],
    "delete_vm": [partial(vms.remove, "vm-1")],
    "boot_vm": [
        partial(boots.boot, "vm-1", "h1", cpus="0-3"),
        partial(boots.adopt, "vm-1", "h1", "discoverable", [{"midr": 0x413FD0C1, "revidr": 2, "aidr": 3}], cpus="0-3"),
    ],
    "list_boots": [partial(boots.find, "vm-1", page_size=5)],
    "stop_vm": [partial(boots.stop, "vm-1")],
    "get_boot": [
        partial(implementation_lists.of_vm, "vm-1", 2),
        partial(implementation_lists.of_vm_for_qemu, "vm-1", 2),
        partial(implementation_lists.of_vm_in_bytes, "vm-1", 2),
    ],
    "get_current_list": [
        partial(implementation_lists.of_vm, "vm-1"),
        partial(implementation_lists.of_vm_for_qemu, "vm-1"),
        partial(implementation_lists.of_vm_in_bytes, "vm-1"),
    ],
    "get_implementation_list": [
        partial(implementation_lists.read, "sha256:ab"),
        partial(implementation_lists.for_qemu, "sha256:ab"),
        partial(implementation_lists.in_bytes, "sha256:ab"),
    ],
    "list_hypercalls": [partial(hypercalls.find, "vm-1", abi="rfc-v2")],
    "answer_hypercall": [partial(hypercalls.answer, "vm-1", "0xc6000041", [1, 0], abi="kvm")],
    "list_targets": [partial(targets.find, "vm-1", page_size=5)],
    "get_target": [partial(targets.verdict, "vm-1", "h2")],
    "list_rejections": [partial(targets.rejections, "vm-1")],
    "preview_placement": [partial(placements.preview, "h1", VM["guest"], {"include_hosts": ["h1"]}, cpus="0-3")],
    "admit_migration": [partial(migrations.admit, "vm-1", "h2")],
    "list_migrations": [partial(migrations.find, vm="vm-1", state="overdue", page_size=5)],
    "get_migration": [partial(migrations.read, "4a")],
    "verify_migration": [partial(migrations.verify, "4a")],
    "complete_migration": [partial(migrations.complete, "4a")],
    "fail_migration": [partial(migrations.fail, "4a")],
    "get_vm_effects": [partial(effects.of_vm, "vm-1", kernel="7.0")],
    "get_list_effects": [partial(effects.of_list, "sha256:ab", kernel="7.0")],
    "list_errata": [partial(errata.find, page_size=5)],
    "get_erratum": [partial(errata.read, "ARM64_SPECTRE_BHB")],
    "get_compatibility": [partial(compatibility.read, page_size=5)],
}

NO_CALL: Final = {
    "describe_service": "links for people with a browser",
    "check_health": "for whatever watches processes, which speaks HTTP and no Python",
    "check_readiness": "the same",
    "get_metrics": "for Prometheus",
}

IMPLIED: Final = {
    ("get_boot", "format"): {"json"},
    ("get_current_list", "format"): {"json"},
    ("get_implementation_list", "format"): {"json"},
}
"""Words of parameters that a call says by leaving the parameter out."""

HEADERS: Final[Mapping[str, Callable[[Call[Any]], Call[Any]]]] = {
    "if-match": lambda call: call.only_if('"7"'),
    "if-none-match": lambda call: call.only_create(),
    "idempotency-key": lambda call: call.with_key("k"),
}
"""How a call is given each."""

calls = pytest.mark.parametrize("operation", [OPERATIONS[id_] for id_ in CALLS], ids=list(CALLS))


def made(operation: Operation) -> list[Call[Any]]:
    return [call() for call in CALLS[operation.id]]


def test_every_operation_has_a_call_or_a_reason_to_have_none() -> None:
    assert CALLS.keys() | NO_CALL.keys() == OPERATIONS.keys()
    assert not CALLS.keys() & NO_CALL.keys()


@calls
def test_a_call_is_sent_where_the_operation_is(operation: Operation) -> None:
    for call in made(operation):
        assert operation.is_at(call.method, f"/{call.path}"), call.path


@calls
def test_every_query_parameter_can_be_said(operation: Operation) -> None:
    said = {name for call in made(operation) for name, value in call.query.items() if value not in (None, [])}
    for call in made(operation):
        if following := call.following({"items": [], "next_cursor": "abc"}):
            said |= following.query.keys() & {"cursor"} & operation.parameters("query")
    assert said == operation.parameters("query")


@calls
def test_every_word_of_a_parameter_with_a_format_can_be_said(operation: Operation) -> None:
    if "format" in operation.parameters("query"):
        said = {call.query.get("format") for call in made(operation)} - {None}
        assert said | IMPLIED[operation.id, "format"] == operation.choices("format")


@calls
def test_every_header_can_be_said(operation: Operation) -> None:
    for name in operation.parameters("header"):
        for call in made(operation):
            assert name in {each.lower() for each in HEADERS[name](call).headers}


@calls
def test_what_may_have_a_key_is_given_one(operation: Operation) -> None:
    keyed = "idempotency-key" in operation.parameters("header")
    assert all(call.changes_state is keyed for call in made(operation))


@calls
def test_every_field_of_a_body_can_be_said(operation: Operation) -> None:
    if operation.body and operation.id not in ("put_host", "put_vm"):  # whose bodies are the caller's, and typed
        said = {name for call in made(operation) if call.body for name in json.loads(_bytes(call))}
        assert said == resolved(operation.body)["properties"].keys()


def test_every_call_is_of_an_operation() -> None:
    assert {call.func for calls in CALLS.values() for call in calls} == set(_functions())


def _bytes(call: Call[Any]) -> bytes:
    assert call.body
    assert isinstance(call.body.content, bytes)
    return call.body.content


def _functions() -> Iterator[Callable[..., Call[Any]]]:
    """All functions that make calls, of all modules that the client offers."""
    for module in (getattr(client, name) for name in client.__all__):
        if isinstance(module, ModuleType):
            yield from (
                each
                for name, each in inspect.getmembers(module, inspect.isfunction)
                if each.__module__ == module.__name__ and not name.startswith("_")
            )
