"""What the OpenAPI document says beside the models: tags, errors of a route, operation ids."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app.api.problems import MEDIA_TYPE, PROBLEM_TYPES, ProblemOut

TAGS: Final[Sequence[Mapping[str, str]]] = (
    {"name": "Inventory", "description": "What hosts there are, what CPUs they have, and what each can do."},
    {"name": "VMs", "description": "Where VMs may run; boots, which seal an implementation list."},
    {"name": "Implementation lists", "description": "The exact list a VMM must expose, in every form it is needed in."},
    {"name": "Planning", "description": "Where a VM may move to, why not elsewhere, and what a boot would get."},
    {"name": "Migrations", "description": "Admission of a move, and the word on how it ended."},
    {"name": "Effects", "description": "What a list does to the guest, and which CPUs may share one."},
    {"name": "Service", "description": "Health, metrics, and what the service says of itself."},
)


def refuses(*codes: str) -> dict[int | str, dict[str, Any]]:
    """`responses=` for the problems of a route that takes parameters and asks the database, as almost all do."""
    return problems("invalid_request", "database_unavailable", *codes)


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


def _example(code: str) -> dict[str, Any]:
    kind = PROBLEM_TYPES[code]
    return {
        "type": f"/problems/{code}",
        "title": kind.title,
        "status": int(kind.status),
        "detail": kind.meaning,
        "code": code,
        "request_id": "5f0c8e2a6d7b4c1f9a3e2d1c0b9a8f7e",
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
