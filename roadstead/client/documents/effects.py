"""What lists do to guests."""

from typing import Literal, TypedDict

from roadstead.client.documents.common import Implementation
from roadstead.client.documents.errata import ErratumClass

NoteCode = Literal[
    "hypercalls_hidden",
    "no_discovery",
    "revidr_ignored",
    "revidr_unsure",
    "older_than_tables",
    "newer_than_tables",
    "not_yet_listed",
]

# `class` is no name for an attribute, so this one is written as a call.
Applied = TypedDict(
    "Applied",
    {
        "id": str,
        "class": ErratumClass,
        "title": str,
        "log": str | None,
        "implementations": list[Implementation],
        "decided_by_identity_alone": bool,
        "depends_also_on": str | None,
        "config": list[str],
        "only_other_hosts": bool | None,
    },
)


class BelievedSafe(TypedDict):
    id: str
    title: str
    implementations: list[Implementation]
    not_safe: list[Implementation]
    hazard: bool
    config: list[str]
    since: str | None


class Note(TypedDict):
    code: NoteCode
    detail: str


class Effects(TypedDict):
    digest: str
    kernel: str
    tables: str
    applies: list[Applied]
    believes_safe: list[BelievedSafe]
    hazards: list[str]
    notes: list[Note]
