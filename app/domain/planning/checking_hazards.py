"""A second opinion on rule 12, by other means than hazards.py: table by table, CPU by CPU, raw ranges."""

from collections.abc import Sequence

from app.domain.cpu.implementation import Implementation
from app.domain.cpu.registers import decode_midr
from app.domain.reference.errata import ErrataTables, ErratumEntry, TableRule


def hazards_on_list(tables: ErrataTables, implementations: Sequence[Implementation]) -> tuple[str, ...]:
    """Ids of the tables of which a list has members and others, sorted."""
    found = []
    for entry in tables.entries:
        if entry.rule is TableRule.ANY_SAFE and not entry.el2_only:
            members = sum(_is_member(entry, implementation) for implementation in implementations)
            if 0 < members < len(implementations):
                found.append(entry.id)
    return tuple(sorted(found))


def _is_member(entry: ErratumEntry, implementation: Implementation) -> bool:
    midr = decode_midr(implementation.midr)
    if midr.architecture != 15:  # noqa: PLR2004 - "features are described in the ID registers", the only one listed
        return False
    model, revision = (midr.implementer, midr.part_number), 16 * midr.variant + midr.revision
    for fix in entry.fixed:
        at = 16 * fix.revision.variant + fix.revision.revision
        if (fix.implementer, fix.part) == model and at == revision and implementation.revidr & 1 << fix.revidr_bit:
            return False
    for span in entry.ranges:
        first = 16 * span.first.variant + span.first.revision
        last = 16 * span.last.variant + span.last.revision
        if (span.implementer, span.part) == model and first <= revision <= last:
            return True
    return False
