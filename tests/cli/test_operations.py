"""Every operation and every parameter of openapi.json has its command and option, shown by what commands send."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest

from app.api.models.hosts import EXAMPLE_HOST
from tests.api_description import OPERATIONS, Operation, operation_at, resolved
from tests.cli.program import CommandLine
from tests.failing_service import Heard, failing_service, problem

VM: Final = {
    "name": "vm-1",
    "guest": {"discovers_implementations": True},
    "placement": {"include_hosts": ["h1"]},
    "resources": {"vcpus": 1, "memory_mib": 512},
}

# Each with all its options that say something to the service; what is left out here counts as missing.
COMMANDS: Final[Mapping[str, list[str]]] = {
    "get_fleet": ["status"],
    "list_hosts": [
        "hosts list --label zone=fra1 --state active --implementation 0x413fd0c1 --limit 5",
        "hosts list --stale --incomplete --unreadable",
        "hosts list --not-stale --not-incomplete --not-unreadable",
    ],
    "get_host": ["hosts show h1"],
    "put_host": ["hosts apply HOST", "hosts apply HOST --dry-run"],
    "patch_host": ["hosts state h1 cordoned"],
    "delete_host": ["hosts delete h1"],
    "get_host_history": ["hosts history h1"],
    "import_hosts": ["hosts import FILE --dry-run"],
    "list_implementations": ["implementations --limit 5"],
    "list_vms": [
        "vms list --state running --host h1 --exposed --limit 5",
        "vms list --without-target --accepting-hazards --outdated",
        "vms list --not-exposed --not-without-target --not-accepting-hazards --not-outdated",
    ],
    "put_vm": ["vms apply FILE", "vms apply FILE --dry-run"],
    "get_vm": ["vms show vm-1"],
    "delete_vm": ["vms delete vm-1"],
    "boot_vm": [
        "vms boot vm-1 h1 --cpus 0-3",
        "vms adopt vm-1 h1 --implementation 0x1,0x2,0x3 --mode homogeneous --cpus 0-3",
    ],
    "list_boots": ["vms boots vm-1 --limit 5"],
    "stop_vm": ["vms stop vm-1"],
    "get_boot": ["vms implementation-list vm-1 --boot 2", "vms implementation-list vm-1 --boot 2 --qemu"],
    "get_current_list": ["vms implementation-list vm-1", "vms implementation-list vm-1 --qemu"],
    "get_implementation_list": ["implementation-lists show sha256:ab", "implementation-lists show sha256:ab --qemu"],
    "list_hypercalls": ["vms hypercalls vm-1 --abi rfc-v2"],
    "answer_hypercall": ["vms answer-hypercall vm-1 0xc6000041 0x1 --abi kvm"],
    "list_targets": ["vms targets vm-1 --limit 5"],
    "get_target": ["vms targets vm-1 --host h2", "vms explain vm-1 h2"],
    "list_rejections": ["vms rejections vm-1"],
    "preview_placement": ["preview h1 --file FILE --cpus 0-3"],
    "admit_migration": ["vms migrate vm-1 h2"],
    "list_migrations": ["migrations list --vm vm-1 --state overdue --limit 5"],
    "get_migration": ["migrations show 4a"],
    "verify_migration": ["migrations verify 4a"],
    "complete_migration": ["migrations complete 4a"],
    "fail_migration": ["migrations fail 4a"],
    "get_vm_effects": ["effects vm-1 --kernel 7.0"],
    "get_list_effects": ["effects sha256:ab --kernel 7.0"],
    "list_errata": ["errata list --limit 5"],
    "get_erratum": ["errata show ARM64_SPECTRE_BHB"],
    "get_compatibility": ["compatibility --pairs 5"],
}

NO_COMMAND: Final = {
    "describe_service": "links for people with a browser",
    "check_health": "for whatever watches processes, which speaks HTTP",
    "check_readiness": "the same",
    "get_metrics": "for Prometheus",
}

NO_OPTION: Final = {
    "cursor": "a command goes through the pages by itself, as far as --limit says",
    "if-match": "commands print no entity tags; programs that hold one use the client",
    "if-none-match": "the same",
}

WORDS_WITHOUT_OPTION: Final = {
    "json": "what is asked where no format is",
    "binary": "bytes are nothing for a terminal; the digest is their sum",
}

commands = pytest.mark.parametrize("operation", [OPERATIONS[id_] for id_ in COMMANDS], ids=list(COMMANDS))


class Said(NamedTuple):
    """What a command has sent."""

    operation: Operation
    query: Mapping[str, list[str]]
    headers: frozenset[str]
    body: bytes

    @classmethod
    def of(cls, heard: Heard) -> "Said":
        url = urlsplit(heard.path)
        headers = frozenset(name.lower() for name in heard.headers)
        return cls(operation_at(heard.method, url.path), parse_qs(url.query), headers, heard.body)


@pytest.fixture
def said(operation: Operation, roadstead: CommandLine, tmp_path: Path) -> list[Said]:
    files = {word: tmp_path / f"{word}.json" for word in ("FILE", "HOST")}
    files["FILE"].write_text(json.dumps(VM))
    files["HOST"].write_text(json.dumps({"name": "h1", **EXAMPLE_HOST}))
    commands = ([str(files.get(word, word)) for word in command.split()] for command in COMMANDS[operation.id])
    return [_said(roadstead, command) for command in commands]


def _said(roadstead: CommandLine, arguments: list[str]) -> Said:
    with failing_service() as service:
        service.will(problem(409, "vm_running"))
        done = roadstead(*arguments, "--server", service.url)
    assert (done.code, len(service.heard)) == (1, 1), done.err
    return Said.of(service.heard[0])


def test_every_operation_has_a_command_or_a_reason_to_have_none() -> None:
    assert COMMANDS.keys() | NO_COMMAND.keys() == OPERATIONS.keys()
    assert not COMMANDS.keys() & NO_COMMAND.keys()


@commands
def test_a_command_says_all_that_its_operation_takes(operation: Operation, said: list[Said]) -> None:
    assert [each.operation.id for each in said] == [operation.id] * len(said)
    told = {name for each in said for name in each.query}
    assert told == operation.parameters("query") - NO_OPTION.keys()
    for each in said:
        assert operation.parameters("header") - NO_OPTION.keys() <= each.headers
    if operation.body:
        fields = {name for each in said for name in json.loads(each.body)}
        assert fields == resolved(operation.body)["properties"].keys()


@commands
def test_a_command_says_every_word_of_a_format(operation: Operation, said: list[Said]) -> None:
    if "format" in operation.parameters("query"):
        told = {word for each in said for word in each.query.get("format", ())}
        assert told == operation.choices("format") - WORDS_WITHOUT_OPTION.keys()


CONDITIONS: Final = {
    "hosts list": {
        "stale": ("--stale", "--not-stale"),
        "incomplete": ("--incomplete", "--not-incomplete"),
        "unreadable": ("--unreadable", "--not-unreadable"),
    },
    "vms list": {
        "exposed": ("--exposed", "--not-exposed"),
        "without_target": ("--without-target", "--not-without-target"),
        "accepting_hazards": ("--accepting-hazards", "--not-accepting-hazards"),
        "outdated": ("--outdated", "--not-outdated"),
    },
}


@pytest.mark.parametrize("listing", CONDITIONS)
def test_a_condition_may_be_asked_for_either_way(roadstead: CommandLine, listing: str) -> None:
    for parameter, (holds, does_not) in CONDITIONS[listing].items():
        assert _said(roadstead, [*listing.split(), holds]).query[parameter] == ["true"]
        assert _said(roadstead, [*listing.split(), does_not]).query[parameter] == ["false"]
