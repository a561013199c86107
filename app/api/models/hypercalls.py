"""What a guest asks and hears, on the wire."""

from typing import Annotated

from pydantic import Field, PlainValidator, WithJsonSchema

from app.api.models.common import BootNumberOut, In, Out, RegisterIn, RegisterOut, VmNameOut, example
from app.domain.cpu.registers import parse_register
from app.domain.guest.hypercalls import Abi, FunctionId, Hypercall, Registers, function_named
from app.domain.planning.plan import Mode


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
    def from_domain(cls, call: Hypercall) -> "CallOut":
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
