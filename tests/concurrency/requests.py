"""Hosts, VMs and patches as clients send them, from small pools, so that they meet."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from hypothesis import strategies as st

from tests.concurrency.model import HAZARD

REGISTERS: Final = (
    ("0x411fd401", "0x0", "0x0"),
    ("0x411fd401", "0x1", "0x0"),
    ("0x411fd401", "0x0", "0x1"),
    ("0x461f0010", "0x0", "0x0"),
    ("0x80000000411fd401", "0x0", "0x0"),  # the highest bit sorts last, as in an unsigned number
    ("0xc00fac30", "0x0", "0x0"),
)
"""Implementations, of which one is in a table of safe parts."""

HOSTS: Final = tuple(f"h{number}" for number in range(5))
VMS: Final = ("vm-a", "vm-b", "vm-c")
host_names = st.sampled_from(HOSTS)
vm_names = st.sampled_from(VMS)

_LAYOUTS: Final = ((None,), ("0-3",), ("0-1", "2-3"), ("2-3", "0-1"), ("0,2", "1,3"))


def _mostly(values: Sequence[Any]) -> st.SearchStrategy[Any]:
    """Mostly the first, which is also what examples shrink to."""
    return st.sampled_from([values[0]] * 3 + [*values])


@st.composite
def _cpus(draw: st.DrawFn) -> list[dict[str, str | None]]:
    groups: list[dict[str, str | None]] = []
    for cpu_list in draw(_mostly(_LAYOUTS)):
        midr, revidr, aidr = draw(st.sampled_from(REGISTERS))
        read = draw(_mostly((True, True, True, False)))
        groups.append({"midr": midr, "revidr": revidr, "aidr": aidr if read else None})
        if cpu_list is not None:
            groups[-1]["cpu_list"] = cpu_list
    return groups


_ABLE: Final = {"writable_id_registers": True, "discovery_hypercalls": True}
_states = _mostly(("active", "active", "planned", "cordoned", "maintenance", "retired"))
_labels = st.fixed_dictionaries({"zone": st.sampled_from(("a", "b"))}, optional={"rack": st.sampled_from(("r1", "r2"))})
_able = _mostly((True, False, None))
_capabilities = st.just(_ABLE) | st.fixed_dictionaries({"writable_id_registers": _able, "discovery_hypercalls": _able})

_any_hosts = st.fixed_dictionaries(
    {"cpus": _cpus(), "state": _states, "labels": _labels, "capabilities": _capabilities}
)
_good_hosts = st.fixed_dictionaries({"cpus": _cpus(), "labels": _labels, "capabilities": st.just(_ABLE)})
hosts = _good_hosts | _any_hosts
fleets = st.fixed_dictionaries(dict.fromkeys(HOSTS[:3], _good_hosts), optional=dict.fromkeys(HOSTS[3:], hosts))
reports = st.dictionaries(st.sampled_from(HOSTS), hosts, min_size=1, max_size=3)
"""Hosts of an import, by name."""

registers = st.fixed_dictionaries({"cpus": _cpus()})
patches = st.one_of(
    st.fixed_dictionaries({"cpus": _cpus(), "observed_at": st.none()}),
    st.fixed_dictionaries({"state": _states}),
    st.fixed_dictionaries({"labels": st.fixed_dictionaries({}, optional={"zone": st.sampled_from(("a", "b", None))})}),
    st.fixed_dictionaries({"capabilities": st.fixed_dictionaries({}, optional={"discovery_hypercalls": _able})}),
)

_expressions = st.sampled_from(
    (
        {"key": "rack", "operator": "In", "values": ["r1"]},
        {"key": "rack", "operator": "NotIn", "values": ["r1"]},
        {"key": "rack", "operator": "Exists"},
        {"key": "rack", "operator": "DoesNotExist"},
    )
)
_selectors = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "match_labels": st.just({"zone": "a"}),
        "match_expressions": st.lists(_expressions, max_size=1),
    },
)
_some_hosts = st.lists(st.sampled_from(HOSTS), max_size=3, unique=True)
_placements: st.SearchStrategy[dict[str, Any]] = st.just({}) | st.fixed_dictionaries(
    {},
    optional={
        "selector": _selectors,
        "include_hosts": _some_hosts,
        "exclude_hosts": _some_hosts,
        "max_implementations": st.sampled_from((1, 2, 64)),
        "accept_hazards": st.sampled_from(([HAZARD], [])),
    },
)
vms = st.fixed_dictionaries(
    {
        "placement": _placements,
        "guest": st.fixed_dictionaries({"discovers_implementations": _mostly((True, False))}),
    }
)

ages = st.sampled_from((None, timedelta(minutes=30), timedelta(minutes=90), timedelta(minutes=-90)))
"""How long before its report a host was looked at; a clock may also be ahead of ours."""
dry_runs = _mostly((False, True))
modes = st.sampled_from(("discoverable", "homogeneous"))
definitions = st.fixed_dictionaries(dict.fromkeys(VMS, vms))
pins = _mostly((None, "0-1", "2-3", "1", "0,3", "5"))
exposed_lists = st.lists(st.sampled_from(REGISTERS), min_size=1, max_size=4)
