import pytest

from tests.cli.program import CommandLine

pytestmark = pytest.mark.usefixtures("fleet", "wide")


def test_implementations(asking: CommandLine) -> None:
    title, *rows = asking("implementations").lines
    assert title.split() == ["MIDR_EL1", "REVIDR_EL1", "AIDR_EL1", "NAME", "HOSTS"]
    assert any(row.startswith("0x00000000413fd0c1  0x0000000000000000  unknown") for row in rows)
