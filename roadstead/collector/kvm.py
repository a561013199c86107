"""What KVM on this host can do, asked of /dev/kvm (Linux Documentation/virt/kvm/api.rst)."""

import fcntl
from pathlib import Path
from typing import Final

_KVM_CHECK_EXTENSION: Final = 0xAE03
"""_IO(KVMIO, 0x03), include/uapi/linux/kvm.h. Answers 0 for a capability the kernel has never heard of."""

_KVM_CAP_ARM_WRITABLE_IMP_ID_REGS: Final = 239
"""Linux 6.15: a VM may have MIDR_EL1, REVIDR_EL1 and AIDR_EL1 of its own, and keeps them when it moves."""


def has_writable_id_registers(device: Path) -> bool | None:
    """Whether KVM has KVM_CAP_ARM_WRITABLE_IMP_ID_REGS, None where `device` cannot be asked."""
    try:
        # Reading is permission enough to ask; no VM is made.
        with device.open("rb", buffering=0) as kvm:
            return fcntl.ioctl(kvm, _KVM_CHECK_EXTENSION, _KVM_CAP_ARM_WRITABLE_IMP_ID_REGS) > 0
    except OSError:
        return None
