"""Which implementations of a fleet may share a list, against asking the tables for every two."""

from itertools import combinations
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from app.domain.fleet.fleet import Fleet
from app.domain.fleet.host import HostState
from app.domain.paging import PageRequest
from app.domain.planning.compatibility import compatibility
from app.domain.planning.hazards import ForbiddenPair
from tests.domain import oracle
from tests.domain import strategies as some
from tests.domain.samples import A55, A76, N1, N3, REFERENCE, V1, host, identity, unread

ALL: Final = PageRequest("", 1_000)


@given(some.fleets())
def test_every_two_implementations(fleet: Fleet) -> None:
    found = compatibility(fleet, REFERENCE.tables, ALL)
    known = sorted({triple for each in fleet for triple in oracle.known(oracle.by_cpu(each))})
    assert found.fleet_revision == fleet.revision
    assert [each.implementation for each in found.implementations] == known
    forbidden = {(pair.a, pair.b): list(pair.forbidden_by) for pair in found.pairs.items}
    assert forbidden == {
        (a, b): tables
        for (a, one), (b, other) in combinations(enumerate(known), 2)
        if (tables := oracle.mixed([one, other]))
    }


@given(some.fleets())
def test_groups_are_the_largest_sets_that_may_share_a_list(fleet: Fleet) -> None:
    found = compatibility(fleet, REFERENCE.tables, ALL)
    divided = [each for group in found.groups for each in group.implementations]
    assert sorted(divided) == [each.implementation for each in found.implementations]
    for group in found.groups:
        assert not oracle.mixed(group.implementations)
        others = {each.implementation for each in found.implementations} - set(group.implementations)
        assert all(oracle.mixed([*group.implementations, each]) for each in others)
        members = set(group.implementations)
        for state in HostState:
            having = [each for each in fleet if each.state is state and members & set(each.identity.known)]
            assert group.hosts[state] == len(having)


def test_a_fleet_of_two_pools() -> None:
    hosts = [
        host("h1"),
        host("h2", V1, HostState.PLANNED),
        host("h3", N3),
        host("h4", identity(("0", A55), ("1", A76))),
        host("h5", identity(("0", N3), ("1", unread(A55)))),
    ]
    found = compatibility(Fleet.of(hosts, 3), REFERENCE.tables, ALL)
    assert [each.implementation for each in found.implementations] == [N3, V1, A55, N1, A76]
    assert [each.implementations for each in found.groups] == [(N3,), (V1, N1, A76), (A55,)]
    assert [+each.hosts for each in found.groups] == [
        {HostState.ACTIVE: 2},
        {HostState.ACTIVE: 2, HostState.PLANNED: 1},
        {HostState.ACTIVE: 1},
    ]
    assert found.pairs.items[0] == (0, 1, ("ARM64_HAS_BBML3",))
    assert [(pair.a, pair.b) for pair in found.pairs.items] == [(0, 1), (0, 2), (0, 3), (0, 4), (1, 2), (2, 3), (2, 4)]
    between = {(pair.a, pair.b): pair.forbidden_by for pair in found.between_groups}
    assert set(between) == {(0, 1), (0, 2), (1, 2)}
    assert between[0, 1] == ("ARM64_HAS_BBML3",)


@given(some.fleets(), st.integers(1, 5))
def test_pages_of_pairs_are_all_pairs(fleet: Fleet, limit: int) -> None:
    whole = compatibility(fleet, REFERENCE.tables, ALL).pairs
    paged: list[ForbiddenPair] = []
    after: str | None = ""
    while after is not None:
        page = compatibility(fleet, REFERENCE.tables, PageRequest(after, limit)).pairs
        assert len(page.items) <= limit
        paged += page.items
        after = page.next_after
    assert tuple(paged) == whole.items
