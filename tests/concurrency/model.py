"""What the service must do, told plainly: the written rules in dictionaries and loops, with nothing of the service.

Every question is answered host by host and VM by VM from the documents that were sent.
"""

import struct
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

Document = Mapping[str, Any]
Reported = tuple[int, int, int | None]
"""MIDR, REVIDR, AIDR of some CPUs; AIDR is None where it is unknown."""
Triple = tuple[int, int, int]
Refusals = Mapping[str, frozenset[str]]
"""Problem codes that would be right, each with the codes of all its reasons; none means that it must succeed."""

HAZARD: Final = "ARM64_HAS_BBML3"
IN_ITS_TABLE: Final = frozenset({0xC00FAC30})
"""The one table of safe parts that counts here: those of its parts, by MIDR_EL1, that occur."""
ABILITIES: Final = ("writable_id_registers", "discovery_hypercalls")
_NO_REASONS: Final[frozenset[str]] = frozenset()
_ALL_CPUS: Final = frozenset(range(64))


def cpus_of(text: str | None) -> frozenset[int] | None:
    """The CPUs of a list such as `0-1,3`."""
    if text is None:
        return None
    bounds = [part.partition("-") for part in text.split(",")]
    return frozenset(cpu for low, _, high in bounds for cpu in range(int(low), int(high or low) + 1))


@dataclass(frozen=True)
class Host:
    state: str
    labels: Mapping[str, str]
    groups: tuple[tuple[frozenset[int] | None, Reported], ...]
    capabilities: tuple[bool | None, bool | None]
    """One for each of ABILITIES."""
    observed_at: datetime
    revision: int = 0

    @classmethod
    def of(cls, document: Document, now: datetime) -> "Host":
        able = document.get("capabilities", {})
        return cls(
            document.get("state", "active"),
            document.get("labels", {}),
            tuple((cpus_of(each.get("cpu_list")), _reported(each)) for each in document["cpus"]),
            (able.get(ABILITIES[0]), able.get(ABILITIES[1])),
            datetime.fromisoformat(moment) if (moment := document.get("observed_at")) else now,
        )

    def same_but_seen_later(self, other: "Host") -> bool:
        return replace(self, observed_at=other.observed_at, revision=other.revision) == other

    def patched(self, patch: Document, now: datetime) -> "Host":
        """The host after a JSON Merge Patch."""
        document: dict[str, Any] = {"cpus": [], "state": self.state, "observed_at": self.observed_at.isoformat()}
        able = dict(zip(ABILITIES, self.capabilities, strict=True))
        changed = Host.of(
            {
                **document,
                **{name: value for name, value in patch.items() if name not in {"labels", "capabilities"}},
                "labels": _merged(self.labels, patch.get("labels", {})),
                "capabilities": _merged(able, patch.get("capabilities", {})),
            },
            now,
        )
        return changed if "cpus" in patch else replace(changed, groups=self.groups)

    def on(self, cpus: frozenset[int] | None) -> list[Reported]:
        """What CPUs show, each kind once, by the lowest CPU that has it; all CPUs for None."""
        lowest: dict[Reported, int] = {}
        for group, reported in self.groups:
            for cpu in (group or _ALL_CPUS) & (cpus or _ALL_CPUS):
                lowest[reported] = min(cpu, lowest.get(reported, cpu))
        return sorted(lowest, key=lowest.__getitem__)

    def lacks(self, cpus: frozenset[int]) -> bool:
        return not all(any(cpu in (group or _ALL_CPUS) for group, _ in self.groups) for cpu in cpus)

    @property
    def complete(self) -> bool:
        return all(reported[2] is not None for _, reported in self.groups)

    @property
    def known(self) -> set[Triple]:
        return set(known([reported for _, reported in self.groups]))

    @property
    def able(self) -> bool:
        return self.capabilities == (True, True)


def _merged(target: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**target, **patch}.items() if value is not None}


def _reported(group: Document) -> Reported:
    aidr = group.get("aidr")
    return int(group["midr"], 16), int(group["revidr"], 16), None if aidr is None else int(aidr, 16)


@dataclass(frozen=True)
class Sealed:
    """A boot of a VM."""

    number: int
    host: str
    cpus: frozenset[int] | None
    mode: str
    cannot_discover: bool
    """Whether the guest is why the list is short."""
    entries: tuple[Triple, ...]
    left_out: Mapping[Triple, int] = field(default_factory=dict)
    """With the number of hosts that have it."""

    @property
    def content(self) -> bytes:
        return b"".join(struct.pack(">QQQ", *entry) for entry in self.entries)

    @property
    def digest(self) -> str:
        return f"sha256:{sha256(self.content).hexdigest()}"


@dataclass
class Vm:
    definition: Document
    boots: list[Sealed] = field(default_factory=list)
    boot: Sealed | None = None
    host: str | None = None
    moved: bool = False
    """Whether it has moved since its boot."""
    migration: str | None = None
    """Id of the open one."""

    @property
    def placement(self) -> Document:
        placement: Document = self.definition.get("placement", {})
        return placement

    @property
    def discovers(self) -> bool:
        discovers: bool = self.definition["guest"]["discovers_implementations"]
        return discovers

    @property
    def accepts_hazard(self) -> bool:
        return HAZARD in self.placement.get("accept_hazards", [])

    @property
    def state(self) -> str:
        return "defined" if self.boot is None else "migrating" if self.migration else "running"


@dataclass(frozen=True)
class Migration:
    vm: str
    source: str
    target: str
    digest: str
    admitted_at: datetime
    state: str = "admitted"

    def shown(self, now: datetime, timeout: timedelta) -> dict[str, str]:
        late = self.state == "admitted" and now - self.admitted_at > timeout
        parts = {"vm": self.vm, "source": self.source, "target": self.target, "implementation_list": self.digest}
        return {**parts, "state": "overdue" if late else self.state}


@dataclass
class Model:
    max_inventory_age: timedelta
    revision: int = 0
    hosts: dict[str, Host] = field(default_factory=dict)
    vms: dict[str, Vm] = field(default_factory=dict)
    migrations: dict[str, Migration] = field(default_factory=dict)
    """By id, in the order of admission."""

    def copy(self) -> "Model":
        """One with an inventory of its own."""
        return replace(self, hosts=dict(self.hosts))

    # The inventory.

    def put_hosts(self, hosts: Mapping[str, Host]) -> tuple[int, int, int]:
        """Put hosts in one change: how many were created, updated, unchanged."""
        before = [self.hosts.get(name) for name in hosts]
        kept = [
            each is not None and new.same_but_seen_later(each) for each, new in zip(before, hosts.values(), strict=True)
        ]
        if not all(kept):
            self.revision += 1
        for (name, new), old, unchanged in zip(hosts.items(), before, kept, strict=True):
            self.hosts[name] = replace(new, revision=old.revision if old and unchanged else self.revision)
        created = before.count(None)
        return created, len(kept) - created - sum(kept), sum(kept)

    def delete_host(self, name: str) -> None:
        del self.hosts[name]
        self.revision += 1

    def refusals_to_delete(self, host: str) -> Refusals:
        if host not in self.hosts:
            return {"host_not_found": _NO_REASONS}
        used = any(vm.host == host for vm in self.vms.values())
        arriving = any(each.target == host for each in self.migrations.values() if each.state == "admitted")
        return {"host_in_use": _NO_REASONS} if used or arriving else {}

    def stale(self, host: Host, now: datetime) -> bool:
        return abs(now - host.observed_at) > self.max_inventory_age

    # Placements and lists.

    def allows(self, placement: Document, name: str) -> bool:
        included = placement.get("include_hosts") or self.hosts
        if name not in included or name in placement.get("exclude_hosts", []):
            return False
        selector, labels = placement.get("selector") or {}, self.hosts[name].labels
        equal = all(labels.get(key) == value for key, value in selector.get("match_labels", {}).items())
        return equal and all(_holds(each, labels) for each in selector.get("match_expressions", []))

    def universe(self, placement: Document) -> Counter[Triple]:
        """What a guest may meet in its life, with the number of hosts that have it."""
        met: Counter[Triple] = Counter()
        for name, host in self.hosts.items():
            if host.state != "retired" and host.complete and self.allows(placement, name):
                met.update(host.known)
        return met

    def compose(self, vm: Vm, host: str, cpus: frozenset[int] | None) -> Sealed:
        """The boot that rules 5, 6 and 12 ask for, where nothing refuses it."""
        own = known(self.hosts[host].on(cpus))
        discoverable = vm.discovers and self.hosts[host].able
        others = self.universe(vm.placement) if discoverable else Counter()
        left_out = {
            each: hosts
            for each, hosts in others.items()
            if each not in own and mixes([*own, each]) and not vm.accepts_hazard
        }
        listed = (*own, *sorted(others.keys() - left_out.keys() - set(own)))
        mode = "discoverable" if discoverable else "homogeneous"
        return Sealed(len(vm.boots) + 1, host, cpus, mode, not vm.discovers, listed, left_out)

    # Boots.

    def refusals_to_boot(self, vm: str, host: str, cpus: frozenset[int] | None, now: datetime) -> Refusals:
        found = self._refusals_to_start(vm, host)
        if vm not in self.vms or host not in self.hosts:
            return found
        candidate, booted = self.hosts[host], self.vms[vm]
        if cpus and candidate.lacks(cpus):
            return {**found, "invalid_request": _NO_REASONS}
        reasons = frozenset(self._against_boarding(booted, host, now))
        if not (booted.discovers and candidate.able) and len(candidate.on(cpus)) > 1:
            reasons |= {"heterogeneous_host"}
        if mixes(known(candidate.on(cpus))) and not booted.accepts_hazard:
            reasons |= {"hazard_on_boot_host"}
        if reasons:
            return {**found, "boot_refused": reasons}
        if len(self.compose(booted, host, cpus).entries) > booted.placement.get("max_implementations", 64):
            return {**found, "too_many_implementations": _NO_REASONS}
        return found

    def adopted(self, vm: Vm, host: str, mode: str, entries: tuple[Triple, ...]) -> Sealed:
        """The boot of a VM that runs already: exactly what its VMM tells."""
        return Sealed(len(vm.boots) + 1, host, None, mode, mode == "homogeneous" and not vm.discovers, entries)

    def refusals_to_adopt(self, vm: str, host: str) -> Refusals:
        return self._refusals_to_start(vm, host)

    def _refusals_to_start(self, vm: str, host: str) -> dict[str, frozenset[str]]:
        holds = {
            "vm_not_found": vm not in self.vms,
            "host_not_found": host not in self.hosts,
            "vm_running": vm in self.vms and self.vms[vm].state == "running",
            "vm_migrating": vm in self.vms and self.vms[vm].state == "migrating",
        }
        return {code: _NO_REASONS for code, held in holds.items() if held}

    def seal(self, vm: str, boot: Sealed) -> None:
        self.vms[vm].boots.append(boot)
        self.vms[vm].boot, self.vms[vm].host, self.vms[vm].moved = boot, boot.host, False

    def refusals_to_stop(self, vm: str) -> Refusals:
        if vm not in self.vms:
            return {"vm_not_found": _NO_REASONS}
        return {"vm_migrating": _NO_REASONS} if self.vms[vm].migration else {}

    def refusals_to_forget(self, vm: str) -> Refusals:
        if vm in self.vms and self.vms[vm].state == "running":
            return {"vm_running": _NO_REASONS}
        return self.refusals_to_stop(vm)

    def stop(self, vm: str) -> None:
        self.vms[vm].boot = self.vms[vm].host = None

    # Moves.

    def refusals_to_admit(self, vm: str, target: str, now: datetime) -> Refusals:
        missing = {"vm_not_found": vm not in self.vms, "host_not_found": target not in self.hosts}
        if any(missing.values()):
            return {code: _NO_REASONS for code, held in missing.items() if held}
        moved = self.vms[vm]
        if moved.state != "running":
            return {"vm_migrating" if moved.migration else "vm_not_running": _NO_REASONS}
        reasons = self.against_move(moved, target, now)
        return {"not_a_target": reasons} if reasons else {}

    def against_move(self, vm: Vm, target: str, now: datetime) -> frozenset[str]:
        """Rule 8: every reason against a host."""
        here = {"is_current_host"} if vm.host == target else set()
        return frozenset(here.union(self._against_boarding(vm, target, now), self.against_arrival(vm, target)))

    def against_arrival(self, vm: Vm, target: str) -> frozenset[str]:
        """What still counts once a migration is admitted: identity and abilities."""
        if vm.boot is None:
            return _NO_REASONS
        host, listed = self.hosts[target], set(vm.boot.entries)
        unlisted = host.known - listed
        discoverable = vm.boot.mode == "discoverable"
        holds = {
            "identity_incomplete": not host.complete,
            "implementation_not_listed": bool(unlisted),
            "lacks_writable_id_registers": discoverable and host.capabilities[0] is not True,
            "lacks_discovery_hypercalls": discoverable and host.capabilities[1] is not True,
            "guest_cannot_discover": bool(unlisted) and vm.boot.cannot_discover,
            "would_weaken_guest": discoverable
            and not vm.accepts_hazard
            and any(mixes([vm.boot.entries[0], each]) for each in unlisted),
        }
        return frozenset(code for code, held in holds.items() if held)

    def _against_boarding(self, vm: Vm, name: str, now: datetime) -> Iterator[str]:
        host = self.hosts[name]
        holds = {
            "host_not_active": host.state != "active",
            "placement_mismatch": not self.allows(vm.placement, name),
            "identity_incomplete": not host.complete,
            "inventory_stale": self.stale(host, now),
        }
        return (code for code, held in holds.items() if held)

    def targets(self, vm: Vm, now: datetime) -> list[str]:
        return sorted(name for name in self.hosts if not self.against_move(vm, name, now))

    def admit(self, id_: str, vm: str, target: str, now: datetime) -> Migration:
        moved = self.vms[vm]
        assert moved.boot is not None
        assert moved.host is not None
        moved.migration = id_
        self.migrations[id_] = Migration(vm, moved.host, target, moved.boot.digest, now)
        return self.migrations[id_]

    def refusals_to_verify(self, id_: str) -> Refusals:
        migration = self.migrations[id_]
        if migration.state != "admitted":
            return {"migration_closed": _NO_REASONS}
        reasons = self.against_arrival(self.vms[migration.vm], migration.target)
        return {"not_a_target": reasons} if reasons else {}

    def refusals_to_close(self, id_: str, state: str) -> Refusals:
        return {} if self.migrations[id_].state in {"admitted", state} else {"migration_closed": _NO_REASONS}

    def close(self, id_: str, state: str) -> None:
        migration = self.migrations[id_]
        if migration.state == "admitted":
            self.migrations[id_] = replace(migration, state=state)
            self.vms[migration.vm].migration = None
            if state == "completed":
                self.vms[migration.vm].host, self.vms[migration.vm].moved = migration.target, True

    # How a VM stands.

    def shown(self, vm: Vm) -> dict[str, Any]:
        return {
            "state": vm.state,
            "host": vm.host,
            "boot": vm.boot and vm.boot.number,
            "mode": vm.boot and vm.boot.mode,
            "implementation_list": vm.boot and vm.boot.digest,
            "migration": vm.migration,
            "exposed": self.exposed(vm),
        }

    def exposed(self, vm: Vm) -> bool:
        """Rule 10: a running guest may meet a CPU that is unknown, or not on its list."""
        if vm.boot is None or vm.host is None:
            return False
        host = self.hosts[vm.host]
        pinned = None if vm.moved else vm.boot.cpus
        if pinned and host.lacks(pinned):
            return True
        return not _all_listed(host.on(pinned), vm.boot.entries)


def known(shown: Collection[Reported]) -> list[Triple]:
    return [(midr, revidr, aidr) for midr, revidr, aidr in shown if aidr is not None]


def mixes(implementations: Collection[Triple]) -> bool:
    """Whether some of them are in the table of safe parts, and some are not."""
    return len({midr in IN_ITS_TABLE for midr, _, _ in implementations}) > 1


def _all_listed(shown: Collection[Reported], listed: Collection[Reported]) -> bool:
    return all(each in listed for each in shown)


def _holds(requirement: Document, labels: Mapping[str, str]) -> bool:
    """A Kubernetes requirement on one label."""
    key, values = requirement["key"], requirement.get("values", [])
    match requirement["operator"]:
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return key not in labels or labels[key] not in values
        case "Exists":
            return key in labels
        case _:
            return key not in labels
