"""The guide is in the wheel, and is served from there with no internet."""

import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest

from app.api.guide import Guide
from app.domain.planning.reasons import ReasonCode
from app.main import create_app
from app.settings import Settings
from tests.api.talk import refused
from tests.serving import serving

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[1]
SOURCES = ("LICENSE", "Makefile", "README.md", "app", "docs", "migrations", "pyproject.toml", "roadstead")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release, made by `make wheel` in a copy of the sources."""
    copy = tmp_path_factory.mktemp("release")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "guide"))
        else:
            shutil.copy(ROOT / name, copy / name)
    make = ["make", "--old-file=install", f"VENV={sys.prefix}", "wheel"]
    made = subprocess.run(make, cwd=copy, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    (found,) = (copy / "dist").glob("*.whl")
    return found


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    unpacked = tmp_path_factory.mktemp("unpacked")
    with ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    return unpacked / "app" / "guide"


async def serve(settings: Settings, site: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings)
    app.state.guide = Guide(site)
    async with serving(settings, app=app) as client:
        yield client


@pytest.fixture
async def reader(settings: Settings, site: Path) -> AsyncIterator[httpx.AsyncClient]:
    async for client in serve(settings, site):
        yield client


@pytest.fixture
async def lost(settings: Settings, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a source checkout, where nobody has made the site."""
    async for client in serve(settings, tmp_path / "guide"):
        yield client


def test_the_wheel_has_every_page_and_nothing_of_the_build(site: Path) -> None:
    pages = {page.relative_to(ROOT / "docs").with_suffix("") for page in (ROOT / "docs").rglob("*.md")}
    built = {page.relative_to(site).with_suffix("") for page in site.rglob("*.html")}
    assert built - {Path("search")} == pages - {Path("README")}
    assert not list(site.rglob("*.doctree"))


def test_the_pages_fetch_nothing_from_elsewhere(site: Path) -> None:
    fetched = re.compile(r"<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=\"((?:https?:)?//[^\"]+)\"")
    for page in site.rglob("*.html"):
        assert fetched.findall(page.read_text(encoding="utf-8")) == [], page
    for style in site.rglob("*.css"):
        assert re.findall(r"(?:url\(['\"]?|@import ['\"])(?:https?:)?//", style.read_text(encoding="utf-8")) == [], (
            style
        )


async def test_the_guide_is_served(reader: httpx.AsyncClient) -> None:
    front = await reader.get("/docs/guide", follow_redirects=True)
    assert (front.status_code, front.url.path) == (200, "/docs/guide/")
    assert front.headers["Content-Type"] == "text/html; charset=utf-8"
    files = set(re.findall(r'(?:src|href)="(?!https?:)(\w[\w./-]*)', front.text))
    assert len(files) > 20
    for name in files:
        assert (await reader.get(f"/docs/guide/{name}")).status_code == 200, name


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("_static/styles/furo.css", "text/css; charset=utf-8"),
        ("_static/scripts/furo.js", "text/javascript; charset=utf-8"),
        ("_images/life-of-a-list.svg", "image/svg+xml"),
        ("decisions/README.html", "text/html; charset=utf-8"),
    ],
)
async def test_files_are_what_they_are_and_are_not_sent_twice(
    reader: httpx.AsyncClient, path: str, content_type: str
) -> None:
    answer = await reader.get(f"/docs/guide/{path}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, content_type)
    assert answer.headers["Cache-Control"] == "no-cache"
    again = await reader.get(f"/docs/guide/{path}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await reader.head(f"/docs/guide/{path}")).headers["Content-Length"] == str(len(answer.content))


@pytest.mark.parametrize(
    "path", ["../main.py", "..%2fmain.py", "%2e%2e/main.py", "_static/../../main.py", "/etc/passwd"]
)
async def test_nothing_else_is_served(reader: httpx.AsyncClient, path: str) -> None:
    url = httpx.URL("http://roadstead.test").copy_with(raw_path=f"/docs/guide/{path}".encode())
    assert (await reader.get(url)).status_code == 404


async def test_a_page_that_there_is_not(reader: httpx.AsyncClient) -> None:
    detail = refused(await reader.get("/docs/guide/nowhere.html"), 404, "not_found")["detail"]
    assert "/docs/guide/nowhere.html" in detail


async def test_every_reason_s_page_leads_to_its_section(reader: httpx.AsyncClient) -> None:
    for code in ReasonCode:
        link = re.search(r'href="\.\./(docs/guide/[^"#]+)#([^"]+)"', (await reader.get(f"/reasons/{code}")).text)
        assert link
        assert f'id="{link[2]}"' in (await reader.get(f"/{link[1]}")).text


async def test_the_api_s_page_leads_to_the_guide(reader: httpx.AsyncClient) -> None:
    assert 'href="/docs/guide/"' in (await reader.get("/docs")).text


@pytest.mark.parametrize("path", ["", "index.html", "_static/styles/furo.css"])
async def test_a_source_checkout_says_how_to_make_it(lost: httpx.AsyncClient, path: str) -> None:
    detail = refused(await lost.get(f"/docs/guide/{path}"), 404, "not_found")["detail"]
    assert detail.startswith("the guide is not in this installation; `make docs` makes it")
