"""What hosts and VMs have in common: both are read, written as a whole, and removed, by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from roadstead.cli.definitions import Document
from roadstead.cli.unusable import UnusableFile
from roadstead.client import Call, documents, hosts, vms

NAME: Final = "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    word: str
    begun: str
    """What has become of one that was not there before."""
    read: Callable[[str], Call[Any]]
    write: Callable[..., Call[Any]]
    remove: Callable[[str], Call[None]]
    answered: frozenset[str]
    """What the service says of one, and is not told."""

    def definition(self, document: Mapping[str, Any]) -> Document:
        """What the service can be told of it again: an answer without what the service finds by itself."""
        name = {field: value for field, value in document.items() if field == NAME}
        return name | {field: value for field, value in document.items() if field not in self.answered}

    def named(self, document: Document) -> tuple[str, Document]:
        """Its name, and what the service is to be told of it, which judges it. Raises UnusableFile without a name."""
        definition = self.definition(document)
        if not isinstance(name := definition.pop(NAME, None), str):
            message = f"a {self.word} has no `name`"
            raise UnusableFile(message)
        return name, definition


def _only_answered(answer: type, told: type) -> frozenset[str]:
    return frozenset(answer.__annotations__.keys() - told.__annotations__.keys() - {NAME})


HOST: Final = Resource(
    word="host",
    begun="created",
    read=hosts.read,
    write=hosts.write,
    remove=hosts.remove,
    answered=_only_answered(documents.Host, documents.HostInput),
)

VM: Final = Resource(
    word="VM",
    begun="defined",
    read=vms.read,
    write=vms.write,
    remove=vms.remove,
    answered=_only_answered(documents.Vm, documents.VmInput),
)
