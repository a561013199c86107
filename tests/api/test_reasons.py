"""Reasons lead to pages that say what they mean and what helps."""

import re
from html import unescape

import httpx
import pytest

from app.api.reason_types import REASON_TYPES
from app.domain.planning.plan import ModeReason
from app.domain.planning.reasons import ReasonCode
from tests.api.talk import N2, boot, get, put_host, put_vm, refused

pytestmark = pytest.mark.anyio


def test_every_code_is_in_the_table_in_the_order_of_answers() -> None:
    assert list(REASON_TYPES) == list(ReasonCode)
    assert {str(each) for each in ModeReason} <= REASON_TYPES.keys()


def test_the_table_is_written_for_people() -> None:
    for code, kind in REASON_TYPES.items():
        assert kind.code == code
        assert not kind.title.endswith(".")
        assert kind.meaning.endswith(".")
        assert kind.remedy.endswith(".")
    assert len({kind.title for kind in REASON_TYPES.values()}) == len(REASON_TYPES)


async def test_every_code_has_a_page(client: httpx.AsyncClient) -> None:
    index = (await client.get("/reasons")).text
    for code, kind in REASON_TYPES.items():
        page = await client.get(f"/reasons/{code}")
        assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        for said in (kind.title, kind.meaning, kind.remedy):
            assert said in unescape(re.sub("</?code>", "`", page.text)), said
        assert f"<code>{code}</code>, {'lasting' if kind.lasting else 'not lasting'}" in page.text
        assert f'href="../docs/guide/my-vm-cannot-move.html#{code}"' in page.text
        assert f'href="reasons/{code}"' in index


async def test_a_reason_that_there_is_not(client: httpx.AsyncClient) -> None:
    detail = refused(await client.get("/reasons/no_such_thing"), 404, "not_found")["detail"]
    assert detail == "there is no reason 'no_such_thing'; /reasons lists them"


async def test_reasons_lead_to_their_pages_wherever_they_stand(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1")
    await put_host(client, "h2", N2, state="cordoned")
    await put_vm(client, "vm-1", placement={"exclude_hosts": ["h2"]})
    await boot(client, "vm-1", "h1")
    verdict = (await get(client, "/v1/vms/vm-1/targets/h2"))["reasons"]
    admission = refused(await client.post("/v1/vms/vm-1/migrations", json={"target": "h2"}), 409, "not_a_target")
    rejected = (await get(client, "/v1/vms/vm-1/rejections"))["items"]
    for reasons, count in ((verdict, 3), (admission["reasons"], 3), (rejected, 4)):
        assert len(reasons) == count
        for reason in reasons:
            assert reason["help"] == f"/reasons/{reason['code']}"
            assert REASON_TYPES[reason["code"]].title in unescape((await client.get(reason["help"])).text)
