"""VMs on all hosts of the fleet: a few are booted by the service, and the others are made like them in the database."""

from collections.abc import Iterator
from typing import Final

import httpx

from bench import postgresql
from bench.fleet import RACKS, ZONES, Document, name
from bench.service import taken

_HALVES: Final = (("z0", "z1", "z2"), ("z3", "z4", "z5"), ("z0", "z2", "z4"), ("z1", "z3", "z5"))
"""Zones that placements name: each zone is in two of them."""
_TRIES: Final = 10
"""Hosts of a rack that are tried: some are cordoned, or their registers are not known."""
_COPIES: Final = (
    """
    INSERT INTO vms (name, version, placement, discovers_implementations, boots, boot, host_id)
    SELECT 'vm-' || hosts.name, 1, placement, discovers_implementations, 1, 1, hosts.id
    FROM hosts JOIN vms ON vms.name = 'like-' || substr(hosts.name, 1, 4)
    """,
    """
    INSERT INTO boots
    SELECT vms.id, boots.number, substr(vms.name, 4), cpus, own_entries, digest, mode, mode_reasons, left_out,
           accepted_hazards, fleet_revision, sealed_at, adopted
    FROM vms JOIN vms AS model ON model.name = 'like-' || substr(vms.name, 4, 4) JOIN boots ON boots.vm_id = model.id
    WHERE vms.name LIKE 'vm-%'
    """,
)


def fill(client: httpx.Client, database: str, racks: int = RACKS) -> None:
    """Give each host of the first racks a VM."""
    for rack in range(racks):
        vm = f"like-r{rack:03}"
        taken(client.put(f"/v1/vms/{vm}", json=_definition(rack)))
        booted = (client.post(f"/v1/vms/{vm}/boots", json={"host": host}) for host in _hosts(rack))
        assert any(answer.is_success for answer in booted), vm
    for statement in _COPIES:
        postgresql.execute(database, statement)
    postgresql.execute(database, "VACUUM ANALYZE")


def _hosts(rack: int) -> Iterator[str]:
    return (name(rack + RACKS * number) for number in range(_TRIES))


def _definition(rack: int) -> Document:
    zone = f"z{rack % ZONES}"
    fitting = [zones for zones in _HALVES if zone in zones]
    zones = {"key": "zone", "operator": "In", "values": list(fitting[rack // ZONES % len(fitting)])}
    return {
        "placement": {"selector": {"match_expressions": [zones]}, "max_implementations": 256},
        "guest": {"discovers_implementations": True},
    }
