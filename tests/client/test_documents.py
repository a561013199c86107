"""The annotations of answers, against the models that the service makes them of."""

from typing import Protocol

import pytest
from pydantic import BaseModel

from app.api.problems import FaultOut
from app.api.schemas import effects, hosts, lists, planning, vms
from app.client import documents


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
    (hosts.ImportedOut, documents.Imported),
    (hosts.FleetImplementationOut, documents.FleetImplementation),
    (vms.VmOut, documents.Vm),
    (vms.PlacementOut, documents.Placement),
    (vms.GuestOut, documents.Guest),
    (vms.ResourcesOut, documents.Resources),
    (vms.WarningOut, documents.Note),
    (lists.ContentOut, documents.ListContent),
    (lists.PlanOut, documents.PlannedList),
    (lists.ListOut, documents.ImplementationList),
    (lists.LeftOutOut, documents.LeftOut),
    (lists.EntryOut, documents.ListEntry),
    (planning.TargetsOut, documents.TargetPage),
    (planning.VerdictOut, documents.Verdict),
    (planning.UnlistedOut, documents.Unlisted),
    (planning.RejectionsOut, documents.Rejections),
    (planning.RejectionOut, documents.Rejection),
    (planning.PreviewOut, documents.Preview),
    (planning.MigrationOut, documents.Migration),
    (effects.EffectsOut, documents.Effects),
    (effects.AppliedOut, documents.Applied),
    (effects.BelievedSafeOut, documents.BelievedSafe),
    (effects.ErratumOut, documents.Erratum),
    (effects.ErrataOut, documents.ErratumPage),
    (effects.ConcernOut, documents.Concern),
    (effects.CompatibilityOut, documents.Compatibility),
    (effects.PooledOut, documents.Pooled),
    (effects.GroupOut, documents.Group),
    (effects.PairOut, documents.Pair),
    (FaultOut, documents.Fault),
]


@pytest.mark.parametrize(("model", "document"), SAME, ids=[model.__name__ for model, _ in SAME])
def test_a_document_has_the_keys_that_the_service_sends(model: type[BaseModel], document: type[Document]) -> None:
    sent = {field.serialization_alias or name for name, field in model.model_fields.items()}
    assert document.__required_keys__ == sent


def test_a_reason_has_the_keys_that_are_always_sent() -> None:
    sent = {name for name, field in planning.ReasonOut.model_fields.items() if field.exclude_if is None}
    assert documents.Reason.__required_keys__ == sent
