"""Whatever is in the table of capabilities is asked, explained and checked."""

from dataclasses import fields, replace

import pytest

from app.domain.fleet.capabilities import CAPABILITIES, DISCOVERY, Capabilities, Capability
from app.domain.fleet.fleet import Fleet
from app.domain.planning.checking import UnsoundPlan, check_plan
from app.domain.planning.composition import compose, mode_reasons
from app.domain.planning.eligibility import reasons
from tests.domain.samples import BLIND, DISCOVERS, N1, host, move, order, plan

ALL = Capabilities(**{each.name: True for each in CAPABILITIES})
needed = pytest.mark.parametrize("capability", DISCOVERY, ids=lambda each: each.name)
not_there = pytest.mark.parametrize("answer", [False, None])


def without(capability: Capability, answer: bool | None) -> Capabilities:
    return replace(ALL, **{capability.name: answer})


def test_the_table_has_what_a_host_reports() -> None:
    assert [each.name for each in CAPABILITIES] == [each.name for each in fields(Capabilities)]
    assert set(DISCOVERY) <= set(CAPABILITIES)
    assert Capabilities().answers == tuple((each.name, None) for each in CAPABILITIES)


# Rule 8: "in discoverable mode both capabilities"; rule 4: "Unknown counts as no."
@needed
@not_there
def test_a_host_that_lacks_one_is_no_target(capability: Capability, answer: bool | None) -> None:
    lacking = host("h2", capabilities=without(capability, answer))
    [reason] = reasons(Fleet.of([lacking], 1), lacking, move(plan(N1)))
    assert reason.code == f"lacks_{capability.name}"
    assert reason.detail.endswith(capability.ability)
    assert reason.remedy == capability.remedy


# Rule 6: "The answer carries `mode` and `mode_reasons` (all that hold)."
@needed
@not_there
def test_a_boot_without_one_is_homogeneous(capability: Capability, answer: bool | None) -> None:
    lack = f"lacks_{capability.name}"
    assert mode_reasons(DISCOVERS, without(capability, answer)) == (lack,)
    assert mode_reasons(BLIND, without(capability, answer)) == ("guest_cannot_discover", lack)


@needed
@not_there
def test_the_checker_knows_it_as_well(capability: Capability, answer: bool | None) -> None:
    told = compose(Fleet.of([host("h1", capabilities=ALL)], 1), order("h1"))
    lacking = Fleet.of([host("h1", capabilities=without(capability, answer))], 1)
    with pytest.raises(UnsoundPlan, match="capable of"):
        check_plan(lacking, order("h1"), told)
