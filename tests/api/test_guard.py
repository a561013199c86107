"""Nothing is answered that the guard has not let pass, on whatever road it is asked."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from app.api import implementation_lists, targets
from app.api.routes import HotRoute, let_all_pass
from app.main import create_app
from app.settings import Settings
from tests.api.talk import boot, done, get, put_host, put_vm, refused
from tests.serving import BASE_URL, WithState

pytestmark = pytest.mark.anyio

OPEN = {
    "/docs",
    "/docs/assets",
    "/docs/guide",
    "/docs/guide/{path:path}",
    "/healthz",
    "/openapi.json",
    "/problems",
    "/problems/{code}",
    "/readyz",
    "/reasons",
    "/reasons/{code}",
}
"""What everybody may ask, whatever the guard says."""
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="roadstead"'}


async def refuse(_: Request) -> None:
    raise HTTPException(401, "no token was sent", CHALLENGE)


def client_of(app: FastAPI, state: object = ()) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(WithState(app, state)), base_url=BASE_URL)


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create_app(settings, refuse)


@pytest.fixture
async def guarded(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with app.router.lifespan_context(app) as state, client_of(app, state) as client:
        yield client


def roads(app: FastAPI) -> list[tuple[str, str]]:
    """Every method and path that the app has."""
    return sorted(
        (method, each.path)
        for each in iter_route_contexts(app.routes)
        for method in ({"GET"} if isinstance(each.route, Mount) else each.methods or ())
        if each.path is not None
    )


def filled(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "x", path)


async def test_every_route_is_guarded_but_those_that_are_open(app: FastAPI, guarded: httpx.AsyncClient) -> None:
    asked = roads(app)
    assert len(asked) > 35
    assert {path for _, path in asked} > OPEN
    for method, path in asked:
        answer = await guarded.request(method, filled(path), follow_redirects=True)
        if path in OPEN:
            assert answer.status_code in (200, 404), (method, path)
        else:
            assert refused(answer, 401, "unauthenticated")["detail"] == "no token was sent", (method, path)
            assert answer.headers["WWW-Authenticate"] == CHALLENGE["WWW-Authenticate"]


async def test_the_guard_comes_before_anything_is_read(guarded: httpx.AsyncClient) -> None:
    for content_type in ("application/json", "text/plain"):
        headers = {"Content-Type": content_type, "Idempotency-Key": "not a key"}
        refused(await guarded.post("/v1/vms/X/boots?a", content=b"{", headers=headers), 401, "unauthenticated")
    refused(await guarded.get("/v1/implementation-lists/x?format=y"), 401, "unauthenticated")


async def test_what_was_kept_is_guarded_too(settings: Settings) -> None:
    app = create_app(settings)
    async with app.router.lifespan_context(app) as state, client_of(app, state) as client:
        await put_host(client, "h1")
        await put_vm(client, "vm-1")
        sealed = await boot(client, "vm-1", "h1")
        hot = f"/v1/implementation-lists/{sealed['digest']}", "/v1/vms/vm-1/implementation-list", "/v1/vms/vm-1/targets"
        for path in hot * 2:
            done(await client.get(path))
        app.state.guard = refuse
        for path in hot:
            refused(await client.get(path), 401, "unauthenticated")


# Dependencies are honoured wherever they are declared; nothing but the state of the app would be needed otherwise.


@pytest.mark.parametrize("where", ["app", "router", "inclusion", "route", "nowhere"])
async def test_a_hot_route_honours_dependencies(where: str) -> None:
    def declared(at: str) -> dict[str, Any]:
        return {"dependencies": [Depends(refuse)]} if at == where else {}

    router = APIRouter(route_class=HotRoute, **declared("router"))

    @router.get("/hot/{name}", **declared("route"))
    async def read(request: Request, name: str, most: int = 7) -> Response:
        return Response(f"{request.method} {name} {most}")

    app = FastAPI(**declared("app"))
    app.state.guard = let_all_pass
    app.include_router(router, **declared("inclusion"))
    async with client_of(app) as client:
        for _ in range(2):
            answer = await client.get("/hot/x")
            if where == "nowhere":
                assert (answer.status_code, answer.text) == (200, "GET x 7")
                assert (await client.get("/hot/x?most=8")).text == "GET x 8"
            else:
                assert answer.status_code == 401


async def test_a_dependency_of_the_whole_app_holds_for_the_hot_reads() -> None:
    app = FastAPI(dependencies=[Depends(refuse)])
    app.state.guard = let_all_pass
    app.include_router(implementation_lists.router)
    app.include_router(targets.hot_router)
    async with client_of(app) as client:
        for path in ("/v1/implementation-lists/x", "/v1/vms/vm-1/implementation-list", "/v1/vms/vm-1/targets"):
            assert (await client.get(path)).status_code == 401


# What a guard refuses with comes out as it was meant.


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "bad_request"),
        (401, "unauthenticated"),
        (403, "forbidden"),
        (404, "not_found"),
        (405, "method_not_allowed"),
        (408, "request_timeout"),
        (413, "body_too_large"),
        (415, "unsupported_media_type"),
        (429, "too_many_requests"),
    ],
)
async def test_statuses_that_have_a_page(app: FastAPI, guarded: httpx.AsyncClient, status: int, code: str) -> None:
    await refusing(app, guarded, status, code)
    app.state.guard = let_all_pass
    assert (await guarded.get(f"/problems/{code}")).status_code == 200


@pytest.mark.parametrize(
    ("status", "code", "title"),
    [
        (402, "payment_required", "Payment Required"),
        (418, "i_m_a_teapot", "I'm a Teapot"),
        (499, "status_499", "Status 499"),
        (501, "not_implemented", "Not Implemented"),
        (503, "service_unavailable", "Service Unavailable"),
    ],
)
async def test_statuses_that_say_all_there_is(
    app: FastAPI, guarded: httpx.AsyncClient, status: int, code: str, title: str
) -> None:
    problem = await refusing(app, guarded, status, code)
    assert (problem["type"], problem["title"]) == ("about:blank", title)


async def refusing(app: FastAPI, client: httpx.AsyncClient, status: int, code: str) -> dict[str, Any]:
    async def guard(_: Request) -> None:
        raise HTTPException(status, "because", {"Retry-After": "7", "X-Reason": "one"})

    app.state.guard = guard
    answer = await client.get("/v1/hosts")
    assert answer.status_code == status
    assert (answer.headers["Retry-After"], answer.headers["X-Reason"]) == ("7", "one")
    problem: dict[str, Any] = answer.json()
    assert (problem["status"], problem["code"], problem["detail"]) == (status, code, "because")
    return problem


async def test_a_service_without_a_guard_is_open(client: httpx.AsyncClient) -> None:
    assert (await get(client, "/v1/hosts"))["items"] == []
