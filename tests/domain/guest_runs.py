"""Boots of unmodified Debian 7.3.4 guests that were given a list, and what they logged.

A run names what the guest printed as detected, whether it isolated the kernel's page tables (KPTI) and whether it
took the CPUs for capable of break-before-make level 3 (BBML3). Runs `v…` were under real KVM, nested.
"""

from typing import Final, NamedTuple

from app.domain.cpu.implementation import Implementation

CPUS: Final = {
    "A53": Implementation(0x410FD034, 0, 0),
    "A53 fixed": Implementation(0x410FD034, 1 << 8, 0),
    "A53 fixed, AIDR 1": Implementation(0x410FD034, 1 << 8, 1),
    "A53 r0p3, bit 8": Implementation(0x410FD033, 1 << 8, 0),
    "A53 bit 9": Implementation(0x410FD034, 1 << 9, 0),
    "A53 bit 32": Implementation(0x410FD034, 1 << 32, 0),
    "A55": Implementation(0x411FD050, 0, 0),
    "A57": Implementation(0x411FD070, 0, 0),
    "A510": Implementation(0x411FD461, 0, 0),
    "A510 fixed": Implementation(0x411FD461, 1 << 25, 0),
    "A520": Implementation(0x410FD800, 0, 0),
    "N1": Implementation(0x413FD0C1, 0, 0),
    "N1, MIDR high bits": Implementation(0xDEADBEEF413FD0C1, 0, 0),
    "N1, AIDR all ones": Implementation(0x413FD0C1, 0, 2**64 - 1),
    "N2": Implementation(0x410FD490, 0, 0),
    "N3": Implementation(0x410FD8E0, 0, 0),
    "V1": Implementation(0x411FD401, 0, 0),
    "V2": Implementation(0x410FD4F0, 0, 0),
    "AmpereOne": Implementation(0xC00FAC30, 0, 0),
    "Kunpeng 920": Implementation(0x481FD010, 0, 0x551),
    "Kunpeng 920 p1": Implementation(0x481FD011, 0, 0x551),
    "ThunderX2": Implementation(0x431F0AF1, 0, 0),
    "X-Gene": Implementation(0x500F0000, 0, 0),
    "unknown": Implementation(0x990F1230, 0, 0),
}

LOGGED: Final = {
    "Sp-v2": "ARM64_SPECTRE_V2",
    "Sp-v3a": "ARM64_SPECTRE_V3A",
    "Sp-v4": "ARM64_SPECTRE_V4",
    "Sp-BHB": "ARM64_SPECTRE_BHB",
    "832075": "ARM64_WORKAROUND_DEVICE_LOAD_ACQUIRE",
    "834220": "ARM64_WORKAROUND_834220",
    "843419": "ARM64_WORKAROUND_843419",
    "845719": "ARM64_WORKAROUND_845719",
    "1418040": "ARM64_WORKAROUND_1418040",
    "1742098": "ARM64_WORKAROUND_1742098",
    "2067961": "ARM64_WORKAROUND_TSB_FLUSH_FAILURE",
    "2139208": "ARM64_WORKAROUND_TRBE_OVERWRITE_FILL_MODE",
    "2253138": "ARM64_WORKAROUND_TRBE_WRITE_OUT_OF_RANGE",
    "2658417": "ARM64_WORKAROUND_2658417",
    "2966298": "ARM64_WORKAROUND_SPECULATIVE_UNPRIV_LOAD",
    "AMU": "ARM64_WORKAROUND_BROKEN_AMU_CONSTCNT",
    "TLBI": "ARM64_WORKAROUND_REPEAT_TLBI_SYNC",
    "SPEC_AT": "ARM64_WORKAROUND_SPECULATIVE_AT",
    "SSBS": "ARM64_WORKAROUND_SPECULATIVE_SSBS",
    "AC03_CPU_38": "ARM64_WORKAROUND_AMPERE_AC03_CPU_38",
    "TX2-219-PRFM": "ARM64_WORKAROUND_CAVIUM_TX2_219_PRFM",
}
"""Short for a log line → the entry that logs it."""

DEBIAN_HAS_ON: Final = frozenset(LOGGED[short] for short in ("834220", "2139208", "2253138"))
"""Entries that are off by default in Linux, and on in the kernels that ran."""


class Run(NamedTuple):
    """`csv`: the boot CPU's ID registers say CSV2 and CSV3, so that Sp-v2 and KPTI do not depend on the list."""

    name: str
    offered: tuple[str, ...]
    detected: frozenset[str]
    kpti: bool = False
    bbml3: bool = False
    csv: bool = False


def _run(
    name: str,
    offered: str,
    detected: str,
    *,
    kpti: bool = False,
    bbml3: bool = False,
    csv: bool = False,
) -> Run:
    return Run(name, tuple(offered.split(" + ")), frozenset(detected.split()), kpti, bbml3, csv)


_N1: Final = "1418040 TLBI SSBS"
_N2: Final = "2139208 2067961 2253138 TLBI SSBS"
_A57: Final = "Sp-v3a 834220 1742098 832075 SPEC_AT"
_ALL: Final = "Sp-v2 Sp-v4 Sp-BHB "

RUNS: Final = (
    _run("b2-n1-one-equal", "N1", _ALL + _N1, kpti=True),
    _run("b5-cpu-max-n1-n2", "N1 + N2", f"Sp-v4 Sp-BHB {_N1} {_N2}", csv=True),
    _run("c0-n1-n2-boot-a57", "N1 + N2", f"{_ALL} {_N1} {_N2}", kpti=True),
    _run("c3-n2-only-boot-n1", "N2", _ALL + _N2, kpti=True),
    _run("d0-hisi-pair-boot-a57", "Kunpeng 920 + Kunpeng 920 p1", "Sp-v4 Sp-BHB"),
    _run("d3-hisi0-one", "Kunpeng 920", "Sp-v4 Sp-BHB"),
    _run("g0-duplicates", "N1 + N2 + N1 + N1 + N2", f"{_ALL} {_N1} {_N2}", kpti=True),
    _run("h0-a53-list-boot-a57", "A53", "843419 845719"),
    _run("h1-unknown-part-boot-a57", "unknown", _ALL, kpti=True),
    _run("i0-forward", "A57 + A53 + N1 + N2", f"{_A57} 843419 845719 {_N1} {_N2}"),
    _run("i1-reversed", "N2 + N1 + A53 + A57", f"{_A57} 843419 845719 {_N1} {_N2}"),
    _run("k2-list-fixed", "A53 fixed", "845719"),
    _run("k3-list-unfixed", "A53", "843419 845719"),
    _run("k4-list-fixed-unfixed", "A53 fixed + A53", "843419 845719"),
    _run("k5-list-unfixed-fixed", "A53 + A53 fixed", "843419 845719"),
    _run("k6-other-revision-fixed-bit", "A53 r0p3, bit 8", "843419 845719"),
    _run("k7-other-revidr-bit", "A53 bit 9", "843419 845719"),
    _run("k8-a510-unfixed", "A510", "Sp-v2 Sp-v4 2658417 2966298 AMU", kpti=True),
    _run("k9-a510-fixed", "A510 fixed", "Sp-v2 Sp-v4 2966298 AMU", kpti=True),
    _run("k10-a510-both", "A510 fixed + A510", "Sp-v2 Sp-v4 2658417 2966298 AMU", kpti=True),
    _run("k11-aidr-only-differs", "A53 fixed + A53 fixed, AIDR 1", "845719"),
    _run("m0-midr-high-bits", "N1, MIDR high bits", _ALL + _N1, kpti=True),
    _run("m1-revidr-high-bits", "A53 bit 32", "843419 845719"),
    _run("m2-aidr-high-bits", "N1, AIDR all ones", _ALL + _N1, kpti=True),
    _run("n0-a57", "A57", _ALL + _A57),
    _run("n1-a57-a55", "A57 + A55", _A57),
    _run("n2-a55-a57", "A55 + A57", _A57),
    _run("n3-n1-a55-boot-n1", "N1 + A55", f"{_N1} SPEC_AT"),
    _run("n4-n1-a57-boot-n1", "N1 + A57", f"{_ALL} {_N1} {_A57}"),
    _run("n5-n1-tx2-boot-n1", "N1 + ThunderX2", f"{_ALL} {_N1} TX2-219-PRFM"),
    _run("n6-n1-n3-boot-n1", "N1 + N3", _ALL + _N1, kpti=True, bbml3=True),
    _run("n7-n1-ampere1-boot-n1", "N1 + AmpereOne", f"{_ALL} {_N1} AC03_CPU_38", kpti=True, bbml3=True),
    _run("n8-n1-v1-boot-n1", "N1 + V1", _ALL + _N1, kpti=True),
    _run("n9-n1-v2-boot-n1", "N1 + V2", _ALL + _N1, kpti=True),
    _run("n10-xgene-beside-n1", "N1 + X-Gene", _ALL + _N1, kpti=True),
    _run("n11-v2-boot-v2-max", "V2", "Sp-v4 Sp-BHB TLBI SSBS", csv=True),
    _run("n12-v2-a520-boot-v2-max", "V2 + A520", "Sp-v4 TLBI SSBS 2966298", csv=True),
    _run("n13-n3-first-boot-n3", "N3 + N1", _ALL + _N1, kpti=True, bbml3=True),
    _run("v1-kvm-n1-n2", "N1 + N2", f"Sp-v4 Sp-BHB {_N1} {_N2}", csv=True),
    _run("v3-kvm-hisi-pair", "Kunpeng 920 + Kunpeng 920 p1", "Sp-v4 Sp-BHB", csv=True),
    _run("v10-kvm-a53-fixed", "A53 fixed", "845719", csv=True),
    _run("v11-kvm-a53-fixed-unfixed", "A53 fixed + A53", "843419 845719", csv=True),
    _run("v13-kvm-n1-n3", "N1 + N3", f"Sp-v4 Sp-BHB {_N1}", bbml3=True, csv=True),
    _run("v14-kvm-n1-a520", "N1 + A520", f"Sp-v4 {_N1} 2966298", csv=True),
    _run("v15-kvm-nvhe-host-a57", "N1 + N2", f"{_ALL} {_N1} {_N2}", kpti=True),
)
