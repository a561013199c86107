"""Where VMs may move, and why not elsewhere."""

from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from roadstead.cli.views.layout import Column, Columns
from roadstead.cli.views.tables import names, short_names, table
from roadstead.client.documents import Rejection, Rejections, Target

TARGETS: Final[Columns[Target]] = (
    Column("HOST", lambda target: target["host"]),
    Column(
        "CPU",
        lambda target: names(target["implementations"]),
        yields=1,
        brief=lambda target: short_names(target["implementations"]),
    ),
)


_REJECTIONS: Final[Columns[Rejection]] = (
    Column("REASON", lambda rejection: rejection["code"]),
    Column("HOSTS", lambda rejection: str(rejection["hosts"])),
    Column("EXAMPLES", lambda rejection: ", ".join(rejection["examples"]), yields=1, cut=True),
)


def rejections_view(rejections: Rejections) -> RenderableType:
    summary = f"no targets of {rejections['vm']}: {rejections['total']}"
    revision = f"  (fleet revision {rejections['fleet_revision']})"
    return Group(Text.assemble((summary, "bold"), (revision, "dim")), table(_REJECTIONS, rejections["items"]))
