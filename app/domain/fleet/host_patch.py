"""Changes of a host that leave the rest of it as it is."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from enum import Enum
from typing import Final, TypeVar

from app.domain.cpu.identity import Identity
from app.domain.cpu.report import CpuReport
from app.domain.errors import InputFault, InvalidInput
from app.domain.fleet.host import MAX_LABELS, Capacity, Host, HostState, Profile

T = TypeVar("T")


class Unchanged(Enum):
    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPatch:
    """What is to become of a host. What is not named stays; what None removes is as if it had never been told."""

    state: HostState | Unchanged = UNCHANGED
    labels: Mapping[str, str | None] | None = field(default_factory=dict)
    """By key: a value, or None to remove the label. None alone removes them all."""
    cpus: CpuReport | Unchanged = UNCHANGED
    capabilities: Mapping[str, bool | None] = field(default_factory=dict)
    """By the name of the capability."""
    capacity: Mapping[str, int] | Unchanged | None = UNCHANGED
    """By what is measured."""
    kernel_release: str | Unchanged | None = UNCHANGED
    vmm: str | Unchanged | None = UNCHANGED
    remarks: str | Unchanged | None = UNCHANGED
    observed_at: datetime | Unchanged = UNCHANGED


def patched(host: Host, patch: HostPatch) -> Host:
    """The host as the patch leaves it. Raises InvalidInput where that would be no host."""
    return replace(
        host,
        state=_after(host.state, patch.state),
        labels=_labels(host.labels, patch.labels),
        profile=_profile(host.profile, patch),
        observed_at=_after(host.observed_at, patch.observed_at),
    )


def _profile(present: Profile, patch: HostPatch) -> Profile:
    return replace(
        present,
        identity=_identity(present.identity, patch.cpus),
        capabilities=replace(present.capabilities, **patch.capabilities),
        capacity=present.capacity if patch.capacity is UNCHANGED else _capacity(present.capacity, patch.capacity),
        kernel_release=_after(present.kernel_release, patch.kernel_release),
        vmm=_after(present.vmm, patch.vmm),
        remarks=_remarks(present.remarks, patch),
    )


def _remarks(present: str | None, patch: HostPatch) -> str | None:
    """They speak of one report of the CPUs; the next has its own, unless it leans on what was stated before."""
    superseded = isinstance(patch.cpus, CpuReport) and not patch.cpus.unread
    return _after(None if superseded else present, patch.remarks)


def _after(present: T, change: T | Unchanged) -> T:
    return present if isinstance(change, Unchanged) else change


def _identity(present: Identity, report: CpuReport | Unchanged) -> Identity:
    if report is not UNCHANGED:
        return report.after(present)
    if not present.readable:
        raise InvalidInput([InputFault("/cpus", "is needed, as what the host reported before cannot be read")])
    return present


def _labels(present: Mapping[str, str], changes: Mapping[str, str | None] | None) -> Mapping[str, str]:
    if changes is None:
        return {}
    labels = {key: value for key, value in {**present, **changes}.items() if value is not None}
    if len(labels) > MAX_LABELS:
        fault = InputFault("/labels", f"a host has at most {MAX_LABELS} labels; this would make it {len(labels)}")
        raise InvalidInput([fault])
    return labels


def _capacity(present: Capacity | None, changes: Mapping[str, int] | None) -> Capacity | None:
    if changes is None:
        return None
    told = {**(asdict(present) if present else {}), **changes}
    if missing := [each.name for each in fields(Capacity) if each.name not in told]:
        raise InvalidInput(
            [InputFault(f"/capacity/{name}", "is needed, as the host has no capacity yet") for name in missing]
        )
    return Capacity(**told)
