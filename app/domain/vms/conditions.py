"""What may be so of a VM that runs. Lists are filtered by these, and metrics count them."""

from enum import StrEnum


class Condition(StrEnum):
    """Of a VM that is only defined, none holds."""

    EXPOSED = "exposed"
    """Its host has, or may have, CPUs that its list does not cover (rule 10)."""
    WITHOUT_TARGET = "without_target"
    """It could move nowhere now."""
    ACCEPTING_HAZARDS = "accepting_hazards"
    """Its list weakens the guest, by consent of its placement."""
    OUTDATED = "outdated"
    """Its list lacks implementations that a boot on its host would list now."""
