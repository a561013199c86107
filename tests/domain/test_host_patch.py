"""Changes of a host, as JSON Merge Patch (RFC 7396) means them."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.cpu.identity import CpuGroup, Identity
from app.domain.cpu.implementation import ReportedImplementation
from app.domain.cpu.report import CpuReport
from app.domain.errors import InvalidInput
from app.domain.fleet.capabilities import Capabilities
from app.domain.fleet.host import MAX_LABELS, Capacity, Host, HostState, Profile
from app.domain.fleet.host_patch import HostPatch, patched

SEEN = datetime(2026, 11, 22, 10, tzinfo=UTC)
CPUS = (CpuGroup(None, ReportedImplementation(0x413FD0C1, 0, 0)),)
OTHERS = (CpuGroup(None, ReportedImplementation(0x410FD490, 0, None)),)
BARE = Host(name="h1", state=HostState.ACTIVE, labels={}, profile=Profile(identity=Identity(CPUS)), observed_at=SEEN)
WHOLE = replace(
    BARE,
    labels={"zone": "fra1", "rack": "r03"},
    profile=Profile(
        identity=Identity(CPUS),
        capabilities=Capabilities(writable_id_registers=True, discovery_hypercalls=True),
        capacity=Capacity(80, 262_144),
        kernel_release="6.17.3",
        vmm="qemu 10.2",
    ),
)


def reporting(**changes: Any) -> Host:
    """The whole host with another profile."""
    return replace(WHOLE, profile=replace(WHOLE.profile, **changes))


@pytest.mark.parametrize(
    ("patch", "after"),
    [
        (HostPatch(), WHOLE),
        (HostPatch(state=HostState.CORDONED), replace(WHOLE, state=HostState.CORDONED)),
        (HostPatch(labels={"rack": None, "row": "7"}), replace(WHOLE, labels={"zone": "fra1", "row": "7"})),
        (HostPatch(labels={"never": None}), WHOLE),
        (HostPatch(labels=None), replace(WHOLE, labels={})),
        (HostPatch(cpus=CpuReport(OTHERS)), reporting(identity=Identity(OTHERS))),
        (
            HostPatch(capabilities={"discovery_hypercalls": None}),
            reporting(capabilities=Capabilities(writable_id_registers=True)),
        ),
        (HostPatch(capacity={"vcpus": 32}), reporting(capacity=Capacity(32, 262_144))),
        (HostPatch(capacity={}), WHOLE),
        (HostPatch(capacity=None, kernel_release=None), reporting(capacity=None, kernel_release=None)),
        (HostPatch(vmm="cloud-hypervisor 48"), reporting(vmm="cloud-hypervisor 48")),
        (
            HostPatch(observed_at=datetime(2026, 11, 23, tzinfo=UTC)),
            replace(WHOLE, observed_at=datetime(2026, 11, 23, tzinfo=UTC)),
        ),
    ],
)
def test_what_is_named_changes_and_the_rest_stays(patch: HostPatch, after: Host) -> None:
    assert patched(WHOLE, patch) == after


@pytest.mark.parametrize("change", [{"vcpus": 1}, {"memory_mib": 1}, {}])
def test_a_capacity_is_whole_or_none(change: dict[str, int]) -> None:
    with pytest.raises(InvalidInput) as refused:
        patched(BARE, HostPatch(capacity=change))
    missing = {"vcpus", "memory_mib"} - change.keys()
    assert {fault.pointer for fault in refused.value.faults} == {f"/capacity/{name}" for name in missing}
    whole = patched(BARE, HostPatch(capacity={"vcpus": 1, "memory_mib": 2}))
    assert whole.profile.capacity == Capacity(1, 2)


def test_labels_do_not_pile_up_without_end() -> None:
    full = patched(BARE, HostPatch(labels={f"l{number}": "" for number in range(MAX_LABELS)}))
    assert len(full.labels) == MAX_LABELS
    with pytest.raises(InvalidInput) as refused:
        patched(full, HostPatch(labels={"more": ""}))
    assert [fault.pointer for fault in refused.value.faults] == ["/labels"]
    assert patched(full, HostPatch(labels={"l0": None, "more": ""})).labels.keys() == (full.labels.keys() - {"l0"}) | {
        "more"
    }
