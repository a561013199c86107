"""Profiles in columns, and what makes a report a change."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from app.domain.fleet.capabilities import Capabilities
from app.domain.fleet.host import Capacity, Host, HostState, Profile
from app.storage.hosts import host_values
from app.storage.identities import identity_digest
from app.storage.profiles import PROFILE_COLUMNS, kind_facts, kind_values, read_profile
from tests.storage.workers import N1, N2, SEEN, a_host

HOST: Final = a_host("h1", labels={"zone": "a", "rack": "r1"})
REPORTED: Final = Profile(
    identity=HOST.identity,
    capabilities=Capabilities(writable_id_registers=None, discovery_hypercalls=False),
    capacity=Capacity(80, 2**40),
    kernel_release="6.17.3",
    vmm="qemu 10.2",
)


def fingerprint(host: Host) -> str:
    made: bytes = host_values(host, identity_digest(host.identity))["fingerprint"]
    return made.hex()


@pytest.mark.parametrize(
    "profile",
    [
        HOST.profile,
        REPORTED,
        replace(REPORTED, remarks="CPU 4-5 left out as stated"),
        Profile(identity=a_host("h1", N1, N2).identity),
    ],
)
def test_a_profile_comes_back_from_its_columns(profile: Profile) -> None:
    values = kind_values(HostState.ACTIVE, profile, b"digest")
    assert list(values) == ["state", *(column.name for column in PROFILE_COLUMNS)]
    state, digest, *facts = values.values()
    assert (state, digest) == ("active", b"digest")
    assert read_profile(profile.identity, tuple(facts)) == profile


def test_hosts_alike_share_one_profile() -> None:
    _, _, *facts = kind_values(HostState.ACTIVE, REPORTED, b"digest").values()
    again = a_host("h2").identity
    assert again is not REPORTED.identity
    assert read_profile(again, tuple(facts)) is read_profile(REPORTED.identity, tuple(facts))


# "Equal fingerprints are a heartbeat": were these others in a later release, every host would count as changed.
def test_fingerprints_are_those_of_the_first_release() -> None:
    assert fingerprint(HOST) == "0b99f8c941825108d69d7e3f249617a9"
    assert (
        fingerprint(replace(HOST, state=HostState.CORDONED, labels={}, profile=REPORTED))
        == "51bb7a3dcd08314c3cf7737f6f06c7ce"
    )


def test_a_fingerprint_tells_apart_all_but_the_time() -> None:
    different = [
        HOST,
        replace(HOST, state=HostState.CORDONED),
        replace(HOST, labels={}),
        *(
            replace(HOST, profile=replace(HOST.profile, **{name: getattr(REPORTED, name)}))
            for name in ("capabilities", "capacity", "kernel_release", "vmm")
        ),
        replace(HOST, profile=replace(HOST.profile, remarks="CPU 4-5 left out as stated")),
        a_host("h1", N2, labels={"zone": "a", "rack": "r1"}),
    ]
    assert len({fingerprint(each) for each in different}) == len(different)
    assert fingerprint(replace(HOST, observed_at=SEEN + timedelta(days=1))) == fingerprint(HOST)


def test_a_column_of_a_later_release_counts_once_something_is_known() -> None:
    first = kind_values(HostState.ACTIVE, HOST.profile, b"digest")
    assert kind_facts({**first, "later": None}) == kind_facts(first)
    assert len({kind_facts({**first, "later": answer}) for answer in (None, True, False)}) == 3
