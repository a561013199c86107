"""Patches of hosts on the wire: JSON Merge Patch."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar

from fastapi import Body
from pydantic import ValidationError

from app.api.merge_patch import merged
from app.api.models.hosts import EXAMPLE_HOST, HostIn
from app.api.validation import input_faults
from app.domain.cpu.report import CpuReport
from app.domain.errors import InvalidInput
from app.domain.fleet.capabilities import Capabilities
from app.domain.fleet.host import Capacity, Host
from app.domain.fleet.host_patch import UNCHANGED, HostPatch, Unchanged

T = TypeVar("T")


MergePatch = Annotated[
    dict[str, Any],
    Body(
        media_type="application/merge-patch+json",
        description="JSON Merge Patch (RFC 7396): what is named is replaced, null removes.",
        examples=[{"state": "cordoned", "labels": {"ticket": "4711"}}],
    ),
]


_COMPLETE: Final = {name: EXAMPLE_HOST[name] for name in ("cpus", "capacity")}
"""A host with all that has members which cannot be missing: a patch that does not fit it fits none."""


def host_patch(document: dict[str, Any], now: datetime) -> HostPatch:
    """What a merge patch says. Raises InvalidInput with all that is wrong with it, whatever the host."""
    try:
        body = HostIn.model_validate(merged(_COMPLETE, document))
    except ValidationError as error:
        raise InvalidInput(input_faults(error, HostIn)) from None

    told = body.to_domain("", now)

    def named(field: str, value: T) -> T | Unchanged:
        return value if field in document else UNCHANGED

    profile = told.profile
    return HostPatch(
        state=named("state", told.state),
        labels=_labels(document, told),
        cpus=named("cpus", CpuReport(profile.identity.groups, body.unread)),
        capabilities=_capabilities(document, profile.capabilities),
        capacity=named("capacity", _capacity(document, profile.capacity)),
        kernel_release=named("kernel_release", profile.kernel_release),
        vmm=named("vmm", profile.vmm),
        remarks=named("remarks", profile.remarks),
        observed_at=named("observed_at", told.observed_at),
    )


def _labels(document: dict[str, Any], told: Host) -> dict[str, str | None] | None:
    changes = document.get("labels", {})
    return None if changes is None else {key: told.labels.get(key) for key in changes}


def _capabilities(document: dict[str, Any], told: Capabilities) -> dict[str, bool | None]:
    changes = document.get("capabilities", {})
    return {name: value for name, value in asdict(told).items() if changes is None or name in changes}


def _capacity(document: dict[str, Any], told: Capacity | None) -> dict[str, int] | None:
    changes = document.get("capacity", {})
    return None if told is None else {name: value for name, value in asdict(told).items() if name in changes}
