"""The examples of the API's description can be carried out as they stand, and answer what it shows, on the demo."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from app.api.answers import FILE
from tests.demonstration import demonstration
from tests.described_operations import Described, described
from tests.recorded_answers import record, written


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with demonstration(tmp_path_factory.mktemp("examples")) as client:
        yield client


@pytest.fixture(scope="module")
def operations(client: httpx.Client) -> Sequence[Described]:
    return described(client.get("/openapi.json").json())


def faults(response: httpx.Response) -> list[str]:
    return [] if response.is_success else [f"{response.request.url} {response.status_code} {response.text[:300]}"]


@pytest.mark.parametrize("everything", [False, True], ids=["required parameters", "all parameters"])
def test_examples_of_questions_are_answered(
    client: httpx.Client, operations: Sequence[Described], *, everything: bool
) -> None:
    asked = [operation for operation in operations if operation.method == "GET"]
    assert len(asked) > 20
    assert not [fault for each in asked for fault in faults(each.send(client, everything=everything))]


def test_examples_of_filters_find_something(client: httpx.Client, operations: Sequence[Described]) -> None:
    for operation in operations:
        if operation.method == "GET":
            found = operation.send(client, everything=True).content
            assert b'"items":[]' not in found, operation.name


def test_all_can_be_tried_down_the_page(client: httpx.Client, operations: Sequence[Described]) -> None:
    """Each on what the ones before it have left."""
    assert len({each.method for each in operations}) == 5
    assert not [fault for each in operations for fault in faults(each.send(client, everything=False))]


def test_examples_of_answers_are_those_of_the_demo(operations: Sequence[Described], tmp_path: Path) -> None:
    with demonstration(tmp_path) as untouched:
        answered = written(record(untouched, operations))
    assert FILE.read_text(encoding="utf-8") == answered, "read why, then `python -m tests.recorded_answers`"


def test_every_good_answer_has_an_example(operations: Sequence[Described]) -> None:
    answers = [
        (each.name, status, media_type, answer)
        for each in operations
        for status, response in each.says["responses"].items()
        for media_type, answer in response.get("content", {}).items()
        if status < "3" and media_type != "application/octet-stream"
    ]
    assert len(answers) > 40
    assert not [each for *each, answer in answers if "example" not in answer]
