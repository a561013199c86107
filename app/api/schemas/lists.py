"""Implementation lists and hypercalls on the wire."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema

from app.api.schemas.common import (
    AcceptedHazards,
    BootNumberOut,
    DigestOut,
    FleetRevision,
    HostNameOut,
    ImplementationOut,
    In,
    NextCursor,
    Out,
    RegisterIn,
    RegisterOut,
    RegistersOut,
    VmNameOut,
    example,
)
from app.domain.cpu_names import CpuNames
from app.domain.hypercalls import Abi, Call, FunctionId, Registers, function_named
from app.domain.implementation_list import ABI_VERSION, ImplementationList
from app.domain.plan import LeftOut, Mode, ModeReason, Plan
from app.domain.registers import parse_register
from app.domain.vm import Boot


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
        return cls(**_plan(plan, names))


def _plan(plan: Plan, names: CpuNames) -> dict[str, Any]:
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


class ListOut(PlanOut):
    """The list that a boot sealed."""

    vm: VmNameOut
    boot: BootNumberOut
    sealed_at: datetime
    adopted: bool = Field(description="Sealed with what a VMM that already ran exposed.")

    @classmethod
    def from_boot(cls, boot: Boot, names: CpuNames) -> "ListOut":
        return cls(
            **_plan(boot.plan, names), vm=boot.vm, boot=boot.number, sealed_at=boot.sealed_at, adopted=boot.adopted
        )


class BootsOut(Out):
    items: list[ListOut]
    next_cursor: NextCursor


def _function_id(value: object) -> FunctionId:
    if type(value) is int and 0 <= value < 2**64:
        return value
    if isinstance(value, str):
        return named if (named := function_named(value)) is not None else parse_register(value)
    message = "a function id is a register value, or the name of a function"
    raise ValueError(message)


FunctionIdIn = Annotated[
    int | str,
    PlainValidator(_function_id),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 0}], "examples": ["0xc6000041"]}),
]


class HypercallIn(In):
    """One call of a guest."""

    model_config = In.model_config | example(
        {"abi": "kvm", "function_id": "0xc6000041", "arguments": ["0x1", "0x0", "0x0"]}
    )

    abi: Abi = Abi.KVM
    function_id: FunctionIdIn
    arguments: list[RegisterIn] = Field(
        default_factory=list, max_length=17, description="x1 and up; registers left out are zero."
    )

    @property
    def registers(self) -> tuple[int, int, int]:
        first, second, third, *_ = (*self.arguments, 0, 0, 0)
        return first, second, third


class ReturnsOut(Out):
    returns: list[RegisterOut] = Field(description="x0 to x3; errors are negative numbers in two's complement.")

    @classmethod
    def from_domain(cls, registers: Registers) -> "ReturnsOut":
        return cls(returns=list(registers))


class CallOut(Out):
    function_id: str
    name: str
    arguments: list[RegisterOut]
    returns: list[RegisterOut]

    @classmethod
    def from_domain(cls, call: Call) -> "CallOut":
        function = call.function
        id_ = function.id if isinstance(function.id, str) else f"{function.id:#010x}"
        return cls(function_id=id_, name=function.name, arguments=list(call.arguments), returns=list(call.returns))


class CallsOut(Out):
    """Every call the guest makes to learn its list."""

    vm: VmNameOut
    boot: BootNumberOut
    abi: Abi
    mode: Mode
    calls: list[CallOut]
