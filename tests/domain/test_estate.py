"""The estate: VMs in groups that fare alike, against asking for each."""

from hypothesis import given
from hypothesis import strategies as st

from app.domain.estate import Estate, RunningGroup, counted
from app.domain.fleet.fleet import Fleet
from app.domain.fleet.placement import Placement, Selector
from app.domain.planning.eligibility import Move, reasons
from app.domain.vms.exposure import covers
from tests.domain.samples import N1, N3, REFERENCE, V1, host, plan, uniform

HOSTS = [host("h1"), host("h2"), host("h3", V1), host("h4", N3)]
FLEET = Fleet.of(HOSTS, 1)

groups = st.builds(
    RunningGroup,
    vms=st.integers(1, 5),
    host=st.sampled_from([each.name for each in HOSTS]),
    identity=st.sampled_from([uniform(N1), uniform(V1), uniform(N3)]),
    placement=st.sampled_from([Placement(), Placement(Selector({"zone": "x"})), Placement(include_hosts=("h1", "h3"))]),
    plan=st.sampled_from([plan(N1), plan(N1, V1), plan(V1), plan(N3)]),
    moved=st.booleans(),
)


@given(st.lists(groups, max_size=12))
def test_groups_fare_as_each_of_their_vms(running: list[RunningGroup]) -> None:
    estate = Estate(FLEET, tuple(running))
    exposed = [g for g in running if not covers(g.plan.list, g.plan.cpus, g.identity, moved=g.moved)]
    assert list(estate.exposed()) == exposed
    stranded = [group for group in running if not _has_target(group)]
    assert list(estate.without_target(REFERENCE)) == stranded
    assert counted(estate.without_target(REFERENCE)) == sum(group.vms for group in stranded)
    assert list(estate.accepting_hazards()) == [group for group in running if group.plan.accepted_hazards]


def _has_target(group: RunningGroup) -> bool:
    move = Move(group.placement, REFERENCE, group.plan, group.host)
    return any(not reasons(FLEET, each, move) for each in HOSTS)


def test_equal_placements_are_one_kind() -> None:
    one, other = (Placement(Selector({"a": "1", "b": "2"})), Placement(Selector({"b": "2", "a": "1"})))
    assert one == other
    assert hash(one) == hash(other)
