import pytest
from hypothesis import given

from app.domain.cpu.implementation import Implementation
from app.domain.cpu.registers import decode_midr
from app.domain.reference.errata import ErrataTables, FixedRevision, ModelRange, Revision, TableRule
from tests.domain import errata_strategies as some
from tests.domain.errata_data import TABLES, Document, errata_document
from tests.domain.guest_runs import CPUS

DOCUMENT = errata_document()


@pytest.mark.parametrize(
    ("midr", "inside"),
    [
        (0x410FD0C0, True),  # r0p0, the first
        (0x412FD0CF, True),  # r2p15: the pair counts, and 2 is below 3
        (0x413FD0C1, True),  # r3p1, the last
        (0x413FD0C2, False),  # r3p2
        (0x414FD0C0, False),  # r4p0
        (0x413FD0D1, False),  # another part
        (0x423FD0C1, False),  # another implementer
        (0x4138D0C1, False),  # architecture 8
        (0xDEADBEEF413FD0C1, True),  # 32 bits are compared
    ],
)
def test_a_range_covers_its_model_from_first_to_last(midr: int, inside: bool) -> None:
    neoverse_n1 = ModelRange(implementer=0x41, part=0xD0C, first=Revision(0, 0), last=Revision(3, 1))
    assert neoverse_n1.covers(midr) is inside


def test_a_part_mask_leaves_bits_of_the_part_open() -> None:
    kryo = ModelRange(implementer=0x51, part=0x200, first=Revision(0, 0), last=Revision(15, 15), part_mask=0xF00)
    assert kryo.covers(0x510F2111)
    assert not kryo.covers(0x510F3111)


@pytest.mark.parametrize(
    ("midr", "revidr", "fixed"),
    [
        (0x410FD034, 0x100, True),
        (0x410FD034, 0xFEFF, False),
        (0x410FD034, 0x100 << 32, False),
        (0x410FD033, 0x100, False),
        (0x1410FD034, 0x100, True),
    ],
)
def test_a_fixed_revision_is_named_by_revision_and_bit(midr: int, revidr: int, fixed: bool) -> None:
    assert FixedRevision(0x41, 0xD03, Revision(0, 4), 8).names(Implementation(midr, revidr, 0)) is fixed


def test_revisions_are_written_as_arm_writes_them() -> None:
    assert str(Revision.of(0x413FD0C1)) == "r3p1"


def test_the_shipped_tables_are_those_of_the_readme() -> None:
    assert TABLES.version == "linux 7.3.4"
    assert [entry.id for entry in TABLES.entries] == [entry["id"] for entry in DOCUMENT["entries"]]
    assert len(TABLES.omissions) == 13
    assert TABLES.hazard_tables == {
        "ARM64_HAS_BBML3",
        "ARM64_SPECTRE_BHB",
        "ARM64_SPECTRE_V2",
        "ARM64_SPECTRE_V4",
        "ARM64_UNMAP_KERNEL_AT_EL0",
    }


def test_entries_are_found_by_id() -> None:
    found = TABLES.entry("ARM64_WORKAROUND_843419")
    assert found is not None
    assert found.log == "ARM erratum 843419"
    assert TABLES.entry("ARM64_WORKAROUND_NONE") is None


def test_an_allow_list_for_el2_weakens_nobody() -> None:
    apple = TABLES.entry("ARM64_HAS_ICH_HCR_EL2_TDIR")
    assert apple is not None
    assert apple.rule is TableRule.ANY_SAFE
    assert not apple.weakens


def test_an_implementation_tells_its_errata_and_its_safe_tables() -> None:
    assert [entry.id for entry in TABLES.affecting(CPUS["A53 fixed"])] == ["ARM64_WORKAROUND_845719"]
    assert TABLES.safe_in(CPUS["AmpereOne"]) == {"ARM64_HAS_BBML3"}
    assert TABLES.affecting(CPUS["unknown"]) == ()
    assert TABLES.safe_in(CPUS["unknown"]) == frozenset()


def _revision(text: str) -> int:
    variant, revision = text[1:].split("p")
    return int(variant) * 16 + int(revision)


def _is_member(entry: Document, implementation: Implementation) -> bool:
    """The four sentences of app/data/README.md on matching, read from the file word by word."""
    midr, revidr = decode_midr(implementation.midr & 0xFFFFFFFF), implementation.revidr & 0xFFFFFFFF
    model = {"implementer": f"{midr.implementer:#04x}", "part": f"{midr.part_number:#05x}"}
    at = midr.variant * 16 + midr.revision
    fixed = any(
        fix.items() >= model.items() and _revision(fix["variant_revision"]) == at and revidr >> fix["revidr_bit"] & 1
        for fix in entry["fixed"]
    )
    inside = any(
        each.items() >= model.items() and _revision(each["min"]) <= at <= _revision(each["max"])
        for each in entry["ranges"]
    )
    return midr.architecture == 0xF and inside and not fixed


@given(some.implementations)
def test_the_index_finds_what_reading_the_file_finds(implementation: Implementation) -> None:
    members = [entry for entry in DOCUMENT["entries"] if _is_member(entry, implementation)]
    affecting = [entry["id"] for entry in members if entry["rule"] == "any_affected"]
    safe_in = {e["id"] for e in members if e["rule"] == "any_safe" and not e.get("el2_only", False)}
    assert [entry.id for entry in TABLES.affecting(implementation)] == affecting
    assert TABLES.safe_in(implementation) == safe_in


@given(some.tables, some.implementations)
def test_the_index_passes_nothing_over(tables: ErrataTables, implementation: Implementation) -> None:
    counting = {entry.id for entry in tables.entries if entry.counts(implementation)}
    assert counting <= {entry.id for entry in tables.naming(implementation.midr)}
    weakening = {entry.id for entry in tables.entries if entry.weakens and entry.counts(implementation)}
    assert tables.safe_in(implementation) == weakening


@given(some.tables, some.implementations)
def test_a_fixed_implementation_is_covered_but_does_not_count(
    tables: ErrataTables, implementation: Implementation
) -> None:
    for entry in tables.entries:
        fixed = any(each.names(implementation) for each in entry.fixed)
        assert entry.counts(implementation) is (entry.covers(implementation.midr) and not fixed)
