"""`roadstead collect`: arguments in, exit code out. argparse, because a collector must start at once."""

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from roadstead.collector.cpulist import parse_cpu_list
from roadstead.collector.cpus import joined, read_cpus
from roadstead.collector.failures import (
    CollectorFailure,
    HostUnreadable,
    Misconfigured,
    ReportRefused,
    ServiceUnreachable,
)
from roadstead.collector.kvm import has_writable_id_registers
from roadstead.collector.reading import installed_qemu, read_host_name, read_kernel_release
from roadstead.collector.report import HostReport
from roadstead.collector.standard_output import read_to_its_end
from roadstead.collector.statements import Likeness, Statements, parse_likeness, parse_register

T = TypeVar("T")

EXIT_CODES: Final[Mapping[type[CollectorFailure], int]] = {
    HostUnreadable: 1,
    ReportRefused: 1,
    Misconfigured: 2,
    ServiceUnreachable: 3,
}
"""0 is success; argparse itself ends with 2 as well."""

_HERE: Final = Path("/")
_HOST_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_SERVICE_URL: Final = re.compile(r"https?://[^/]")
_STATES: Final = ("planned", "active", "cordoned", "maintenance", "retired")
_YES_OR_NO: Final = {"yes": True, "no": False}
_FILES: Final = ("token_file", "ca", "client_cert", "client_key")
_EPILOG: Final = """\
exit codes:
  0  done
  1  the host cannot be reported completely, or the service refused the report
  2  usage: an option is wrong or names something that cannot be used
  3  the service could not be reached, or something else answers at its address
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run with the arguments after the command's name, those of the process by default."""
    arguments = _parse(argv)
    try:
        with read_to_its_end():
            _run(arguments)
    except CollectorFailure as failure:
        _say(str(failure))
        return EXIT_CODES[type(failure)]
    return 0


def _run(arguments: argparse.Namespace) -> None:
    report = _observe(arguments)
    for note in _notes(report, asked_for_qemu=arguments.root == _HERE):
        _say(note)
    if arguments.print or arguments.server is None:
        sys.stdout.write(json.dumps(report.document(), indent=2) + "\n")
    else:
        _send(report, arguments)


def _observe(arguments: argparse.Namespace) -> HostReport:
    observed_at = datetime.now(UTC)
    root: Path = arguments.root
    cpus = read_cpus(root, Statements(arguments.without_cpus, tuple(arguments.same_as), arguments.aidr))
    return HostReport(
        cpus=cpus.groups,
        remarks=joined(cpus.remarks),
        writable_id_registers=has_writable_id_registers(root / "dev/kvm"),
        discovery_hypercalls=_YES_OR_NO.get(arguments.discovery_hypercalls),
        kernel_release=read_kernel_release(root),
        # The QEMU on the search path is that of this machine, which another tree does not describe.
        vmm=arguments.vmm or (installed_qemu() if root == _HERE else None),
        observed_at=observed_at,
    )


def _notes(report: HostReport, *, asked_for_qemu: bool) -> Iterator[str]:
    if report.remarks:
        yield f"note: {report.remarks}"
    if any(group.aidr is None for group in report.cpus):
        yield (
            "note: AIDR_EL1 was not read (Linux 6.16 and newer show it);"
            " the host's identity is incomplete unless the service was told the value, or --aidr states it"
        )
    if report.writable_id_registers is None:
        yield "note: KVM could not be asked; writable_id_registers is unknown, which counts as no"
    if report.vmm is None and asked_for_qemu:
        yield "note: no QEMU was found here; name the VMM with --vmm"


def _send(report: HostReport, arguments: argparse.Namespace) -> None:
    # Not at the top: httpx takes longer to import than the rest of the collector to run.
    # Most of that is what its own command line needs; without, it goes on with a stand-in for it (httpx/__init__.py).
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type] # Python's way to say: not to be had
    from roadstead.client import Retries, Server  # noqa: PLC0415 - when it sends: httpx takes long to load
    from roadstead.collector.sending import Registration, send  # noqa: PLC0415 - the same

    name = _name(arguments)
    server = Server(
        url=arguments.server,
        token_file=arguments.token_file,
        ca=arguments.ca,
        client_cert=arguments.client_cert,
        client_key=arguments.client_key,
        retries=Retries(arguments.retries),
    )
    outcome = send(report, name, server, Registration(arguments.state, dict(arguments.label)))
    sys.stdout.write(f"{name} {outcome.done}\n")
    for warning in outcome.warnings:
        _say(f"warning: {warning}")


def _name(arguments: argparse.Namespace) -> str:
    name: str = arguments.name or read_host_name(arguments.root) or ""
    if not _HOST_NAME.fullmatch(name):
        message = f"{name!r} is no name for a host (1 to 253 of a-z 0-9 . -); give one with --name"
        raise Misconfigured(message)
    return name


def _say(sentence: str) -> None:
    sys.stderr.write(f"roadstead collect: {sentence}\n")


def _service_url(text: str) -> str:
    if not _SERVICE_URL.match(text):
        message = f"{text!r} is no http or https URL"
        raise argparse.ArgumentTypeError(message)
    return text


def _label(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        message = f"{text!r} is not KEY=VALUE"
        raise argparse.ArgumentTypeError(message)
    return key, value


def _cpus(text: str) -> tuple[int, ...]:
    return _parsed(parse_cpu_list, text)


def _likeness(text: str) -> Likeness:
    return _parsed(parse_likeness, text)


def _register(text: str) -> str:
    return _parsed(parse_register, text)


def _parsed(parse: Callable[[str], T], text: str) -> T:
    # argparse does not pass on what a ValueError says.
    try:
        return parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _readable(text: str) -> Path:
    if not os.access(text, os.R_OK):
        message = f"{text!r} cannot be read"
        raise argparse.ArgumentTypeError(message)
    return Path(text)


def _count(text: str) -> int:
    if not text.isdecimal():
        message = f"{text!r} is not a number of times"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.client_key and not arguments.client_cert:
        parser.error("--client-key needs --client-cert")
    return arguments


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="roadstead collect",
        description="Read the CPU identity of this host and print it, or report it to a Roadstead service.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_reading(parser)
    _add_statements(parser)
    _add_sending(parser)
    _add_registration(parser)
    parser.set_defaults(**_environment())
    return parser


def _environment() -> dict[str, str | Path]:
    """What the commands that talk to the service take from there too. An option wins."""
    texts = {name: os.environ.get(f"ROADSTEAD_{name.upper()}") for name in ("server", "retries", *_FILES)}
    # Files are not looked for here: one that is named in the environment may be meant for other commands.
    return {name: Path(text) if name in _FILES else text for name, text in texts.items() if text}


def _add_reading(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("reading")
    group.add_argument("--root", type=Path, default=_HERE, metavar="DIR", help="tree to read instead of /")
    group.add_argument("--vmm", metavar="TEXT", help="VMM and its version; by default QEMU is asked")
    group.add_argument(
        "--discovery-hypercalls",
        choices=tuple(_YES_OR_NO),
        help="whether kernel and VMM answer the discovery hypercalls; a host does not show it",
    )
    group.add_argument("--print", action="store_true", help="print the report as JSON and send nothing")


def _add_statements(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what a host does not show (kept with the report, as stated)")
    group.add_argument(
        "--without-cpus", type=_cpus, default=(), metavar="LIST", help="leave CPUs out, on which no VM ever runs"
    )
    group.add_argument(
        "--same-as",
        type=_likeness,
        action="append",
        default=[],
        metavar="CPU:LIST",
        help="CPUs that show no registers are like another, as in 0:4-63; may be repeated",
    )
    group.add_argument(
        "--aidr", type=_register, metavar="VALUE", help="AIDR_EL1 of the CPUs whose kernel does not show it"
    )


def _add_sending(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("sending")
    group.add_argument(
        "--server",
        type=_service_url,
        metavar="URL",
        help="service to report to; without it, and without ROADSTEAD_SERVER, print",
    )
    group.add_argument("--name", help="name of the host in the service, by default its host name")
    group.add_argument("--token-file", type=_readable, metavar="FILE", help="bearer token, alone in a file")
    group.add_argument("--ca", type=_readable, metavar="FILE", help="certificates to trust instead of the system's")
    group.add_argument("--client-cert", type=_readable, metavar="FILE", help="certificate to show to the service")
    group.add_argument(
        "--client-key", type=_readable, metavar="FILE", help="key of the certificate, if in a file of its own"
    )
    group.add_argument("--retries", type=_count, default=4, metavar="N", help="tries after the first, by default 4")


def _add_registration(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("a host the service does not know yet")
    group.add_argument("--label", type=_label, action="append", default=[], metavar="KEY=VALUE", help="may be repeated")
    group.add_argument("--state", choices=_STATES, default="active", help="by default active")
