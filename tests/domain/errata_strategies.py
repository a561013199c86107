"""Implementations, lists and tables, generated close to where tables begin, end and overlap.

Most values are sampled from pools made beforehand: examples are then cheap, and shrink to the first of the pool.
"""

from itertools import combinations, product
from typing import Final

from hypothesis import strategies as st

from app.domain.cpu.implementation import Implementation
from app.domain.reference.errata import ErrataTables, ErratumEntry, FixedRevision, Kind, ModelRange, Revision, TableRule
from app.domain.reference.kernels import KernelVersion
from tests.domain.errata_data import TABLES

_MODELS: Final = sorted({(each.implementer, each.part) for entry in TABLES.entries for each in entry.ranges})
_BOUNDS: Final = sorted({bound for e in TABLES.entries for each in e.ranges for bound in (each.first, each.last)})
_AROUND: Final = sorted({*_BOUNDS, *(Revision(v, p) for v, p in product(range(4), range(4))), Revision(2, 15)})
_FEW_MODELS: Final = ((0x41, 0xD03), (0x41, 0xD0C), (0x41, 0xD46), (0xC0, 0xAC3))
"""Generated tables and half of all implementations draw from these, so that they meet."""


def _midr(model: tuple[int, int], revision: Revision, architecture: int = 0xF, high: int = 0) -> int:
    register = high << 32 | model[0] << 24 | architecture << 16 | model[1] << 4
    return register | revision.variant << 20 | revision.revision


_midrs = (
    st.sampled_from([_midr(*each) for each in product(_FEW_MODELS, _AROUND)])
    | st.sampled_from([_midr(*each) for each in product(_MODELS, _AROUND)])
    | st.sampled_from([_midr(*each, high=0xDEADBEEF) for each in product(_FEW_MODELS, _AROUND)])
    | st.sampled_from([_midr(*each, architecture=0x8) for each in product(_FEW_MODELS, _AROUND)])
    | st.sampled_from([_midr((0x99, 0x123), Revision(0, 0)), 0, 2**64 - 1])
)
_BITS: Final = (0, 8, 25, 31, 32, 63)
_revidrs = st.sampled_from([sum(1 << bit for bit in bits) for n in range(7) for bits in combinations(_BITS, n)])

implementations = st.builds(Implementation, _midrs, _revidrs, st.sampled_from((0, 0x551)))
lists = st.lists(implementations, min_size=1, max_size=6)

_ranges = st.sampled_from(
    [
        ModelRange(implementer=implementer, part=part, first=first, last=last)
        for (implementer, part), (first, last) in product(_FEW_MODELS, combinations(_AROUND, 2))
    ]
)
_fixed = st.sampled_from(
    [FixedRevision(*model, at, bit) for model, at, bit in product(_FEW_MODELS, _AROUND, (0, 8, 31))]
)


def _entries(name: str) -> st.SearchStrategy[ErratumEntry]:
    return st.builds(
        ErratumEntry,
        id=st.just(name),
        title=st.just(name),
        kind=st.just(Kind.ERRATUM),
        rule=st.sampled_from(TableRule),
        ranges=st.lists(_ranges, min_size=1, max_size=3).map(tuple),
        fixed=st.lists(_fixed, max_size=2).map(tuple),
        log=st.none(),
        log_when=st.none(),
        depends_also_on=st.none(),
        el2_only=st.booleans(),
        config=st.just(()),
        config_off_ranges=st.just(()),
        vcpu_ranges=st.just(()),
        loop=st.none(),
        source=st.just("arch/arm64/kernel/cpu_errata.c"),
    )


_generated = st.tuples(*(_entries(f"ENTRY_{number}") for number in range(3))).map(
    lambda entries: ErrataTables(linux=KernelVersion(7, 3, 4), entries=entries)
)

tables = st.just(TABLES) | _generated
"""The shipped ones, and ones in which safe tables have fixed revisions and every rule meets every other."""

hazard_names = st.sets(st.sampled_from([*sorted(TABLES.hazard_tables), "ENTRY_0", "ENTRY_1", "ENTRY_2"]))
"""What a placement may accept."""

kernel_versions = st.builds(KernelVersion, st.integers(5, 8), st.integers(0, 20), st.integers(0, 20))
