"""A VM's state, its tag, the advice about it; a migration's state as it shows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from app.domain.fleet.placement import Placement
from app.domain.planning.guest import Guest
from app.domain.planning.plan import Mode, Plan
from app.domain.vms.advice import advice
from app.domain.vms.migration import Migration, MigrationState
from app.domain.vms.vm import Boot, Running, Vm, VmDefinition, VmRecord, VmState
from tests.domain.samples import N1, REFERENCE, V1, plan, uniform

NOON: Final = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOMOGENEOUS: Final = plan(N1, mode=Mode.HOMOGENEOUS)


def vm(
    guest: Guest | None = None,
    sealed: Plan | None = None,
    placement: Placement | None = None,
    migration: str | None = None,
    *,
    exposed: bool = False,
) -> Vm:
    definition = VmDefinition(placement or Placement(), guest or Guest(discovers_implementations=True))
    if sealed is None:
        return Vm("vm-1", definition)
    boot = Boot(vm="vm-1", number=1, plan=sealed, sealed_at=NOON)
    found = uniform(V1) if exposed else uniform(N1)
    return Vm("vm-1", definition, Running(boot=boot, host="h1", identity=found, migration=migration))


@pytest.mark.parametrize(
    ("each", "state"),
    [
        (vm(), VmState.DEFINED),
        (vm(sealed=plan(N1)), VmState.RUNNING),
        (vm(sealed=plan(N1), exposed=True), VmState.RUNNING),
        (vm(sealed=plan(N1), migration="m-1"), VmState.MIGRATING),
    ],
)
def test_state(each: Vm, state: VmState) -> None:
    assert each.state is state


# The API: "strong ETag". Whether a VM is exposed shows without a write to it.
def test_the_tag_changes_with_all_that_shows() -> None:
    records = [
        VmRecord(vm(sealed=plan(N1), exposed=exposed), key, version, token)
        for token in (b"1", b"2")
        for exposed in (True, False)
        for key in (1, 11)
        for version in (1, 11)
    ]
    assert len({each.tag for each in records}) == len(records)
    assert records[0].tag == replace(records[0]).tag


# Warnings.


def advised(each: Vm) -> list[str]:
    return [one.code for one in advice(each, REFERENCE)]


# The API: "e.g. kernel_release below 6.15 with discovers_implementations: true". Advice only: nothing is refused.
@pytest.mark.parametrize(
    ("release", "discovers", "codes"),
    [
        (None, True, []),
        (None, False, []),
        ("6.14.11", True, ["kernel_cannot_discover"]),
        ("6.14.11", False, []),
        ("6.15", True, []),
        ("6.15.0-rc1-foo", True, []),
        ("6.18.15", False, ["kernel_can_discover"]),
        ("6.9.7-amd64", True, ["kernel_cannot_discover"]),
        ("5.14.0-503.el9", True, ["kernel_cannot_discover"]),
        ("10.0", False, ["kernel_can_discover"]),
        ("FreeBSD 15", True, ["kernel_unknown"]),
        ("6", False, ["kernel_unknown"]),
        ("", True, ["kernel_unknown"]),
    ],
)
def test_advice_about_the_kernel(release: str | None, discovers: bool, codes: list[str]) -> None:
    assert advised(vm(Guest(discovers, release))) == codes


@pytest.mark.parametrize(
    ("each", "codes"),
    [
        (vm(), []),
        (vm(sealed=plan(N1)), []),
        (vm(sealed=plan(N1), exposed=True), ["exposed"]),
        (vm(Guest(discovers_implementations=False), plan(N1)), ["list_not_discovered"]),
        (vm(Guest(discovers_implementations=False), HOMOGENEOUS), []),
        (vm(sealed=HOMOGENEOUS), []),
        (vm(placement=Placement(accept_hazards=("ARM64_HAS_BBML3",))), []),
        (vm(placement=Placement(accept_hazards=("ARM64_HAS_BBML3", "ARM64_BBML3", "X"))), ["unknown_hazard"]),
        # not by such a table: one that can only add a workaround, and one that never counts
        (vm(placement=Placement(accept_hazards=("ARM64_WORKAROUND_843419",))), ["unknown_hazard"]),
        (vm(placement=Placement(accept_hazards=("ARM64_HAS_ICH_HCR_EL2_TDIR",))), ["unknown_hazard"]),
        (
            vm(Guest(False, "7.3"), plan(N1), Placement(accept_hazards=("X",)), exposed=True),
            ["kernel_can_discover", "unknown_hazard", "exposed", "list_not_discovered"],
        ),
    ],
)
def test_advice(each: Vm, codes: list[str]) -> None:
    assert advised(each) == codes


@pytest.mark.parametrize(
    ("each", "words"),
    [
        (vm(Guest(True, "6.1")), "Linux 6.1 does not ask for the list: discovery came with 6.15"),
        (vm(Guest(False, "7.3")), "Linux 7.3 asks for the list, and discovers_implementations is false"),
        (vm(Guest(True, "X1")), "'X1' is no Linux release that says whether the guest asks for the list"),
        (
            vm(placement=Placement(accept_hazards=("Y", "X"))),
            "accept_hazards names X, Y, which no table is called",
        ),
        (
            vm(sealed=plan(N1), exposed=True),
            "h1 has registers that the sealed list does not cover; move the VM, or boot it again",
        ),
        (
            vm(Guest(discovers_implementations=False), plan(N1)),
            "the guest is said not to ask for the list that its VMM exposes",
        ),
    ],
)
def test_advice_in_words(each: Vm, words: str) -> None:
    assert [warning.detail for warning in advice(each, REFERENCE)] == [words]


# Migrations.


def migration(state: MigrationState) -> Migration:
    return Migration(id="m-1", vm="vm-1", source="h1", target="h2", state=state, digest="sha256:0", admitted_at=NOON)


@pytest.mark.parametrize(
    ("state", "still_open"),
    [
        (MigrationState.ADMITTED, True),
        (MigrationState.OVERDUE, True),
        (MigrationState.COMPLETED, False),
        (MigrationState.FAILED, False),
    ],
)
def test_open(state: MigrationState, still_open: bool) -> None:
    assert migration(state).open is still_open


# The API: "one open longer than the timeout shows as overdue, and stays open".
@pytest.mark.parametrize(
    ("state", "age", "shown"),
    [
        (MigrationState.ADMITTED, timedelta(0), MigrationState.ADMITTED),
        (MigrationState.ADMITTED, timedelta(hours=24), MigrationState.ADMITTED),
        (MigrationState.ADMITTED, timedelta(hours=24, microseconds=1), MigrationState.OVERDUE),
        (MigrationState.COMPLETED, timedelta(days=900), MigrationState.COMPLETED),
        (MigrationState.FAILED, timedelta(days=900), MigrationState.FAILED),
        # a clock that was set back
        (MigrationState.ADMITTED, timedelta(hours=-1), MigrationState.ADMITTED),
    ],
)
def test_the_state_that_shows(state: MigrationState, age: timedelta, shown: MigrationState) -> None:
    assert migration(state).shown_state(NOON + age, timedelta(hours=24)) is shown
