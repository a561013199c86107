"""A request for every answer that the OpenAPI document promises, in the order in which they are to be sent."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from tests.api.talk import ABLE, N1, admit, boot, close, group, host, put_host, put_vm, vm

WIDE: Final = (2**32 | 0x413FD0C1, 0, 0)
"""The RFC v2 hypercalls have no room for it."""
STALE: Final = {"If-Match": '"stale"'}
CREATE: Final = {"If-None-Match": "*"}
TEXT: Final = {"Content-Type": "text/plain"}
NDJSON: Final = {"Content-Type": "application/x-ndjson"}
KEY: Final = {"Idempotency-Key": "used-for-another-request"}
MAX_BODY_BYTES: Final = 4096
LARGE: Final = b" " * (MAX_BODY_BYTES + 1)
JSON: Final = {"Content-Type": "application/json"}
LINE: Final = json.dumps({"name": "h1", **host()}).encode()


@dataclass(frozen=True, slots=True)
class Asked:
    """A request and what must be answered: a status, or the code of a problem."""

    operation: str
    path: str
    answer: int | str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def content(self) -> dict[str, Any]:
        """What httpx is given to send."""
        if isinstance(self.body, bytes):
            return {"content": self.body, "headers": JSON | self.headers}
        if self.body is None:
            return {"headers": self.headers}
        return {"content": json.dumps(self.body).encode(), "headers": JSON | self.headers}


async def prepare(client: httpx.AsyncClient) -> dict[str, str]:
    """Make what the requests are about; the names that nobody can choose, by the names they have in paths."""
    for name in ("h1", "h2"):
        await put_host(client, name)
    await put_host(client, "wide", WIDE, state="active")
    await put_host(client, "cordoned", state="cordoned")
    near = {"include_hosts": ["h1", "h2", "cordoned"]}
    for name in ("defined", "running", "migrating", "moved"):
        await put_vm(client, name, near)
    await put_vm(client, "hidden", near, discovers=False)
    await put_vm(client, "wide", {"include_hosts": ["wide"]})
    await put_vm(client, "narrow", {"max_implementations": 1})
    for name in ("running", "migrating", "moved", "hidden"):
        await boot(client, name, "h1")
    sealed = await boot(client, "wide", "wide")
    opened = await admit(client, "migrating", "h2")
    closed = await close(client, await admit(client, "moved", "h2"), "fail")
    used = await client.post("/v1/vms/defined/stop", headers=KEY)
    assert used.status_code == 200
    return {"open": opened["id"], "closed": closed["id"], "digest": sealed["digest"]}


GUEST: Final = {"discovers_implementations": True}
CALL: Final = {"abi": "rfc-v2", "function_id": "0xc600007d"}

REQUESTS: Final = (
    # Inventory
    Asked("list_hosts", "/v1/hosts", 200),
    Asked("list_hosts", "/v1/hosts?limit=0", "invalid_request"),
    Asked("list_hosts", "/v1/hosts?cursor=!", "invalid_cursor"),
    Asked("put_host", "/v1/hosts/h1", 200, host()),
    Asked("put_host", "/v1/hosts/h9", 201, host()),
    Asked("put_host", "/v1/hosts/h1", "invalid_request", {}),
    Asked("put_host", "/v1/hosts/h1", "stale_revision", host(), STALE),
    Asked("put_host", "/v1/hosts/h1", "already_exists", host(), CREATE),
    Asked("put_host", "/v1/hosts/h1", "unsupported_media_type", host(), TEXT),
    Asked("put_host", "/v1/hosts/h1", "body_too_large", LARGE),
    Asked("get_host", "/v1/hosts/h1", 200),
    Asked("get_host", "/v1/hosts/H1", "invalid_request"),
    Asked("get_host", "/v1/hosts/nowhere", "host_not_found"),
    Asked("patch_host", "/v1/hosts/h1", 200, {"labels": {"zone": "fra1"}}),
    Asked("patch_host", "/v1/hosts/h1", "invalid_request", {"cpus": None}),
    Asked("patch_host", "/v1/hosts/nowhere", "host_not_found", {}),
    Asked("patch_host", "/v1/hosts/h1", "stale_revision", {}, STALE),
    Asked("patch_host", "/v1/hosts/h1", "unsupported_media_type", {}, TEXT),
    Asked("patch_host", "/v1/hosts/h1", "body_too_large", LARGE),
    Asked("delete_host", "/v1/hosts/h9", 204),
    Asked("delete_host", "/v1/hosts/H1", "invalid_request"),
    Asked("delete_host", "/v1/hosts/nowhere", "host_not_found"),
    Asked("delete_host", "/v1/hosts/h1", "host_in_use"),
    Asked("delete_host", "/v1/hosts/h1", "stale_revision", None, STALE),
    Asked("get_host_history", "/v1/hosts/h9/history", 200),
    Asked("get_host_history", "/v1/hosts/H1/history", "invalid_request"),
    Asked("get_host_history", "/v1/hosts/nowhere/history", "host_not_found"),
    Asked("import_hosts", "/v1/hosts:import", 200, LINE, NDJSON),
    Asked("import_hosts", "/v1/hosts:import?dry_run=perhaps", "invalid_request", LINE, NDJSON),
    Asked("import_hosts", "/v1/hosts:import", "invalid_import", b"{}", NDJSON),
    Asked("import_hosts", "/v1/hosts:import", "idempotency_key_reused", LINE, NDJSON | KEY),
    Asked("import_hosts", "/v1/hosts:import", "unsupported_media_type", LINE),
    Asked("import_hosts", "/v1/hosts:import", "body_too_large", LARGE, NDJSON),
    Asked("list_implementations", "/v1/implementations", 200),
    Asked("list_implementations", "/v1/implementations?limit=0", "invalid_request"),
    Asked("list_implementations", "/v1/implementations?cursor=!", "invalid_cursor"),
    # VMs
    Asked("list_vms", "/v1/vms", 200),
    Asked("list_vms", "/v1/vms?state=gone", "invalid_request"),
    Asked("list_vms", "/v1/vms?cursor=!", "invalid_cursor"),
    Asked("put_vm", "/v1/vms/defined", 200, vm({"include_hosts": ["h1", "cordoned"]})),
    Asked("put_vm", "/v1/vms/new", 201, vm()),
    Asked("put_vm", "/v1/vms/new", "invalid_request", {}),
    Asked("put_vm", "/v1/vms/new", "stale_revision", vm(), STALE),
    Asked("put_vm", "/v1/vms/new", "already_exists", vm(), CREATE),
    Asked("put_vm", "/v1/vms/new", "unsupported_media_type", vm(), TEXT),
    Asked("put_vm", "/v1/vms/new", "body_too_large", LARGE),
    Asked("get_vm", "/v1/vms/running", 200),
    Asked("get_vm", "/v1/vms/RUNNING", "invalid_request"),
    Asked("get_vm", "/v1/vms/nowhere", "vm_not_found"),
    Asked("delete_vm", "/v1/vms/new", "stale_revision", None, STALE),
    Asked("delete_vm", "/v1/vms/new", 204),
    Asked("delete_vm", "/v1/vms/NEW", "invalid_request"),
    Asked("delete_vm", "/v1/vms/nowhere", "vm_not_found"),
    Asked("delete_vm", "/v1/vms/running", "vm_running"),
    Asked("delete_vm", "/v1/vms/migrating", "vm_migrating"),
    Asked("boot_vm", "/v1/vms/defined/boots", "invalid_request", {}),
    Asked("boot_vm", "/v1/vms/nowhere/boots", "vm_not_found", {"host": "h1"}),
    Asked("boot_vm", "/v1/vms/defined/boots", "host_not_found", {"host": "nowhere"}),
    Asked("boot_vm", "/v1/vms/defined/boots", "boot_refused", {"host": "cordoned"}),
    Asked("boot_vm", "/v1/vms/running/boots", "vm_running", {"host": "h1"}),
    Asked("boot_vm", "/v1/vms/migrating/boots", "vm_migrating", {"host": "h1"}),
    Asked("boot_vm", "/v1/vms/narrow/boots", "too_many_implementations", {"host": "h1"}),
    Asked("boot_vm", "/v1/vms/defined/boots", "stale_revision", {"host": "h1"}, STALE),
    Asked("boot_vm", "/v1/vms/defined/boots", "idempotency_key_reused", {"host": "h1"}, KEY),
    Asked("boot_vm", "/v1/vms/defined/boots", "unsupported_media_type", {"host": "h1"}, TEXT),
    Asked("boot_vm", "/v1/vms/defined/boots", "body_too_large", LARGE),
    Asked("boot_vm", "/v1/vms/defined/boots", 201, {"host": "h1"}),
    Asked("list_boots", "/v1/vms/running/boots", 200),
    Asked("list_boots", "/v1/vms/running/boots?limit=0", "invalid_request"),
    Asked("list_boots", "/v1/vms/running/boots?cursor=!", "invalid_cursor"),
    Asked("list_boots", "/v1/vms/nowhere/boots", "vm_not_found"),
    Asked("get_boot", "/v1/vms/running/boots/1", 200),
    Asked("get_boot", "/v1/vms/running/boots/first", "invalid_request"),
    Asked("get_boot", "/v1/vms/nowhere/boots/1", "vm_not_found"),
    Asked("get_boot", "/v1/vms/running/boots/2", "boot_not_found"),
    Asked("get_boot", "/v1/vms/hidden/boots/1?format=qemu", "hypercalls_hidden"),
    Asked("stop_vm", "/v1/vms/defined/stop", 200),
    Asked("stop_vm", "/v1/vms/DEFINED/stop", "invalid_request"),
    Asked("stop_vm", "/v1/vms/nowhere/stop", "vm_not_found"),
    Asked("stop_vm", "/v1/vms/migrating/stop", "vm_migrating"),
    Asked("stop_vm", "/v1/vms/running/stop", "stale_revision", None, STALE),
    Asked("stop_vm", "/v1/vms/running/stop", "idempotency_key_reused", None, KEY),
    # Implementation lists
    Asked("get_implementation_list", "/v1/implementation-lists/{digest}", 200),
    Asked("get_implementation_list", "/v1/implementation-lists/{digest}?format=xml", "invalid_request"),
    Asked("get_implementation_list", "/v1/implementation-lists/none", "implementation_list_not_found"),
    Asked("get_current_list", "/v1/vms/running/implementation-list", 200),
    Asked("get_current_list", "/v1/vms/running/implementation-list?format=xml", "invalid_request"),
    Asked("get_current_list", "/v1/vms/nowhere/implementation-list", "vm_not_found"),
    Asked("get_current_list", "/v1/vms/narrow/implementation-list", "no_current_list"),
    Asked("get_current_list", "/v1/vms/hidden/implementation-list?format=qemu", "hypercalls_hidden"),
    Asked("list_hypercalls", "/v1/vms/running/hypercalls", 200),
    Asked("list_hypercalls", "/v1/vms/running/hypercalls?abi=xen", "invalid_request"),
    Asked("list_hypercalls", "/v1/vms/nowhere/hypercalls", "vm_not_found"),
    Asked("list_hypercalls", "/v1/vms/narrow/hypercalls", "no_current_list"),
    Asked("list_hypercalls", "/v1/vms/wide/hypercalls?abi=rfc-v2", "not_representable"),
    Asked("answer_hypercall", "/v1/vms/running/hypercalls", 200, CALL),
    Asked("answer_hypercall", "/v1/vms/running/hypercalls", "invalid_request", {}),
    Asked("answer_hypercall", "/v1/vms/nowhere/hypercalls", "vm_not_found", CALL),
    Asked("answer_hypercall", "/v1/vms/narrow/hypercalls", "no_current_list", CALL),
    Asked("answer_hypercall", "/v1/vms/wide/hypercalls", "not_representable", CALL),
    Asked("answer_hypercall", "/v1/vms/running/hypercalls", "unsupported_media_type", CALL, TEXT),
    Asked("answer_hypercall", "/v1/vms/running/hypercalls", "body_too_large", LARGE),
    # Effects
    Asked("get_vm_effects", "/v1/vms/running/implementation-list/effects", 200),
    Asked("get_vm_effects", "/v1/vms/running/implementation-list/effects?kernel=x", "invalid_request"),
    Asked("get_vm_effects", "/v1/vms/nowhere/implementation-list/effects", "vm_not_found"),
    Asked("get_vm_effects", "/v1/vms/narrow/implementation-list/effects", "no_current_list"),
    Asked("get_list_effects", "/v1/implementation-lists/{digest}/effects", 200),
    Asked("get_list_effects", "/v1/implementation-lists/{digest}/effects?kernel=x", "invalid_request"),
    Asked("get_list_effects", "/v1/implementation-lists/none/effects", "implementation_list_not_found"),
    Asked("list_errata", "/v1/errata", 200),
    Asked("list_errata", "/v1/errata?limit=0", "invalid_request"),
    Asked("list_errata", "/v1/errata?cursor=!", "invalid_cursor"),
    Asked("get_erratum", "/v1/errata/ARM64_SPECTRE_BHB", 200),
    Asked("get_erratum", f"/v1/errata/{'A' * 101}", "invalid_request"),
    Asked("get_erratum", "/v1/errata/NONE", "erratum_not_found"),
    Asked("get_compatibility", "/v1/compatibility", 200),
    Asked("get_compatibility", "/v1/compatibility?limit=0", "invalid_request"),
    Asked("get_compatibility", "/v1/compatibility?cursor=Zm9v", "invalid_cursor"),
    # Planning
    Asked("list_targets", "/v1/vms/running/targets", 200),
    Asked("list_targets", "/v1/vms/running/targets?limit=0", "invalid_request"),
    Asked("list_targets", "/v1/vms/running/targets?cursor=!", "invalid_cursor"),
    Asked("list_targets", "/v1/vms/nowhere/targets", "vm_not_found"),
    Asked("list_targets", "/v1/vms/narrow/targets", "vm_not_running"),
    Asked("get_target", "/v1/vms/running/targets/h2", 200),
    Asked("get_target", "/v1/vms/running/targets/H2", "invalid_request"),
    Asked("get_target", "/v1/vms/nowhere/targets/h2", "vm_not_found"),
    Asked("get_target", "/v1/vms/running/targets/nowhere", "host_not_found"),
    Asked("get_target", "/v1/vms/narrow/targets/h2", "vm_not_running"),
    Asked("list_rejections", "/v1/vms/running/rejections", 200),
    Asked("list_rejections", "/v1/vms/RUNNING/rejections", "invalid_request"),
    Asked("list_rejections", "/v1/vms/nowhere/rejections", "vm_not_found"),
    Asked("list_rejections", "/v1/vms/narrow/rejections", "vm_not_running"),
    Asked("preview_placement", "/v1/placements:preview", 200, {"host": "h1", "guest": GUEST}),
    Asked("preview_placement", "/v1/placements:preview", "invalid_request", {"host": "h1"}),
    Asked("preview_placement", "/v1/placements:preview", "host_not_found", {"host": "nowhere", "guest": GUEST}),
    Asked("preview_placement", "/v1/placements:preview", "boot_refused", {"host": "cordoned", "guest": GUEST}),
    Asked(
        "preview_placement",
        "/v1/placements:preview",
        "too_many_implementations",
        {"host": "h1", "guest": GUEST, "placement": {"max_implementations": 1}},
    ),
    Asked(
        "preview_placement", "/v1/placements:preview", "unsupported_media_type", {"host": "h1", "guest": GUEST}, TEXT
    ),
    Asked("preview_placement", "/v1/placements:preview", "body_too_large", LARGE),
    # Migrations
    Asked("admit_migration", "/v1/vms/running/migrations", "invalid_request", {}),
    Asked("admit_migration", "/v1/vms/nowhere/migrations", "vm_not_found", {"target": "h2"}),
    Asked("admit_migration", "/v1/vms/running/migrations", "host_not_found", {"target": "nowhere"}),
    Asked("admit_migration", "/v1/vms/running/migrations", "not_a_target", {"target": "cordoned"}),
    Asked("admit_migration", "/v1/vms/migrating/migrations", "vm_migrating", {"target": "h2"}),
    Asked("admit_migration", "/v1/vms/narrow/migrations", "vm_not_running", {"target": "h2"}),
    Asked("admit_migration", "/v1/vms/running/migrations", "stale_revision", {"target": "h2"}, STALE),
    Asked("admit_migration", "/v1/vms/running/migrations", "idempotency_key_reused", {"target": "h2"}, KEY),
    Asked("admit_migration", "/v1/vms/running/migrations", "unsupported_media_type", {"target": "h2"}, TEXT),
    Asked("admit_migration", "/v1/vms/running/migrations", "body_too_large", LARGE),
    Asked("admit_migration", "/v1/vms/running/migrations", 201, {"target": "h2"}),
    Asked("list_migrations", "/v1/migrations", 200),
    Asked("list_migrations", "/v1/migrations?state=gone", "invalid_request"),
    Asked("list_migrations", "/v1/migrations?cursor=!", "invalid_cursor"),
    Asked("get_migration", "/v1/migrations/{open}", 200),
    Asked("get_migration", "/v1/migrations/a_b", "invalid_request"),
    Asked("get_migration", "/v1/migrations/nowhere", "migration_not_found"),
    Asked("verify_migration", "/v1/migrations/{open}:verify", 200),
    Asked("verify_migration", "/v1/migrations/a_b:verify", "invalid_request"),
    Asked("verify_migration", "/v1/migrations/nowhere:verify", "migration_not_found"),
    Asked("verify_migration", "/v1/migrations/{closed}:verify", "migration_closed"),
    Asked("patch_host", "/v1/hosts/h2", 200, {"capabilities": {"discovery_hypercalls": False}}),
    Asked("verify_migration", "/v1/migrations/{open}:verify", "not_a_target"),
    Asked("patch_host", "/v1/hosts/h2", 200, {"cpus": [group(N1)], "capabilities": ABLE}),
    Asked("complete_migration", "/v1/migrations/{closed}:complete", "migration_closed"),
    Asked("complete_migration", "/v1/migrations/a_b:complete", "invalid_request"),
    Asked("complete_migration", "/v1/migrations/nowhere:complete", "migration_not_found"),
    Asked("complete_migration", "/v1/migrations/{open}:complete", "stale_revision", None, STALE),
    Asked("complete_migration", "/v1/migrations/{open}:complete", "idempotency_key_reused", None, KEY),
    Asked("complete_migration", "/v1/migrations/{open}:complete", 200),
    Asked("fail_migration", "/v1/migrations/{open}:fail", "migration_closed"),
    Asked("fail_migration", "/v1/migrations/a_b:fail", "invalid_request"),
    Asked("fail_migration", "/v1/migrations/nowhere:fail", "migration_not_found"),
    Asked("fail_migration", "/v1/migrations/{open}:fail", "stale_revision", None, STALE),
    Asked("fail_migration", "/v1/migrations/{open}:fail", "idempotency_key_reused", None, KEY),
    Asked("fail_migration", "/v1/migrations/{closed}:fail", 200),
    # Service
    Asked("describe_service", "/", 200),
    Asked("describe_service", "/?page=1", "invalid_request"),
    Asked("check_health", "/healthz", 200),
    Asked("check_readiness", "/readyz", 200),
    Asked("get_metrics", "/metrics", 200),
    Asked("get_metrics", "/metrics?name[]=up", "invalid_request"),
    Asked("get_fleet", "/v1/fleet", 200),
    Asked("get_fleet", "/v1/fleet?limit=1", "invalid_request"),
)
