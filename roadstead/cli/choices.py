"""Words that some options take. Enumerations, because Typer takes no list of literals; `client.documents` has both."""

from enum import StrEnum


class HostState(StrEnum):
    PLANNED = "planned"
    ACTIVE = "active"
    CORDONED = "cordoned"
    MAINTENANCE = "maintenance"
    RETIRED = "retired"


class VmState(StrEnum):
    DEFINED = "defined"
    RUNNING = "running"
    MIGRATING = "migrating"
