import pytest
from hypothesis import given

from app.domain.cpu.cpu_names import CpuNames
from app.domain.cpu.implementation import Implementation, ReportedImplementation
from tests.domain import strategies as some
from tests.domain.samples import REFERENCE

NAMES = REFERENCE.names


@pytest.mark.parametrize(
    ("midr", "name"),
    [
        (0x413FD0C1, "Arm Neoverse N1 r3p1"),
        (0x411FD401, "Arm Neoverse V1 r1p1"),
        (0x410FD4F1, "Arm Neoverse V2 r0p1"),
        (0x412FD050, "Arm Cortex-A55 r2p0"),
        (0x481FD010, "HiSilicon Kunpeng 920 (TSV110) r1p0"),
        # the maker is not said twice
        (0xC00FAC30, "AmpereOne r0p0"),
        # the variant and the revision are numbers, also above 9
        (0x41FFD0CF, "Arm Neoverse N1 r15p15"),
        # bits above 31 are no part of the name
        (0x8000_0000_413F_D0C1, "Arm Neoverse N1 r3p1"),
        # what has no name is given by its number
        (0x990FD0C1, "implementer 0x99 part 0xd0c r0p1"),
        (0x413F0021, "Arm part 0x002 r3p1"),
        (0x512F0021, "Qualcomm Oryon Gen 3 r2p1"),
        (0x482FD422, "HiSilicon TaiShan v120 r2p2"),
        (0x700F8720, "Phytium FTC872 r0p0"),
        (0x000F0510, "Software QEMU max r0p0"),
        (0x4E0F0100, "NVIDIA Olympus r0p0"),
        (0x610F0380, "Apple M2 Max Blizzard (T6021) r0p0"),
        # code names, where Arm has given no other yet
        (0x410FD860, "Arm LSC25 P-core r0p0"),
        (0x410FD930, "Arm LSC25 E-core r0p0"),
        (0x410FD940, "Arm Dionysus r0p0"),
        (0x410FD960, "Arm C2-Ultra r0p0"),
        (0x410FD980, "Arm Venom r0p0"),
        (0x410FD9A0, "Arm Veymont r0p0"),
        (0x410FDA00, "Arm Caddo r0p0"),
        (0x410FDA10, "Arm Rosillo r0p0"),
        # one number of several meanings: a server's core and a phone's, a phone's and that of any Apple VM
        (0x482FD022, "HiSilicon TaiShan (HIP09) r2p2"),
        (0x610F0000, "Apple part 0x000 r0p0"),
    ],
)
def test_the_names_that_are_shipped(midr: int, name: str) -> None:
    assert NAMES.name(Implementation(midr, 7, 7)) == name
    assert NAMES.name(ReportedImplementation(midr, 7, None)) == name


def test_a_part_is_named_by_its_maker_too() -> None:
    names = CpuNames({0x41: "Arm", 0x48: "HiSilicon"}, {(0x41, 2): "Two", (0x48, 2): "Another"})
    assert names.name(Implementation(0x413F0021, 0, 0)) == "Arm Two r3p1"
    assert names.name(Implementation(0x483F0021, 0, 0)) == "HiSilicon Another r3p1"


@given(some.any_implementations)
def test_every_implementation_has_a_name_that_ends_with_its_stepping(each: Implementation) -> None:
    assert NAMES.name(each).endswith(f" r{each.midr >> 20 & 15}p{each.midr & 15}")
