"""Sending a report to the service, and what it says to it in one sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from roadstead.client import Client, Problem, Server, Unreachable, hosts
from roadstead.client import Misconfigured as UnusableServer
from roadstead.client.documents import HostInput, HostPatch
from roadstead.collector.failures import Misconfigured, ReportRefused, ServiceUnreachable
from roadstead.collector.report import HostReport


@dataclass(frozen=True, slots=True)
class Registration:
    """What a host gets when the service hears of it for the first time; from then on it is the operator's."""

    state: str
    labels: Mapping[str, str]


def send(report: HostReport, name: str, server: Server, registration: Registration) -> str:
    """Report, and answer `updated` or `created`.

    A known host is patched, so that its labels and state stay the operator's. Raises CollectorFailure.
    """
    try:
        with Client(server) as client:
            return _send(report, name, client, registration)
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


def _send(report: HostReport, name: str, client: Client, registration: Registration) -> str:
    changes = cast("HostPatch", report.merge_patch())
    try:
        client.ask(hosts.edit(name, changes))
    except Problem as problem:
        if problem.kind != "host_not_found":
            raise
    else:
        return "updated"
    new = {"state": registration.state, "labels": dict(registration.labels), **report.document()}
    try:
        client.ask(hosts.write(name, cast("HostInput", new)).only_create())
    except Problem as refused:
        if refused.kind != "already_exists":
            raise
    else:
        return "created"
    # Somebody else created the host since it was not found.
    client.ask(hosts.edit(name, changes))
    return "updated"


def _in_words(problem: Problem) -> str:
    errors = [f"{error['pointer']}: {error['detail']}" for error in problem.errors]
    said = [str(problem.status), problem.title, problem.detail, *errors]
    return ". ".join(part.rstrip(".") for part in said if part)
