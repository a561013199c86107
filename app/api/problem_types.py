"""Kinds of problems: one table from codes to statuses, titles and what to do about them."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemType:
    """A kind of problem; its page under /problems/ is made of this."""

    code: str
    status: HTTPStatus
    title: str
    meaning: str
    remedy: str


def _type(code: str, status: HTTPStatus, title: str, meaning: str, remedy: str) -> ProblemType:
    return ProblemType(code=code, status=status, title=title, meaning=meaning, remedy=remedy)


_NOT_FOUND: Final = HTTPStatus.NOT_FOUND


_CONFLICT: Final = HTTPStatus.CONFLICT


_PRECONDITION: Final = HTTPStatus.PRECONDITION_FAILED


_UNPROCESSABLE: Final = HTTPStatus.UNPROCESSABLE_ENTITY


PROBLEM_TYPES: Final[Mapping[str, ProblemType]] = {
    each.code: each
    for each in (
        _type(
            "invalid_request",
            _UNPROCESSABLE,
            "The request is not valid",
            "A field, a parameter or the JSON itself is not as the contract asks; `errors` names each place.",
            "Mend what `errors` names and send the request again. Nothing was changed.",
        ),
        _type(
            "invalid_import",
            _UNPROCESSABLE,
            "Lines of the import are not valid",
            "At least one line cannot be taken, so none was. `errors` points at lines as /LINE/field, counted from 1.",
            "Mend the lines and send the whole import again; `?dry_run=true` checks without writing.",
        ),
        _type(
            "invalid_cursor",
            _UNPROCESSABLE,
            "The cursor is not valid",
            "A cursor is opaque and only good for the list that gave it.",
            "Begin the list again without a cursor.",
        ),
        _type(
            "idempotency_key_reused",
            _UNPROCESSABLE,
            "The Idempotency-Key belongs to another request",
            "The same key came with another path or body within 24 hours.",
            "Use a new key for a new request.",
        ),
        _type(
            "unauthenticated",
            HTTPStatus.UNAUTHORIZED,
            "It is not known who asks",
            "The request has no credentials, or none that hold; `WWW-Authenticate` says which are asked for.",
            "Send the request with valid credentials.",
        ),
        _type(
            "forbidden",
            HTTPStatus.FORBIDDEN,
            "Whoever asks may not do this",
            "It is known who asks; `detail` says what is missing.",
            "Ask with other credentials, or have more allowed to these.",
        ),
        _type(
            "too_many_requests",
            HTTPStatus.TOO_MANY_REQUESTS,
            "Too many requests",
            "The caller has asked more often than it may.",
            "Wait as long as `Retry-After` says, and repeat the request.",
        ),
        _type(
            "not_found", _NOT_FOUND, "There is nothing here", "No resource has this path.", "See /docs for the paths."
        ),
        _type(
            "host_not_found",
            _NOT_FOUND,
            "No such host",
            "The inventory has no host of this name.",
            "Check the name, or put the host into the inventory first.",
        ),
        _type(
            "vm_not_found", _NOT_FOUND, "No such VM", "No VM of this name is defined.", "Check the name, or define it."
        ),
        _type(
            "boot_not_found", _NOT_FOUND, "No such boot", "The VM never had a boot of this number.", "List its boots."
        ),
        _type(
            "migration_not_found",
            _NOT_FOUND,
            "No such migration",
            "No migration has this id.",
            "List the migrations of the VM.",
        ),
        _type(
            "implementation_list_not_found",
            _NOT_FOUND,
            "No such implementation list",
            "No boot ever sealed a list with this digest.",
            "Take the digest from the VM or from one of its boots.",
        ),
        _type(
            "erratum_not_found",
            _NOT_FOUND,
            "No such erratum",
            "The tables that are loaded have no entry of this id.",
            "List them at /v1/errata; ids are the kernel's names, such as ARM64_SPECTRE_BHB.",
        ),
        _type(
            "no_current_list",
            _NOT_FOUND,
            "The VM has no list in force",
            "It was never booted, or it was stopped.",
            "Boot it; lists of earlier boots are under /v1/vms/{vm}/boots.",
        ),
        _type(
            "method_not_allowed",
            HTTPStatus.METHOD_NOT_ALLOWED,
            "Not this method",
            "The path has other methods; `Allow` names them.",
            "Use one of them.",
        ),
        _type(
            "boot_refused",
            _CONFLICT,
            "The VM cannot boot on this host",
            "The host takes no VM now, is outside its placement, or mixes CPUs; `reasons` has every reason.",
            "Each reason has a remedy. A preview asks the same without booting.",
        ),
        _type(
            "too_many_implementations",
            _CONFLICT,
            "The list would be too long",
            "The placement reaches more distinct implementations than its max_implementations. Lists are never cut.",
            "Narrow the placement (`candidates` are the rarest first), or raise max_implementations.",
        ),
        _type(
            "not_a_target",
            _CONFLICT,
            "The VM cannot move to this host",
            "The host does not fit the sealed list, the placement, or the moment; `reasons` has every reason.",
            "Each reason has a remedy; /v1/vms/{vm}/targets has the hosts that fit.",
        ),
        _type(
            "vm_running",
            _CONFLICT,
            "The VM is running",
            "It can be booted, adopted or deleted only while it is stopped.",
            "Stop it first.",
        ),
        _type(
            "vm_migrating",
            _CONFLICT,
            "The VM is migrating",
            "It has an open migration.",
            "Complete or fail the migration first.",
        ),
        _type(
            "vm_not_running",
            _CONFLICT,
            "The VM is not running",
            "Only a running VM has targets and can migrate.",
            "Boot it, or ask a preview.",
        ),
        _type(
            "host_in_use",
            _CONFLICT,
            "The host is in use",
            "VMs run on it or migrate to it.",
            "Move or stop them, or set the state `retired`, which any host may take.",
        ),
        _type(
            "record_unreadable",
            _CONFLICT,
            "What is stored cannot be read",
            "A row of the database is not as the service writes it. All else is answered; of this, nothing is guessed.",
            "Restore it from a backup, or write it anew: put the VM again, or stop it and adopt it.",
        ),
        _type(
            "migration_closed",
            _CONFLICT,
            "The migration is closed",
            "It has been completed or failed already, and only once.",
            "Read it; admit a new one if the VM is to move again.",
        ),
        _type(
            "hypercalls_hidden",
            _CONFLICT,
            "The hypercalls are hidden",
            "The VM was booted in homogeneous mode; there is no list to hand to QEMU.",
            "Start QEMU without impl-cpu. `mode_reasons` of the list says what it would take to be discoverable.",
        ),
        _type(
            "not_representable",
            _CONFLICT,
            "The list cannot be told through this ABI",
            "The RFC v2 hypercalls have room for 64 entries and for 32 bits of MIDR and REVIDR each.",
            "Use the merged ABI (`abi=kvm`).",
        ),
        _type(
            "stale_revision",
            _PRECONDITION,
            "The resource has changed",
            "If-Match names a revision that is no longer the present one.",
            "Read it again, and repeat the change on what you read.",
        ),
        _type(
            "already_exists",
            _PRECONDITION,
            "The resource exists already",
            "If-None-Match: * asks to create, and it is there.",
            "Leave the header out to replace it.",
        ),
        _type(
            "body_too_large",
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "The body is too large",
            "It exceeds ROADSTEAD_MAX_BODY_BYTES, or ROADSTEAD_MAX_IMPORT_BYTES for imports.",
            "Send less at a time, or raise the limit.",
        ),
        _type(
            "request_timeout",
            HTTPStatus.REQUEST_TIMEOUT,
            "The body did not come in time",
            "It took longer than ROADSTEAD_REQUEST_TIMEOUT, or an import paused longer than ROADSTEAD_MAX_IMPORT_PAUSE."
            " Nothing was written.",
            "Send it again; over a poor line, in smaller parts.",
        ),
        _type(
            "unsupported_media_type",
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "Not this content type",
            "Bodies are application/json, patches application/merge-patch+json, imports application/x-ndjson.",
            "Set Content-Type.",
        ),
        _type(
            "database_unavailable",
            HTTPStatus.SERVICE_UNAVAILABLE,
            "The database does not answer",
            "It was lost on the way, so it is not known whether the request was carried out. Nothing is half done.",
            "Repeat the request after a moment, with the same Idempotency-Key; /readyz says when the database is back.",
        ),
        _type(
            "not_ready",
            HTTPStatus.SERVICE_UNAVAILABLE,
            "The service is not ready",
            "The database is out of reach, its schema is not the one this release wants, or the service is ending.",
            "See `detail`; `roadstead db upgrade` brings the schema up to date.",
        ),
        _type(
            "bad_request",
            HTTPStatus.BAD_REQUEST,
            "The request could not be read",
            "It is not HTTP as the service understands it.",
            "See `detail`.",
        ),
        _type(
            "internal_error",
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "The service failed",
            "A defect of the service. Whatever the request began was undone.",
            "Report it with the request id.",
        ),
    )
}
