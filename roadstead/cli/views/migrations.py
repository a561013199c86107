"""Migrations."""

from typing import Final

from rich.console import RenderableType

from roadstead.cli.views.layout import Column, Columns
from roadstead.cli.views.tables import fields, minute, state, time
from roadstead.client.documents import Migration

MIGRATIONS: Final[Columns[Migration]] = (
    Column("ID", lambda migration: migration["id"]),
    Column("VM", lambda migration: migration["vm"]),
    Column("STATE", lambda migration: state(migration["state"])),
    Column("SOURCE", lambda migration: migration["source"], yields=1),
    Column("TARGET", lambda migration: migration["target"]),
    Column("ADMITTED", lambda migration: minute(migration["admitted_at"]), yields=2),
    Column("CLOSED", lambda migration: minute(migration["closed_at"]), wide=True),
    Column("LIST", lambda migration: migration["implementation_list"], wide=True),
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
