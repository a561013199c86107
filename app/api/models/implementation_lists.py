"""Implementation lists on the wire."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final

from pydantic import Field, TypeAdapter

from app.api.models.common import (
    AcceptedHazards,
    DigestOut,
    FleetRevision,
    HostNameOut,
    ImplementationOut,
    Out,
    RegistersOut,
)
from app.domain.cpu.cpu_names import CpuNames
from app.domain.planning.implementation_list import ABI_VERSION, ImplementationList
from app.domain.planning.plan import LeftOut, Mode, ModeReason, Plan


class Format(StrEnum):
    """Representations of a list."""

    JSON = "json"
    QEMU = "qemu"
    BINARY = "binary"


class EntryOut(ImplementationOut):
    index: int = Field(description="The index a guest asks for it by.", ge=0)


def _entries(implementations: ImplementationList, names: CpuNames) -> list[EntryOut]:
    return [
        EntryOut(index=index, **entry._asdict(), name=names.name(entry)) for index, entry in enumerate(implementations)
    ]


class ContentOut(Out):
    """A list by its content alone."""

    version: str = Field(description="Version of the discovery ABI.", examples=["1.0"])
    count: int
    implementations: list[EntryOut]
    digest: DigestOut

    @classmethod
    def from_domain(cls, implementations: ImplementationList, names: CpuNames) -> "ContentOut":
        return cls(**_content(implementations, names))


def _content(implementations: ImplementationList, names: CpuNames) -> dict[str, Any]:
    return {
        "version": "{}.{}".format(*ABI_VERSION),
        "count": len(implementations),
        "implementations": _entries(implementations, names),
        "digest": implementations.digest,
    }


class LeftOutOut(Out):
    """An implementation that would weaken the guest if it were listed."""

    implementation: ImplementationOut
    hosts: int = Field(description="Hosts of the placement that have it.")
    hazards: list[str] = Field(description="Ids of the tables that forbid it beside the boot host.")

    @classmethod
    def from_domain(cls, left: LeftOut, names: CpuNames) -> "LeftOutOut":
        implementation = ImplementationOut.from_domain(left.implementation, names)
        return cls(implementation=implementation, hosts=left.hosts, hazards=list(left.hazards))


_ENTRIES: Final = TypeAdapter(list[EntryOut])
_LEFT_OUT: Final = TypeAdapter(list[LeftOutOut])


def entries_json(implementations: ImplementationList, names: CpuNames) -> bytes:
    return _ENTRIES.dump_json(_entries(implementations, names))


def left_out_json(left_out: Sequence[LeftOut], names: CpuNames) -> bytes:
    return _LEFT_OUT.dump_json([LeftOutOut.from_domain(left, names) for left in left_out])


class PlanOut(ContentOut):
    """What a boot on a host gets."""

    host: HostNameOut
    cpus: str | None = Field(description="The CPUs the VM is pinned to.")
    fleet_revision: FleetRevision
    mode: Mode
    mode_reasons: list[ModeReason] = Field(description="Why the boot is homogeneous; all that hold.")
    vcpu_identity: RegistersOut = Field(description="What the vCPUs present: entry 0.")
    left_out: list[LeftOutOut]
    accepted_hazards: AcceptedHazards

    @classmethod
    def from_plan(cls, plan: Plan, names: CpuNames) -> "PlanOut":
        return cls(**plan_fields(plan, names))


def plan_fields(plan: Plan, names: CpuNames) -> dict[str, Any]:
    return {
        **_content(plan.list, names),
        "host": plan.host,
        "cpus": None if plan.cpus is None else str(plan.cpus),
        "fleet_revision": plan.fleet_revision,
        "mode": plan.mode,
        "mode_reasons": list(plan.mode_reasons),
        "vcpu_identity": RegistersOut.from_domain(plan.list.vcpu_identity),
        "left_out": [LeftOutOut.from_domain(left, names) for left in plan.left_out],
        "accepted_hazards": list(plan.accepted_hazards),
    }
