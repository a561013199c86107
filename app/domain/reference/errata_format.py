"""The format of `errata.json` (app/data/README.md): from the parsed document to `ErrataTables`."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from app.domain.reference.documents import Constraint, InvalidDocument, Node, boolean, integer, nullable, one_of, text
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
from app.domain.reference.kernels import KernelVersion, kernel_version

FORMAT: Final = 1
"""Grows when a document of the old form would be misread."""


class InvalidErrataTables(InvalidDocument):
    """The document of errata tables cannot be taken."""


def read_errata_tables(document: object) -> ErrataTables:
    """Read the parsed content of `errata.json`; raise InvalidErrataTables with every fault."""
    root = Node(document)
    root.expect(("format", "linux", "entries", "left_out"))
    root["format"].read(integer(FORMAT, FORMAT), FORMAT)
    linux = root["linux"].read(kernel_version, KernelVersion(0, 0))
    listed, left_out = root["entries"].items(), root["left_out"].items()
    tables = ErrataTables(linux, tuple(map(_entry, listed)), tuple(map(_omission, left_out)))
    ids = [*(entry.id for entry in tables.entries), *(omission.id for omission in tables.omissions)]
    _check_distinct([*listed, *left_out], ids)
    if root.faults:
        raise InvalidErrataTables(root.faults)
    return tables


def _matching(pattern: str, refusal: str) -> Callable[[object], re.Match[str]]:
    compiled = re.compile(pattern)

    def decode(value: object) -> re.Match[str]:
        found = compiled.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise ValueError(refusal)
        return found

    return decode


_name: Final = _matching("[A-Za-z0-9_]+", "must be letters, digits and underscores")
_option: Final = _matching("CONFIG_[A-Z0-9_]+", "must be the name of a kernel option, CONFIG_…")
_implementer: Final = _matching("0x[0-9a-f]{2}", "must be 0x and 2 lower-case hexadecimal digits")
_part: Final = _matching("0x[0-9a-f]{3}", "must be 0x and 3 lower-case hexadecimal digits")
_revision: Final = _matching("r([0-9]|1[0-5])p([0-9]|1[0-5])", "must be rNpM with N and M from 0 to 15")


def _identifier(value: object) -> str:
    return _name(value).group()


def _kernel_option(value: object) -> str:
    return _option(value).group()


def _implementer_code(value: object) -> int:
    return int(_implementer(value).group(), 16)


def _part_number(value: object) -> int:
    return int(_part(value).group(), 16)


def _rnpm(value: object) -> Revision:
    return Revision(*map(int, _revision(value).groups()))


_NO_ID: Final = ""
"""Stands for an id that could not be read; no id is empty."""

_R0P0: Final = Revision(0, 0)

_RANGE_KEYS: Final = ("implementer", "part", "min", "max")
_RANGE_CONSTRAINTS: Final[tuple[Constraint[ModelRange], ...]] = (
    Constraint("max", "must not be below `min`", lambda each: each.first <= each.last),
    Constraint("part", "has bits outside `part_mask`", lambda each: not each.part & ~each.part_mask),
)


def _range(node: Node, further: Sequence[str] = ()) -> ModelRange:
    node.expect((*_RANGE_KEYS, *further), ["config"])
    found = ModelRange(
        node["implementer"].read(_implementer_code, 0),
        node["part"].read(_part_number, 0),
        node["min"].read(_rnpm, _R0P0),
        node["max"].read(_rnpm, _R0P0),
        _options(node["config"]),
        node["part_mask"].read(_part_number, 0xFFF),
    )
    return node.demand(found, _RANGE_CONSTRAINTS)


def _ranges(node: Node, further: Sequence[str] = ()) -> tuple[ModelRange, ...]:
    return tuple(_range(item, further) for item in node.items())


def _options(node: Node) -> tuple[str, ...]:
    return tuple(item.read(_kernel_option, "") for item in node.items())


def _fixed(node: Node) -> FixedRevision:
    node.expect(("implementer", "part", "variant_revision", "revidr_bit"))
    return FixedRevision(
        node["implementer"].read(_implementer_code, 0),
        node["part"].read(_part_number, 0),
        node["variant_revision"].read(_rnpm, _R0P0),
        node["revidr_bit"].read(integer(0, 31), 0),
    )


_ENTRY_KEYS: Final = (
    "id",
    "config",
    "title",
    "log",
    "log_when",
    "class",
    "rule",
    "ranges",
    "fixed",
    "depends_also_on",
    "decided_by_identity_alone",
    "source",
)
_FURTHER_ENTRY_KEYS: Final = ("config_off_ranges", "vcpu_ranges", "el2_only", "k")


def _log_has_a_time(entry: ErratumEntry) -> bool:
    return (entry.log is None) is (entry.log_when is None)


def _log_fits_rule(entry: ErratumEntry) -> bool:
    fitting = entry.log_when is LogWhen.APPLIES
    return entry.log_when is None or fitting is (entry.rule is TableRule.ANY_AFFECTED)


_ENTRY_CONSTRAINTS: Final[tuple[Constraint[ErratumEntry], ...]] = (
    Constraint("ranges", "must not be empty", lambda entry: bool(entry.ranges)),
    Constraint(
        "fixed",
        "names a revision that is in no range",
        lambda entry: all(entry.covers(fixed.midr) for fixed in entry.fixed),
    ),
    Constraint("log_when", "must be null where `log` is, and only there", _log_has_a_time),
    Constraint("log_when", "must be `applies` where the rule is `any_affected`, and only there", _log_fits_rule),
)


def _entry(node: Node) -> ErratumEntry:
    node.expect(_ENTRY_KEYS, _FURTHER_ENTRY_KEYS)
    entry = ErratumEntry(
        id=node["id"].read(_identifier, _NO_ID),
        title=node["title"].read(text, ""),
        kind=node["class"].read(one_of(Kind), Kind.ERRATUM),
        rule=node["rule"].read(one_of(TableRule), TableRule.ANY_AFFECTED),
        ranges=_ranges(node["ranges"]),
        fixed=tuple(_fixed(item) for item in node["fixed"].items()),
        log=node["log"].read(nullable(text), None),
        log_when=node["log_when"].read(nullable(one_of(LogWhen)), None),
        depends_also_on=node["depends_also_on"].read(nullable(text), None),
        el2_only=node["el2_only"].read(boolean, instead=False),
        config=_options(node["config"]),
        config_off_ranges=_ranges(node["config_off_ranges"]),
        vcpu_ranges=_ranges(node["vcpu_ranges"], ["part_mask"]),
        loop=node["k"].read(integer(1, 1024), None),
        source=node["source"].read(text, ""),
    )
    if node["depends_also_on"].sound:
        _check_stated(node["decided_by_identity_alone"], entry.decided_by_identity_alone)
    return node.demand(entry, _ENTRY_CONSTRAINTS)


def _check_stated(node: Node, expected: bool) -> None:  # noqa: FBT001 - a fact that is checked, not a switch
    """The file says for people what follows from another key; it must not say otherwise."""
    if node.read(boolean, expected) is not expected:
        node.fault("must be true where `depends_also_on` is null, and only there")


def _omission(node: Node) -> Omission:
    node.expect(("id", "source", "log", "reason"), ["ranges"])
    return Omission(
        id=node["id"].read(_identifier, _NO_ID),
        reason=node["reason"].read(text, ""),
        log=node["log"].read(nullable(text), None),
        ranges=_ranges(node["ranges"]),
        source=node["source"].read(text, ""),
    )


def _check_distinct(nodes: Iterable[Node], ids: Iterable[str]) -> None:
    """Ids name hazards in placements and errata in addresses: two of the same would be one too many."""
    seen: set[str] = set()
    for node, identifier in zip(nodes, ids, strict=True):
        if identifier in seen:
            node["id"].fault("is the id of another entry too")
        seen |= {identifier} - {_NO_ID}
