"""Prometheus metrics: what the service does, and how the fleet stands."""

import os
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from app.domain.vms.conditions import Condition
from app.services.status import FleetStatus

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
_CONDITIONS: Final = {
    Condition.EXPOSED: "VMs whose host has registers that their list does not cover.",
    Condition.WITHOUT_TARGET: "Running VMs that could move nowhere now.",
    Condition.ACCEPTING_HAZARDS: "VMs whose list weakens them by consent.",
    Condition.OUTDATED: "VMs whose list lacks CPUs that a boot on their host would list now.",
}


class RequestMetrics:
    """Requests by method, route and status, and how long they took. Routes are templates, so they are few."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "roadstead_http_requests", "Requests answered.", ("method", "route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "roadstead_http_request_seconds",
            "Time from request to answer.",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        key = (method, route, status)
        if (children := self._children.get(key)) is None:
            children = self._requests.labels(method, route, str(status)), self._seconds.labels(method, route)
            self._children[key] = children
        children[0].inc()
        children[1].observe(seconds)

    def exposition(self) -> bytes:
        """Of all worker processes, where there are several."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # prometheus_client has no type for it
        return generate_latest(registry)


def fleet_exposition(status: FleetStatus) -> bytes:
    """The fleet as it stands, computed when it is asked for."""
    registry = CollectorRegistry()
    hosts = Gauge("roadstead_hosts", "Hosts by state.", ("state",), registry=registry)
    vms = Gauge("roadstead_vms", "VMs by state.", ("state",), registry=registry)
    for state, count in status.hosts.items():
        hosts.labels(state.value).set(count)
    for vm_state, count in status.vms.items():
        vms.labels(vm_state.value).set(count)
    for name, text, value in (
        ("roadstead_fleet_revision", "The fleet revision.", status.fleet_revision),
        *((f"roadstead_vms_{each.value}", text, status.conditions[each]) for each, text in _CONDITIONS.items()),
        ("roadstead_hosts_identity_incomplete", "Hosts with an unknown register.", status.incomplete),
        ("roadstead_hosts_unreadable", "Hosts of which what is stored cannot be read.", status.unreadable),
        ("roadstead_vms_unreadable", "Running VMs of which what is stored cannot be read.", status.unreadable_vms),
        ("roadstead_hosts_stale", "Hosts not observed recently enough.", status.stale),
        ("roadstead_migrations_open", "Migrations that are neither completed nor failed.", status.open_migrations),
        ("roadstead_migrations_overdue", "Open migrations older than the timeout.", status.overdue_migrations),
    ):
        Gauge(name, text, registry=registry).set(value)
    for name, text, age in (
        ("roadstead_oldest_observation_age_seconds", "Of hosts that are not retired.", status.oldest_observation),
        ("roadstead_newest_observation_age_seconds", "How far the inventory lags.", status.newest_observation),
    ):
        if age is not None:
            Gauge(name, text, registry=registry).set(age.total_seconds())
    return generate_latest(registry)
