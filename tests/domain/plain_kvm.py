"""What KVM takes, written a second time and otherwise: on documents as hosts report them, bit by bit.

It shares no code with the rules. Numbers of registers are those that KVM prints, without the prefix.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.domain.errata_data import id_registers_document

Document = Mapping[str, Any]

PREFIX: Final = "0x60300000001"
AARCH32: Final = {f"3c0{number:02x}" for number in range(0x08, 0x1F)} - {"3c00b", "3c01b", "3c01d"}
HIDDEN: Final = {"3c020": 40, "3c021": 16, "3c03a": 24}
CONDITIONAL: Final = {
    "3c083": ("3c03b", 4),
    "3c103": ("3c03b", 0),
    "3c512": ("3c03b", 8),
    "3c513": ("3c03b", 8),
    "3c514": ("3c03b", 16),
    "3dd14": ("3c03b", 16),
    "3da22": ("3c022", 32),
}
KEYS: Final = {"3c108", "3c109", "3c10a", "3c10b", "3c110", "3c111", "3c112", "3c113", "3c118", "3c119"}


@dataclass(frozen=True)
class Answer:
    """What KVM says."""

    features: bool
    lengths: bool
    missing: frozenset[str]
    refused: frozenset[str]


def ranks(kind: str, signed: bool, width: int, constant: int) -> list[list[int]]:
    """By content of the host: what a VM may have there."""
    contents = range(1 << width)
    order = [*range(1 << width - 1, 1 << width), *range(1 << width - 1)] if signed else list(contents)
    allowed = []
    for host in contents:
        place = order.index(host)
        by_kind = {
            "lower": order[: place + 1],
            "higher": order[place:],
            "higher_or_zero": [0, *range(host, 1 << width)] if host else [0],
            "exact": [host, constant],
        }
        allowed.append(by_kind[kind])
    return allowed


def fields() -> Mapping[str, list[tuple[int, int, list[list[int]]]]]:
    found: dict[str, list[tuple[int, int, list[list[int]]]]] = {}
    for row in id_registers_document()["registers"]:
        tracked = [each for each in row["fields"] if each["safe"]]
        found[row["register"][13:]] = [
            (
                each["shift"],
                each["width"],
                ranks(each["safe"], each.get("signed", False), each["width"], each.get("constant", 0)),
            )
            for each in tracked
        ]
    return found


FIELDS: Final = fields()


class PlainKvm:
    """KVM of one host."""

    def __init__(self, host: Document, hardware: Mapping[tuple[str, str], set[int]]) -> None:
        self._host, self._hardware = host, hardware
        self._masks = host["writable_masks"]
        self._all = {key: None if value is None else int(value, 16) for key, value in host["registers"].items()}

    def take(self, vm: Document, *, every_register: bool, identity: bool) -> Answer:
        """Whether it takes the vCPU of a host of which this is the document."""
        listed = self._listed(set(vm["vcpu_features"]))
        wanted = {key: None if value is None else int(value, 16) for key, value in vm["registers"].items()}
        refused = {
            key
            for key, value in wanted.items()
            if value is not None
            and (limit := listed.get(key)) is not None
            and value != limit
            and not self._takes(key, value, limit, listed, wanted, identity)
        }
        refused |= set(self._gone(listed, wanted, refused, every_register))
        lengths = vm["sve_vector_lengths"] or []
        return Answer(
            all(each in self._host["vcpu_features"] for each in vm["vcpu_features"]),
            all((each in lengths) == (each in (self._host["sve_vector_lengths"] or [])) for each in _up_to(lengths)),
            frozenset(key for key in wanted if key not in listed),
            frozenset(refused),
        )

    def _listed(self, features: set[str]) -> dict[str, int | None]:
        listed = dict(self._all)
        if "sve" not in features:
            listed.pop(f"{PREFIX}3c090", None)
            self._clear(listed, "3c020", 0x0000_000F_0000_0000)
            self._clear(listed, "3c024", 0xFFFF_FFFF_FFFF_FFFF)
        if "ptrauth_address" not in features:
            listed = {key: value for key, value in listed.items() if key[13:] not in KEYS}
            self._clear(listed, "3c031", 0x0000_0000_FF00_0FF0)
            self._clear(listed, "3c032", 0x0000_0000_0000_FF00)
        return listed

    @staticmethod
    def _clear(listed: dict[str, int | None], number: str, bits: int) -> None:
        listed[f"{PREFIX}{number}"] = (listed.get(f"{PREFIX}{number}") or 0) & ~bits

    def _takes(
        self,
        key: str,
        value: int,
        limit: int,
        listed: Mapping[str, int | None],
        wanted: Mapping[str, int | None],
        identity: bool,
    ) -> bool:
        number = key[13:]
        if key.startswith("0x602"):
            return self._masks is not None and value % 8 >= limit % 8
        if number in {"3c000", "3c006", "3c807"}:
            fits = number != "3c000" or value < 1 << 32
            return bool(identity and fits and self._host["capabilities"].get("239") == 1)
        if number == "3c801":
            idc = bool((listed[f"{PREFIX}3d801"] or 0) & 1 << 28)
            nothing = not value & 7 << 24 or not value & (7 << 27 | 7 << 21)
            return self._masks is not None and value < 1 << 47 and (idc or not nothing)
        if number[0] in "46":
            return _firmware(number, value, limit)
        if not ("3c008" <= number <= "3c03f" or number == "3d801"):
            return True
        return self._takes_id(number, self._seen(number, value, limit, wanted), limit, listed)

    def _seen(self, number: str, value: int, limit: int, wanted: Mapping[str, int | None]) -> int:
        shift = HIDDEN.get(number)
        if shift is None or self._masks is None or limit >> shift & 15:
            return value
        midr = self._host["registers"][f"{PREFIX}3c000"]
        same = wanted[f"{PREFIX}3c000"] == int(midr, 16)
        known = same or value >> shift & 15 in self._hardware.get((midr, number), set())
        return value & ~(15 << shift) if known else value

    def _takes_id(self, number: str, value: int, limit: int, listed: Mapping[str, int | None]) -> bool:
        if number in AARCH32 and (listed[f"{PREFIX}3c020"] or 0) % 16 == 1:
            return True
        if self._masks is None:
            shifts = _lowered(number, timer=f"{PREFIX}3df01" in listed)
            return all(
                value >> bit & 1 == limit >> bit & 1 or any(bit - shift in range(4) for shift in shifts)
                for bit in range(64)
            ) and all(value >> shift & 15 <= limit >> shift & 15 for shift in shifts)
        value = _without_impdef(number, value)
        if value != limit and _never(number, value, limit, newer="0x6030000000160003" in listed):
            return False
        mask = int(self._masks.get(f"{PREFIX}{number}", "0x0"), 16)
        free: set[int] = set()
        for shift, width, allowed in FIELDS.get(number, []):
            bits = range(shift, shift + width)
            if all(mask >> bit & 1 for bit in bits):
                free |= set(bits)
                if value >> shift & (1 << width) - 1 not in allowed[limit >> shift & (1 << width) - 1]:
                    return False
        return all(value >> bit & 1 == limit >> bit & 1 for bit in range(64) if bit not in free)

    def _gone(
        self, listed: Mapping[str, int | None], wanted: Mapping[str, int | None], refused: set[str], every: bool
    ) -> Iterator[str]:
        since_6_13 = (listed["0x6030000000140000"] or 0) > 0x1_0001
        for number, (field, shift) in CONDITIONAL.items():
            key, told = f"{PREFIX}{number}", f"{PREFIX}{field}"
            if key not in listed or (not since_6_13 and number in {"3c103", "3c512", "3c513"}):
                continue
            final = listed if told in refused or told not in wanted else wanted
            if (every or key in wanted) and not (final[told] or 0) >> shift & 15:
                yield key


def _lowered(number: str, *, timer: bool) -> tuple[int, ...]:
    pmu = {"3c028": (8,), "3c00a": (24,)} if timer else {}
    return {"3c020": (56, 60), **pmu}.get(number, ())


def _without_impdef(number: str, value: int) -> int:
    shift = {"3c028": 8, "3c00a": 24}.get(number)
    return value & ~(15 << shift) if shift is not None and value >> shift & 15 == 15 else value


def _never(number: str, value: int, limit: int, *, newer: bool) -> bool:
    """Contents that are refused wherever they are not the host's own."""
    changed = value ^ limit
    return {
        "3c020": newer and any(changed >> shift & 15 and not value >> shift & 15 for shift in (0, 4)),
        "3c028": bool(changed & 15) and value & 15 < 6,
        "3c00a": (bool(changed & 15) and value & 15 < 6) or (bool(changed >> 24 & 15) and value >> 24 & 15 in {1, 2}),
        "3d801": bool(changed >> 14 & 3) and value >> 14 & 3 < 2,
    }.get(number, False)


def _up_to(lengths: list[int]) -> range:
    return range(128, max(lengths, default=0) + 1, 128)


def _firmware(number: str, value: int, limit: int) -> bool:
    if number == "40002":
        return value < 2 or limit > 1
    if number[0] == "6":
        return not value & ~(3 if number == "60003" else limit)
    return value <= limit and (number != "40000" or value == 2 or value >= 0x1_0000)


def hardware(documents: Mapping[str, Document]) -> Mapping[tuple[str, str], set[int]]:
    """Contents of the hidden fields that some host shows, by MIDR."""
    found: dict[tuple[str, str], set[int]] = {}
    for document in documents.values():
        registers = document["registers"]
        for number, shift in HIDDEN.items():
            content = int(registers[f"{PREFIX}{number}"], 16) >> shift & 15
            found.setdefault((registers[f"{PREFIX}3c000"], number), set()).add(content)
    return found
