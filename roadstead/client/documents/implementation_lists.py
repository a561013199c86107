"""Implementation lists: by their content, and as a boot would get them."""

from typing import Literal, TypedDict

from roadstead.client.documents.common import Implementation, Mode, Registers

ModeReason = Literal["guest_cannot_discover", "lacks_writable_id_registers", "lacks_discovery_hypercalls"]


class ListEntry(Implementation):
    index: int


class LeftOut(TypedDict):
    implementation: Implementation
    hosts: int
    hazards: list[str]


class ListContent(TypedDict):
    version: str
    count: int
    implementations: list[ListEntry]
    digest: str


class PlannedList(ListContent):
    """What a boot on a host gets."""

    host: str
    cpus: str | None
    fleet_revision: int
    mode: Mode
    mode_reasons: list[ModeReason]
    vcpu_identity: Registers
    left_out: list[LeftOut]
    accepted_hazards: list[str]
