"""Sending a report to the service, and what it says to it in one sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

from roadstead.client import Client, Problem, Server, Unreachable, hosts
from roadstead.client import Misconfigured as UnusableServer
from roadstead.client.documents import Host, HostInput, HostPatch
from roadstead.client.warnings import warnings_of
from roadstead.collector.failures import Misconfigured, ReportRefused, ServiceUnreachable
from roadstead.collector.report import HostReport


@dataclass(frozen=True, slots=True)
class Registration:
    """What a host gets when the service hears of it for the first time; from then on it is the operator's."""

    state: str
    labels: Mapping[str, str]


class Outcome(NamedTuple):
    done: str
    """`updated` or `created`."""
    warnings: Sequence[str]


def send(report: HostReport, name: str, server: Server, registration: Registration) -> Outcome:
    """Report.

    A known host is patched, so that its labels and state stay the operator's. Raises CollectorFailure.
    """
    try:
        with Client(server) as client:
            done, host = _send(report, name, client, registration)
            return Outcome(done, warnings_of(host))
    except UnusableServer as error:
        message = f"cannot prepare to send: {error}"
        raise Misconfigured(message) from error
    except Unreachable as error:
        message = f"{server.url}: {error}"
        raise ServiceUnreachable(message) from error
    except Problem as problem:
        if problem.undecided:
            message = f"{server.url} is not available: {_in_words(problem)}"
            raise ServiceUnreachable(message) from problem
        message = f"the service does not take the report of {name}: {_in_words(problem)}"
        raise ReportRefused(message) from problem


def _send(report: HostReport, name: str, client: Client, registration: Registration) -> tuple[str, Host]:
    changes = cast("HostPatch", report.merge_patch())
    try:
        return "updated", client.ask(hosts.edit(name, changes))
    except Problem as problem:
        if problem.kind != "host_not_found":
            raise
    new = {"state": registration.state, "labels": dict(registration.labels), **report.document()}
    try:
        return "created", client.ask(hosts.write(name, cast("HostInput", new)).only_create())
    except Problem as refused:
        if refused.kind != "already_exists":
            raise
    # Somebody else created the host since it was not found.
    return "updated", client.ask(hosts.edit(name, changes))


def _in_words(problem: Problem) -> str:
    errors = [f"{error['pointer']}: {error['detail']}" for error in problem.errors]
    said = [str(problem.status), problem.title, problem.detail, *errors]
    return ". ".join(part.rstrip(".") for part in said if part)
