"""Scenarios as their files have them, checked while they are read: a key that nobody knows is a mistake."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from app.domain.cpu.cpulist import parse_cpulist
from app.domain.cpu.identity import CpuGroup, Identity
from app.domain.cpu.implementation import ReportedImplementation
from app.domain.fleet.capabilities import Capabilities
from app.domain.fleet.fleet import FleetHost
from app.domain.fleet.host import HostState, Profile
from app.domain.fleet.placement import Operator, Placement, Requirement, Selector

HERE: Final = Path(__file__).parent

Cpus = Mapping[str, ReportedImplementation]
"""By the names that the files use."""
Document = dict[str, Any]
Names = list[str]
ByName = dict[str, Names]


@dataclass(frozen=True)
class Expected:
    """What must come of a boot, or of a step after it. None is not compared."""

    list: Names | None = None
    mode: str | None = None
    mode_reasons: Names | None = None
    left_out: ByName | None = None
    accepted_hazards: Names | None = None
    targets: Names | None = None
    rejections: ByName | None = None
    nearest: Mapping[str, ByName] | None = None
    qemu: str | None = None
    exposed: bool | None = None
    refused: Names | None = None
    too_many: Document | None = None


AFTER_THE_BOOT: Final = {"targets", "rejections", "nearest", "exposed"}


@dataclass(frozen=True)
class BootAsked:
    host: str
    cpus: str | int | None = None
    guest_discovers: bool = True
    placement: Placement = field(default_factory=Placement)


@dataclass(frozen=True)
class Step:
    about: str
    expect: Expected
    hosts: Mapping[str, "SketchedHost | None"] = field(default_factory=dict)
    moved_to: str | None = None
    placement: Placement | None = None


@dataclass(frozen=True)
class SketchedHost:
    host: FleetHost
    stale: bool


@dataclass(frozen=True)
class Scenario:
    title: str
    about: str
    cpus: Cpus
    hosts: Mapping[str, SketchedHost]
    boot: BootAsked
    expect: Expected
    later: tuple[Step, ...] = ()


def scenario_files() -> list[Path]:
    return sorted(path for path in HERE.glob("*.yaml") if path.name != "cpus.yaml")


def read_scenario(path: Path) -> Scenario:
    document = _read(path)
    cpus = _cpus(_read(HERE / "cpus.yaml")) | _cpus(document.pop("cpus", {}))
    fields: Document = {
        "cpus": cpus,
        "hosts": {name: _host(name, sketch, cpus) for name, sketch in document.pop("hosts").items()},
        "boot": _boot(document.pop("boot")),
        "expect": Expected(**document.pop("expect")),
        "later": tuple(_step(each, cpus) for each in document.pop("later", [])),
    }
    return Scenario(**document, **fields)


def _read(path: Path) -> Document:
    document: Document = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def _cpus(document: Document) -> dict[str, ReportedImplementation]:
    return {name: _cpu(**registers) for name, registers in document.items()}


def _cpu(midr: int, revidr: int = 0, aidr: int | str = 0) -> ReportedImplementation:
    return ReportedImplementation(midr, revidr, None if aidr == "unknown" else int(aidr))


def _host(name: str, sketch: Document, cpus: Cpus) -> SketchedHost:
    sketch = dict(sketch)
    able: dict[str, bool | None] = {"writable_id_registers": True, "discovery_hypercalls": True}
    able |= dict.fromkeys(sketch.pop("lacks", []), False) | dict.fromkeys(sketch.pop("unsure_of", []))
    groups = _groups(sketch.pop("cpus"), cpus)
    labels = tuple(sorted(sketch.pop("labels", {}).items()))
    state, stale = HostState(sketch.pop("state", "active")), sketch.pop("stale", False)
    assert not sketch, f"{name} has keys that mean nothing: {sorted(sketch)}"
    profile = Profile(identity=Identity(groups), capabilities=Capabilities(**able))
    return SketchedHost(FleetHost(name, state, labels, profile), stale)


def _groups(sketch: str | Mapping[str | int, str], cpus: Cpus) -> tuple[CpuGroup, ...]:
    if isinstance(sketch, str):
        return (CpuGroup(None, cpus[sketch]),)
    return tuple(CpuGroup(parse_cpulist(str(numbers)), cpus[name]) for numbers, name in sketch.items())


def _boot(document: Document) -> BootAsked:
    return BootAsked(**_with(document, "placement", _placement))


def _step(document: Document, cpus: Cpus) -> Step:
    expect = document.pop("expect")
    assert set(expect) <= AFTER_THE_BOOT, "what is sealed stays as it is"
    hosts = document.pop("hosts", {})
    changed = {name: sketch and _host(name, sketch, cpus) for name, sketch in hosts.items()}
    return Step(**_with(document, "placement", _placement), expect=Expected(**expect), hosts=changed)


def _placement(document: Document) -> Placement:
    selector = _with(document.pop("selector", {}), "match_expressions", _requirements)
    rest: Document = {key: tuple(value) if isinstance(value, list) else value for key, value in document.items()}
    return Placement(selector=Selector(**selector), **rest)


def _requirements(document: list[Document]) -> tuple[Requirement, ...]:
    return tuple(
        Requirement(each["key"], Operator(each["operator"]), tuple(each.get("values", ()))) for each in document
    )


def _with(document: Document, key: str, read: Callable[[Any], object]) -> Document:
    """The document with one of its keys read, if it is there."""
    return document | {key: read(document[key])} if key in document else document
