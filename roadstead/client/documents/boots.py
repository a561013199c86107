"""Boots, each with the list that it sealed."""

from collections.abc import Sequence
from typing import NotRequired, Required, TypedDict

from roadstead.client.documents.common import Mode, RegistersInput, Warned
from roadstead.client.documents.implementation_lists import PlannedList


class ImplementationList(PlannedList):
    """The list that a boot sealed."""

    vm: str
    boot: int
    sealed_at: str
    adopted: bool


class SealedList(ImplementationList):
    """The list that a boot has just sealed."""

    warnings: NotRequired[list[Warned]]
    """About the VM and its host; left out where there is nothing to say."""


class AdoptionInput(TypedDict):
    """What the VMM of a VM that already runs tells its guest, exactly."""

    mode: Mode
    implementations: Sequence[RegistersInput]


class BootInput(TypedDict, total=False):
    host: Required[str]
    cpus: str | None
    adopt: AdoptionInput | None
