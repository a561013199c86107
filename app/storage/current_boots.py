"""Which boot a VM is in: asked by every VM start and every destination."""

from typing import Final, NamedTuple

from app.storage.hot_reads import HotReads

_CURRENT: Final = """
SELECT vms.id, vms.boot, boots.sealed_at
FROM vms LEFT JOIN boots ON boots.vm_id = vms.id AND boots.number = vms.boot
WHERE vms.name = $1"""


class CurrentBoot(NamedTuple):
    """Names a boot for good. `number` and `sealed_at` are None while the VM is only defined."""

    vm_key: int
    number: int | None
    sealed_at: object
    """Tells apart two boots of one number: a restored database counts on from where its backup was."""


async def current_boot(reads: HotReads, vm: str) -> CurrentBoot | None:
    """The boot that a VM is in, as committed by now; None if there is no such VM."""
    row = await reads.row(_CURRENT, vm)
    return None if row is None else CurrentBoot(*row)
