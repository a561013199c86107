"""The lock files: what they name is all that is installed, so each must name all that is needed, extras too."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_ROOT: Final = Path(__file__).parents[1]


def _locked(file: str) -> dict[str, Requirement]:
    """What a lock file pins, by name."""
    lines = (_ROOT / file).read_text().splitlines()
    pins = (Requirement(line.rstrip(" \\")) for line in lines if line[:1].isalnum())
    return {canonicalize_name(pin.name): pin for pin in pins if pin.marker is None or pin.marker.evaluate()}


def _needed(pins: dict[str, Requirement]) -> Iterator[tuple[str, Requirement]]:
    """Everything that the pinned releases need on this machine, with who needs it."""
    for name, pin in pins.items():
        try:
            needs = map(Requirement, requires(name) or [])
        except PackageNotFoundError:
            continue  # pinned for another platform
        for need in needs:
            if any(need.marker is None or need.marker.evaluate({"extra": extra}) for extra in {"", *pin.extras}):
                yield name, need


@pytest.mark.parametrize("file", ["requirements.lock", "requirements-build.lock", "requirements-dev.lock"])
def test_a_lock_is_complete(file: str) -> None:
    pins = _locked(file)
    missing = [
        f"{name} needs {need}"
        for name, need in _needed(pins)
        if (pin := pins.get(canonicalize_name(need.name))) is None
        or not need.extras <= pin.extras
        or not need.specifier.contains(next(iter(pin.specifier)).version, prereleases=True)
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("file", "extra"),
    [
        ("requirements.lock", ("sqlalchemy", "asyncio")),
        ("requirements.lock", ("uvicorn", "standard")),
        ("requirements-dev.lock", ("coverage", "toml")),
    ],
)
def test_a_lock_keeps_extras(file: str, extra: tuple[str, str]) -> None:
    """Without its extra, an older pip resolves the package anew, finds a newer release, and has no hash for it."""
    name, wanted = extra
    assert wanted in _locked(file)[name].extras
