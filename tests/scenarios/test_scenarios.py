"""Runs every scenario beside it. How they are written is in README.md."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from app.domain.cpu.cpulist import parse_cpulist
from app.domain.cpu.implementation import Implementation
from app.domain.fleet.fleet import Fleet, FleetHost
from app.domain.planning.checking import check_arrival, check_plan
from app.domain.planning.composition import BootOrder, compose
from app.domain.planning.eligibility import Move, reasons, targets
from app.domain.planning.guest import Guest
from app.domain.planning.plan import Plan
from app.domain.planning.reasons import Reason, ReasonCode, Unlisted
from app.domain.planning.refusals import BootRefused, TooManyImplementations
from app.domain.vms.exposure import covers
from app.storage.reference_data import load_reference_data
from tests.scenarios.scenario import Cpus, Expected, Scenario, SketchedHost, Step, read_scenario, scenario_files

REFERENCE = load_reference_data(None)
FILES = [pytest.param(path, id=path.stem) for path in scenario_files()]


@pytest.mark.parametrize("path", FILES)
def test_scenario(path: Path) -> None:
    scenario = read_scenario(path)
    fleet, order = _fleet(scenario.hosts), _order(scenario)
    if scenario.expect.refused is not None:
        _check_refusal(fleet, order, scenario.expect.refused)
    elif scenario.expect.too_many is not None:
        _check_too_many(fleet, order, scenario)
    else:
        plan = compose(fleet, order)
        check_plan(fleet, order, plan)
        _check_list(plan, scenario.expect, scenario.cpus)
        _check_life(plan, scenario)


def test_every_reason_is_shown_in_some_scenario() -> None:
    shown: set[str] = set()
    for path in scenario_files():
        scenario = read_scenario(path)
        for expect in (scenario.expect, *(step.expect for step in scenario.later)):
            shown |= {*(expect.refused or ()), *(expect.rejections or ())}
    assert shown == set(ReasonCode)


# The boot.


def _fleet(hosts: Mapping[str, SketchedHost]) -> Fleet:
    stale = [name for name, each in hosts.items() if each.stale]
    return Fleet.of((each.host for each in hosts.values()), revision=1).with_stale(stale)


def _order(scenario: Scenario) -> BootOrder:
    boot = scenario.boot
    pinned = None if boot.cpus is None else parse_cpulist(str(boot.cpus))
    return BootOrder(boot.placement, REFERENCE, Guest(boot.guest_discovers), boot.host, pinned)


def _check_refusal(fleet: Fleet, order: BootOrder, codes: list[str]) -> None:
    with pytest.raises(BootRefused) as refused:
        compose(fleet, order)
    assert [reason.code for reason in refused.value.reasons] == codes


def _check_too_many(fleet: Fleet, order: BootOrder, scenario: Scenario) -> None:
    with pytest.raises(TooManyImplementations) as refused:
        compose(fleet, order)
    candidates = [_name(each.implementation, scenario.cpus) for each in refused.value.candidates]
    assert {"count": refused.value.count, "candidates": candidates} == scenario.expect.too_many


def _check_list(plan: Plan, expect: Expected, cpus: Cpus) -> None:
    found = Expected(
        list=[_name(each, cpus) for each in plan.list],
        mode=plan.mode,
        mode_reasons=list(plan.mode_reasons),
        left_out={_name(each.implementation, cpus): list(each.hazards) for each in plan.left_out},
        accepted_hazards=list(plan.accepted_hazards),
        qemu=plan.list.qemu,
    )
    assert expect.list is not None, "a boot that succeeds has a list"
    compared = ("list", "mode", "mode_reasons", "left_out", "accepted_hazards", "qemu")
    assert _told(found, expect, compared) == _told(expect, expect, compared)


def _name(implementation: Implementation, cpus: Cpus) -> str:
    return next(name for name, registers in cpus.items() if registers.known == implementation)


def _told(of: Expected, asked: Expected, names: tuple[str, ...]) -> dict[str, object]:
    """Those of the expectations that a file states."""
    return {name: getattr(of, name) for name in names if getattr(asked, name) is not None}


# The life of the guest after it.


@dataclass(frozen=True)
class Running:
    """A VM in its fleet, at some moment."""

    hosts: Mapping[str, SketchedHost]
    move: Move
    moved: bool = False
    """Whether it is on its boot host no more, or again."""

    @property
    def fleet(self) -> Fleet:
        return _fleet(self.hosts)


def _check_life(plan: Plan, scenario: Scenario) -> None:
    running = Running(scenario.hosts, Move(scenario.boot.placement, REFERENCE, plan, plan.host))
    _check_moment(running, scenario.expect, scenario.cpus)
    for step in scenario.later:
        running = _after(running, step)
        _check_moment(running, step.expect, scenario.cpus)


def _after(running: Running, step: Step) -> Running:
    hosts = {name: each for name, each in {**running.hosts, **step.hosts}.items() if each}
    move = replace(
        running.move,
        placement=step.placement or running.move.placement,
        current_host=step.moved_to or running.move.current_host,
    )
    return replace(running, hosts=hosts, move=move, moved=running.moved or step.moved_to is not None)


def _check_moment(running: Running, expect: Expected, cpus: Cpus) -> None:
    found = Expected(
        targets=[each.name for each in running.fleet.in_name_order(targets(running.fleet, running.move))],
        rejections=_rejections(running),
        exposed=_exposed(running),
    )
    compared = ("targets", "rejections", "exposed")
    assert _told(found, expect, compared) == _told(_sorted(expect), expect, compared)
    for host, nearest in (expect.nearest or {}).items():
        assert _nearest(running, host, cpus) == nearest
    for name in found.targets or ():
        check_arrival(running.move.plan, running.hosts[name].host)


def _sorted(expect: Expected) -> Expected:
    """Files name hosts in the order that reads best."""
    rejections = expect.rejections and {code: sorted(hosts) for code, hosts in expect.rejections.items()}
    return replace(expect, targets=expect.targets and sorted(expect.targets), rejections=rejections)


def _reasons(running: Running, host: FleetHost) -> tuple[Reason, ...]:
    return reasons(running.fleet, host, running.move)


def _rejections(running: Running) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in sorted(running.hosts):
        for reason in _reasons(running, running.hosts[name].host):
            found.setdefault(reason.code, []).append(name)
    return found


def _nearest(running: Running, host: str, cpus: Cpus) -> dict[str, list[str]]:
    differences = (each for reason in _reasons(running, running.hosts[host].host) for each in reason.differences)
    unlisted = (each for each in differences if isinstance(each, Unlisted))
    return {_name(each.nearest_listed, cpus): list(each.differing_registers) for each in unlisted}


def _exposed(running: Running) -> bool:
    plan, here = running.move.plan, running.hosts[running.move.current_host].host
    return not covers(plan.list, plan.cpus, here.identity, moved=running.moved)
