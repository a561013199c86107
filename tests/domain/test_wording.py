"""The sentences of refusals, each as a person reads it."""

import pytest

from app.domain.fleet.capabilities import Capabilities
from app.domain.fleet.fleet import Fleet, FleetHost
from app.domain.fleet.host import HostState
from app.domain.fleet.placement import Operator, Placement, Requirement, Selector
from app.domain.planning.eligibility import reasons
from app.domain.planning.plan import Mode, ModeReason, Plan
from tests.domain.samples import A55, A57, ABLE, ANYWHERE, N1, N1_REVIDR, N3, V1, host, identity, move, plan, unread

HOMOGENEOUS = plan(N1, mode=Mode.HOMOGENEOUS, mode_reasons=(ModeReason.GUEST_CANNOT_DISCOVER,))


def said(
    each: FleetHost, sealed: Plan | None = None, placement: Placement = ANYWHERE, current: str = "h1"
) -> dict[str, tuple[str, str]]:
    """Detail and remedy of each reason against the host, which is stale if it is called so."""
    fleet = Fleet.of([each], 1).with_stale(["stale"])
    found = reasons(fleet, each, move(sealed or plan(N1), current, placement))
    return {reason.code.value: (reason.detail, reason.remedy) for reason in found}


@pytest.mark.parametrize(
    ("each", "code", "detail"),
    [
        (host("h1"), "is_current_host", "the VM is on h1 now"),
        (
            host("h7", state=HostState.CORDONED),
            "host_not_active",
            "the state of h7 is cordoned; only active hosts receive VMs",
        ),
        (host("stale"), "inventory_stale", "stale has not been observed recently enough to trust what it reported"),
        (
            host("h7", unread(N1)),
            "identity_incomplete",
            "AIDR_EL1 of h7 is unknown on all CPUs; an unread register is never taken for 0",
        ),
        (
            host("h7", identity(("0-3,8", unread(N1)), ("4-7", V1), ("9", unread(V1)))),
            "identity_incomplete",
            "AIDR_EL1 of h7 is unknown on CPUs 0-3,8, CPUs 9; an unread register is never taken for 0",
        ),
        (
            host("h7", capabilities=Capabilities(writable_id_registers=False, discovery_hypercalls=True)),
            "lacks_writable_id_registers",
            "h7 cannot keep the guest's MIDR, REVIDR and AIDR",
        ),
        (
            host("h7", capabilities=Capabilities()),
            "lacks_writable_id_registers",
            "h7 is not known to keep the guest's MIDR, REVIDR and AIDR",
        ),
        (
            host("h7", capabilities=Capabilities(writable_id_registers=True, discovery_hypercalls=False)),
            "lacks_discovery_hypercalls",
            "h7 cannot answer the discovery hypercalls",
        ),
        (
            host("h7", capabilities=Capabilities()),
            "lacks_discovery_hypercalls",
            "h7 is not known to answer the discovery hypercalls",
        ),
    ],
)
def test_what_is_wrong_with_a_host(each: FleetHost, code: str, detail: str) -> None:
    assert said(each)[code][0] == detail


# "each a stable code with the register values that differ"
@pytest.mark.parametrize(
    ("each", "listed", "detail"),
    [
        (
            host("h7", N1_REVIDR),
            plan(N1),
            "h7 is Arm Neoverse N1 r3p1 with REVIDR 0x1; the list has Arm Neoverse N1 r3p1 with REVIDR 0x0",
        ),
        (
            host("h7", V1),
            plan(N1),
            (
                "h7 is Arm Neoverse V1 r1p1 with MIDR 0x411fd401 and REVIDR 0x1;"
                " the list has Arm Neoverse N1 r3p1 with MIDR 0x413fd0c1 and REVIDR 0x0"
            ),
        ),
        (
            host("h7", identity(("0", A57), ("1", A55))),
            plan(A55._replace(aidr=7), A57._replace(revidr=1)),
            (
                "h7 is Arm Cortex-A57 r1p2 with REVIDR 0x0; the list has Arm Cortex-A57 r1p2 with REVIDR 0x1;"
                " h7 is Arm Cortex-A55 r2p0 with AIDR 0x0; the list has Arm Cortex-A55 r2p0 with AIDR 0x7"
            ),
        ),
    ],
)
def test_which_registers_differ(each: FleetHost, listed: Plan, detail: str) -> None:
    assert said(each, listed)["implementation_not_listed"][0] == detail


@pytest.mark.parametrize(
    ("placement", "faults"),
    [
        (Placement(exclude_hosts=("h7",)), "it is among exclude_hosts"),
        (Placement(include_hosts=("h8",)), "it is not among include_hosts"),
        (
            Placement(selector=Selector({"zone": "b"}), include_hosts=("h8",), exclude_hosts=("h7",)),
            "it is among exclude_hosts; it is not among include_hosts; zone=b is asked, and it has zone=a",
        ),
        (Placement(selector=Selector({"rack": "r1"})), "rack=r1 is asked, and it has no label rack"),
        (
            Placement(selector=Selector(match_expressions=(Requirement("zone", Operator.IN, ("b", "c")),))),
            "zone In [b, c] is asked, and it has zone=a",
        ),
        (
            Placement(selector=Selector(match_expressions=(Requirement("zone", Operator.NOT_IN, ("a",)),))),
            "zone NotIn [a] is asked, and it has zone=a",
        ),
        (
            Placement(selector=Selector(match_expressions=(Requirement("rack", Operator.EXISTS),))),
            "rack Exists is asked, and it has no label rack",
        ),
        (
            Placement(selector=Selector({"zone": "a"}, (Requirement("zone", Operator.DOES_NOT_EXIST),))),
            "zone DoesNotExist is asked, and it has zone=a",
        ),
    ],
)
def test_which_parts_of_a_placement_do_not_fit(placement: Placement, faults: str) -> None:
    each = host("h7", labels={"zone": "a"})
    assert said(each, placement=placement)["placement_mismatch"][0] == f"the placement does not allow h7: {faults}"


def test_a_guest_that_cannot_discover() -> None:
    detail, remedy = said(host("h7", V1), HOMOGENEOUS)["guest_cannot_discover"]
    assert detail == "the guest cannot discover implementations, so its list has one, and h7 is another"
    assert remedy == "boot a guest with Linux 6.15 or later"


# "h1 and h7 differ in …": the tables by which one would take protection from the other.
def test_what_would_weaken_the_guest_names_the_tables() -> None:
    detail, remedy = said(host("h7", identity(("0", A57), ("1", N3), ("2", V1))))["would_weaken_guest"]
    assert detail == (
        "h7 and the list differ in ARM64_HAS_BBML3, ARM64_UNMAP_KERNEL_AT_EL0: beside each other, the guest would take"
        " a CPU for safe that is not; ARM64_HAS_BBML3 has Arm Neoverse N3 r0p0 since Linux 7.3:"
        " an older guest that is updated inside its VM reads the same list"
    )
    assert "accept_hazards" in remedy


@pytest.mark.parametrize(
    ("each", "sealed", "remedy"),
    [
        (host("h7", V1), plan(N1), "boot the VM again to include it"),
        (host("h7", V1), HOMOGENEOUS, "choose a host with the listed implementation"),
        (
            host("h7", N3, capabilities=ABLE),
            plan(N1),
            "choose another host; booting the VM again would not include it (see would_weaken_guest)",
        ),
    ],
)
def test_what_helps_against_an_implementation_that_is_not_listed(each: FleetHost, sealed: Plan, remedy: str) -> None:
    assert said(each, sealed)["implementation_not_listed"][1] == remedy
