"""Migrations."""

from typing import Final

from rich.console import RenderableType

from roadstead.cli.views.tables import Column, Columns, fields, state, time
from roadstead.client.documents import Migration

MIGRATIONS: Final[Columns[Migration]] = (
    Column("ID", lambda migration: migration["id"]),
    Column("VM", lambda migration: migration["vm"]),
    Column("STATE", lambda migration: state(migration["state"])),
    Column("SOURCE", lambda migration: migration["source"]),
    Column("TARGET", lambda migration: migration["target"]),
    Column("ADMITTED", lambda migration: time(migration["admitted_at"])),
)


def migration_view(migration: Migration) -> RenderableType:
    return fields(
        {
            "id": migration["id"],
            "vm": migration["vm"],
            "state": state(migration["state"]),
            "source": migration["source"],
            "target": migration["target"],
            "list": migration["implementation_list"],
            "admitted": time(migration["admitted_at"]),
            "closed": time(migration["closed_at"]),
        }
    )
