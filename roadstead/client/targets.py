"""Calls about where a VM may move, and why not elsewhere."""

from roadstead.client.calls import Call, address, get
from roadstead.client.documents import Rejections, TargetPage, Verdict


def find(vm: str, page_size: int | None = None) -> Call[TargetPage]:
    """Hosts to which the VM may move now."""
    return get(address("vms", vm, "targets"), {"limit": page_size})


def verdict(vm: str, host: str) -> Call[Verdict]:
    """Whether the VM may move to this host, and every reason why not."""
    return get(address("vms", vm, "targets", host))


def rejections(vm: str) -> Call[Rejections]:
    """Why hosts are no targets, by reason."""
    return get(address("vms", vm, "rejections"))
