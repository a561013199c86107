"""Reference data from files: those that came with the release, or those of `ROADSTEAD_DATA_DIR`."""

import json
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

from app.domain.cpu.cpu_names import CpuNames
from app.domain.reference.errata_format import read_errata_tables
from app.domain.reference.kernels import read_kernel_behaviours
from app.domain.reference.reference_data import ReferenceData

_SHIPPED: Final = files("app") / "data"


def load_reference_data(data_dir: Path | None) -> ReferenceData:
    """Read all files; one that is not in `data_dir` is taken from the release.

    Raises InvalidErrataTables or InvalidKernelBehaviours with every fault of a file.
    """
    return ReferenceData(
        _cpu_names(_read("implementers.json", data_dir), _read("parts.json", data_dir)),
        read_errata_tables(_read("errata.json", data_dir)),
        read_kernel_behaviours(_read("kernels.json", data_dir)),
    )


def _read(name: str, data_dir: Path | None) -> Any:  # noqa: ANN401 - a JSON document
    own = data_dir / name if data_dir else None
    source: Traversable = own if own and own.exists() else _SHIPPED / name
    return json.loads(source.read_text(encoding="utf-8"))


def _cpu_names(implementers: list[dict[str, str]], parts: list[dict[str, str]]) -> CpuNames:
    return CpuNames(
        {int(row["implementer"], 16): row["name"] for row in implementers},
        {(int(row["implementer"], 16), int(row["part"], 16)): row["name"] for row in parts},
    )
