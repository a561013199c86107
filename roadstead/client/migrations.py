"""Calls about migrations, from their admission on."""

from roadstead.client.calls import Call, action, address, get, question
from roadstead.client.documents import Migration, MigrationInput, MigrationState, Page


def admit(vm: str, target: str) -> Call[Migration]:
    """Admit the move. The guest has not moved by that."""
    wanted: MigrationInput = {"target": target}
    return action(address("vms", vm, "migrations"), wanted)


def find(
    vm: str | None = None, state: MigrationState | None = None, page_size: int | None = None
) -> Call[Page[Migration]]:
    """Migrations in the order of their admission."""
    return get(address("migrations"), {"vm": vm, "state": state, "limit": page_size})


def read(id_: str) -> Call[Migration]:
    return get(address("migrations", id_))


def verify(id_: str) -> Call[Migration]:
    """Asked by the destination just before the guest moves. A Problem `not_a_target` says that it must not."""
    return question(address("migrations", id_, verb="verify"))


def complete(id_: str) -> Call[Migration]:
    """The guest runs on the target."""
    return action(address("migrations", id_, verb="complete"))


def fail(id_: str) -> Call[Migration]:
    """The guest stays on the source."""
    return action(address("migrations", id_, verb="fail"))
