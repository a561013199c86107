import asyncio
import subprocess
import sys
from importlib.resources import files
from types import ModuleType
from typing import is_typeddict

import pytest

import roadstead.client
from roadstead.client import AsyncClient, Client, Misconfigured, Server, documents, hosts

HEAVY = {"alembic", "fastapi", "orjson", "pydantic", "pydantic_settings", "sqlalchemy", "starlette", "typer", "yaml"}


def test_it_is_light_and_brings_nothing_of_the_service() -> None:
    program = "import sys, roadstead.client; print(*sys.modules, sep='\\n')"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    modules = run.stdout.splitlines()
    assert not HEAVY.intersection(modules)
    assert {name.split(".")[1] for name in modules if name.startswith("roadstead.")} == {"client"}
    assert "app" not in modules


def test_its_types_are_for_others_too() -> None:
    assert (files("roadstead") / "py.typed").is_file()


def test_what_it_offers_is_there() -> None:
    assert all(hasattr(roadstead.client, name) for name in roadstead.client.__all__)


def test_all_of_it_can_be_imported_from_the_package() -> None:
    assert roadstead.__all__ == roadstead.client.__all__
    assert all(getattr(roadstead, name) is getattr(roadstead.client, name) for name in roadstead.client.__all__)
    with pytest.raises(AttributeError, match="'nothing'"):
        roadstead.__getattr__("nothing")


def test_all_documents_can_be_imported_from_one_place() -> None:
    modules = [each for each in vars(documents).values() if isinstance(each, ModuleType)]
    defined = {
        name
        for module in modules
        for name, each in vars(module).items()
        if is_typeddict(each) and each.__module__ == module.__name__ and not name.startswith("_")
    }
    assert len(defined) > 50
    assert defined <= set(documents.__all__)


def test_both_clients_are_closed_where_their_block_ends() -> None:
    with Client() as client:
        pass
    with pytest.raises(RuntimeError, match="closed"):
        client.ask(hosts.read("h1"))

    async def awaited() -> None:
        async with AsyncClient() as client:
            pass
        with pytest.raises(RuntimeError, match="closed"):
            await client.ask(hosts.read("h1"))

    asyncio.run(awaited())


@pytest.mark.parametrize(
    ("server", "sentence"),
    [
        (Server("roadstead.example.net"), "is no http or https URL"),
        (Server("ftp://roadstead.example.net"), "is no http or https URL"),
        (Server("http://"), "is no http or https URL"),
        (Server("http://[::1"), "is no http or https URL"),
        (Server("http://h", token=""), "visible ASCII"),
        (Server("http://h", token="a b"), "visible ASCII"),
        (Server("http://h", token="a\nb"), "visible ASCII"),
        (Server("http://h", token="ä"), "visible ASCII"),
    ],
)
def test_what_cannot_be_used_is_said_before_anything_is_sent(server: Server, sentence: str) -> None:
    with pytest.raises(Misconfigured, match=sentence):
        Client(server)
