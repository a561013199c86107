"""What the service says beside an answer: done, and yet worth a look."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

_OWNERS: Final = ("name", "vm")
"""Fields that say what an answer is about."""


def warnings_of(answer: object) -> Sequence[str]:
    """The warnings that an answer has, whatever it is of, each with the name of what it is about."""
    return [*_sentences(answer)] if isinstance(answer, Mapping) else []


def _sentences(answer: Mapping[str, object]) -> Iterator[str]:
    warnings = answer.get("warnings")
    about = next((f"{answer[field]}: " for field in _OWNERS if field in answer), "")
    for each in warnings if isinstance(warnings, list) else []:
        yield f"{about}{each['detail']} [{each['code']}]"
