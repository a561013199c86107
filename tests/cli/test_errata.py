import pytest

from tests.cli.program import CommandLine

pytestmark = pytest.mark.usefixtures("fleet")


def test_errata(asking: CommandLine) -> None:
    title, *rows = asking("errata", "list").lines
    assert title.split() == ["ID", "CLASS", "HAZARD", "TITLE"]
    assert any(row.split()[:3] == ["ARM64_SPECTRE_BHB", "vulnerability", "hazard"] for row in rows)
    shown = asking("errata", "show", "ARM64_WORKAROUND_1418040").lines
    assert any(line.endswith("Arm Neoverse N1 r3p1") for line in shown)
    assert asking("errata", "show", "NO_SUCH").code == 1
