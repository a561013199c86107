"""Types of fields that many wire models share."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)

from app.api.patterns import NAME, PRINTABLE
from app.domain.cpu.cpu_names import CpuNames
from app.domain.cpu.cpulist import CpuList, parse_cpulist
from app.domain.cpu.implementation import Implementation, ReportedImplementation
from app.domain.cpu.midr import check_midr
from app.domain.cpu.registers import REGISTER_MAX, format_register, parse_register
from app.domain.planning.advice import Advice


class In(BaseModel):
    """A request. Unknown fields are refused: a misspelt one must not be taken for an absent one."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Out(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True, serialize_by_alias=True)


def _register(value: object) -> int:
    if type(value) is int and 0 <= value <= REGISTER_MAX:
        return value
    if isinstance(value, str):
        return parse_register(value)
    message = "a register is a string of 0x and 1 to 16 hexadecimal digits, or an integer from 0 to 2^64-1"
    raise ValueError(message)


RegisterIn = Annotated[
    int,
    PlainValidator(_register),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": "^0[xX][0-9a-fA-F]{1,16}$"},
                {"type": "integer", "minimum": 0, "maximum": REGISTER_MAX},
            ],
            "description": "64-bit register value: `0x` and 1 to 16 hexadecimal digits, or an integer.",
            "examples": ["0x413fd0c1"],
        }
    ),
]

MidrIn = Annotated[
    int,
    PlainValidator(lambda value: check_midr(_register(value))),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": "^0[xX][0-9a-fA-F]{0,11}[fF][0-9a-fA-F]{4}$"},
                {"type": "integer", "minimum": 0xF0000, "maximum": REGISTER_MAX - 1},
            ],
            "description": "MIDR_EL1. Bits 19:16 are 0xf on every arm64 CPU (/proc/cpuinfo prints 8 there).",
            "examples": ["0x413fd0c1"],
        }
    ),
]
"""A register that names a CPU: what no arm64 CPU can have is refused wherever it comes in."""

RegisterOut = Annotated[
    int,
    PlainSerializer(format_register, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^0x[0-9a-f]{16}$",
            "description": "64-bit register value as Linux prints it.",
            "examples": ["0x00000000413fd0c1"],
        }
    ),
]


def _cpulist(value: object) -> CpuList:
    if isinstance(value, str):
        return parse_cpulist(value)
    message = "a cpulist is a string such as 0-3,8"
    raise ValueError(message)


CpuListField = Annotated[
    CpuList,
    PlainValidator(_cpulist),
    WithJsonSchema({"type": "string", "description": "CPU numbers in Linux cpulist syntax.", "examples": ["0-63"]}),
]

Name = Annotated[str, StringConstraints(min_length=1, max_length=253, pattern=NAME)]
"""DNS-subdomain style."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=PRINTABLE)]
LabelKey = Annotated[str, StringConstraints(min_length=1, max_length=317, pattern=PRINTABLE)]
LabelValue = Annotated[str, StringConstraints(max_length=253, pattern=PRINTABLE)]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FAR: Final = datetime(9000, 1, 1, tzinfo=UTC)


def _in_range(moment: datetime) -> datetime:
    if not _EPOCH <= moment < _FAR:
        message = "a time lies between the years 1970 and 9000"
        raise ValueError(message)
    return moment.astimezone(UTC)


def _written(value: object) -> object:
    # Pydantic would take a number, in a string too, for seconds since 1970.
    if isinstance(value, datetime) or (isinstance(value, str) and value[4:5] == "-"):
        return value
    message = "a time is a string such as 2026-11-22T10:00:00Z"
    raise ValueError(message)


Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_in_range)]
"""A time with its zone, RFC 3339."""

EXAMPLE_DIGEST: Final = "sha256:ebe51f0bf87126e1506b8984934389e4b2d51972fa3a5383cfdbec2f3d8274bc"
"""Of a list in the demo."""
EXAMPLE_MIGRATION: Final = "0c7e9ad5b0a94f6f8c6c1d2f3a4b5c6d"

HostNameOut = Annotated[str, Field(examples=["fra1-r03-n02"])]
VmNameOut = Annotated[str, Field(examples=["web-01"])]
LabelsOut = Annotated[dict[str, str], Field(examples=[{"zone": "fra1", "rack": "r03"}])]
KernelReleaseOut = Annotated[str | None, Field(examples=["6.18.15"])]
BootNumberOut = Annotated[int, Field(description="Counts the boots of the VM from 1.", examples=[1])]
DigestOut = Annotated[
    str,
    Field(
        description="SHA-256 over 24 bytes an entry: MIDR, REVIDR, AIDR, big-endian.",
        examples=[EXAMPLE_DIGEST],
    ),
]
MigrationIdOut = Annotated[str, Field(examples=[EXAMPLE_MIGRATION])]

FleetRevision = Annotated[int, Field(description="The fleet revision the answer was computed at.", ge=0, examples=[42])]
AcceptedHazards = Annotated[
    list[str], Field(description="Tables that weaken the guest on its list, accepted by its placement.", examples=[[]])
]
NextCursor = Annotated[
    str | None, Field(description="Pass it as `cursor` for the next page; null on the last page.", examples=[None])
]


class RegistersIn(In):
    """A fully known implementation."""

    midr: MidrIn
    revidr: RegisterIn
    aidr: RegisterIn

    def to_domain(self) -> Implementation:
        return Implementation(self.midr, self.revidr, self.aidr)


class RegistersOut(Out):
    """A fully known implementation, by its registers alone."""

    midr: RegisterOut
    revidr: RegisterOut
    aidr: RegisterOut

    @classmethod
    def from_domain(cls, implementation: Implementation) -> "RegistersOut":
        return cls(**implementation._asdict())


class ImplementationOut(Out):
    """A CPU implementation with its name. `aidr` is null where a host could not read it."""

    midr: RegisterOut
    revidr: RegisterOut
    aidr: RegisterOut | None
    name: str = Field(description="For people; nothing is decided by it.", examples=["Arm Neoverse N1 r3p1"])

    @classmethod
    def from_domain(
        cls, implementation: Implementation | ReportedImplementation, names: CpuNames
    ) -> "ImplementationOut":
        return cls(**implementation._asdict(), name=names.name(implementation))


class WarningOut(Out):
    code: str
    detail: str


Warnings = Annotated[
    list[WarningOut],
    Field(description="What contradicts itself or the facts. Nothing is decided by it.", examples=[[]]),
]


def warned(advice: Iterable[Advice]) -> list[WarningOut]:
    return [WarningOut(code=each.code, detail=each.detail) for each in advice]


Admissible = Annotated[
    bool, Field(description="False while a migration of the VM is open: no other is admitted before it is closed.")
]
OpenMigration = Annotated[str | None, Field(description="The open migration of the VM.", examples=[None])]


def where_any(description: str | None = None) -> Any:
    """A field that is left out where there is nothing to say; null, where it stands, is then a value of its own."""
    return Field(None, description=description, exclude_if=lambda value: value is None)


def example(value: Any) -> ConfigDict:
    """Model configuration that gives a whole example of the document."""
    return ConfigDict(json_schema_extra={"examples": [value]})


def named(implementations: tuple[Implementation, ...], names: CpuNames) -> list[ImplementationOut]:
    return [ImplementationOut.from_domain(each, names) for each in implementations]
