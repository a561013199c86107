"""Previews of boots."""

from typing import Final

from rich.console import Group, RenderableType

from roadstead.cli.views.implementation_lists import about, contents
from roadstead.cli.views.tables import fields, heading, table
from roadstead.cli.views.targets import TARGETS
from roadstead.client.documents import Preview

_PREVIEWED: Final = 10
"""Targets that stand in a preview; it is about the list."""


def preview_view(preview: Preview) -> RenderableType:
    planned, targets = preview["implementation_list"], preview["targets"]
    facts = {"host": f"{planned['host']} (fleet revision {preview['fleet_revision']}); nothing was stored"}
    return Group(
        fields({**facts, **about(planned)}),
        *contents(planned),
        heading(f"Targets: {targets['total']}"),
        table(TARGETS, targets["items"][:_PREVIEWED]),
        *(["…"] if targets["total"] > _PREVIEWED else []),
    )
