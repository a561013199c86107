import json

import pytest

from tests.cli.program import CommandLine

pytestmark = pytest.mark.usefixtures("fleet")


def test_the_matrix_of_compatibility(asking: CommandLine) -> None:
    found = json.loads(asking("compatibility", "-o", "json").out)
    lines = asking("compatibility").lines
    count = len(found["implementations"])
    assert lines[0].startswith(f"{count} implementations in {len(found['groups'])} groups  (fleet revision")
    rows = [line.split()[1:] for line in lines if line.split()[1:2] in (["·"], ["●"], ["✗"])]
    assert len(rows) == count
    assert [row[position] for position, row in enumerate(rows)] == ["·"] * count
    assert sum(row.count("✗") for row in rows) == 2 * len(found["pairs"])
    ampere = next(position for position, each in enumerate(found["implementations"]) if "Ampere" in each["name"])
    assert set(rows[ampere]) == {"·", "✗"}
    assert any(line.startswith("✗ groups 1 and 2: ARM64_") for line in lines)


def test_a_matrix_that_is_too_wide_is_left_to_the_groups(asking: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "12")
    assert "●" not in asking("compatibility").out
