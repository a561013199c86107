"""What is done to several things, one after another."""

from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn, TypeVar

from rich.console import RenderableType

from roadstead.cli.session import Session, end
from roadstead.client import Call, Problem

T = TypeVar("T")


class Declined(Exception):
    """What this program refuses by itself. The text says why, and what would help."""


class Turns:
    """A refusal of one is told, and the others have their turn. Where nothing can be decided, all ends."""

    def __init__(self, on: Session, names: Sequence[str]) -> None:
        self._on = on
        self._names = names
        self._refused = False

    def take(self, do: Callable[[str], T]) -> Iterator[T]:
        """What becomes of those that are not refused."""
        for name in self._names:
            try:
                yield do(name)
            except (Problem, Declined) as refusal:
                self._tell(name, refusal)

    def all(self, do: Callable[[str], object]) -> NoReturn:
        """Do it to each, and end the command: with a yes if nothing was refused."""
        for _ in self.take(do):
            pass
        self.end()

    def end(self) -> NoReturn:
        end(yes=not self._refused)

    def _tell(self, name: str, refusal: Problem | Declined) -> None:
        if isinstance(refusal, Declined):
            self._on.output.failure("declined", str(refusal))
        elif refusal.undecided:
            raise refusal
        else:
            if len(self._names) > 1:
                self._on.output.note(f"{name}:")
            self._on.output.problem(refusal)
        self._refused = True


def show_each(
    on: Session, names: Sequence[str], call: Callable[[str], Call[T]], view: Callable[[T], RenderableType]
) -> NoReturn:
    """Show those that are there: one as a document, several as a list of them."""
    turns = Turns(on, names)
    found = turns.take(lambda name: on.client.ask(call(name)))
    if len(names) == 1:
        for document in found:
            on.output.show(document, view)
    else:
        on.output.show_several(found, view)
    turns.end()


def remove_each(on: Session, names: Sequence[str], call: Callable[[str], Call[None]]) -> NoReturn:
    def remove(name: str) -> None:
        on.client.ask(call(name))
        on.output.tell({"name": name, "deleted": True}, f"{name} is deleted")

    Turns(on, names).all(remove)
