"""Calls about implementation lists: of the VM that runs, of an earlier boot, and by digest alone."""

from dataclasses import replace

from roadstead.client.calls import Call, address, get
from roadstead.client.documents import ImplementationList, ListContent


def of_vm(vm: str, boot: int | None = None) -> Call[ImplementationList]:
    """The list in force; with a number, the one which that boot sealed."""
    return get(_of_vm(vm, boot))


def of_vm_for_qemu(vm: str, boot: int | None = None) -> Call[str]:
    """The same list as the value of QEMU's -M option."""
    return _for_qemu(_of_vm(vm, boot))


def of_vm_in_bytes(vm: str, boot: int | None = None) -> Call[bytes]:
    """The same list in 24 bytes an entry: what its digest is made of."""
    return _in_bytes(_of_vm(vm, boot))


def read(digest: str) -> Call[ListContent]:
    """A list by its digest: immutable, so it may be kept for good."""
    return get(_by_digest(digest))


def for_qemu(digest: str) -> Call[str]:
    return _for_qemu(_by_digest(digest))


def in_bytes(digest: str) -> Call[bytes]:
    return _in_bytes(_by_digest(digest))


def _of_vm(vm: str, boot: int | None) -> str:
    return address("vms", vm, "implementation-list") if boot is None else address("vms", vm, "boots", boot)


def _by_digest(digest: str) -> str:
    return address("implementation-lists", digest)


def _for_qemu(path: str) -> Call[str]:
    return replace(get(path, {"format": "qemu"}), read=lambda received: received.content("text/plain").decode())


def _in_bytes(path: str) -> Call[bytes]:
    return replace(get(path, {"format": "binary"}), read=lambda received: received.content("application/octet-stream"))
