"""Migrations that were admitted."""

from typing import Literal, TypedDict

MigrationState = Literal["admitted", "overdue", "completed", "failed"]


class Migration(TypedDict):
    id: str
    vm: str
    source: str
    target: str
    state: MigrationState
    overdue: bool
    implementation_list: str
    admitted_at: str
    closed_at: str | None


class MigrationInput(TypedDict):
    target: str
