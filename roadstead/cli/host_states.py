"""The commands of `roadstead hosts` that take hosts out of service, and back."""

from collections.abc import Sequence
from typing import Final, NamedTuple, NoReturn

import typer

from roadstead.cli.host_changes import change_each
from roadstead.cli.host_selection import Labelled, SomeHosts, selected
from roadstead.cli.options import command_group
from roadstead.cli.session import session
from roadstead.cli.turns import Declined
from roadstead.client.documents import Host, HostPatch, HostState

of_hosts = command_group()


class _Step(NamedTuple):
    becomes: HostState
    leaves: Sequence[HostState]
    """States that may be left by it. Others mean more than the command knows of."""
    now: str
    """What hosts are then, in words."""

    def decide(self, host: Host) -> HostPatch | None:
        state = host["state"]
        if state == self.becomes:
            return None
        if state not in self.leaves:
            message = (
                f"{host['name']} is {state}, not {' or '.join(self.leaves)};"
                f" `roadstead hosts state {host['name']} {self.becomes}` sets the state all the same"
            )
            raise Declined(message)
        return {"state": self.becomes}


_CORDON: Final = _Step("cordoned", ["active"], "cordoned")
_UNCORDON: Final = _Step("active", ["cordoned", "maintenance"], "active")
_MAINTAIN: Final = _Step("maintenance", ["active", "cordoned"], "in maintenance")
_RETIRE: Final = _Step("retired", ["planned", "active", "cordoned", "maintenance"], "retired")


@of_hosts.command()
def cordon(ctx: typer.Context, hosts: SomeHosts = None, labels: Labelled = None) -> None:
    """Let no more VMs come to active hosts. Those on them stay."""
    _take(ctx, _CORDON, hosts, labels)


@of_hosts.command()
def uncordon(ctx: typer.Context, hosts: SomeHosts = None, labels: Labelled = None) -> None:
    """Make hosts active again that are cordoned or in maintenance."""
    _take(ctx, _UNCORDON, hosts, labels)


@of_hosts.command()
def maintenance(ctx: typer.Context, hosts: SomeHosts = None, labels: Labelled = None) -> None:
    """Say that hosts are being worked on: no VM comes to them."""
    _take(ctx, _MAINTAIN, hosts, labels)


@of_hosts.command()
def retire(ctx: typer.Context, hosts: SomeHosts = None, labels: Labelled = None) -> None:
    """Say that hosts are out of use for good. They stay in the inventory until they are deleted."""
    _take(ctx, _RETIRE, hosts, labels)


def _take(ctx: typer.Context, step: _Step, hosts: Sequence[str] | None, labels: Sequence[str] | None) -> NoReturn:
    with session(ctx) as on:
        names = selected(on, hosts, labels, step.leaves)
        change_each(on, names, step.decide, lambda host: f"{host['name']} is {step.now}")
