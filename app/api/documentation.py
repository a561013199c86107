"""What the OpenAPI document says beside the models: tags, errors of a route, operation ids."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app.api import answers
from app.api.models.common import EXAMPLE_MIGRATION
from app.api.models.problems import ProblemOut
from app.api.problem_types import PROBLEM_TYPES
from app.api.problems import MEDIA_TYPE

TAGS: Final[Sequence[Mapping[str, str]]] = (
    {"name": "Inventory", "description": "What hosts there are, what CPUs they have, and what each can do."},
    {"name": "VMs", "description": "Where VMs may run; boots, which seal an implementation list."},
    {"name": "Implementation lists", "description": "The exact list a VMM must expose, in every form it is needed in."},
    {"name": "Planning", "description": "Where a VM may move to, why not elsewhere, and what a boot would get."},
    {"name": "Migrations", "description": "Admission of a move, and the word on how it ended."},
    {"name": "Effects", "description": "What a list does to the guest, and which CPUs may share one."},
    {"name": "Service", "description": "Health, metrics, and what the service says of itself."},
)


_READ: Final = frozenset({"vm_not_found", "migration_not_found", "implementation_list_not_found"})
"""Who can miss one of these can also find it damaged."""


def refuses(*codes: str) -> dict[int | str, dict[str, Any]]:
    """`responses=` for the problems of a route that takes parameters and asks the database, as almost all do."""
    read = ("record_unreadable",) if _READ.intersection(codes) else ()
    return problems("invalid_request", "database_unavailable", *codes, *read)


def problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """`responses=` for the problems that a route can answer with, by status."""
    responses: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        kind = PROBLEM_TYPES[code]
        entry = responses.setdefault(
            int(kind.status), {"description": "", "content": {MEDIA_TYPE: {"schema": _PROBLEM, "examples": {}}}}
        )
        entry["description"] = "; ".join(filter(None, (entry["description"], f"`{code}`: {kind.title}")))
        entry["content"][MEDIA_TYPE]["examples"][code] = {"summary": kind.title, "value": _example(code)}
    return responses


_PROBLEM: Final = {"$ref": f"#/components/schemas/{ProblemOut.__name__}"}


_NOT_ACTIVE: Final = {
    "code": "host_not_active",
    "detail": "the state of fra1-r03-n02 is cordoned; only active hosts receive VMs",
    "remedy": "set its state to active, or choose another host",
    "help": "/reasons/host_not_active",
    "lasting": False,
}
_ALTRA: Final = {"midr": "0x00000000413fd0c1", "aidr": "0x0000000000000000", "name": "Arm Neoverse N1 r3p1"}
_OLD: Final = {**_ALTRA, "revidr": "0x0000000000000000"}
_NEW: Final = {**_ALTRA, "revidr": "0x0000000000000001"}
_DIFFERENCE: Final = {"implementation": _NEW, "nearest_listed": _OLD, "differing_registers": ["revidr"]}
_NOT_LISTED: Final = {
    "code": "implementation_not_listed",
    "detail": "fra1-r01-n19 is Arm Neoverse N1 r3p1 with REVIDR 0x1; the list has Arm Neoverse N1 r3p1 with REVIDR 0x0",
    "remedy": "boot the VM again to include it",
    "help": "/reasons/implementation_not_listed",
    "lasting": True,
    **_DIFFERENCE,
    "unlisted": [_DIFFERENCE],
}
_FAULT: Final = {"detail": "a register is written as 0x and 1 to 16 hexadecimal digits", "location": "body"}
_MORE: Final[Mapping[str, Mapping[str, Any]]] = {
    "invalid_request": {"errors": [{"pointer": "/cpus/0/midr", **_FAULT}]},
    "invalid_import": {"errors": [{"pointer": "/17/cpus/0/midr", **_FAULT}], "errors_total": 1},
    "boot_refused": {"reasons": [_NOT_ACTIVE]},
    "not_a_target": {"reasons": [_NOT_LISTED]},
    "too_many_implementations": {
        "count": 65,
        "max_implementations": 64,
        "candidates": [{"implementation": _NEW, "hosts": 1}],
    },
    "host_in_use": {"vms": ["web-01"]},
    "vm_migrating": {"migration": EXAMPLE_MIGRATION},
}
"""What some problems carry beside what all do."""


def _example(code: str) -> dict[str, Any]:
    kind = PROBLEM_TYPES[code]
    return {
        "type": f"/problems/{code}",
        "title": kind.title,
        "status": int(kind.status),
        "detail": kind.meaning,
        "code": code,
        "request_id": "5f0c8e2a6d7b4c1f9a3e2d1c0b9a8f7e",
        **_MORE.get(code, {}),
    }


def operation_id(route: APIRoute) -> str:
    """The name of the handler: chosen, unique, and stable."""
    return route.name


def describe(app: FastAPI) -> None:
    """Let the app's OpenAPI document have what no route's model brings in."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generate()
            document["components"]["schemas"] |= _component(ProblemOut)
            for unused in ("HTTPValidationError", "ValidationError"):
                document["components"]["schemas"].pop(unused, None)
            _fill_in_paths(document)
            answers.show(document)
            document["components"]["schemas"] = dict(sorted(document["components"]["schemas"].items()))
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way to extend the document


def _fill_in_paths(document: dict[str, Any]) -> None:
    """Swagger UI begins with the example of a parameter, but takes none from its schema."""
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path" and (examples := parameter["schema"].get("examples")):
                    parameter["example"] = examples[0]


def _component(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), model.__name__: schema}
