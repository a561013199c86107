"""Guest kernels: their versions, and how versions differ in what they make of an implementation list."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from typing_extensions import override

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
    """Not known whether a listed revision that is fixed stays so beside other implementations."""


@dataclass(frozen=True, slots=True)
class Span:
    """Versions from `since`, up to and without `until`."""

    since: KernelVersion
    until: KernelVersion | None
    """None where even the newest known version is within."""

    def __contains__(self, version: KernelVersion) -> bool:
        return self.since <= version and (self.until is None or version < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelBehaviour:
    """A behaviour with the versions that have it. A change that stable updates got too ends in several versions."""

    behaviour: Behaviour
    title: str
    spans: tuple[Span, ...]
    """Ascending, and apart."""
    measured_so: tuple[KernelVersion, ...]
    """Versions that were run and seen to behave so."""
    measured_not_so: tuple[KernelVersion, ...]
    source: str

    def holds(self, version: KernelVersion) -> bool:
        return any(version in span for span in self.spans)


@dataclass(frozen=True, slots=True)
class KernelBehaviours:
    """Every behaviour, in order of the file."""

    behaviours: tuple[KernelBehaviour, ...]

    def about(self, behaviour: Behaviour) -> KernelBehaviour:
        return next(each for each in self.behaviours if each.behaviour is behaviour)

    def of(self, version: KernelVersion) -> frozenset[Behaviour]:
        return frozenset(each.behaviour for each in self.behaviours if each.holds(version))

    def discovers(self, version: KernelVersion) -> bool:
        """Whether mainline of this version asks for the list. A distribution may do so earlier."""
        return self.about(Behaviour.DISCOVERY).holds(version)
