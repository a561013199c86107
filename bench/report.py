"""Figures, aims, and the table they are printed in."""

from collections.abc import Sequence
from statistics import median
from typing import Final, NamedTuple


class Row(NamedTuple):
    """One line of the table. `aim` and `verdict` are empty where a figure is for information."""

    measured: str
    ours: str
    floor: str = ""
    ratio: str = ""
    aim: str = ""
    verdict: str = ""

    @property
    def markdown(self) -> str:
        return f"| {' | '.join(self)} |"


HEAD: Final = "\n".join(
    row.markdown
    for row in (
        Row("Measured", "Roadstead", "Floor", "Ratio (range)", "Aim", ""),
        Row("---", "--:", "--:", "--:", "--:", "---"),
    )
)


def compared(
    measured: str, unit: str, ours: Sequence[float], floor: Sequence[float], at_least: float | None = None
) -> Row:
    """Rates beside those of a floor. The ratio is taken within each round, so that drift does not count."""
    ratios = [one / other for one, other in zip(ours, floor, strict=True)]
    ratio = f"{median(ratios):.2f} ({min(ratios):.2f} – {max(ratios):.2f})"
    aim, verdict = ("", "") if at_least is None else (f"≥ {at_least:g}", _verdict(met=median(ratios) >= at_least))
    return Row(measured, _figure(ours, unit), _figure(floor, unit), ratio, aim, verdict)


def related(
    measured: str, unit: str, ours: Sequence[float], other: Sequence[float], at_most: float | None = None
) -> Row:
    """Times beside others of ours that they must not exceed by much."""
    ratios = [one / beside for one, beside in zip(ours, other, strict=True)]
    ratio = f"{median(ratios):.2f} ({min(ratios):.2f} – {max(ratios):.2f})"
    aim, verdict = ("", "") if at_most is None else (f"≤ {at_most:g}", _verdict(met=median(ratios) <= at_most))
    return Row(measured, _figure(ours, unit), _figure(other, unit), ratio, aim, verdict)


def above(measured: str, unit: str, ours: Sequence[float], floor: Sequence[float], at_most: float) -> Row:
    """Figures that must not exceed those of a floor by more than so much. The excess is taken within each round."""
    more = [one - other for one, other in zip(ours, floor, strict=True)]
    excess = f"+{median(more):.0f} {unit} ({min(more):.0f} – {max(more):.0f})"
    verdict = _verdict(met=median(more) <= at_most)
    return Row(measured, _figure(ours, unit), _figure(floor, unit), excess, f"≤ +{at_most:g} {unit}", verdict)


def bounded(measured: str, unit: str, ours: Sequence[float], at_most: float | None = None) -> Row:
    """Figures by themselves."""
    aim, verdict = ("", "") if at_most is None else (f"≤ {at_most:g} {unit}", _verdict(met=median(ours) <= at_most))
    return Row(measured, _figure(ours, unit), aim=aim, verdict=verdict)


def _verdict(*, met: bool) -> str:
    return "met" if met else "**missed**"


def _figure(values: Sequence[float], unit: str) -> str:
    value = median(values)
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"
