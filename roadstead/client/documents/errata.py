"""The tables of errata and mitigations."""

from typing import Literal, TypedDict

from roadstead.client.documents.common import Implementation, Page
from roadstead.client.documents.hosts import HostsByState

ErratumClass = Literal["erratum", "vulnerability", "feature"]
TableRule = Literal["any_affected", "any_safe"]
LogWhen = Literal["applies", "believed_safe", "not_believed_safe"]


class ModelRange(TypedDict):
    implementer: str
    part: str
    min: str
    max: str
    config: list[str]
    since: str | None


class Fixed(TypedDict):
    """A revision of which some CPUs are mended, and say so by a bit of REVIDR."""

    implementer: str
    part: str
    variant_revision: str
    revidr_bit: int


# `class` is no name for an attribute, so this one is written as a call.
Erratum = TypedDict(
    "Erratum",
    {
        "id": str,
        "class": ErratumClass,
        "title": str,
        "rule": TableRule,
        "hazard_table": bool,
        "el2_only": bool,
        "log": str | None,
        "log_when": LogWhen | None,
        "ranges": list[ModelRange],
        "fixed": list[Fixed],
        "decided_by_identity_alone": bool,
        "depends_also_on": str | None,
        "config": list[str],
        "since": str | None,
        "source": str,
    },
)


class ErratumPage(Page[Erratum]):
    tables: str


class Concern(Erratum):
    """An erratum with those of the fleet that it concerns."""

    tables: str
    fleet_revision: int
    implementations: list[Implementation]
    hosts: HostsByState
