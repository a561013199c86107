"""Whatever is accepted can be read again, as it was: on both databases, also by a service that was not there then."""

import asyncio
import json
from itertools import count

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.settings import Settings
from tests.api.talk import ABLE, N1, Json, done, get, group, host, put_host, refused
from tests.concurrency import requests
from tests.domain import strategies as some
from tests.serving import serving

wide = hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
_serial = count()

# Documents as anybody may send them: many are refused, and what is not must be kept.

registers = some.registers | some.registers.map(hex)
midrs = registers | some.midrs | some.midrs.map(hex)
texts = st.text(max_size=8) | st.sampled_from(
    ["", "\x00", "\ud800", "\udfff\ud800", "\U0010ffff", "é", "e\u0301", "'\"\\"]
)
"""Any text, and what one database or the other could take amiss."""
strides = st.builds(
    "{}-{}:{}/{}".format, st.integers(0, 9), st.integers(60_000, 65_535), st.integers(1, 3), st.integers(1, 9)
)
cpu_lists = some.cpulists.map(str) | strides | st.sampled_from(["0-65535", "65535", "0-65535:1/2", "0-24000:1/2"])
numbers = st.sampled_from([0, 1, 2**31 - 1, 2**31, 2**53 - 1, 2**53, 2**63, -1])
sizes = st.none() | st.fixed_dictionaries({"vcpus": numbers, "memory_mib": numbers})
moments = st.none() | st.sampled_from(
    [
        "1970-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "8999-12-31T23:59:59.999999Z",
        "9000-01-01T00:00:00Z",
        "2026-11-22T10:00:00.000001+14:00",
        "2026-11-22T10:00:00.123456789-12:00",
    ]
)
groups = st.fixed_dictionaries(
    {"midr": midrs, "revidr": registers, "aidr": st.none() | registers}, optional={"cpu_list": cpu_lists}
)
labels = st.dictionaries(texts, texts, max_size=3)
hosts = st.fixed_dictionaries(
    {"cpus": st.lists(groups, min_size=1, max_size=2)},
    optional={
        "labels": labels,
        "capabilities": st.just(ABLE),
        "capacity": sizes,
        "kernel_release": texts,
        "vmm": texts,
        "observed_at": moments,
    },
)
expressions = st.fixed_dictionaries(
    {"key": texts, "operator": st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"])},
    optional={"values": st.lists(texts, max_size=2)},
)
any_placements = st.fixed_dictionaries(
    {},
    optional={
        "selector": st.fixed_dictionaries(
            {}, optional={"match_labels": labels, "match_expressions": st.lists(expressions, max_size=2)}
        ),
        "include_hosts": st.lists(texts, max_size=2),
        "exclude_hosts": st.lists(texts | st.just("elsewhere"), max_size=2),
        "max_implementations": numbers,
        "accept_hazards": st.lists(texts | st.just("ANY_TABLE"), max_size=2),
    },
)
vms = requests.vms | st.fixed_dictionaries(
    {
        "placement": any_placements,
        "guest": st.fixed_dictionaries(
            {"discovers_implementations": st.booleans()}, optional={"kernel_release": texts}
        ),
        "resources": sizes,
    }
)
adopted = st.fixed_dictionaries(
    {
        "mode": requests.modes,
        "implementations": st.lists(
            st.fixed_dictionaries({"midr": midrs, "revidr": registers, "aidr": registers}), min_size=1, max_size=3
        ),
    }
)


async def send(client: httpx.AsyncClient, method: str, path: str, body: object) -> Json | None:
    """The answer to what is accepted; None for what is refused. Text that is not Unicode is sent, too."""
    answer = await client.request(
        method, path, content=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
    if answer.status_code in (409, 422):
        refused(answer, answer.status_code, answer.json()["code"])
        return None
    return done(answer)


async def keeps_hosts(settings: Settings, document: Json) -> None:
    name = f"h{next(_serial)}"
    async with serving(settings) as client:
        put = await send(client, "PUT", f"/v1/hosts/{name}", document)
    async with serving(settings) as client:
        if put is None:
            refused(await client.get(f"/v1/hosts/{name}"), 404, "host_not_found")
            return
        assert await get(client, f"/v1/hosts/{name}") == put
        history = (await get(client, f"/v1/hosts/{name}/history"))["items"]
        assert [item["cpus"] for item in history] == [put["cpus"]]
        # What was answered can be put again, and is then known for what is there.
        report = {key: put[key] for key in ("state", "labels", "cpus", "capabilities", "capacity", "observed_at")}
        report |= {"kernel_release": put["kernel_release"], "vmm": put["vmm"]}
        assert await send(client, "PUT", f"/v1/hosts/{name}", report) == put
        line = {"name": name, **report}
        answer = await client.post(
            "/v1/hosts:import",
            content=json.dumps(line).encode(),
            headers={"Content-Type": "application/x-ndjson"},
        )
        assert done(answer)["unchanged"] == 1
        assert (await client.delete(f"/v1/hosts/{name}")).status_code == 204


@wide
@given(document=hosts)
def test_hosts(settings: Settings, document: Json) -> None:
    asyncio.run(keeps_hosts(settings, document))


async def booted(settings: Settings, client: httpx.AsyncClient, vm: str, body: Json, target: str) -> dict[str, Json]:
    """What is to be read again after a boot that was accepted, and after an attempt to move; nothing if it was not."""
    sealed = await send(client, "POST", f"/v1/vms/{vm}/boots", body)
    if sealed is None:
        return {}
    sealed.pop("warnings", None)  # About the moment of the boot; they are not kept.
    kept = {f"/v1/vms/{vm}/boots/{sealed['boot']}": sealed, f"/v1/vms/{vm}/implementation-list": sealed}
    paths = [f"/v1/vms/{vm}", f"/v1/vms/{vm}/targets"]
    if migration := await send(client, "POST", f"/v1/vms/{vm}/migrations", {"target": target}):
        paths.append(f"/v1/migrations/{migration['id']}")
    kept |= {path: await get(client, path) for path in paths}
    async with serving(settings) as other:
        assert {path: await get(other, path) for path in kept} == kept
    if migration:
        done(await client.post(f"/v1/migrations/{migration['id']}:fail"))
    return {path: answer for path, answer in kept.items() if "/boots/" in path}


async def keeps_vms(settings: Settings, document: Json, boot: Json, adopt: Json) -> None:
    number = next(_serial)
    vm, here, there = f"vm{number}", f"a{number}", f"b{number}"
    kept: dict[str, Json] = {}
    async with serving(settings) as client:
        for each in (here, there):
            await put_host(client, each)
        defined = await send(client, "PUT", f"/v1/vms/{vm}", document)
        for body in ({"host": here, **boot}, {"host": here, **boot, "adopt": adopt}) if defined else ():
            kept |= await booted(settings, client, vm, body, there)
            kept[f"/v1/vms/{vm}"] = done(await client.post(f"/v1/vms/{vm}/stop"))
    async with serving(settings) as client:
        assert {path: await get(client, path) for path in kept} == kept
        assert len((await get(client, "/v1/vms"))["items"]) == (1 if defined else 0)
        for path in (f"/v1/hosts/{here}", f"/v1/hosts/{there}", f"/v1/vms/{vm}"):
            assert (await client.delete(path)).status_code == (204 if defined or "hosts" in path else 404)


boots = st.fixed_dictionaries({}, optional={"cpus": cpu_lists})


@wide
@given(document=vms, boot=boots, adopt=adopted)
def test_vms_with_their_boots_and_migrations(settings: Settings, document: Json, boot: Json, adopt: Json) -> None:
    asyncio.run(keeps_vms(settings, document, boot, adopt))


# What is short as it comes and long as it is kept.

SHORT = "0-65535:1/2"
SAID = (
    f'a list of CPUs has at most 65536 characters; this one, with its ranges written out, has 191052; found "{SHORT}"'
)


@pytest.mark.anyio
async def test_a_list_of_cpus_that_would_be_kept_too_long_is_refused_at_every_entrance(
    client: httpx.AsyncClient,
) -> None:
    await put_host(client, "h1", N1)
    done(await client.put("/v1/vms/vm", json={"guest": {"discovers_implementations": True}}))
    cpus = {"cpus": [group(N1, SHORT)]}
    pinned = {"host": "h1", "cpus": SHORT}
    adopt = {"mode": "homogeneous", "implementations": [group(N1)]}
    ndjson = {"Content-Type": "application/x-ndjson"}
    line = json.dumps({"name": "h2", **cpus}).encode()
    for pointer, answer in (
        ("/cpus/0/cpu_list", await client.put("/v1/hosts/h2", json=cpus)),
        ("/cpus/0/cpu_list", await client.put("/v1/hosts/h1", json=cpus)),
        ("/cpus/0/cpu_list", await client.patch("/v1/hosts/h1", json=cpus)),
        ("/1/cpus/0/cpu_list", await client.post("/v1/hosts:import", content=line, headers=ndjson)),
        ("/1/cpus/0/cpu_list", await client.post("/v1/hosts:import?dry_run=true", content=line, headers=ndjson)),
        ("/cpus", await client.post("/v1/vms/vm/boots", json=pinned)),
        ("/cpus", await client.post("/v1/vms/vm/boots", json={**pinned, "adopt": adopt})),
        (
            "/cpus",
            await client.post("/v1/placements:preview", json={**pinned, "guest": {"discovers_implementations": True}}),
        ),
    ):
        problem = refused(answer, 422, answer.json()["code"])
        assert [(each["pointer"], each["detail"]) for each in problem["errors"]] == [(pointer, SAID)]
    assert [each["name"] for each in (await get(client, "/v1/hosts"))["items"]] == ["h1"]


@pytest.mark.anyio
async def test_a_host_has_at_most_1024_groups_of_cpus(client: httpx.AsyncClient) -> None:
    def divided(groups: int) -> Json:
        return host(*(group((N1[0], number, 0), str(number)) for number in range(groups)))

    assert len(done(await client.put("/v1/hosts/h1", json=divided(1_024)))["cpus"]) == 1_024
    ndjson = {"Content-Type": "application/x-ndjson"}
    line = json.dumps({"name": "h1", **divided(1_025)}).encode()
    for answer in (
        await client.put("/v1/hosts/h1", json=divided(1_025)),
        await client.patch("/v1/hosts/h1", json=divided(1_025)),
        await client.post("/v1/hosts:import", content=line, headers=ndjson),
    ):
        (fault,) = refused(answer, 422, answer.json()["code"])["errors"]
        assert "at most 1024" in fault["detail"]
