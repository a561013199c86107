"""What the fleet is made of."""

from typing import Final

from roadstead.cli.views.tables import IMPLEMENTATION_COLUMNS, Column, Columns, counted
from roadstead.client.documents import FleetImplementation

FLEET_IMPLEMENTATIONS: Final[Columns[FleetImplementation]] = (
    *IMPLEMENTATION_COLUMNS,
    Column("HOSTS", lambda each: counted(each["hosts"])),
)
