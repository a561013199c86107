import pytest
from hypothesis import given

from app.domain.reference.kernels import Behaviour, KernelVersion
from tests.domain import errata_strategies as some
from tests.domain.errata_data import KERNELS


@pytest.mark.parametrize(
    ("release", "version"),
    [
        ("7.3", (7, 3, 0)),
        ("6.18.15", (6, 18, 15)),
        ("6.15.0-rc1-foo", (6, 15, 0)),
        ("6.12.107-1-arm64", (6, 12, 107)),
        ("6.8.0-1021-aws", (6, 8, 0)),
        ("6.8.0+", (6, 8, 0)),
        ("7.3-rc2", (7, 3, 0)),
        ("5.14.0-503.11.1.el9_5.aarch64+64k", (5, 14, 0)),
        ("6.6.87.2-microsoft-standard-WSL2", (6, 6, 87)),
        ("6.1.0~bpo", (6, 1, 0)),
        ("6.15.y", (6, 15, 0)),
    ],
)
def test_reads_versions_and_release_strings(release: str, version: tuple[int, int, int]) -> None:
    assert KernelVersion.parse(release) == version


@pytest.mark.parametrize(
    "release",
    [
        "",
        "7",
        "v7.3",
        "7.3 ",
        " 7.3",
        "7.x",
        "7,3",
        "7.3.4abc",
        "7.3rc1",
        "-7.3",
        "7.3\n",
        "\N{ARABIC-INDIC DIGIT SEVEN}.3",
        "7.3-ä",
        "7." + "3" * 70,
    ],
)
def test_refuses_what_is_no_kernel_version(release: str) -> None:
    with pytest.raises(ValueError, match="a kernel version begins with"):
        KernelVersion.parse(release)


@given(some.kernel_versions)
def test_a_version_reads_back_as_it_is_written(version: KernelVersion) -> None:
    assert KernelVersion.parse(str(version)) == version


def test_versions_compare_by_number() -> None:
    ascending = [KernelVersion.parse(text) for text in ("6.9.12", "6.15", "6.15.1", "6.18.15", "7.0", "7.3.4")]
    assert ascending == sorted(ascending)
    assert KernelVersion(7, 3, 4).series == KernelVersion(7, 3)


@pytest.mark.parametrize(
    ("release", "behaviours"),
    [
        ("6.12.107", set()),
        ("6.14.11", set()),
        ("6.15", {Behaviour.DISCOVERY, Behaviour.REVIDR_IGNORED}),
        ("7.1.13", {Behaviour.DISCOVERY, Behaviour.REVIDR_IGNORED}),
        # the mending reached one stable series before the next release had it
        ("6.18.50", {Behaviour.DISCOVERY, Behaviour.REVIDR_IGNORED}),
        ("6.18.51", {Behaviour.DISCOVERY, Behaviour.REVIDR_UNSURE}),
        ("6.18.99", {Behaviour.DISCOVERY, Behaviour.REVIDR_UNSURE}),
        ("6.19", {Behaviour.DISCOVERY, Behaviour.REVIDR_IGNORED}),
        ("7.1.99", {Behaviour.DISCOVERY, Behaviour.REVIDR_IGNORED}),
        ("7.2", {Behaviour.DISCOVERY, Behaviour.REVIDR_IGNORED}),
        ("7.2.4", {Behaviour.DISCOVERY, Behaviour.REVIDR_IGNORED}),
        ("7.2.5", {Behaviour.DISCOVERY}),
        ("7.2.12", {Behaviour.DISCOVERY}),
        ("7.3", {Behaviour.DISCOVERY}),
        ("8.0", {Behaviour.DISCOVERY}),
    ],
)
def test_what_versions_do(release: str, behaviours: set[Behaviour]) -> None:
    version = KernelVersion.parse(release)
    assert KERNELS.of(version) == behaviours
    assert KERNELS.discovers(version) is (Behaviour.DISCOVERY in behaviours)


@pytest.mark.parametrize("behaviour", Behaviour)
def test_every_behaviour_is_found(behaviour: Behaviour) -> None:
    assert KERNELS.about(behaviour).behaviour is behaviour
