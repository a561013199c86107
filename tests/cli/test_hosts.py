import io
import json
import sys
from pathlib import Path

import pytest

from tests.api.talk import N1, N1_NEW, host
from tests.cli.program import CommandLine


def ndjson(*named: str, zone: str) -> str:
    return "".join(json.dumps({"name": name, **host(N1, labels={"zone": zone})}) + "\n" for name in named)


@pytest.fixture
def fleet_file(tmp_path: Path, zone: str) -> Path:
    path = tmp_path / "fleet.ndjson"
    path.write_text(ndjson(f"{zone}-1", f"{zone}-2", f"{zone}-3", zone=zone))
    return path


def test_import_list_show_state_delete(asking: CommandLine, fleet_file: Path, zone: str) -> None:
    dry = asking("hosts", "import", fleet_file, "--dry-run")
    assert dry.out.startswith("hosts: 3 would be created, 0 updated, 0 unchanged")
    assert asking("hosts", "import", fleet_file).out.startswith("hosts: 3 created, 0 updated, 0 unchanged")
    assert asking("hosts", "import", fleet_file).out.startswith("hosts: 0 created, 0 updated, 3 unchanged")

    assert asking("hosts", "state", f"{zone}-2", "cordoned").out == f"{zone}-2 is cordoned\n"
    title, *rows = asking("hosts", "list", "--label", f"zone={zone}").lines
    assert title.split() == ["NAME", "STATE", "CPU", "KERNEL", "LABELS", "OBSERVED"]
    assert [row.split()[:2] for row in rows] == [
        [f"{zone}-1", "active"],
        [f"{zone}-2", "cordoned"],
        [f"{zone}-3", "active"],
    ]
    cordoned = asking("hosts", "list", "--label", f"zone={zone}", "--state", "cordoned", "--state", "planned")
    assert [row.split()[0] for row in cordoned.lines[1:]] == [f"{zone}-2"]

    shown = asking("hosts", "show", f"{zone}-2").lines
    assert "state                  cordoned" in shown
    assert "all   0x00000000413fd0c1  0x0000000000000000  0x0000000000000000" in shown
    assert asking("hosts", "delete", f"{zone}-2").out == f"{zone}-2 is deleted\n"
    assert asking("hosts", "show", f"{zone}-2").code == 1


def test_a_list_says_that_it_goes_on(asking: CommandLine, fleet_file: Path, zone: str) -> None:
    asking("hosts", "import", fleet_file)
    some = asking("hosts", "list", "--label", f"zone={zone}", "--limit", 2)
    assert len(some.lines) == 3
    assert some.err == "There are more than 2; --limit 0 shows all.\n"
    for limit in (0, 3):
        every = asking("hosts", "list", "--label", f"zone={zone}", "--limit", limit)
        assert (len(every.lines), every.err) == (4, "")


def test_programs_get_an_array(asking: CommandLine, fleet_file: Path, zone: str) -> None:
    asking("hosts", "import", fleet_file)
    hosts = json.loads(asking("hosts", "list", "--label", f"zone={zone}", "-o", "json").out)
    assert [each["name"] for each in hosts] == [f"{zone}-1", f"{zone}-2", f"{zone}-3"]
    assert json.loads(asking("hosts", "list", "--label", f"zone={zone}", "--limit", 1, "-o", "json").out) == hosts[:1]
    assert json.loads(asking("hosts", "list", "--label", "zone=nowhere", "-o", "json").out) == []
    assert json.loads(asking("hosts", "show", f"{zone}-1", "-o", "json").out) == hosts[0]
    assert json.loads(asking("hosts", "delete", f"{zone}-1", "-o", "json").out) == {
        "name": f"{zone}-1",
        "deleted": True,
    }


def test_history_has_every_set_of_registers(asking: CommandLine, tmp_path: Path, zone: str) -> None:
    for cpu in (N1, N1_NEW):
        path = tmp_path / "host.ndjson"
        path.write_text(json.dumps({"name": zone, **host(cpu)}))
        asking("hosts", "import", path)
    lines = asking("hosts", "history", zone).lines
    assert [line for line in lines if line.startswith("Arm")] == ["Arm Neoverse N1 r3p1", "Arm Neoverse N1 r3p1  now"]
    assert lines[-2].endswith("0x0000000000000001  0x0000000000000000")


def test_faulty_lines_are_named_and_nothing_is_written(asking: CommandLine, tmp_path: Path, zone: str) -> None:
    path = tmp_path / "fleet.ndjson"
    path.write_text(
        ndjson(f"{zone}-1", zone=zone) + '\n{"name": "h2", "cpus": [{"midr": "0x413fd0c1", "revidr": "x"}]}\n{'
    )
    done = asking("hosts", "import", path)
    assert (done.code, done.out) == (1, "")
    first, *faults, request = done.err.splitlines()
    assert first == "roadstead: Lines of the import are not valid [invalid_import]"
    assert [fault.partition(": ")[0] for fault in faults] == ["  line 3, cpus/0/revidr", "  line 4"]
    assert request.startswith("  request ")
    assert asking("hosts", "show", f"{zone}-1").code == 1


def test_only_the_first_of_many_faults_are_shown(asking: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "fleet.ndjson"
    path.write_text("{\n" * 50)
    lines = asking("hosts", "import", path).err.splitlines()
    assert len(lines) == 1 + 20 + 2
    assert lines[-2] == "  … 50 faults in all"


CSV = """\
name,state,cpu_list,midr,revidr,aidr,writable_id_registers,vcpus,memory_mib,label.zone
{0}-1,planned,0-3,0x413fd0c1,0x0,0x0,yes,8,1024,{0}
{0}-1,,4-7,0x411fd401,0x0,,,,,
{0}-2,,,0x413fd0c1,0x0,0x0,,,,{0}
"""


def test_a_csv_is_imported(asking: CommandLine, tmp_path: Path, zone: str) -> None:
    path = tmp_path / "fleet.csv"
    path.write_text(CSV.format(zone), encoding="utf-8-sig")
    assert asking("hosts", "import", path).out.startswith("hosts: 2 created")
    first, second = json.loads(asking("hosts", "list", "--label", f"zone={zone}", "-o", "json").out)
    assert (first["state"], second["state"]) == ("planned", "active")
    assert [group["cpu_list"] for group in first["cpus"]] == ["0-3", "4-7"]
    assert [group["aidr"] for group in first["cpus"]] == ["0x0000000000000000", None]
    assert first["capabilities"] == {"writable_id_registers": True, "discovery_hypercalls": None}
    assert (first["capacity"], second["capacity"]) == ({"vcpus": 8, "memory_mib": 1024}, None)


def test_a_file_without_hosts_changes_nothing(asking: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "fleet.csv"
    path.write_text("name,midr,revidr\n\n,,\n")
    assert asking("hosts", "import", path).out.startswith("hosts: 0 created, 0 updated, 0 unchanged")


def test_faults_of_a_csv_are_on_the_lines_of_the_file(asking: CommandLine, tmp_path: Path, zone: str) -> None:
    path = tmp_path / "fleet.csv"
    path.write_text(
        "name,midr,revidr,writable_id_registers,vcpus,memory_mib\n"
        f"{zone}-1,0x413fd0c1,0x0,,,\n\n"
        f"{zone}-2,413fd0c1,0x0,maybe,,\n"
        f"{zone}-3,0x413fd0c1,0x0,,many,1,and,more\n"
    )
    done = asking("hosts", "import", path)
    assert done.code == 1
    lines = [line for line in done.err.splitlines() if line.startswith("  line ")]
    places = [line.strip().partition(": ")[0] for line in lines]
    assert sorted(places) == [
        "line 4, capabilities/writable_id_registers",
        "line 4, cpus/0/midr",
        "line 5, capacity/vcpus",
        "line 5, cells beyond the header",
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"name,midr\nh1,0x1\n", "the CSV has no column revidr"),
        (b"", "the CSV has no column midr, no column name, no column revidr"),
        (b"name;midr;revidr\n", "an unknown column 'name;midr;revidr'"),
        (b"name,midr,revidr,midr\n", "column midr twice"),
        (b"name,midr,revidr\n\xe9,0x1,0x0\n", "is no CSV in UTF-8"),
        (b'name,midr,revidr\n"h1"x,0x1,0x0\n', "is no CSV in UTF-8"),
    ],
)
def test_what_is_no_csv_of_hosts_is_not_sent(
    asking: CommandLine, tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "fleet.csv"
    path.write_bytes(content)
    done = asking("hosts", "import", path)
    assert (done.code, done.out) == (1, "")
    assert sentence in done.err


def test_a_file_that_breaks_off_in_the_middle_leaves_the_inventory_as_it_was(
    asking: CommandLine, tmp_path: Path, zone: str
) -> None:
    path = tmp_path / "fleet.csv"
    rows = "".join(f"{zone}-{number},0x413fd0c1,0x0,{'x' * 100}\n" for number in range(3000))
    path.write_bytes(f"name,midr,revidr,label.note\n{rows}".encode() + b"\xff,0x1,0x0,\n")
    assert asking("hosts", "import", path).code == 1
    assert asking("hosts", "show", f"{zone}-0").code == 1


def test_standard_input_is_a_file_too(asking: CommandLine, zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for form, content in (("ndjson", ndjson(f"{zone}-1", zone=zone)), ("csv", CSV.format(zone))):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
        assert asking("hosts", "import", "-", "--format", form).code == 0


def test_a_large_file_is_sent_in_pieces(asking: CommandLine, tmp_path: Path, zone: str) -> None:
    path = tmp_path / "fleet.csv"
    rows = (f"{zone}-{number},0x413fd0c1,0x0,0x0,{zone},{'x' * 100}\n" for number in range(3000))
    path.write_text("name,midr,revidr,aidr,label.zone,label.note\n" + "".join(rows))
    assert asking("hosts", "import", path).out.startswith("hosts: 3000 created")
    every = asking("hosts", "list", "--label", f"zone={zone}", "--limit", 0, "-o", "json")
    assert len(json.loads(every.out)) == 3000
