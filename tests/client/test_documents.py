"""The annotations of answers, against the models that the service makes them of."""

from typing import Protocol

import pytest
from pydantic import BaseModel

from app.api.models import (
    boots,
    compatibility,
    effects,
    errata,
    guests,
    host_imports,
    hosts,
    implementation_lists,
    implementations,
    migrations,
    placements,
    previews,
    reasons,
    targets,
    vms,
)
from app.api.models.problems import FaultOut
from roadstead.client import documents


class Document(Protocol):
    """A TypedDict."""

    __required_keys__: frozenset[str]


SAME = [
    (hosts.HostOut, documents.Host),
    (hosts.HostsOut, documents.HostPage),
    (hosts.CpuGroupOut, documents.CpuGroup),
    (hosts.CapabilitiesOut, documents.Capabilities),
    (hosts.CapacityOut, documents.Resources),
    (hosts.HistoryOut, documents.HostHistory),
    (hosts.HistoryItemOut, documents.ReportedIdentity),
    (hosts.PeriodOut, documents.Period),
    (host_imports.ImportedOut, documents.Imported),
    (implementations.FleetImplementationOut, documents.FleetImplementation),
    (vms.VmOut, documents.Vm),
    (placements.PlacementOut, documents.Placement),
    (guests.GuestOut, documents.Guest),
    (vms.ResourcesOut, documents.Resources),
    (vms.WarningOut, documents.Note),
    (implementation_lists.ContentOut, documents.ListContent),
    (implementation_lists.PlanOut, documents.PlannedList),
    (boots.ListOut, documents.ImplementationList),
    (implementation_lists.LeftOutOut, documents.LeftOut),
    (implementation_lists.EntryOut, documents.ListEntry),
    (targets.TargetsOut, documents.TargetPage),
    (targets.VerdictOut, documents.Verdict),
    (reasons.UnlistedOut, documents.Unlisted),
    (reasons.UnmetOut, documents.Unmet),
    (reasons.WeakeningOut, documents.Weakening),
    (targets.ComparisonOut, documents.Comparison),
    (targets.RejectionsOut, documents.Rejections),
    (targets.RejectionOut, documents.Rejection),
    (previews.PreviewOut, documents.Preview),
    (migrations.MigrationOut, documents.Migration),
    (effects.EffectsOut, documents.Effects),
    (effects.AppliedOut, documents.Applied),
    (effects.BelievedSafeOut, documents.BelievedSafe),
    (errata.ErratumOut, documents.Erratum),
    (errata.ErrataOut, documents.ErratumPage),
    (errata.ConcernOut, documents.Concern),
    (compatibility.CompatibilityOut, documents.Compatibility),
    (compatibility.PooledOut, documents.Pooled),
    (compatibility.GroupOut, documents.Group),
    (compatibility.PairOut, documents.Pair),
    (compatibility.GroupPairOut, documents.GroupPair),
    (FaultOut, documents.Fault),
]


@pytest.mark.parametrize(("model", "document"), SAME, ids=[model.__name__ for model, _ in SAME])
def test_a_document_has_the_keys_that_the_service_sends(model: type[BaseModel], document: type[Document]) -> None:
    sent = {field.serialization_alias or name for name, field in model.model_fields.items()}
    assert document.__required_keys__ == sent


def test_a_reason_has_the_keys_that_are_always_sent() -> None:
    sent = {name for name, field in reasons.ReasonOut.model_fields.items() if field.exclude_if is None}
    assert documents.Reason.__required_keys__ == sent
