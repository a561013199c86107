"""Conditional requests, pages, and what refusals say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import errors
from app.domain.errors import AlreadyExists, InputFault, RoadsteadError, StaleRevision
from app.domain.paging import Page
from app.domain.planning import refusals
from app.domain.preconditions import UNCONDITIONAL, Precondition

# The API: "If-Match on a write that is stale → 412 stale_revision; If-None-Match: * makes a PUT create-only".
HOLDS = None


@pytest.mark.parametrize(
    ("condition", "absent", "at_1", "at_2"),
    [
        (UNCONDITIONAL, HOLDS, HOLDS, HOLDS),
        (Precondition(if_match=frozenset({"1"})), StaleRevision, HOLDS, StaleRevision),
        (Precondition(if_match=frozenset({"0", "1", "2"})), StaleRevision, HOLDS, HOLDS),
        (Precondition(if_match=frozenset()), StaleRevision, StaleRevision, StaleRevision),
        (Precondition(match_any=True), StaleRevision, HOLDS, HOLDS),
        (Precondition(create_only=True), HOLDS, AlreadyExists, AlreadyExists),
        (Precondition(if_match=frozenset({"1"}), create_only=True), StaleRevision, AlreadyExists, AlreadyExists),
        (Precondition(match_any=True, create_only=True), StaleRevision, AlreadyExists, AlreadyExists),
    ],
)
def test_conditions(
    condition: Precondition,
    absent: type[RoadsteadError] | None,
    at_1: type[RoadsteadError] | None,
    at_2: type[RoadsteadError] | None,
) -> None:
    for present, expected in ((None, absent), ("1", at_1), ("2", at_2)):
        if expected is None:
            condition.check("h1", present)
        else:
            with pytest.raises(expected, match="'h1'"):
                condition.check("h1", present)


# Pages: one item more than asked is looked for, to know whether a next page exists.


@given(st.lists(st.text(max_size=3), unique=True, max_size=12).map(sorted), st.integers(1, 5))
def test_pages_put_together_are_the_whole(keys: list[str], limit: int) -> None:
    collected: list[str] = []
    after: str | None = None
    while True:
        found = [key for key in keys if after is None or key > after][: limit + 1]
        page = Page.cut(found, limit, lambda key: key)
        assert len(page.items) <= limit
        collected += page.items
        if page.next_after is None:
            break
        assert page.next_after == page.items[-1]
        after = page.next_after
    assert collected == keys


@pytest.mark.parametrize(
    ("found", "page"),
    [
        ([], Page((), None)),
        ([1], Page((1,), None)),
        ([1, 2], Page((1, 2), None)),
        ([1, 2, 3], Page((1, 2), "2")),
        ([1, 2, 3, 4], Page((1, 2), "2")),
    ],
)
def test_a_page_of_two(found: list[int], page: Page[int]) -> None:
    assert Page.cut(found, 2, str) == page


# Refusals: stable codes, and messages that name what they are about.


def concrete(kind: type[RoadsteadError]) -> list[type[RoadsteadError]]:
    found = [each for below in kind.__subclasses__() for each in concrete(below)]
    return [kind, *found] if "code" in vars(kind) else found


def test_every_refusal_has_a_code_of_its_own() -> None:
    codes = [each.code for each in concrete(RoadsteadError)]
    assert len(codes) == len(set(codes)) > 20
    assert all(code == code.lower() and code.replace("_", "").isalpha() for code in codes)


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (errors.HostNotFound("h1"), "host_not_found", "there is no host 'h1'"),
        (errors.VmNotFound("vm-1"), "vm_not_found", "there is no VM 'vm-1'"),
        (errors.BootNotFound("vm-1", 3), "boot_not_found", "there is no boot 'vm-1/3'"),
        (errors.MigrationNotFound("m"), "migration_not_found", "there is no migration 'm'"),
        (errors.ImplementationListNotFound("x"), "implementation_list_not_found", "there is no implementation list"),
        (errors.ErratumNotFound("x"), "erratum_not_found", "there is no erratum 'x'"),
        (errors.NoCurrentList("vm-1"), "no_current_list", "VM 'vm-1' is not booted"),
        (errors.InvalidCursor(), "invalid_cursor", "start again without it"),
        (errors.VmRunning("vm-1"), "vm_running", "'vm-1' is running; stop it first"),
        (errors.VmMigrating("vm-1", "m-9"), "vm_migrating", "complete or fail migration m-9 first"),
        (errors.VmNotRunning("vm-1"), "vm_not_running", "use a preview"),
        (errors.HostInUse("h1", ["a", "b"]), "host_in_use", "host 'h1' is used by a, b"),
        (errors.MigrationClosed("m-9", "failed"), "migration_closed", "migration m-9 is already failed"),
        (errors.HypercallsHidden("vm-1"), "hypercalls_hidden", "homogeneous mode"),
        (refusals.BootRefused("h1", []), "boot_refused", "the VM cannot boot on h1"),
        (refusals.NotATarget("h1", []), "not_a_target", "the VM cannot move to h1"),
        (errors.StaleRevision("h1"), "stale_revision", "has changed since the revision named by If-Match"),
        (errors.AlreadyExists("h1"), "already_exists", "'h1' exists already"),
        (errors.IdempotencyKeyReused(), "idempotency_key_reused", "choose a new one"),
        (errors.UnsupportedContent("text/csv"), "unsupported_media_type", "Content-Type: text/csv"),
        (errors.TooLarge(9), "body_too_large", "larger than 9 bytes"),
        (errors.DatabaseUnavailable(), "database_unavailable", "the database did not answer"),
        (refusals.TooManyImplementations(9, 7, []), "too_many_implementations", "so that 2 are left out"),
    ],
)
def test_refusals(error: RoadsteadError, code: str, words: str) -> None:
    assert error.code == code
    assert words in str(error)


def test_faults_of_input_are_counted_and_the_first_of_them_named() -> None:
    faults = [InputFault(f"/{number}/cpus", "is missing") for number in range(9)]
    refused = errors.InvalidImport(faults, 4000)
    assert refused.code == "invalid_import"
    assert refused.faults == tuple(faults)
    assert str(refused).startswith("4000 faults in the import; nothing was written. First: /0/cpus: is missing; /1/")
    assert "/3/" not in str(refused)
