"""What the service refuses, as codes and data. Statuses, titles and remedies for people belong to the API.

RoadsteadError
├── InvalidInput                the request makes no sense as it stands
│   └── InvalidImport
├── NotFound                    a name that is not there
├── Conflict                    it makes sense, and cannot be done now
│   ├── BootRefused, NotATarget, TooManyImplementations
│   ├── RecordUnreadable        it is stored in a form that cannot be read
│   └── …
├── PreconditionFailed          If-Match, If-None-Match
├── UnsupportedContent, InvalidCursor
└── NotJudged                   it was not looked at, or not to the end
    └── IdempotencyKeyReused, TooLarge, StalledImport, DatabaseUnavailable
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, TypeVar

from typing_extensions import override

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class InputFault:
    """One fault of a request: where and what."""

    pointer: str
    """JSON Pointer into the body (RFC 6901); the name of a parameter elsewhere."""
    detail: str
    location: str = "body"


class RoadsteadError(Exception):
    """Everything the service refuses on purpose. `code` is stable; the message is for people."""

    code: ClassVar[str]


class InvalidInput(RoadsteadError):
    code = "invalid_request"

    def __init__(self, faults: Sequence[InputFault]) -> None:
        super().__init__("; ".join(f"{fault.pointer}: {fault.detail}" for fault in faults[:3]))
        self.faults = tuple(faults)


class InvalidImport(InvalidInput):
    """Lines of an import that cannot be taken; `total` counts those beyond the faults named, too."""

    code = "invalid_import"

    def __init__(self, faults: Sequence[InputFault], total: int) -> None:
        super().__init__(faults)
        self.total = total

    @override
    def __str__(self) -> str:
        faults = "one fault" if self.total == 1 else f"{self.total} faults"
        return f"{faults} in the import; nothing was written. First: {super().__str__()}"


class InvalidCursor(RoadsteadError):
    code = "invalid_cursor"

    def __init__(self) -> None:
        super().__init__("the cursor is not one that this service gave; start again without it")


class NotFound(RoadsteadError):
    kind: ClassVar[str]

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no {self.kind} {name!r}")
        self.name = name

    @classmethod
    def unless(cls, found: T | None, name: str) -> T:
        """What was found under the name; raises this where nothing was."""
        if found is None:
            raise cls(name)
        return found


class HostNotFound(NotFound):
    code, kind = "host_not_found", "host"


class VmNotFound(NotFound):
    code, kind = "vm_not_found", "VM"


class BootNotFound(NotFound):
    code, kind = "boot_not_found", "boot"

    def __init__(self, vm: str, number: int) -> None:
        super().__init__(f"{vm}/{number}")


class MigrationNotFound(NotFound):
    code, kind = "migration_not_found", "migration"


class ImplementationListNotFound(NotFound):
    code, kind = "implementation_list_not_found", "implementation list"


class ErratumNotFound(NotFound):
    code, kind = "erratum_not_found", "erratum"


class NoCurrentList(RoadsteadError):
    code = "no_current_list"

    def __init__(self, vm: str) -> None:
        super().__init__(f"VM {vm!r} is not booted, so no list is in force; its earlier ones are under its boots")


class Conflict(RoadsteadError):
    """A refusal that a change elsewhere can lift."""


class VmRunning(Conflict):
    code = "vm_running"

    def __init__(self, vm: str) -> None:
        super().__init__(f"VM {vm!r} is running; stop it first")


class VmMigrating(Conflict):
    code = "vm_migrating"

    def __init__(self, vm: str, migration: str) -> None:
        super().__init__(f"VM {vm!r} is migrating; complete or fail migration {migration} first")
        self.migration = migration


class VmNotRunning(Conflict):
    code = "vm_not_running"

    def __init__(self, vm: str) -> None:
        super().__init__(f"VM {vm!r} is not running; to ask what a boot would give, use a preview")


class HostInUse(Conflict):
    code = "host_in_use"

    def __init__(self, host: str, vms: Sequence[str]) -> None:
        super().__init__(f"host {host!r} is used by {', '.join(vms)}; move or stop them, or retire the host instead")
        self.vms = tuple(vms)


class MigrationClosed(Conflict):
    code = "migration_closed"

    def __init__(self, migration: str, state: str) -> None:
        super().__init__(f"migration {migration} is already {state}")


class HypercallsHidden(Conflict):
    code = "hypercalls_hidden"

    def __init__(self, vm: str) -> None:
        super().__init__(
            f"VM {vm!r} was booted in homogeneous mode: its VMM hides the hypercalls, so there is no option to pass"
        )


class NotRepresentable(Conflict):
    code = "not_representable"


class RecordUnreadable(Conflict):
    """What is stored of one thing is damaged."""

    code = "record_unreadable"
    kind: ClassVar[str]

    def __init__(self, name: str) -> None:
        super().__init__(f"{self.kind} {name!r} is stored in a form that cannot be read; nothing is guessed of it")


class VmUnreadable(RecordUnreadable):
    kind = "VM"


class BootUnreadable(RecordUnreadable):
    kind = "boot"

    def __init__(self, vm: str, number: int) -> None:
        super().__init__(f"{vm}/{number}")


class MigrationUnreadable(RecordUnreadable):
    kind = "migration"


class ImplementationListUnreadable(RecordUnreadable):
    kind = "implementation list"


class PreconditionFailed(RoadsteadError):
    """The request is conditional and its condition does not hold."""


class StaleRevision(PreconditionFailed):
    code = "stale_revision"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} has changed since the revision named by If-Match; read it again")


class AlreadyExists(PreconditionFailed):
    code = "already_exists"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} exists already, and If-None-Match: * asks to create it")


class NotJudged(RoadsteadError):
    """Says nothing of what was asked, so it is no answer to keep: repeated, the request is carried out."""


class IdempotencyKeyReused(NotJudged):
    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("this Idempotency-Key was used for another request in the last 24 hours; choose a new one")


class UnsupportedContent(RoadsteadError):
    code = "unsupported_media_type"

    def __init__(self, wanted: str) -> None:
        super().__init__(f"the body must be sent as Content-Type: {wanted}")


class TooLarge(NotJudged):
    code = "body_too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body is larger than {limit} bytes; send it in parts, or raise the limit")


class StalledImport(NotJudged):
    code = "request_timeout"

    def __init__(self, pause: timedelta) -> None:
        super().__init__(f"nothing of the import came for {pause.total_seconds():g} s; nothing was written")


class DatabaseUnavailable(NotJudged):
    code = "database_unavailable"

    def __init__(self, reason: str | None = None) -> None:
        super().__init__(
            reason
            or "the database did not answer, so it is not known whether the request was carried out;"
            " repeat it in a moment, with the same Idempotency-Key if it has one"
        )
