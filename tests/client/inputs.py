"""What the tests send, typed as the client takes it."""

from typing import cast

from roadstead.client.documents import HostInput, VmInput
from tests.api import talk
from tests.api.talk import Json, Triple


def host(*groups: Triple | Json, **fields: object) -> HostInput:
    return cast("HostInput", talk.host(*groups, **fields))


def vm(placement: Json | None = None, *, discovers: bool = True, **fields: object) -> VmInput:
    return cast("VmInput", talk.vm(placement, discovers=discovers, **fields))
