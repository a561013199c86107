"""What becomes of a VM, in whatever order it is asked for: a state machine beside a plain one."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from app.domain.errors import VmMigrating, VmNotRunning, VmRunning
from app.domain.fleet.placement import Placement
from app.domain.planning.guest import Guest
from app.domain.planning.plan import Plan
from app.domain.vms.exposure import covers
from app.domain.vms.transitions import admission, admitted, idle, move_of, moved, stayed, stopped
from app.domain.vms.vm import Boot, Running, Vm, VmDefinition, VmState
from tests.domain.samples import N1, REFERENCE, V1, host, plan

NOON: Final = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOSTS: Final = {"h1": host("h1"), "h2": host("h2", V1)}
DEFINED: Final = Vm("vm-1", VmDefinition(Placement(), Guest(discovers_implementations=True)))


def running_vm(sealed: Plan, at: str = "h1") -> Vm:
    boot = Boot(vm="vm-1", number=1, plan=sealed, sealed_at=NOON)
    return Vm("vm-1", DEFINED.definition, Running(boot=boot, host=at, identity=HOSTS[at].identity))


@dataclass
class _Expected:
    """What a person would note down of the VM."""

    host: str | None = None
    migration: str | None = None
    moved: bool = False


class Transitions(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.vm = DEFINED
        self.expected = _Expected()

    @rule(at=st.sampled_from(sorted(HOSTS)))
    def boot(self, at: str) -> None:
        if self.expected.migration:
            with pytest.raises(VmMigrating):
                idle(self.vm)
        elif self.expected.host:
            with pytest.raises(VmRunning):
                idle(self.vm)
        else:
            assert idle(self.vm) is self.vm
            self.vm, self.expected = running_vm(plan(N1, V1), at), _Expected(at)

    @rule()
    def stop(self) -> None:
        if self.expected.migration:
            with pytest.raises(VmMigrating):
                stopped(self.vm)
        else:
            self.vm, self.expected = stopped(self.vm), _Expected()

    @rule(to=st.sampled_from(sorted(HOSTS)))
    def admit(self, to: str) -> None:
        refusal = VmMigrating if self.expected.migration else None if self.expected.host else VmNotRunning
        if refusal:
            with pytest.raises(refusal):
                admission(self.vm, to, "m-1", NOON)
            return
        migration = admission(self.vm, to, "m-1", NOON)
        assert (migration.source, migration.target, migration.open) == (self.expected.host, to, True)
        self.vm, self.expected.migration = admitted(self.vm, migration), "m-1"

    @rule(to=st.sampled_from(sorted(HOSTS)))
    def complete(self, to: str) -> None:
        if self.expected.migration:
            self.vm, self.expected = moved(self.vm, HOSTS[to]), _Expected(to, None, moved=True)

    @rule()
    def fail(self) -> None:
        if self.expected.migration:
            self.vm, self.expected.migration = stayed(self.vm), None

    @invariant()
    def it_is_as_noted(self) -> None:
        running = self.vm.running
        if running is None:
            assert self.expected == _Expected()
            assert (self.vm.state, self.vm.exposed) == (VmState.DEFINED, False)
            with pytest.raises(VmNotRunning):
                move_of(self.vm, REFERENCE)
            return
        assert _Expected(running.host, running.migration, running.moved) == self.expected
        assert self.vm.state is (VmState.MIGRATING if self.expected.migration else VmState.RUNNING)
        assert running.identity == HOSTS[running.host].identity
        sealed = running.boot.plan
        covered = covers(sealed.list, sealed.cpus, running.identity, moved=running.moved)
        assert self.vm.exposed is not covered
        assert move_of(self.vm, REFERENCE).current_host == running.host


TestTransitions = Transitions.TestCase


def test_a_move_to_what_is_not_listed_is_taken_and_shows() -> None:
    """The guest is where it is: a completed move is a fact."""
    vm = running_vm(plan(N1))
    away = moved(admitted(vm, admission(vm, "h2", "m-1", NOON)), HOSTS["h2"])
    assert away.exposed
    assert away.running
    assert away.running.moved
