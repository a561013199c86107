"""The types of what is sent and answered, held against openapi.json: names, values, what may be left out or null."""

from typing import Any, get_args, get_type_hints

import pytest

from app.api.problem_types import PROBLEM_TYPES
from roadstead.client import documents
from roadstead.client.problems import Problem
from tests.api_description import DOCUMENT, OPERATIONS
from tests.client.shapes import of_schema, of_type
from tests.client.test_operations import CALLS

ANSWERED = [(id_, call.func) for id_, calls in CALLS.items() for call in calls]

SENT = {
    "put_host": documents.HostInput,
    "put_vm": documents.VmInput,
    "boot_vm": documents.BootInput,
    "answer_hypercall": documents.HypercallInput,
    "preview_placement": documents.PreviewInput,
    "admit_migration": documents.MigrationInput,
}


def answer_of(function: Any) -> Any:
    (answer,) = get_args(get_type_hints(function)["return"])
    return answer


@pytest.mark.parametrize(("operation", "function"), ANSWERED, ids=[f"{id_}-{each.__name__}" for id_, each in ANSWERED])
def test_an_answer_has_the_type_that_is_described(operation: str, function: Any) -> None:
    answer = answer_of(function)
    described = OPERATIONS[operation].answer
    if answer in (str, bytes):
        assert "format" in OPERATIONS[operation].parameters("query")
    elif described is None:
        assert answer is type(None)
    else:
        assert of_type(answer) == of_schema(described)


def test_every_body_has_a_type() -> None:
    assert SENT.keys() == {id_ for id_, operation in OPERATIONS.items() if operation.body}


@pytest.mark.parametrize("operation", SENT)
def test_a_body_has_the_type_that_is_described(operation: str) -> None:
    body = OPERATIONS[operation].body
    assert body
    assert of_type(SENT[operation]) == of_schema(body)


def test_a_patch_has_the_fields_of_a_host_and_needs_none() -> None:
    assert documents.HostPatch.__optional_keys__ == get_type_hints(documents.HostInput).keys()
    assert not documents.HostPatch.__required_keys__


def test_a_problem_has_the_type_that_is_described() -> None:
    described = DOCUMENT["components"]["schemas"]["ProblemOut"]
    assert of_type(documents.ProblemDocument) == of_schema(described)


def test_the_codes_of_problems_are_those_of_the_service() -> None:
    assert list(get_args(documents.ProblemCode)) == list(PROBLEM_TYPES)


def test_a_problem_has_a_kind_where_its_code_is_known() -> None:
    assert [Problem(409, {"code": code}).kind for code in ("vm_running", "of_a_later_release")] == ["vm_running", None]


def test_a_shape_tells_documents_apart() -> None:
    """What would be missed if shapes were alike."""
    host, described = OPERATIONS["get_host"], OPERATIONS["get_host"].answer
    assert described
    different = [documents.Vm, documents.HostInput, documents.HostPage, documents.Capabilities]
    assert all(of_type(each) != of_schema(described) for each in different)
    assert host.answer == OPERATIONS["put_host"].answer
