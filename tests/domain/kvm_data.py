"""Views of real KVM, and restores as KVM answered them (nested, Debian's kernels 6.1, 6.12, 6.16, 6.18 and 7.3)."""

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import app
from app.domain.vcpu.id_registers import IdRegisters
from app.domain.vcpu.restore import Restorer
from app.domain.vcpu.rules import Way
from app.domain.vcpu.values import Hardware
from app.domain.vcpu.view import Feature, View
from app.storage.reference.id_registers import read_id_registers

_DATA: Final = Path(__file__).parent / "data"


@cache
def id_registers() -> IdRegisters:
    return read_id_registers(Path(app.__file__).with_name("data").joinpath("idregs.json").read_bytes())


@cache
def documents() -> Mapping[str, Mapping[str, Any]]:
    """As hosts report them, by name: kernel and CPU."""
    found = json.loads(gzip.decompress((_DATA / "kvm-views.json.gz").read_bytes()))
    return {name: each["kvm"] for name, each in found.items()}


@cache
def views() -> Mapping[str, View]:
    return {name: _view(document) for name, document in documents().items()}


@cache
def restorer() -> Restorer:
    return Restorer(id_registers(), Hardware(views().values()))


def _view(document: Mapping[str, Any]) -> View:
    masks = document["writable_masks"]
    return View(
        features=frozenset(map(Feature, document["vcpu_features"])),
        vector_lengths=tuple(document["sve_vector_lengths"] or ()),
        registers={int(key, 16): None if value is None else int(value, 16) for key, value in _items(document)},
        counter_frequency=document["counter_frequency_hz"],
        dczid=None,
        writable_masks=None if masks is None else {int(key, 16): int(value, 16) for key, value in masks.items()},
        capabilities={int(key): value for key, value in document["capabilities"].items()},
    )


def _items(document: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    return list(document["registers"].items())


@dataclass(frozen=True)
class Measured:
    """A restore as KVM answered it."""

    source: str
    target: str
    way: Way
    sets_identity: bool
    init: str | None
    """Where it stopped before a register was written."""
    missing: frozenset[int]
    refused: frozenset[int]


@cache
def restores() -> tuple[Measured, ...]:
    lines = gzip.decompress((_DATA / "kvm-restores.ndjson.gz").read_bytes()).splitlines()
    return tuple(_measured(json.loads(line)) for line in lines)


def _measured(line: Mapping[str, Any]) -> Measured:
    return Measured(
        line["source"],
        line["target"],
        Way(line["way"]),
        line["implementation_ids_writable"],
        line.get("init"),
        frozenset(int(each, 16) for each in line.get("missing", ())),
        frozenset(int(each, 16) for each in line.get("refused", ())),
    )
