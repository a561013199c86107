"""Reference data from files: those that came with the release, and those of `ROADSTEAD_DATA_DIR`."""

from collections.abc import Callable, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final, TypeVar

from app.domain.cpu.cpu_names import CpuNames
from app.domain.reference.reference_data import ReferenceData
from app.storage.reference import cpu_names, errata, id_registers, kernels

K = TypeVar("K")

_SHIPPED: Final = files("app") / "data"


def load_reference_data(data_dir: Path | None) -> ReferenceData:
    """Read all files. Tables in `data_dir` stand in for those of the release; names there are added to them.

    Raises InvalidReferenceData with every fault of a file.
    """
    return ReferenceData(
        CpuNames(
            _names(cpu_names.IMPLEMENTERS, data_dir, cpu_names.read_implementers),
            _names(cpu_names.PARTS, data_dir, cpu_names.read_parts),
        ),
        errata.read_errata_tables(_tables(errata.FILE, data_dir)),
        kernels.read_kernel_behaviours(_tables(kernels.FILE, data_dir)),
        id_registers.read_id_registers(_tables(id_registers.FILE, data_dir)),
    )


def _names(name: str, data_dir: Path | None, read: Callable[[bytes], Mapping[K, str]]) -> Mapping[K, str]:
    shipped, own = read((_SHIPPED / name).read_bytes()), _own(name, data_dir)
    return shipped if own is None else {**shipped, **read(own.read_bytes())}


def _tables(name: str, data_dir: Path | None) -> bytes:
    source: Traversable = _own(name, data_dir) or _SHIPPED / name
    return source.read_bytes()


def _own(name: str, data_dir: Path | None) -> Path | None:
    own = data_dir / name if data_dir else None
    return own if own and own.exists() else None
