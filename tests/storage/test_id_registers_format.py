import json

import pytest

from app.storage.reference.documents import InvalidReferenceData
from app.storage.reference.id_registers import read_id_registers
from tests.domain.errata_data import id_registers_document, put

ID = "must be 0x and 16 lower-case hexadecimal digits"


@pytest.mark.parametrize(
    ("pointer", "value", "fault"),
    [
        ("/format", 2, "/format: must be 1, the format that this release reads"),
        ("/registers", [], "/registers: must have a register"),
        ("/registers/3/register", "0xc008", f"/registers/3/register: {ID}"),
        (
            "/registers/3/register",
            "0x7030000000130000",
            "/registers/3/register: is no id that KVM gives a register of an arm64 vCPU",
        ),
        (
            "/registers/3/register",
            "0x6030000000140000",
            "/registers/3/register: must be the KVM id of a system register",
        ),
        (
            "/registers/3/register",
            "0x603000000013c000",
            "/registers/3: is the second row of this register",
        ),
        ("/registers/4/fields/0/shift", 62, "/registers/4/fields/0: has bits above 63"),
        ("/registers/4/fields/0/constant", 16, "/registers/4/fields/0: has a `constant` that is wider than it"),
        ("/registers/4/fields/0/shift", 1, "/registers/4/fields: {} has bits that another field has too"),
        ("/registers/4/fields/0/name", "CopDbg", "/registers/4/fields: must have names that differ"),
    ],
)
def test_names_the_fault_of_a_document(pointer: str, value: object, fault: str) -> None:
    document = put(id_registers_document(), pointer, value)
    with pytest.raises(InvalidReferenceData) as refusal:
        read_id_registers(json.dumps(document).encode())
    found = [f"{each.pointer}: {each.detail}" for each in refusal.value.faults]
    start, _, end = fault.partition("{}")
    assert len(found) == 1
    assert found[0].startswith(start)
    assert found[0].endswith(end)
