"""The implementations of the fleet on the wire."""

from pydantic import Field

from app.api.models.common import FleetRevision, ImplementationOut, NextCursor, Out
from app.domain.cpu.cpu_names import CpuNames
from app.domain.cpu.registers import decode_midr
from app.domain.fleet.catalogue import FleetImplementation
from app.domain.fleet.host import HostState


class FleetImplementationOut(ImplementationOut):
    """An implementation of the fleet. The decoded fields are numbers, as the architecture defines them."""

    implementer: int = Field(description="MIDR_EL1 bits 31:24.", examples=[0x41])
    variant: int = Field(description="Bits 23:20, the x of rxpy.", examples=[3])
    architecture: int = Field(description="Bits 19:16; 15 on every arm64 CPU.", examples=[15])
    part_number: int = Field(description="Bits 15:4.", examples=[0xD0C])
    revision: int = Field(description="Bits 3:0, the y of rxpy.", examples=[1])
    hosts: dict[HostState, int] = Field(description="How many hosts have it, by state.")

    @classmethod
    def from_fleet(cls, each: FleetImplementation, names: CpuNames) -> "FleetImplementationOut":
        return cls(
            **each.implementation._asdict(),
            name=names.name(each.implementation),
            **decode_midr(each.implementation.midr)._asdict(),
            hosts={state: each.hosts[state] for state in HostState},
        )


class FleetImplementationsOut(Out):
    items: list[FleetImplementationOut]
    next_cursor: NextCursor
    fleet_revision: FleetRevision
