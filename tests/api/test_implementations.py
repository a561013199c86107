"""What the fleet is made of."""

import httpx
import pytest

from tests.api.talk import N1, N2, Triple, get, group, put_host, triples

pytestmark = pytest.mark.anyio


async def test_an_implementation_with_its_fields(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", (0xFEDC_BA98_413F_D0C1, 2**63, 2**64 - 1))
    found = await get(client, "/v1/implementations")
    assert found["fleet_revision"] == 1
    assert found["items"] == [
        {
            "midr": "0xfedcba98413fd0c1",
            "revidr": "0x8000000000000000",
            "aidr": "0xffffffffffffffff",
            "name": "Arm Neoverse N1 r3p1",
            "implementer": 0x41,
            "variant": 3,
            "architecture": 15,
            "part_number": 0xD0C,
            "revision": 1,
            "hosts": {"planned": 0, "active": 1, "cordoned": 0, "maintenance": 0, "retired": 0},
        }
    ]


async def test_hosts_are_counted_by_state(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", group(N1, "0-1"), group(N2, "2"), group(N1, "3"))
    for number, state in enumerate(["active", "planned", "planned", "cordoned", "maintenance", "retired"]):
        await put_host(client, f"n{number}", N1, state=state)
    n2, n1 = (await get(client, "/v1/implementations"))["items"]
    assert triples([n2, n1]) == [N2, N1]
    assert n1["hosts"] == {"planned": 2, "active": 2, "cordoned": 1, "maintenance": 1, "retired": 1}
    assert sum(n2["hosts"].values()) == n2["hosts"]["active"] == 1


async def test_order_and_distinction_are_by_all_bits(client: httpx.AsyncClient) -> None:
    ascending: list[Triple] = [
        (N1[0], 0, None),
        (N1[0], 0, 0),
        (N1[0], 0, 1),
        (N1[0], 2**63, 0),
        (N1[0], 2**64 - 1, 0),
        (2**32 | N2[0], 0, 0),
        (2**63 | N2[0], 0, 0),
        (2**64 - 2, 0, 0),
    ]
    for number, implementation in enumerate(reversed(ascending)):
        await put_host(client, f"h{number}", implementation)
    assert triples((await get(client, "/v1/implementations"))["items"]) == ascending


async def test_a_part_without_a_name_shows_its_number(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", (0xEE0F_FFF0, 0, 0))
    (item,) = (await get(client, "/v1/implementations"))["items"]
    assert item["name"] == "implementer 0xee part 0xfff r0p0"


async def test_what_no_host_has_any_more_is_gone(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", N1)
    await put_host(client, "h1", N2)
    assert triples((await get(client, "/v1/implementations"))["items"]) == [N2]
    await client.delete("/v1/hosts/h1")
    assert (await get(client, "/v1/implementations"))["items"] == []
