import json
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.reference.errata import Kind, LogWhen, Revision, TableRule
from app.domain.reference.kernels import KernelVersion
from app.storage.reference.documents import Fault, InvalidReferenceData
from app.storage.reference.errata import read_errata_tables
from tests.domain.errata_data import TABLES, Document, errata_document, put


def small_document() -> Document:
    """One entry of each rule and one thing left out, with every key that there is."""
    return {
        "format": 1,
        "linux": "7.3.4",
        "entries": [
            {
                "id": "DENY",
                "config": ["CONFIG_ONE"],
                "title": "Loads are not what they seem",
                "log": "ARM erratum 1",
                "log_when": "applies",
                "class": "erratum",
                "rule": "any_affected",
                "ranges": [{"implementer": "0x41", "part": "0xd03", "min": "r0p0", "max": "r0p4", "config": []}],
                "fixed": [{"implementer": "0x41", "part": "0xd03", "variant_revision": "r0p4", "revidr_bit": 8}],
                "depends_also_on": "the weather",
                "decided_by_identity_alone": False,
                "source": "arch/arm64/kernel/cpu_errata.c",
                "config_off_ranges": [
                    {"implementer": "0x41", "part": "0xd05", "min": "r0p0", "max": "r15p15", "config": ["CONFIG_TWO"]}
                ],
                "vcpu_ranges": [
                    {"implementer": "0x51", "part": "0x200", "part_mask": "0xf00", "min": "r0p0", "max": "r15p15"}
                ],
                "k": 8,
            },
            {
                "id": "ALLOW",
                "config": [],
                "title": "Parts that are safe",
                "log": None,
                "log_when": None,
                "class": "feature",
                "rule": "any_safe",
                "ranges": [{"implementer": "0xc0", "part": "0xac3", "min": "r0p3", "max": "r0p15", "since": "6.18"}],
                "fixed": [],
                "depends_also_on": None,
                "decided_by_identity_alone": True,
                "source": "arch/arm64/kernel/cpufeature.c",
                "el2_only": True,
            },
        ],
        "left_out": [
            {
                "id": "timer",
                "source": "drivers/clocksource/arm_arch_timer.c",
                "log": None,
                "reason": "no capability",
                "ranges": [{"implementer": "0x50", "part": "0x000", "min": "r0p0", "max": "r0p15"}],
            }
        ],
    }  # fmt: skip


def refusal(document: object) -> tuple[Fault, ...]:
    """The faults, none where the document is taken."""
    try:
        read_errata_tables(json.dumps(document).encode())
    except InvalidReferenceData as invalid:
        return invalid.faults
    return ()


def faults_of(document: object) -> list[str]:
    return [f"{pointer}: {detail}" for pointer, _, detail in refusal(document)]


def test_reads_every_key() -> None:
    tables = read_errata_tables(json.dumps(small_document()).encode())
    deny, allow = tables.entries
    assert tables.linux == KernelVersion(7, 3, 4)
    assert (deny.id, deny.title, deny.log, deny.log_when) == (
        "DENY",
        "Loads are not what they seem",
        "ARM erratum 1",
        LogWhen.APPLIES,
    )
    assert (deny.kind, deny.rule, allow.kind, allow.rule) == (
        Kind.ERRATUM,
        TableRule.ANY_AFFECTED,
        Kind.FEATURE,
        TableRule.ANY_SAFE,
    )
    assert (deny.ranges[0].implementer, deny.ranges[0].part) == (0x41, 0xD03)
    assert (deny.ranges[0].first, deny.ranges[0].last) == (Revision(0, 0), Revision(0, 4))
    assert (deny.fixed[0].midr, deny.fixed[0].revidr_bit) == (0x410FD034, 8)
    assert (deny.depends_also_on, deny.decided_by_identity_alone) == ("the weather", False)
    assert (deny.config, deny.config_off_ranges[0].config) == (("CONFIG_ONE",), ("CONFIG_TWO",))
    assert (deny.vcpu_ranges[0].part_mask, deny.loop, deny.el2_only) == (0xF00, 8, False)
    assert (allow.el2_only, allow.loop, allow.vcpu_ranges) == (True, None, ())
    assert (allow.since, deny.since) == (KernelVersion(6, 18), None)
    assert tables.omissions[0].ranges[0].covers(0x500F000F)


def test_the_shipped_file_loses_nothing() -> None:
    document = errata_document()
    for given_entry, entry in zip(document["entries"], TABLES.entries, strict=True):
        assert [str(each.first) for each in entry.ranges] == [each["min"] for each in given_entry["ranges"]]
        assert [str(each.last) for each in entry.ranges] == [each["max"] for each in given_entry["ranges"]]
        assert entry.decided_by_identity_alone is given_entry["decided_by_identity_alone"]
        assert entry.el2_only is given_entry.get("el2_only", False)
        assert entry.loop == given_entry.get("k")
        assert len(entry.config_off_ranges) == len(given_entry.get("config_off_ranges", []))


DENY, ALLOW = "/entries/0", "/entries/1"
RANGE = f"{DENY}/ranges/0"
FIXED = f"{DENY}/fixed/0"

HEXADECIMAL_2: Final = "must be 0x and 2 lower-case hexadecimal digits"
HEXADECIMAL_3: Final = "must be 0x and 3 lower-case hexadecimal digits"
RNPM: Final = "must be rNpM with N and M from 0 to 15"
WHEN: Final = "must be 'applies', 'believed_safe' or 'not_believed_safe'"
CLASS: Final = "must be 'erratum', 'vulnerability' or 'feature'"
RULE: Final = "must be 'any_affected' or 'any_safe'"
UNKNOWN: Final = "is not a known key"
ENTRY: Final = (
    "class, config, config_off_ranges, decided_by_identity_alone, depends_also_on, el2_only, fixed, id, k, log, "
    "log_when, ranges, rule, source, title, vcpu_ranges"
)


@pytest.mark.parametrize(
    ("pointer", "value", "detail"),
    [
        ("/format", 2, "must be 1, the format that this release reads"),
        ("/format", True, "must be an integer, not true"),
        ("/linux", "new", "a kernel version begins with two or three numbers, as in 7.3 or 6.18.15-1-arm64"),
        ("/linux", 7.3, "must be a kernel version in a string, such as 6.18.15"),
        ("/entries", {}, "must be an array, not an object"),
        ("/left_out", None, "must be an array, not null"),
        ("/further", 1, f"{UNKNOWN}. Known: entries, format, left_out, linux"),
        (DENY, 7, "must be an object, not 7"),
        (f"{DENY}/id", "two words", "must be letters, digits and underscores"),
        (f"{DENY}/id", 7, "must be letters, digits and underscores"),
        (f"{ALLOW}/id", "DENY", "is the id of another entry too"),
        ("/left_out/0/id", "ALLOW", "is the id of another entry too"),
        (f"{DENY}/title", "", "must not be empty"),
        (f"{DENY}/log", False, "must be a string, not false: put it in quotes"),
        (f"{DENY}/log_when", "never", f'{WHEN}, not "never"'),
        (f"{DENY}/log_when", None, "must be null where `log` is, and only there"),
        (f"{ALLOW}/log_when", "believed_safe", "must be null where `log` is, and only there"),
        (f"{DENY}/log_when", "believed_safe", "must be `applies` where the rule is `any_affected`, and only there"),
        (f"{DENY}/class", "Erratum", f'{CLASS}, not "Erratum": did you mean erratum?'),
        (f"{DENY}/class", None, f"{CLASS}, not null"),
        (f"{DENY}/rule", "all_affected", f'{RULE}, not "all_affected": did you mean any_affected?'),
        (f"{DENY}/ranges", "all", 'must be an array, not "all"'),
        (f"{ALLOW}/ranges", [], "must not be empty"),
        (f"{DENY}/depends_also_on", 1, "must be a string, not 1: put it in quotes"),
        (f"{ALLOW}/decided_by_identity_alone", "yes", 'must be true or false, not "yes"'),
        (f"{ALLOW}/el2_only", 1, "must be true or false, not 1"),
        (f"{DENY}/config/0", "ERRATUM_1", "must be the name of a kernel option, CONFIG_…"),
        (f"{DENY}/k", 0, "must be at least 1, not 0"),
        (f"{DENY}/k", "8", 'must be an integer, not "8"'),
        (f"{DENY}/a~b", 1, f"{UNKNOWN}. Known: {ENTRY}"),
        (f"{RANGE}/implementer", "0x041", HEXADECIMAL_2),
        (f"{RANGE}/implementer", 65, HEXADECIMAL_2),
        (f"{RANGE}/part", "0xD03", HEXADECIMAL_3),
        (f"{RANGE}/min", "r0", RNPM),
        (f"{RANGE}/min", "r0p5\n", RNPM),
        (f"{RANGE}/max", "r0p16", RNPM),
        (f"{ALLOW}/ranges/0/max", "r0p2", "must not be below `min`"),
        (
            f"{RANGE}/part_mask",
            "0xfff",
            f"{UNKNOWN}: did you mean part? Known: config, implementer, max, min, part, since",
        ),
        (f"{ALLOW}/ranges/0/since", 6.18, "must be a kernel version in a string, such as 6.18.15"),
        (f"{DENY}/vcpu_ranges/0/part", "0x201", "has bits outside `part_mask`"),
        (f"{FIXED}/revidr_bit", 32, "must be at most 31, not 32"),
        (f"{FIXED}/variant_revision", "0p4", RNPM),
        (f"{FIXED}/mask", 1, f"{UNKNOWN}. Known: implementer, part, revidr_bit, variant_revision"),
        ("/left_out/0/reason", None, "must be a string, not null"),
        ("/left_out/0/rule", "any_safe", f"{UNKNOWN}. Known: id, log, ranges, reason, source"),
    ],
)
def test_names_the_fault_of_one_value(pointer: str, value: object, detail: str) -> None:
    written = pointer.replace("a~b", "a~0b")
    assert faults_of(put(small_document(), pointer, value)) == [f"{written}: {detail}"]


@pytest.mark.parametrize(
    ("pointer", "value", "fault"),
    [
        (
            f"{ALLOW}/depends_also_on",
            "the moon",
            f"{ALLOW}/decided_by_identity_alone: must be true where `depends_also_on` is null, and only there",
        ),
        (f"{FIXED}/variant_revision", "r0p5", f"{DENY}/fixed: names a revision that is in no range"),
        (f"{FIXED}/part", "0xd05", f"{DENY}/fixed: names a revision that is in no range"),
        (f"{RANGE}/max", "r0p3", f"{DENY}/fixed: names a revision that is in no range"),
        (
            f"{DENY}/rule",
            "any_safe",
            f"{DENY}/log_when: must be `applies` where the rule is `any_affected`, and only there",
        ),
    ],
)
def test_names_where_keys_contradict_each_other(pointer: str, value: object, fault: str) -> None:
    assert faults_of(put(small_document(), pointer, value)) == [fault]


def test_names_every_fault_at_once() -> None:
    document = small_document()
    del document["linux"]
    del document["entries"][0]["title"]
    document["entries"][0]["ranges"][0]["min"] = "r0"
    document["entries"][1]["rule"] = None
    document["left_out"][0]["id"] = "DENY"
    assert faults_of(document) == [
        "/linux: is missing",
        "/entries/0/title: is missing",
        f"{RANGE}/min: {RNPM}",
        f"/entries/1/rule: {RULE}, not null",
        "/left_out/0/id: is the id of another entry too",
    ]


def test_entries_without_a_readable_id_are_not_taken_for_the_same() -> None:
    document = small_document()
    document["entries"] = [1, 2]
    assert faults_of(document) == ["/entries/0: must be an object, not 1", "/entries/1: must be an object, not 2"]


def test_a_document_that_is_no_object_has_one_fault() -> None:
    assert faults_of([]) == [": must be an object, not an array"]


def test_an_empty_document_lacks_everything_once() -> None:
    assert faults_of({}) == [f"/{key}: is missing" for key in ("format", "linux", "entries", "left_out")]


def test_the_error_says_all_faults() -> None:
    with pytest.raises(
        InvalidReferenceData, match=r"^errata.json: /format \(line 1\): is missing; /linux \(line 1\): is missing$"
    ):
        read_errata_tables(b'{"entries": [], "left_out": []}')


def _places(value: Any, pointer: str = "") -> list[str]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, child in children for place in (f"{pointer}/{key}", *_places(child, f"{pointer}/{key}"))]


PLACES: Final = _places(small_document())
JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(("r0p0", "0x41", "DENY")),
    lambda children: st.lists(children) | st.dictionaries(st.text() | st.sampled_from(("id", "a/b", "~")), children),
    max_leaves=8,
)


@given(st.sampled_from(PLACES), JSON)
def test_whatever_stands_in_a_document_is_read_or_refused_by_name(place: str, value: object) -> None:
    faults = refusal(put(small_document(), place, value))
    assert all(pointer.startswith("/") for pointer, _, _ in faults)
