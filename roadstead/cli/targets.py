"""The commands of `roadstead vms` about where a VM may move, and why not elsewhere."""

from typing import Annotated, NoReturn

import typer
from rich.console import RenderableType

from roadstead.cli.options import Limit, VmName, command_group, page_size
from roadstead.cli.session import end, session
from roadstead.cli.views.explain import Explanation, brief_view, explain_view
from roadstead.cli.views.targets import TARGETS, rejections_view
from roadstead.client import hosts, vms
from roadstead.client import targets as calls
from roadstead.client.documents import Verdict

of_vm = command_group()


@of_vm.command()
def targets(
    ctx: typer.Context,
    vm: VmName,
    host: Annotated[str | None, typer.Option(metavar="HOST", help="Only say whether this host is one.")] = None,
    limit: Limit = 100,
) -> None:
    """Where a VM may move now. With --host, the exit code is 0 if it may move there now, and 1 if not."""
    if host is not None:
        _judge(ctx, vm, host)
    with session(ctx) as (client, output):
        output.show_all(client.each(calls.find(vm, page_size(limit))), TARGETS, limit)


def _judge(ctx: typer.Context, vm: str, host: str) -> NoReturn:
    with session(ctx) as (client, output):
        verdict = client.ask(calls.verdict(vm, host))
        output.show(verdict, brief_view)
    end(yes=verdict["eligible"] and verdict["admissible"])


@of_vm.command()
def explain(
    ctx: typer.Context,
    vm: VmName,
    destination: Annotated[
        str | None, typer.Argument(metavar="HOST", help="Where it is to move.", show_default=False)
    ] = None,
    as_option: Annotated[str | None, typer.Option("--host", metavar="HOST", hidden=True)] = None,
) -> None:
    """Why a VM can or cannot move to a host. The exit code is 0 if it can, and 1 if not."""
    host = _one(destination, as_option)
    with session(ctx) as (client, output):

        def explained(verdict: Verdict) -> RenderableType:
            known = Explanation(verdict, client.ask(vms.read(vm)), client.ask(hosts.read(host)))
            return explain_view(known)

        verdict = client.ask(calls.verdict(vm, host))
        output.show(verdict, explained)
    end(yes=verdict["eligible"] and verdict["admissible"])


def _one(*given: str | None) -> str:
    """The host, wherever it stands: as with `migrate`, or as with `targets`."""
    hosts_given = [each for each in given if each is not None]
    if len(hosts_given) != 1:
        message = "give one host"
        raise typer.BadParameter(message)
    return hosts_given[0]


@of_vm.command()
def rejections(ctx: typer.Context, vm: VmName) -> None:
    """Why hosts are no targets of a VM, by reason; a host with several reasons counts under each."""
    with session(ctx) as (client, output):
        output.show(client.ask(calls.rejections(vm)), rejections_view)
