"""What the fleet is made of."""

from roadstead.client.documents.common import Implementation, Page
from roadstead.client.documents.hosts import HostsByState


class FleetImplementation(Implementation):
    implementer: int
    variant: int
    architecture: int
    part_number: int
    revision: int
    hosts: HostsByState


class FleetImplementationPage(Page[FleetImplementation]):
    fleet_revision: int
