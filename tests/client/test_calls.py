"""Calls are values: what they become, before anything is sent."""

import json

import pytest

from roadstead.client import Call, boots, hosts, implementation_lists, migrations, placements, vms
from roadstead.client.calls import Received, Unreadable
from roadstead.client.documents import Page


@pytest.mark.parametrize(
    ("call", "request_line"),
    [
        (hosts.read("h1"), "GET v1/hosts/h1"),
        (hosts.write("h1", {"cpus": []}), "PUT v1/hosts/h1"),
        (hosts.edit("h1", {}), "PATCH v1/hosts/h1"),
        (hosts.remove("h1"), "DELETE v1/hosts/h1"),
        (hosts.history("h1"), "GET v1/hosts/h1/history"),
        (hosts.take_in(b""), "POST v1/hosts:import"),
        (boots.boot("vm-1", "h1"), "POST v1/vms/vm-1/boots"),
        (implementation_lists.of_vm("vm-1"), "GET v1/vms/vm-1/implementation-list"),
        (implementation_lists.of_vm("vm-1", 2), "GET v1/vms/vm-1/boots/2"),
        (placements.preview("h1", {"discovers_implementations": True}), "POST v1/placements:preview"),
        (migrations.verify("4a"), "POST v1/migrations/4a:verify"),
        (implementation_lists.read("sha256:ab"), "GET v1/implementation-lists/sha256%3Aab"),
        (hosts.read("a/b c"), "GET v1/hosts/a%2Fb%20c"),
    ],
)
def test_addresses(call: Call[object], request_line: str) -> None:
    assert f"{call.method} {call.path}" == request_line


@pytest.mark.parametrize(
    "call",
    [
        hosts.take_in(b""),
        boots.boot("vm-1", "h1"),
        boots.adopt("vm-1", "h1", "homogeneous", []),
        boots.stop("vm-1"),
        migrations.admit("vm-1", "h2"),
        migrations.complete("4a"),
        migrations.fail("4a"),
    ],
)
def test_posts_that_change_something_are_to_be_carried_out_once(call: Call[object]) -> None:
    assert call.changes_state


@pytest.mark.parametrize(
    "call",
    [
        migrations.verify("4a"),
        placements.preview("h1", {"discovers_implementations": True}),
        hosts.write("h1", {"cpus": []}),
    ],
)
def test_others_are_safe_to_repeat_as_they_are(call: Call[object]) -> None:
    assert not call.changes_state


def test_a_changed_call_leaves_the_one_it_came_from() -> None:
    call = hosts.write("h1", {"cpus": []})
    assert call.only_if('"7"').headers == {"If-Match": '"7"'}
    assert call.only_create().headers == {"If-None-Match": "*"}
    assert call.with_key("k").headers == {"Idempotency-Key": "k"}
    assert not call.headers


def test_the_page_after_this_one_is_the_same_question_with_its_cursor() -> None:
    call = vms.find(states=["running"])
    following = call.following({"items": [], "next_cursor": "abc"})
    assert following
    assert following.query == {**call.query, "cursor": "abc"}
    last: Page[object] = {"items": [], "next_cursor": None}
    assert following.following(last) is None


def test_a_boot_is_pinned_only_where_that_is_asked() -> None:
    assert _sent(boots.boot("vm-1", "h1")) == {"host": "h1"}
    assert _sent(boots.boot("vm-1", "h1", "0-3")) == {"host": "h1", "cpus": "0-3"}


def test_a_body_that_is_no_json_is_not_read() -> None:
    with pytest.raises(Unreadable, match="no JSON"):
        hosts.read("h1").read(Received(200, {}, b"<html>"))


def _sent(call: Call[object]) -> object:
    assert call.body
    assert isinstance(call.body.content, bytes)
    return json.loads(call.body.content)
