"""Filters in query strings."""

from typing import Annotated

from fastapi import Depends, Query

from app.domain.cpu.midr import check_midr
from app.domain.cpu.registers import parse_register
from app.domain.errors import InputFault, InvalidInput
from app.domain.fleet.catalogue import HostFilter, ImplementationPattern
from app.domain.fleet.host import HostState
from app.domain.fleet.placement import Operator, Requirement

Labels = Annotated[
    list[str],
    Query(
        alias="label",
        max_length=64,
        description="`key=value`, or `key` alone for any value. Repeat it to ask for all.",
        examples=[["zone=fra1"]],
    ),
]
States = Annotated[list[HostState], Query(alias="state", description="Repeat it to ask for any.")]
ImplementationQuery = Annotated[
    str | None,
    Query(
        max_length=80,
        description="`MIDR`, `MIDR,REVIDR` or `MIDR,REVIDR,AIDR`; registers left out may be anything.",
        examples=["0x413fd0c1"],
    ),
]


Stale = Annotated[
    bool | None,
    Query(description="Only hosts not observed recently enough to receive VMs, or only those that were."),
]
Incomplete = Annotated[
    bool | None, Query(description="Only hosts with an unknown register, or only those of which all are known.")
]
Unreadable = Annotated[
    bool | None, Query(description="Only hosts of which what is stored cannot be read, or only those that can be read.")
]


async def _host_filter(
    *,
    labels: Labels = [],  # noqa: B006 - FastAPI copies it
    states: States = [],  # noqa: B006 - the same
    implementation: ImplementationQuery = None,
    stale: Stale = None,
    incomplete: Incomplete = None,
    unreadable: Unreadable = None,
) -> HostFilter:
    return HostFilter(
        labels=tuple(_label(each) for each in labels),
        states=frozenset(states),
        implementation=_pattern(implementation) if implementation else None,
        stale=stale,
        incomplete=incomplete,
        unreadable=unreadable,
    )


Filter = Annotated[HostFilter, Depends(_host_filter)]


def _label(text: str) -> Requirement:
    key, equals, value = text.partition("=")
    return Requirement(key, Operator.IN, (value,)) if equals else Requirement(key, Operator.EXISTS)


def _pattern(text: str) -> ImplementationPattern:
    try:
        midr, *rest = (parse_register(part.strip()) for part in text.split(","))
        return ImplementationPattern(check_midr(midr), *rest)
    except (ValueError, TypeError) as error:
        raise InvalidInput([InputFault("/implementation", f"{error}; as in 0x413fd0c1,0x0,0x0", "query")]) from None
