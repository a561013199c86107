"""YAML as people write definitions: read whole, refused where it would not mean what it seems to."""

from typing import Any, Final

import yaml
from typing_extensions import override

_TEXT: Final = "tag:yaml.org,2002:str"
_MERGE: Final = "tag:yaml.org,2002:merge"
_MOST_BY_ALIASES: Final = 10_000
"""Values that aliases may stand for in one file. Nine of them can stand for a billion."""


def read_yaml(text: str) -> list[object]:
    """All documents of a stream. Raises ValueError with a sentence, and the line where there is one."""
    try:
        return list(yaml.load_all(text, Loader=_Loader))
    except yaml.MarkedYAMLError as error:
        raise ValueError(_sentence(error)) from None
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None


def _sentence(error: yaml.MarkedYAMLError) -> str:
    said = ", ".join(filter(None, (error.context, error.problem)))
    mark = error.problem_mark or error.context_mark
    return f"line {mark.line + 1}, column {mark.column + 1}: {said}" if mark else said


class _Loader(yaml.SafeLoader):
    """Knows what aliases stand for before anything is made of them, and takes no key twice."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._sizes: dict[yaml.Node, int] = {}
        self._composed = 0
        self._by_aliases = 0

    @override
    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        alias, before = self.check_event(yaml.AliasEvent), self._composed
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        node = super().compose_node(parent, index)
        if node is None:
            return None
        if not alias:
            self._composed += 1
            self._sizes[node] = self._composed - before
        elif node not in self._sizes:
            message = "an alias stands inside of what it stands for"
            raise _fault(message, mark)
        else:
            self._expand(self._sizes[node], mark)
        return node

    def _expand(self, size: int, mark: yaml.Mark) -> None:
        self._composed += size
        self._by_aliases += size
        if self._by_aliases > _MOST_BY_ALIASES:
            message = f"aliases stand for more than {_MOST_BY_ALIASES} values up to here; write less with them"
            raise _fault(message, mark)

    @override
    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if key.tag not in (_TEXT, _MERGE):
                message = "a key must be text: put it in quotes"
                raise _fault(message, key.start_mark)
            if key.value in lines:
                message = f"the key {key.value!r} stands in line {lines[key.value]} already"
                raise _fault(message, key.start_mark)
            lines[key.value] = key.start_mark.line + 1
        return node


def _fault(message: str, mark: yaml.Mark) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=message, problem_mark=mark)
