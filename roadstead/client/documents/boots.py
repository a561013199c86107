"""Boots, each with the list that it sealed."""

from collections.abc import Sequence
from typing import Required, TypedDict

from roadstead.client.documents.common import Mode, RegistersInput
from roadstead.client.documents.implementation_lists import PlannedList


class ImplementationList(PlannedList):
    """The list that a boot sealed."""

    vm: str
    boot: int
    sealed_at: str
    adopted: bool


class AdoptionInput(TypedDict):
    """What the VMM of a VM that already runs tells its guest, exactly."""

    mode: Mode
    implementations: Sequence[RegistersInput]


class BootInput(TypedDict, total=False):
    host: Required[str]
    cpus: str | None
    adopt: AdoptionInput | None
