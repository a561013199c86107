"""VMs that are exposed on more hosts than one statement may name: an incident is when they are asked for."""

import json

import httpx
import pytest
from sqlalchemy import text

from app.settings import Settings
from app.storage.database import create_engine
from tests.api.talk import N1, Triple, boot, done, get, host, import_hosts, put_vm
from tests.serving import serving

pytestmark = pytest.mark.anyio

HOSTS = 1_100
COPIES = """
    INSERT INTO vms (name, version, placement, discovers_implementations, boots)
    SELECT 'vm-' || hosts.id, 1, vms.placement, vms.discovers_implementations, 0 FROM hosts, vms WHERE vms.name = 'vm';
    INSERT INTO boots
    SELECT vms.id, boots.number, hosts.name, boots.cpus, boots.own_entries, boots.digest, boots.mode,
           boots.mode_reasons, boots.left_out, boots.accepted_hazards, boots.fleet_revision, boots.sealed_at,
           boots.adopted
    FROM vms JOIN hosts ON vms.name = 'vm-' || hosts.id, boots;
    UPDATE vms SET boots = 1, boot = 1, host_id = CAST(substr(name, 4) AS INTEGER) WHERE name LIKE 'vm-%'
"""
"""A VM for each host, made like the one that is there: so many boots would take long."""


async def report(client: httpx.AsyncClient, *implementation: Triple) -> None:
    lines = (json.dumps({"name": f"h{number}", **host(*implementation)}) for number in range(HOSTS))
    done(await import_hosts(client, "\n".join(lines)))


async def test_they_are_found(settings: Settings) -> None:
    async with serving(settings) as client:
        await report(client, N1)
        await put_vm(client, "vm")
        await boot(client, "vm", "h0")
        engine = create_engine(settings)
        async with engine.begin() as connection:
            for statement in COPIES.split(";"):
                await connection.execute(text(statement))
        await engine.dispose()
        assert (await get(client, "/v1/vms", exposed=True))["items"] == []
        await report(client, (N1[0], N1[1], None))
        first = await get(client, "/v1/vms", exposed=True, limit=1000)
        rest = await get(client, "/v1/vms", exposed=True, limit=1000, cursor=first["next_cursor"])
        assert len(first["items"]) + len(rest["items"]) == HOSTS + 1
        assert rest["next_cursor"] is None
