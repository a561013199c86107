"""Guest kernels: their versions, and how versions differ in what they make of an implementation list."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from typing_extensions import override

from app.domain.reference.documents import Constraint, InvalidDocument, Node, integer, nullable, one_of, text

# Possessive, so that `6.15.10abc` is refused instead of being read as 6.15 with a suffix.
_RELEASE: Final = re.compile(r"([0-9]++)\.([0-9]++)(?:\.([0-9]++))?+(?:[-+~_.][!-~]*+)?+")

LONGEST_RELEASE: Final = 64
"""Characters that uname can give (Linux, include/uapi/linux/utsname.h, __NEW_UTS_LEN)."""


class KernelVersion(NamedTuple):
    """A Linux version. Compares by (major, minor, patch); a release candidate counts as its release."""

    major: int
    minor: int
    patch: int = 0

    @classmethod
    def parse(cls, release: str) -> "KernelVersion":
        """Read `7.3`, `6.18.15` or an `uname -r` such as `6.15.0-rc1-foo`; raise ValueError otherwise."""
        found = _RELEASE.fullmatch(release) if len(release) <= LONGEST_RELEASE else None
        if found is None:
            message = "a kernel version begins with two or three numbers, as in 7.3 or 6.18.15-1-arm64"
            raise ValueError(message)
        return cls(*(int(number or 0) for number in found.groups()))

    @property
    def series(self) -> "KernelVersion":
        """The release that its stable updates belong to."""
        return KernelVersion(self.major, self.minor)

    @override
    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}" if self.patch else f"{self.major}.{self.minor}"


class Behaviour(StrEnum):
    """What some kernels do and others do not."""

    DISCOVERY = "discovery"
    """Asks for the list; without it the guest sees nothing but its vCPUs."""
    REVIDR_IGNORED = "revidr_ignored"
    """Takes every listed revision for unfixed: a workaround too many, never one too few."""
    REVIDR_UNSURE = "revidr_unsure"
    """Not known exactly when a listed revision counts as fixed."""


@dataclass(frozen=True, slots=True)
class BehaviourSpan:
    """The versions that behave so: from `since`, up to and without `until`."""

    behaviour: Behaviour
    title: str
    since: KernelVersion
    until: KernelVersion | None
    """None where even the newest known version behaves so."""
    measured_so: tuple[KernelVersion, ...]
    """Versions that were run and seen to behave so."""
    measured_not_so: tuple[KernelVersion, ...]
    source: str

    def __contains__(self, version: KernelVersion) -> bool:
        return self.since <= version and (self.until is None or version < self.until)


@dataclass(frozen=True, slots=True)
class KernelBehaviours:
    """Every behaviour with its span, in order of the file."""

    spans: tuple[BehaviourSpan, ...]

    def span(self, behaviour: Behaviour) -> BehaviourSpan:
        return next(span for span in self.spans if span.behaviour is behaviour)

    def of(self, version: KernelVersion) -> frozenset[Behaviour]:
        return frozenset(span.behaviour for span in self.spans if version in span)

    def discovers(self, version: KernelVersion) -> bool:
        """Whether mainline of this version asks for the list. A distribution may do so earlier."""
        return version in self.span(Behaviour.DISCOVERY)


class InvalidKernelBehaviours(InvalidDocument):
    """The document of kernel behaviours cannot be taken."""


FORMAT: Final = 1

_KEYS: Final = ("code", "title", "since", "until", "measured", "source")
_NOWHERE: Final = KernelVersion(0, 0)

_SPAN_CONSTRAINTS: Final[tuple[Constraint[BehaviourSpan], ...]] = (
    Constraint("until", "must be above `since`", lambda span: span.until is None or span.since < span.until),
    Constraint(
        "measured",
        "lists under `so` a version outside the span",
        lambda span: all(version in span for version in span.measured_so),
    ),
    Constraint(
        "measured",
        "lists under `not_so` a version inside the span",
        lambda span: not any(version in span for version in span.measured_not_so),
    ),
)


def read_kernel_behaviours(document: object) -> KernelBehaviours:
    """Read the parsed content of `kernels.json`; raise InvalidKernelBehaviours with every fault."""
    root = Node(document)
    root.expect(("format", "behaviours"))
    root["format"].read(integer(FORMAT, FORMAT), FORMAT)
    spans = tuple(_span(node) for node in root["behaviours"].items())
    if root.sound and sorted(span.behaviour for span in spans) != sorted(Behaviour):
        root["behaviours"].fault(f"must describe each of {', '.join(Behaviour)} once")
    if root.faults:
        raise InvalidKernelBehaviours(root.faults)
    return KernelBehaviours(spans)


def kernel_version(value: object) -> KernelVersion:
    """Decode a version of a document."""
    return KernelVersion.parse(text(value))


def _span(node: Node) -> BehaviourSpan:
    node.expect(_KEYS)
    node["measured"].expect(("so", "not_so"))
    span = BehaviourSpan(
        node["code"].read(one_of(Behaviour), Behaviour.DISCOVERY),
        node["title"].read(text, ""),
        node["since"].read(kernel_version, _NOWHERE),
        node["until"].read(nullable(kernel_version), None),
        _versions(node["measured"]["so"]),
        _versions(node["measured"]["not_so"]),
        node["source"].read(text, ""),
    )
    return node.demand(span, _SPAN_CONSTRAINTS)


def _versions(node: Node) -> tuple[KernelVersion, ...]:
    return tuple(item.read(kernel_version, _NOWHERE) for item in node.items())
