"""The documentation points to what is there, and leaves nothing out that it promises to list."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.api.problem_types import PROBLEM_TYPES
from app.domain.planning.reasons import ReasonCode
from app.settings import Settings

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(
    page for page in ROOT.rglob("*.md") if not any(part.startswith(".") for part in page.relative_to(ROOT).parts)
)


def prose(page: Path) -> str:
    """A page without its code."""
    without_blocks = re.sub(r"^( *)```.*?^\1```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]+`", lambda code: re.sub(r"[\[\]()]", "", code[0]), without_blocks)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> Iterator[tuple[str, str]]:
    """The relative links of a page: path and anchor."""
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            yield path, anchor


def rows(page: Path) -> Iterator[list[str]]:
    """The cells of each row of the page's tables that begins with code."""
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("| `"):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def variables(page: Path) -> set[str]:
    return set(re.findall(r"ROADSTEAD_[A-Z_]*[A-Z]", page.read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for path, anchor in links(page):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{path} is not there"
        assert not anchor or anchor in anchors(target), f"{path or page.name} has no heading #{anchor}"


def test_every_page_can_be_found_from_the_map() -> None:
    linked = {(DOCS / path).resolve() for path, _ in links(DOCS / "README.md")}
    assert {page for page in DOCS.glob("*.md") if page.name != "README.md"} <= linked


def test_every_decision_is_in_the_index() -> None:
    decisions = DOCS / "decisions"
    linked = [path for path, _ in links(decisions / "README.md") if path.startswith("0")]
    assert linked == sorted(page.name for page in decisions.glob("0*.md"))


@pytest.mark.parametrize("page", [ROOT / "README.md", DOCS / "operations.md"], ids=lambda page: page.name)
def test_every_setting_is_documented(page: Path) -> None:
    listed = {cells[0].strip("`") for cells in rows(page) if cells[0].startswith("`ROADSTEAD_")}
    assert listed == {f"ROADSTEAD_{name.upper()}" for name in Settings.model_fields}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_name_no_variable_that_is_not_there(page: Path) -> None:
    known = {f"ROADSTEAD_{name.upper()}" for name in Settings.model_fields}
    for source in (
        *(ROOT / "app").rglob("*.py"),
        *(ROOT / "roadstead").rglob("*.py"),
        *filter(Path.is_file, (ROOT / "deploy").rglob("*")),
    ):
        known |= variables(source)
    assert variables(page) <= known


def test_every_problem_code_is_documented_with_its_status() -> None:
    listed = {cells[0].strip("`"): int(cells[1]) for cells in rows(DOCS / "status-codes.md")}
    assert listed == {code: int(kind.status) for code, kind in PROBLEM_TYPES.items()}


def test_every_status_is_explained() -> None:
    page = (DOCS / "status-codes.md").read_text(encoding="utf-8")
    explained = {int(status) for status in re.findall(r"^\| (\d{3}) \|", page, flags=re.MULTILINE)}
    assert {int(kind.status) for kind in PROBLEM_TYPES.values()} <= explained


def test_every_reason_has_a_section() -> None:
    page = (DOCS / "my-vm-cannot-move.md").read_text(encoding="utf-8")
    sections = re.findall(r"^### `(\w+)`$", page, flags=re.MULTILINE)
    assert len(sections) == len(set(sections))
    assert set(sections) - set(PROBLEM_TYPES) == set(ReasonCode)


@pytest.mark.anyio
async def test_every_metric_is_documented(client: httpx.AsyncClient) -> None:
    await client.put("/v1/hosts/h1", json={"cpus": [{"midr": "0x413fd0c1", "revidr": "0x0", "aidr": "0x0"}]})
    metrics = (await client.get("/metrics")).text
    names = set(re.findall(r"^# TYPE (roadstead_\w+) ", metrics, flags=re.MULTILINE))
    listed = {cells[0].strip("`") for cells in rows(DOCS / "operations.md") if cells[0].startswith("`roadstead_")}
    assert listed == {name for name in names if not name.endswith("_created")}
