"""What the fleet is made of."""

from typing import Final

from roadstead.cli.views.layout import Column, Columns
from roadstead.cli.views.tables import IMPLEMENTATION_COLUMNS, counted
from roadstead.client.documents import FleetImplementation

FLEET_IMPLEMENTATIONS: Final[Columns[FleetImplementation]] = (
    *IMPLEMENTATION_COLUMNS,
    Column("HOSTS", lambda each: counted(each["hosts"]), yields=2),
)
