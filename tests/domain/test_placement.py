import pytest
from hypothesis import given

from app.domain.fleet.fleet import FleetHost
from app.domain.fleet.placement import DEFAULT_MAX_IMPLEMENTATIONS, Operator, Placement, Requirement, Selector
from tests.domain import oracle, samples
from tests.domain.strategies import hosts, placements

ZONE_A = {"zone": "a"}


def zone(operator: Operator, *values: str) -> Requirement:
    return Requirement("zone", operator, values)


# The API: "NotIn and DoesNotExist also match hosts without the key".
@pytest.mark.parametrize(
    ("requirement", "in_a", "in_b", "nowhere"),
    [
        (zone(Operator.IN, "a"), True, False, False),
        (zone(Operator.IN, "a", "b"), True, True, False),
        (zone(Operator.IN), False, False, False),
        (zone(Operator.NOT_IN, "a"), False, True, True),
        (zone(Operator.NOT_IN, "a", "b"), False, False, True),
        (zone(Operator.NOT_IN), True, True, True),
        (zone(Operator.EXISTS), True, True, False),
        (zone(Operator.DOES_NOT_EXIST), False, False, True),
    ],
)
def test_operators(requirement: Requirement, in_a: bool, in_b: bool, nowhere: bool) -> None:
    asked = [requirement.holds(labels) for labels in (ZONE_A, {"zone": "b"}, {"rack": "a"})]
    assert asked == [in_a, in_b, nowhere]


@pytest.mark.parametrize(
    ("placement", "allowed"),
    [
        # An empty selector matches all.
        (Placement(), {"h1", "h2", "h3"}),
        (Placement(selector=Selector(ZONE_A)), {"h1", "h2"}),
        # All conditions must hold.
        (Placement(selector=Selector(ZONE_A, (Requirement("rack", Operator.EXISTS),))), {"h2"}),
        (Placement(selector=Selector(ZONE_A, (zone(Operator.NOT_IN, "a"),))), set()),
        # "include_hosts, if given and not empty, limits to those names"
        (Placement(include_hosts=("h1", "h3", "h8")), {"h1", "h3"}),
        (Placement(include_hosts=()), {"h1", "h2", "h3"}),
        # "exclude_hosts always wins"
        (Placement(exclude_hosts=("h1", "h8")), {"h2", "h3"}),
        (Placement(include_hosts=("h1", "h2"), exclude_hosts=("h1",)), {"h2"}),
        # "the selector holds in any case"
        (Placement(selector=Selector(ZONE_A), include_hosts=("h1", "h3")), {"h1"}),
    ],
)
def test_placements(placement: Placement, allowed: set[str]) -> None:
    hosts = {"h1": ZONE_A, "h2": {**ZONE_A, "rack": "r1"}, "h3": {"zone": "b"}}
    assert {name for name, labels in hosts.items() if placement.allows(name, labels)} == allowed


@given(hosts, placements)
def test_as_the_text_says(host: FleetHost, placement: Placement) -> None:
    assert placement.allows(host.name, dict(host.labels)) == oracle.allows(placement, host)


def test_a_placement_allows_64_implementations_and_no_hazard_unless_told_otherwise() -> None:
    assert DEFAULT_MAX_IMPLEMENTATIONS == samples.ANYWHERE.max_implementations == 64
    assert samples.ANYWHERE.accept_hazards == ()
