"""CSV made into NDJSON, line for line."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadstead.cli.csv_hosts import COLUMNS, csv_as_ndjson
from roadstead.cli.unusable import UnusableFile

HEADER = "name,midr,revidr,aidr,cpu_list,state,label.rack"


def converted(*rows: str, header: str = HEADER) -> dict[int, Any]:
    """Hosts by the line they are sent on."""
    sent = b"".join(csv_as_ndjson(f"{row}\n" for row in (header, *rows))).split(b"\n")
    return {number: json.loads(line) for number, line in enumerate(sent, 1) if line}


def test_a_row_is_a_host_and_an_empty_cell_says_nothing() -> None:
    assert converted("h1,0x413fd0c1,0x2,,,planned,r12", "h2,0x413fd0c1,0x2,0x0,,,") == {
        2: {
            "cpus": [{"cpu_list": None, "midr": "0x413fd0c1", "revidr": "0x2"}],
            "name": "h1",
            "state": "planned",
            "labels": {"rack": "r12"},
        },
        3: {"cpus": [{"cpu_list": None, "midr": "0x413fd0c1", "revidr": "0x2", "aidr": "0x0"}], "name": "h2"},
    }


def test_more_rows_of_a_host_are_more_of_its_cpus() -> None:
    hosts = converted(
        "h1,0x1,0x0,0x0,0-3,planned,r12", "h1,0x2,0x0,0x0,4-7,,", "h1,0x3,0x0,0x0,8,planned,r12", "h2,0x1,0x0"
    )
    assert {line: (host["name"], len(host["cpus"])) for line, host in hosts.items()} == {2: ("h1", 3), 5: ("h2", 1)}
    assert [group["cpu_list"] for group in hosts[2]["cpus"]] == ["0-3", "4-7", "8"]


def test_a_row_that_contradicts_the_first_is_a_host_of_its_own() -> None:
    """The service refuses the second of one name, and so nothing is silently left out."""
    hosts = converted("h1,0x1,0x0,0x0,0-3,planned,", "h1,0x2,0x0,0x0,4-7,retired,")
    assert [host["name"] for host in hosts.values()] == ["h1", "h1"]


def test_what_cannot_be_understood_is_passed_on_for_the_service_to_name() -> None:
    header = "name,midr,revidr,vcpus,memory_mib,writable_id_registers,discovery_hypercalls"
    (host,) = converted("h1,1,2,-1,8,Yes,perhaps,left,over", header=header).values()
    assert host["capacity"] == {"vcpus": "-1", "memory_mib": 8}
    assert host["capabilities"] == {"writable_id_registers": True, "discovery_hypercalls": "perhaps"}
    assert host["cells beyond the header"] == "left,over"


@pytest.mark.parametrize("cell", ["true", "TRUE", "yes", "1"])
def test_words_for_yes(cell: str) -> None:
    (host,) = converted(f"h1,1,2,{cell}", header="name,midr,revidr,discovery_hypercalls").values()
    assert host["capabilities"]["discovery_hypercalls"] is True


@pytest.mark.parametrize("cell", ["false", "no", "No", "0"])
def test_words_for_no(cell: str) -> None:
    (host,) = converted(f"h1,1,2,{cell}", header="name,midr,revidr,discovery_hypercalls").values()
    assert host["capabilities"]["discovery_hypercalls"] is False


def test_every_column_has_its_place() -> None:
    (host,) = converted(",".join(f"v-{column}" for column in COLUMNS), header=",".join(COLUMNS)).values()
    assert host == {
        "name": "v-name",
        "state": "v-state",
        "cpus": [{"cpu_list": "v-cpu_list", "midr": "v-midr", "revidr": "v-revidr", "aidr": "v-aidr"}],
        "capabilities": {
            "writable_id_registers": "v-writable_id_registers",
            "discovery_hypercalls": "v-discovery_hypercalls",
        },
        "capacity": {"vcpus": "v-vcpus", "memory_mib": "v-memory_mib"},
        "kernel_release": "v-kernel_release",
        "vmm": "v-vmm",
        "observed_at": "v-observed_at",
    }


def test_a_wrong_header_is_told_before_any_row_is_read() -> None:
    with pytest.raises(
        UnusableFile,
        match=r"no column revidr, an unknown column 'colour': did you mean label.colour\?, column midr twice",
    ):
        next(csv_as_ndjson(["name,midr,colour,midr\n"]))


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("name;midr;revidr;aidr", "the CSV is separated by ; where a comma is expected"),
        ("name\tmidr\trevidr", "the CSV is separated by tabs where a comma is expected"),
        (
            "Name,MIDR,REVIDR,AIDR",
            "columns are written in lower case: Name is name, MIDR is midr, REVIDR is revidr, AIDR is aidr",
        ),
        ("Name,midr,revidr,Label.zone", "columns are written in lower case: Name is name, Label.zone is label.zone"),
        ("name,midr,revidr,zone", "the CSV has an unknown column 'zone': did you mean label.zone?"),
        ("name,midr,rev_idr", "the CSV has an unknown column 'rev_idr': did you mean revidr?"),
        (
            "name,midr,revidr,Kernel release",
            "the CSV has an unknown column 'Kernel release': did you mean kernel_release?",
        ),
        ("name,midr,revidr,", "the CSV has a column without a title"),
        ("Name,midr", "columns are written in lower case: Name is name; the CSV has no column revidr"),
    ],
)
def test_one_cause_is_one_fault_with_what_was_probably_meant(header: str, said: str) -> None:
    with pytest.raises(UnusableFile) as refusal:
        next(csv_as_ndjson([f"{header}\n"]))
    assert str(refusal.value) == said


def test_a_csv_of_a_spreadsheet_with_labels_of_kubernetes() -> None:
    header = "name,cpu_list,midr,revidr,aidr,label.topology.kubernetes.io/zone,label.node-role.kubernetes.io/worker"
    hosts = converted('b,"0,1",0x411fd461,0x0,0x0,z1,', 'b,"4,5",0x411fd4d0,0x0,0x0,,', header=header)
    assert [(host["labels"], len(host["cpus"])) for host in hosts.values()] == [
        ({"topology.kubernetes.io/zone": "z1"}, 2)
    ]


@given(st.lists(st.sampled_from(["", '"a ""quoted""\nlabel"', "r1"]), max_size=8), st.integers(0, 3))
def test_a_host_is_sent_on_the_line_on_which_its_row_ends(labels: list[str], empty: int) -> None:
    rows = [f"h{number},0x1,0x0,,,,{label}" for number, label in enumerate(labels)]
    text = "\n".join([HEADER, *[""] * empty, *rows]) + "\n"
    sent = b"".join(csv_as_ndjson(text.splitlines(keepends=True))).split(b"\n")
    ends, line = {}, 1 + empty
    for number, row in enumerate(rows):
        line += 1 + row.count("\n")
        ends[f"h{number}"] = line
    assert {json.loads(each)["name"]: number for number, each in enumerate(sent, 1) if each} == ends
