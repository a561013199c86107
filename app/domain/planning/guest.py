"""What runs in a VM, as far as plans depend on it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Guest:
    """What runs in the VM."""

    discovers_implementations: bool
    """Whether the guest asks for the list (Linux 6.15 or later). Guessing wrong corrupts guests: it has no default."""
    kernel_release: str | None = None
    """For advice only."""
