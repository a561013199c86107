"""Profiles in columns: one table of what holds which fact. All that writes, reads or compares hosts follows it."""

from collections.abc import Callable, Mapping
from itertools import chain, islice
from operator import attrgetter
from typing import Any, Final, NamedTuple
from weakref import WeakValueDictionary

import orjson
from sqlalchemy import BigInteger, Boolean, Column, LargeBinary, Text

from app.domain.cpu.identity import Identity
from app.domain.fleet.capabilities import CAPABILITIES, Capabilities
from app.domain.fleet.host import Capacity, HostState, Profile

_shared: Final[WeakValueDictionary[tuple[Identity, tuple[Any, ...]], Profile]] = WeakValueDictionary()
"""Profiles that anybody holds, by what they were read from. They go with the last host that has them."""


class _Fact(NamedTuple):
    """A field of a profile, with the columns that hold it."""

    field: str
    columns: tuple[Column[Any], ...]
    stored: Callable[[Any], tuple[Any, ...]]
    """From the field to the columns."""
    read: Callable[..., Any]
    """From the columns to the field."""


def _plain(column: Column[Any]) -> _Fact:
    return _Fact(column.name, (column,), lambda value: (value,), lambda value: value)


_FACTS: Final = (
    _Fact(
        "capabilities",
        tuple(Column(each.name, Boolean) for each in CAPABILITIES),
        lambda capabilities: tuple(answer for _, answer in capabilities.answers),
        Capabilities,
    ),
    _Fact(
        "capacity",
        (Column("vcpus", BigInteger), Column("memory_mib", BigInteger)),
        lambda capacity: (capacity.vcpus, capacity.memory_mib) if capacity else (None, None),
        lambda vcpus, memory_mib: None if vcpus is None else Capacity(vcpus, memory_mib),
    ),
    _plain(Column("kernel_release", Text)),
    _plain(Column("vmm", Text)),
    _plain(Column("remarks", Text)),
)
"""All facts but the identity, which has tables of its own."""

PROFILE_COLUMNS: Final = (
    # By content, so there is nothing a foreign key could find amiss; checking 100,000 of them would slow an import.
    Column("identity", LargeBinary, nullable=False),
    *chain.from_iterable(fact.columns for fact in _FACTS),
)
"""Of the table of hosts: the digest of the identity, and the other facts."""

# A column's name is of a kind of str that orjson takes for no key.
KIND: Final = ("state", *(str(column.name) for column in PROFILE_COLUMNS))
"""Names of the columns that hosts of one kind have alike."""

_ALWAYS_COMPARED: Final = frozenset(
    {"writable_id_registers", "discovery_hypercalls", "vcpus", "memory_mib", "kernel_release", "vmm"}
)
"""What fingerprints have also where it is null: the columns of the first release.

Later ones count only where something is known. So a new column changes no fingerprint by itself, and an upgrade does
not make every host of the inventory look changed.
"""

stored_facts: Final = attrgetter(*(column.name for column in PROFILE_COLUMNS[1:]))
"""The facts of a row of hosts, as `read_profile` takes them."""


def read_profile(identity: Identity, facts: tuple[Any, ...]) -> Profile:
    """The profile that columns hold, the same one for hosts alike; the facts come in the order of `PROFILE_COLUMNS`."""
    if (shared := _shared.get((identity, facts))) is None:
        shared = _shared[identity, facts] = _profile(identity, facts)
    return shared


def _profile(identity: Identity, facts: tuple[Any, ...]) -> Profile:
    values = iter(facts)
    fields = {fact.field: fact.read(*islice(values, len(fact.columns))) for fact in _FACTS}
    return Profile(identity=identity, **fields)


def kind_values(state: HostState, profile: Profile, identity: bytes) -> dict[str, Any]:
    """The columns of `KIND`, in their order."""
    facts = chain.from_iterable(fact.stored(getattr(profile, fact.field)) for fact in _FACTS)
    return dict(zip(KIND, (state.value, identity, *facts), strict=True))


def kind_facts(kind: Mapping[str, Any]) -> bytes:
    """What a fingerprint has of a host's kind."""
    compared = {name: value for name, value in kind.items() if value is not None or name in _ALWAYS_COMPARED}
    return orjson.dumps({**compared, "identity": kind["identity"].hex()})
