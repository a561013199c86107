"""Boots and what they sealed, on the wire."""

from datetime import datetime
from typing import Self

from pydantic import Field, model_validator

from app.api.models.common import (
    BootNumberOut,
    CpuListField,
    In,
    Name,
    NextCursor,
    Out,
    RegistersIn,
    VmNameOut,
    WarningOut,
    example,
    warned,
)
from app.api.models.implementation_lists import PlanOut, plan_fields
from app.api.models.placements import MAX_IMPLEMENTATIONS
from app.domain.cpu.cpu_names import CpuNames
from app.domain.planning.adoption import Adoption
from app.domain.planning.implementation_list import ImplementationList
from app.domain.planning.plan import Mode
from app.domain.vms.advice import SealedBoot
from app.domain.vms.vm import Boot


class AdoptIn(In):
    """What the VMM of a VM that already runs tells its guest, exactly."""

    mode: Mode
    implementations: list[RegistersIn] = Field(min_length=1, max_length=MAX_IMPLEMENTATIONS)

    @model_validator(mode="after")
    def _one_if_homogeneous(self) -> Self:
        if self.mode is Mode.HOMOGENEOUS and len(self.implementations) > 1:
            message = "in homogeneous mode the guest knows one implementation: the one its vCPUs present"
            raise ValueError(message)
        return self

    def to_domain(self) -> Adoption:
        return Adoption(self.mode, ImplementationList(tuple(each.to_domain() for each in self.implementations)))


class BootIn(In):
    """A start of the VM's VMM on a host; with `adopt`, one that happened before the service knew of it."""

    model_config = In.model_config | example({"host": "fra1-r01-n02"})

    host: Name
    cpus: CpuListField | None = Field(None, description="CPUs of the host that the VM is pinned to.")
    adopt: AdoptIn | None = None


class ListOut(PlanOut):
    """The list that a boot sealed."""

    vm: VmNameOut
    boot: BootNumberOut
    sealed_at: datetime
    adopted: bool = Field(description="Sealed with what a VMM that already ran exposed.")

    @classmethod
    def from_boot(cls, boot: Boot, names: CpuNames) -> "ListOut":
        return cls(
            **plan_fields(boot.plan, names),
            vm=boot.vm,
            boot=boot.number,
            sealed_at=boot.sealed_at,
            adopted=boot.adopted,
        )


class SealedOut(ListOut):
    """The list that a boot has just sealed."""

    warnings: list[WarningOut] = Field(
        [],
        description="About the VM and its host; left out where there is nothing to say.",
        exclude_if=lambda warnings: not warnings,
    )

    @classmethod
    def from_sealed(cls, sealed: SealedBoot, names: CpuNames) -> "SealedOut":
        return cls(**dict(ListOut.from_boot(sealed.boot, names)), warnings=warned(sealed.advice))


class BootsOut(Out):
    items: list[ListOut]
    next_cursor: NextCursor
