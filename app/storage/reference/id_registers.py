"""`idregs.json`: the ID registers by field, and how Linux compares each."""

from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from app.domain.vcpu import registers as ids
from app.domain.vcpu.id_registers import Field as IdField
from app.domain.vcpu.id_registers import IdRegister, IdRegisters, Safe
from app.storage.reference.documents import Document, Format, Text, decoded, distinct, read_document

FILE: Final = "idregs.json"


def read_id_registers(content: bytes) -> IdRegisters:
    """Raises InvalidReferenceData with every fault."""
    return read_document(FILE, _IdRegisters, content).to_domain()


class _Field(Document):
    name: Text
    shift: Annotated[int, Field(ge=0, lt=64)]
    width: Annotated[int, Field(ge=1, le=64)]
    safe: Safe | None
    signed: bool = False
    constant: Annotated[int, Field(ge=0)] = 0

    def to_domain(self) -> IdField:
        return IdField(
            name=self.name,
            shift=self.shift,
            width=self.width,
            safe=self.safe,
            signed=self.signed,
            constant=self.constant,
        )


def _sound(row: _Field) -> _Field:
    if row.shift + row.width > _WIDTH:
        message = f"has bits above {_WIDTH - 1}"
        raise ValueError(message)
    if row.constant >> row.width:
        message = "has a `constant` that is wider than it"
        raise ValueError(message)
    return row


_WIDTH: Final = 64


def _apart(fields: tuple[_Field, ...]) -> tuple[_Field, ...]:
    taken, names = 0, {each.name for each in fields}
    for each in (field.to_domain() for field in fields):
        if taken & each.mask:
            message = f"{each.name} has bits that another field has too"
            raise ValueError(message)
        taken |= each.mask
    if len(names) != len(fields):
        message = "must have names that differ"
        raise ValueError(message)
    return fields


def _id(text: str) -> int:
    register = ids.parse_id(text)
    if ids.group_of(register) != ids.Group.SYSTEM:
        message = "must be the KVM id of a system register"
        raise ValueError(message)
    return register


_Id = Annotated[int, BeforeValidator(decoded("0x[0-9a-f]{16}", "must be 0x and 16 lower-case hexadecimal digits", _id))]


class _Register(Document):
    register_: Annotated[_Id, Field(alias="register")]
    name: Text
    fields_: Annotated[
        tuple[Annotated[_Field, AfterValidator(_sound)], ...], AfterValidator(_apart), Field(alias="fields")
    ]

    def to_domain(self) -> IdRegister:
        return IdRegister(self.register_, self.name, tuple(each.to_domain() for each in self.fields_))


def _distinct(row: _Register, info: ValidationInfo) -> _Register:
    distinct(row.register_, info, "is the second row of this register")
    return row


def _present(rows: tuple[_Register, ...]) -> tuple[_Register, ...]:
    if not rows:
        message = "must have a register"
        raise ValueError(message)
    return rows


class _IdRegisters(Document):
    format: Format
    linux: Text
    source: Text
    registers: Annotated[
        tuple[Annotated[_Register, AfterValidator(_distinct)], ...],
        AfterValidator(_present),
    ]

    def to_domain(self) -> IdRegisters:
        return IdRegisters(self.linux, tuple(each.to_domain() for each in self.registers))
