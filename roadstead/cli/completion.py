"""Names of hosts and VMs for the TAB key.

Somebody waits for them at every press. So this imports next to nothing, neither Typer nor httpx nor the commands, and
asks the service once, for a moment. Where anything fails it says nothing: whoever presses TAB wants no report.
"""

import json
import os
import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.request import HTTPSHandler, Request, build_opener

VARIABLE: Final = "_ROADSTEAD_COMPLETE"
"""Where the scripts of Typer say for which shell they ask."""

_SECONDS: Final = 1.0
_NAMES: Final = 1000
"""As many as one answer of the service has at most."""

_NAME: Final = re.compile(r"[a-z0-9.-]+")
"""What a shell may be given to evaluate."""

HOSTS: Final = "hosts"
VMS: Final = "vms"

Kind = str | None
"""Of the names at a place; None where there are none."""

_FIRST: Final = {
    HOSTS: ("history", "state"),
    VMS: ("boots", "hypercalls", "answer-hypercall", "implementation-list", "targets", "rejections"),
}
_ALL: Final = {
    HOSTS: ("show", "delete", "export", "cordon", "uncordon", "maintenance", "retire", "label", "set"),
    VMS: ("show", "delete", "export", "stop"),
}

ARGUMENTS: Final[Mapping[tuple[str, ...], Sequence[Kind]]] = {
    **{(kind, verb): (kind, None) for kind, verbs in _FIRST.items() for verb in verbs},
    **{(kind, verb): (kind,) for kind, verbs in _ALL.items() for verb in verbs},
    **{(VMS, verb): (VMS, HOSTS, None) for verb in ("boot", "adopt", "explain", "migrate")},
    ("preview",): (HOSTS, None),
    ("effects",): (VMS, None),
}
"""What the arguments of a command name, one after another; the last of them holds for all that follow."""

OPTIONS: Final[Mapping[str, Kind]] = {
    "--host": HOSTS,
    "--vm": VMS,
    **dict.fromkeys(
        (
            "--server",
            "--token-file",
            "--ca",
            "--client-cert",
            "--client-key",
            "--retries",
            "--output",
            "-o",
            "--label",
            "-l",
            "--state",
            "--implementation",
            "--limit",
            "--interval",
            "--format",
            "--cpus",
            "--mode",
            "--abi",
            "--boot",
            "--kernel",
            "--file",
            "--pairs",
        )
    ),
}
"""Options that take a value, and what that names."""


_SERVE: Final = ("serve",)
"""Has a --host of another kind: an address to listen on."""


class _Typed(NamedTuple):
    path: tuple[str, ...]
    """The command."""
    arguments: int
    """How many stand before the word."""
    settings: Mapping[str, str]
    """Options with their values."""
    word: str
    """What is to be completed."""
    option: str | None
    """Whose value the word is."""

    @property
    def kind(self) -> Kind:
        if self.option is not None:
            return OPTIONS[self.option] if self.path[:1] != _SERVE else None
        kinds = () if self.word.startswith("-") else ARGUMENTS.get(self.path, ())
        return kinds[min(self.arguments, len(kinds) - 1)] if kinds else None


def completed(environment: Mapping[str, str]) -> str | None:
    """What the shell is to be answered; None where the word is no name of the fleet, and others know what it may be."""
    shell = environment[VARIABLE].removeprefix("complete_")
    if shell not in _FORMS:
        return None
    typed = _typed(*_words(shell, environment))
    if typed.kind is None:
        return None
    # fish asks whether there is something to complete, and then what.
    only_whether = environment.get("_TYPER_COMPLETE_FISH_ACTION") == "is-args"
    return _FORMS[shell](() if only_whether else _names(typed, environment))


def _words(shell: str, environment: Mapping[str, str]) -> tuple[list[str], str]:
    """Those between the name of the program and the word, and the word itself."""
    if shell == "bash":
        words, position = environment["COMP_WORDS"].split(), int(environment["COMP_CWORD"])
        return words[1:position], "".join(words[position : position + 1])
    line = environment.get("_TYPER_COMPLETE_ARGS", "")
    words = line.split()[1:]
    return (words, "") if line[-1:].isspace() or not words else (words[:-1], words[-1])


def _typed(before: Sequence[str], word: str) -> _Typed:
    settings: dict[str, str] = {}
    plain: list[str] = []
    waiting: str | None = None
    for each in before:
        name, equals, value = each.partition("=")
        if waiting is not None:
            settings[waiting], waiting = each, None
        elif equals and name in OPTIONS:
            settings[name] = value
        elif each in OPTIONS:
            waiting = each
        elif not each.startswith("-"):
            plain.append(each)
    path = tuple(plain[:1]) if tuple(plain[:1]) in ARGUMENTS else tuple(plain[:2])
    return _Typed(path, len(plain) - len(path), settings, word, waiting)


def _names(typed: _Typed, environment: Mapping[str, str]) -> Sequence[str]:
    try:
        return [each for each in _asked(typed, environment) if each.startswith(typed.word)]
    except (OSError, ValueError, LookupError, TypeError):
        return ()


def _asked(typed: _Typed, environment: Mapping[str, str]) -> Iterator[str]:
    def setting(name: str) -> str | None:
        return typed.settings.get(f"--{name}") or environment.get(f"ROADSTEAD_{name.upper().replace('-', '_')}")

    server = (setting("server") or "http://127.0.0.1:8000").rstrip("/")
    request = Request(f"{server}/v1/{typed.kind}?limit={_NAMES}")  # noqa: S310 - the user's own service
    if file := setting("token-file"):
        with Path(file).open(encoding="ascii") as token:
            request.add_header("Authorization", f"Bearer {token.read().strip()}")
    handlers = (
        [_handler(setting("ca"), setting("client-cert"), setting("client-key"))] if server[:6] == "https:" else []
    )
    with build_opener(*handlers).open(request, timeout=_SECONDS) as answer:
        document: Any = json.load(answer)
    names = (each["name"] for each in document["items"])
    return (name for name in names if _NAME.fullmatch(name))


def _handler(ca: str | None, certificate: str | None, key: str | None) -> HTTPSHandler:
    context = ssl.create_default_context(cafile=ca)
    if certificate:
        context.load_cert_chain(certificate, key)
    return HTTPSHandler(context=context)


def _zsh(names: Sequence[str]) -> str:
    # As Typer's script wants it: words and what they mean.
    return f"_arguments '*: :(({' '.join(names)}))'" if names else "_files"


_FORMS: Final = {"bash": "\n".join, "fish": "\n".join, "zsh": _zsh}


def main() -> bool:
    """Complete a name, if that is what is asked for."""
    answer = completed(os.environ)
    if answer:
        print(answer)  # noqa: T201 - the shell reads it
    return answer is not None
