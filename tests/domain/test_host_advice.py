"""Where a host's report contradicts itself or the facts."""

import pytest

from app.domain.cpu.identity import Identity
from app.domain.cpu.implementation import Implementation
from app.domain.fleet.capabilities import Capabilities
from app.domain.fleet.host import UNREADABLE, Capacity, Profile
from app.domain.planning.advice import host_advice
from tests.domain.samples import ABLE, HIGH_BITS, N1, V1, identity, uniform, unread

SIXTY_FOUR = identity(("0-63", N1))


def codes(profile: Profile) -> list[str]:
    advice = host_advice(profile)
    assert all(each.detail for each in advice)
    return [each.code for each in advice]


def test_a_host_that_agrees_with_itself() -> None:
    whole = Profile(
        identity=SIXTY_FOUR,
        capabilities=ABLE,
        capacity=Capacity(64, 262_144),
        kernel_release="6.18.15-1-arm64",
        vmm="qemu 10.2",
    )
    assert codes(whole) == codes(Profile(identity=uniform(N1))) == codes(Profile(identity=UNREADABLE)) == []


def test_bits_that_no_cpu_has_today() -> None:
    (advice,) = host_advice(Profile(identity=identity(("0", HIGH_BITS), ("1", N1))))
    assert (advice.code, f"{HIGH_BITS.midr:#x}" in advice.detail) == ("wide_midr", True)


def test_what_was_stored_before_it_was_refused() -> None:
    (advice,) = host_advice(Profile(identity=uniform(Implementation(0x4108D821, 0, 0))))
    assert (advice.code, "did you mean 0x410fd821?" in advice.detail) == ("impossible_midr", True)


@pytest.mark.parametrize(
    ("cpus", "vcpus", "expected"),
    [
        (SIXTY_FOUR, 64, []),
        (SIXTY_FOUR, 60, []),
        (SIXTY_FOUR, 33, []),
        (SIXTY_FOUR, 32, ["fewer_vcpus_than_cpus"]),
        (SIXTY_FOUR, 65, ["more_vcpus_than_cpus"]),
        (SIXTY_FOUR, 0, []),
        (identity(("0-31", N1), ("64-95", V1)), 64, []),
        (identity(("0-31", N1), ("64-95", V1)), 96, ["more_vcpus_than_cpus"]),
        (uniform(N1), 4, []),
    ],
)
def test_cpus_against_capacity(cpus: Identity, vcpus: int, expected: list[str]) -> None:
    assert codes(Profile(identity=cpus, capacity=Capacity(vcpus, 1024))) == expected


WRITABLE, DISCOVERY = "kernel_lacks_writable_id_registers", "kernel_lacks_discovery_hypercalls"


@pytest.mark.parametrize(
    ("release", "capabilities", "expected"),
    [
        ("6.8", Capabilities(writable_id_registers=True), [WRITABLE]),
        ("6.14.9", ABLE, [WRITABLE, DISCOVERY]),
        ("5.14.0-570.el9.aarch64", Capabilities(writable_id_registers=False, discovery_hypercalls=True), [DISCOVERY]),
        ("6.8", Capabilities(writable_id_registers=False), []),
        ("6.15.0-rc1", ABLE, []),
        ("7.3", ABLE, []),
        ("unheard of", ABLE, ["host_kernel_unknown"]),
    ],
)
def test_capabilities_against_the_kernel(release: str, capabilities: Capabilities, expected: list[str]) -> None:
    assert codes(Profile(identity=uniform(N1), capabilities=capabilities, kernel_release=release)) == expected


@pytest.mark.parametrize(("release", "expected"), [("6.15.4", []), ("6.16", ["aidr_not_reported"])])
def test_an_aidr_that_the_kernel_shows(release: str, expected: list[str]) -> None:
    cpus = identity(("0-3", N1), ("4-7", unread(V1)))
    assert codes(Profile(identity=cpus, kernel_release=release)) == expected
