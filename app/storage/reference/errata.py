"""`errata.json`: what a guest kernel decides from CPU identities."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, ValidationInfo, field_validator

from app.domain.reference.errata import (
    ErrataTables,
    ErratumEntry,
    FixedRevision,
    Kind,
    LogWhen,
    ModelRange,
    Omission,
    Revision,
    TableRule,
)
from app.storage.reference.documents import (
    Document,
    Format,
    Implementer,
    Part,
    Text,
    Version,
    decoded,
    distinct,
    read_document,
)

FILE: Final = "errata.json"


def read_errata_tables(content: bytes) -> ErrataTables:
    """Raises InvalidReferenceData with every fault."""
    return read_document(FILE, _Tables, content).to_domain()


def _rnpm(value: str) -> Revision:
    return Revision(*map(int, re.findall("[0-9]+", value)))


def _distinct(value: str, info: ValidationInfo) -> str:
    """Ids name hazards in placements and errata in addresses: two of the same would be one too many."""
    distinct(value, info, "is the id of another entry too")
    return value


_Revision = Annotated[
    Revision,
    PlainValidator(
        decoded("r([0-9]|1[0-5])p([0-9]|1[0-5])", "must be rNpM with N and M from 0 to 15", _rnpm),
    ),
]
_Id = Annotated[
    str,
    BeforeValidator(decoded("[A-Za-z0-9_]+", "must be letters, digits and underscores", str)),
    AfterValidator(_distinct),
]
_Option = Annotated[
    str, BeforeValidator(decoded("CONFIG_[A-Z0-9_]+", "must be the name of a kernel option, CONFIG_…", str))
]


class _Range(Document):
    implementer: Implementer
    first: _Revision = Field(alias="min")
    last: _Revision = Field(alias="max")
    config: tuple[_Option, ...] = ()
    since: Version | None = None

    @field_validator("last")
    @classmethod
    def _not_below(cls, last: Revision, info: ValidationInfo) -> Revision:
        if last < info.data.get("first", last):
            message = "must not be below `min`"
            raise ValueError(message)
        return last

    def to_domain(self) -> ModelRange:
        """Each kind of range has the fields of the domain's that mean something for it."""
        return ModelRange(**dict(self))


class _ListedRange(_Range):
    """Matched against what the guest was told of."""

    part: Part


class _VcpuRange(_Range):
    """Matched against what the vCPU presents."""

    part_mask: Part
    part: Part

    @field_validator("part")
    @classmethod
    def _within_mask(cls, part: int, info: ValidationInfo) -> int:
        if part & ~info.data.get("part_mask", part):
            message = "has bits outside `part_mask`"
            raise ValueError(message)
        return part


def _not_empty(ranges: tuple[_ListedRange, ...]) -> tuple[_ListedRange, ...]:
    # Not by `min_length`: that counts sound items only.
    if not ranges:
        message = "must not be empty"
        raise ValueError(message)
    return ranges


class _Fixed(Document):
    implementer: Implementer
    part: Part
    variant_revision: _Revision
    revidr_bit: Annotated[int, Field(ge=0, le=31)]

    def to_domain(self) -> FixedRevision:
        return FixedRevision(self.implementer, self.part, self.variant_revision, self.revidr_bit)


class _Entry(Document):
    """Keys that others are compared with come first, so that a contradiction is told at the other one."""

    id: _Id
    title: Text
    kind: Kind = Field(alias="class")
    rule: TableRule
    ranges: Annotated[tuple[_ListedRange, ...], AfterValidator(_not_empty)]
    fixed: tuple[_Fixed, ...]
    log: Text | None
    log_when: LogWhen | None
    depends_also_on: Text | None
    decided_by_identity_alone: bool
    el2_only: bool = False
    config: tuple[_Option, ...]
    config_off_ranges: tuple[_ListedRange, ...] = ()
    vcpu_ranges: tuple[_VcpuRange, ...] = ()
    loop: Annotated[int, Field(ge=1, le=1024)] | None = Field(default=None, alias="k")
    source: Text

    @field_validator("fixed")
    @classmethod
    def _of_a_range(cls, fixed: tuple[_Fixed, ...], info: ValidationInfo) -> tuple[_Fixed, ...]:
        ranges = [each.to_domain() for each in info.data.get("ranges", ())]
        if ranges and not all(any(each.covers(one.to_domain().midr) for each in ranges) for one in fixed):
            message = "names a revision that is in no range"
            raise ValueError(message)
        return fixed

    @field_validator("log_when")
    @classmethod
    def _fits(cls, when: LogWhen | None, info: ValidationInfo) -> LogWhen | None:
        if "log" in info.data and (info.data["log"] is None) is not (when is None):
            message = "must be null where `log` is, and only there"
            raise ValueError(message)
        affected = info.data.get("rule") is TableRule.ANY_AFFECTED
        if when and "rule" in info.data and (when is LogWhen.APPLIES) is not affected:
            message = "must be `applies` where the rule is `any_affected`, and only there"
            raise ValueError(message)
        return when

    @field_validator("decided_by_identity_alone")
    @classmethod
    def _follows(cls, stated: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - a fact that is checked, not a switch
        """The file says for people what follows from another key; it must not say otherwise."""
        if "depends_also_on" in info.data and stated is not (info.data["depends_also_on"] is None):
            message = "must be true where `depends_also_on` is null, and only there"
            raise ValueError(message)
        return stated

    def to_domain(self) -> ErratumEntry:
        return ErratumEntry(
            id=self.id,
            title=self.title,
            kind=self.kind,
            rule=self.rule,
            ranges=tuple(each.to_domain() for each in self.ranges),
            fixed=tuple(each.to_domain() for each in self.fixed),
            log=self.log,
            log_when=self.log_when,
            depends_also_on=self.depends_also_on,
            el2_only=self.el2_only,
            config=self.config,
            config_off_ranges=tuple(each.to_domain() for each in self.config_off_ranges),
            vcpu_ranges=tuple(each.to_domain() for each in self.vcpu_ranges),
            loop=self.loop,
            source=self.source,
        )


class _Omission(Document):
    id: _Id
    reason: Text
    log: Text | None
    ranges: tuple[_ListedRange, ...] = ()
    source: Text

    def to_domain(self) -> Omission:
        ranges = tuple(each.to_domain() for each in self.ranges)
        return Omission(id=self.id, reason=self.reason, log=self.log, ranges=ranges, source=self.source)


class _Tables(Document):
    format: Format
    linux: Version
    entries: tuple[_Entry, ...]
    left_out: tuple[_Omission, ...]

    def to_domain(self) -> ErrataTables:
        entries = tuple(each.to_domain() for each in self.entries)
        return ErrataTables(
            linux=self.linux, entries=entries, omissions=tuple(each.to_domain() for each in self.left_out)
        )
