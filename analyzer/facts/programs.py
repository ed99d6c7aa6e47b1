"""What a started program, or a shell text, will do: files it is given, hosts it talks to.

Programs, their options and PowerShell's commands are data (`signatures/programs.toml`). Texts are
read by the shells' own grammars; what they run is looked up the same way, a bounded number of
shells deep.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace

from analyzer.facts.interpreted import interpreted
from analyzer.facts.transfers import transfer
from analyzer.model import UNKNOWN, Fact, FactKind
from analyzer.program_table import Program
from analyzer.signatures import Signatures
from analyzer.syntax.cmd_exe import cmd_commands
from analyzer.syntax.powershell import PowerCall, decoded_command, power_calls
from analyzer.syntax.shell import Command, commands

MAX_SHELLS = 4
_ENCODED = re.compile(r"[-/](?:e|ec|en|enc|enco|encod|encode|encoded|encodedc\w*)", re.IGNORECASE)
_COMMAND = re.compile(r"[-/](?:c|co|com|comm\w*)", re.IGNORECASE)
_WITH_VALUE = re.compile(
    r"[-/](?:ex\w*|ep|w|wi\w*|v\w*|in\w*|o\w*|f|fi\w*|conf\w*|ps\w*)", re.IGNORECASE
)
_DEVICE = re.compile(r"/dev/(?:tcp|udp)/([^/\s]+)/([^/\s]+)")


def derived(fact: Fact, signatures: Signatures) -> Iterator[Fact]:
    """Facts that follow from a `process.spawn` (subject is the program, data its arguments) and
    from a `process.shell` that an API of its own runs (`system`).
    """
    if fact.kind is FactKind.PROCESS_SHELL:
        base = replace(fact, kind=FactKind.PROCESS_SPAWN)
        yield from _commands(base, commands(fact.subject), signatures, 1)
        return
    yield from _command(fact, [fact.subject, *fact.data], signatures, 0)


def fed(
    name: str, text: str, signatures: Signatures, base: Fact | None = None
) -> Iterator[Fact] | None:
    """What a shell or interpreter does that is handed `text` on its input, at the place of `base`;
    None for any other program.
    """
    program = signatures.programs.get(_name(name)) if name else None
    if program is None or program.role not in ("shell", "interpreter", "powershell"):
        return None
    return _run(base, program, text, signatures) if base is not None else iter(())


def _run(base: Fact, program: Program, text: str, signatures: Signatures) -> Iterator[Fact]:
    base = replace(base, api=f"program:{program.name}")
    yield replace(base, kind=FactKind.PROCESS_SHELL, subject=text[:2000])
    if program.role == "powershell":
        yield from _power(base, text, signatures, 1)
    elif program.role == "shell":
        read = cmd_commands if program.name == "cmd" else commands
        yield from _commands(base, read(text), signatures, 1)
    else:
        yield from _interpreted(base, text, signatures, 0)


def _interpreted(base: Fact, text: str, signatures: Signatures, depth: int) -> Iterator[Fact]:
    """What a text of an interpreter's language does, and the commands that it runs."""
    for one in interpreted(base, text, signatures):
        yield one
        if one.kind is FactKind.PROCESS_SHELL and depth < MAX_SHELLS:
            yield from _commands(base, commands(one.subject), signatures, depth + 1)


def _commands(
    base: Fact, found: list[Command], signatures: Signatures, depth: int
) -> Iterator[Fact]:
    for one in found:
        yield from _command(base, list(one.words), signatures, depth)
        yield from _redirected(base, one)


def _command(fact: Fact, words: list[str], signatures: Signatures, depth: int) -> Iterator[Fact]:
    program = signatures.programs.get(_name(words[0])) if words else None
    if program is None or depth > MAX_SHELLS:
        return
    rest = words[1:]
    base = replace(fact, api=f"program:{program.name}", data=tuple(rest[:32]))
    if program.role in ("shell", "interpreter"):
        yield from _shell(base, program, rest, signatures, depth)
    elif program.role == "powershell":
        yield from _powershell(base, rest, signatures, depth)
    elif program.role == "transfer":
        yield from transfer(base, program, rest)
    elif program.role == "wrapper":
        yield from _wrapped(base, program, rest, signatures, depth)
    elif program.role in _PATHS:
        yield from _paths(base, program, rest)
    elif program.role != "environment" or not _runs_another(program, rest):
        yield from _plain(base, program, rest)


_PATHS = {
    "reader": (FactKind.FILE_READ,),
    "walker": (FactKind.FILE_WALK,),
    "writer": (FactKind.FILE_WRITE,),
    "delete": (FactKind.FILE_DELETE,),
    "copy": (FactKind.FILE_READ, FactKind.FILE_WRITE),
}
"""What happens to the paths among a program's words; of a copy the last is written."""


def _paths(base: Fact, program: Program, words: list[str]) -> Iterator[Fact]:
    paths = [one for one in words if not one.startswith("-")]
    kinds = _PATHS[program.role]
    for number, one in enumerate(paths):
        is_last = number == len(paths) - 1
        yield replace(base, kind=kinds[-1] if is_last else kinds[0], subject=one)


def _plain(base: Fact, program: Program, words: list[str]) -> Iterator[Fact]:
    """Programs whose one fact follows from their role, maybe only with a telling word."""
    telling = program.options.get("sends", ())
    if telling and not any(one in telling for one in words):
        return
    kinds = {
        "resolve": (FactKind.NET_RESOLVE, _last(words)),
        "environment": (FactKind.ENV_READ_ALL, "*"),
        "host": (FactKind.GUARD_HOST, program.name),
        "permission": (FactKind.FILE_PERMISSION, _last(words)),
        "clock": (FactKind.CLOCK_SET, "clock"),
        "autostart": (FactKind.FILE_WRITE, f"{program.name}: {' '.join(words)}"[:200]),
        "credentials": (FactKind.FILE_READ, "keyring"),
    }
    if program.role in kinds:
        kind, subject = kinds[program.role]
        yield replace(base, kind=kind, subject=subject)


def _wrapped(
    base: Fact, program: Program, words: list[str], signatures: Signatures, depth: int
) -> Iterator[Fact]:
    """`nohup program ...`: the program, past options and `NAME=value`."""
    if program.name in ("nohup", "setsid"):
        yield replace(base, kind=FactKind.PROCESS_DETACH, subject=program.name)
    skipped = itertools.dropwhile(_is_option, words)
    inner = list(skipped)
    if inner:
        spawn = replace(
            base, kind=FactKind.PROCESS_SPAWN, subject=inner[0], data=tuple(inner[1:33])
        )
        yield spawn
        yield from _command(spawn, inner, signatures, depth + 1)


def _is_option(word: str) -> bool:
    return word.startswith("-") or bool(re.fullmatch(r"\w+=.*|\d+[smhd]?", word))


def _name(word: str) -> str:
    return re.split(r"[/\\]", word.strip())[-1].casefold().removesuffix(".exe")


def _last(words: list[str]) -> str:
    return next((one for one in reversed(words) if not one.startswith("-")), UNKNOWN)


def _runs_another(program: Program, words: list[str]) -> bool:
    """`env NAME=value program`, `set -e`: sets something instead of printing variables."""
    if program.name == "set":
        return bool(words)
    return program.name == "env" and any("=" not in one and one[:1] != "-" for one in words)


def _shell(
    base: Fact, program: Program, words: list[str], signatures: Signatures, depth: int
) -> Iterator[Fact]:
    flags = program.options.get("text", ())
    text = next((b for a, b in itertools.pairwise(words) if a in flags), "")
    if not text and words:
        script = next((one for one in words if not one.startswith(("-", "/c"))), "")
        if re.search(r"[/\\}]", script):
            yield replace(base, kind=FactKind.PROCESS_SPAWN, subject=script)
    if program.name == "cmd" and text:
        text = " ".join(words[words.index(text) :])
    if not text:
        return
    yield replace(base, kind=FactKind.PROCESS_SHELL, subject=text)
    if program.role == "shell":
        read = cmd_commands if program.name == "cmd" else commands
        yield from _commands(base, read(text), signatures, depth + 1)
        return
    yield from _interpreted(base, text, signatures, depth)


def _redirected(base: Fact, command: Command) -> Iterator[Fact]:
    """`< file` reads, `> file` writes, the shell's own network device connects and sends."""
    for sign, target in command.redirects:
        device = _DEVICE.fullmatch(target)
        if device is not None:
            subject = f"{device[1]}:{device[2]}"
            yield replace(base, kind=FactKind.NET_CONNECT, subject=subject)
            yield replace(base, kind=FactKind.NET_SEND, subject=subject)
        elif target and not target.isdigit():
            kind = FactKind.FILE_READ if sign == "<" else FactKind.FILE_WRITE
            yield replace(base, kind=kind, subject=target)


# PowerShell ---------------------------------------------------------------------------------------


def _powershell(base: Fact, words: list[str], signatures: Signatures, depth: int) -> Iterator[Fact]:
    """The text that PowerShell is given, plain or encoded, and what it does."""
    text = _power_text(words)
    if not text:
        return
    yield replace(base, kind=FactKind.PROCESS_SHELL, subject=text)
    yield from _power(base, text, signatures, depth + 1)


def _power_text(words: list[str]) -> str:
    index = 0
    while index < len(words):
        word = words[index]
        if _ENCODED.fullmatch(word) and index + 1 < len(words):
            return decoded_command(words[index + 1])
        if _COMMAND.fullmatch(word):
            return " ".join(words[index + 1 :])
        if not word.startswith(("-", "/")):
            return " ".join(words[index:])
        index += 2 if _WITH_VALUE.fullmatch(word) else 1
    return ""


def _power(base: Fact, text: str, signatures: Signatures, depth: int) -> Iterator[Fact]:
    for call in power_calls(text):
        cmdlet = signatures.programs.get(f"ps:{call.name}")
        if cmdlet is not None:
            yield from _cmdlet(base, call, cmdlet, signatures, depth)
        elif depth <= MAX_SHELLS:
            words = [call.name, *(one for row in call.parameters for one in row), *call.values]
            yield from _command(base, words, signatures, depth)


def _cmdlet(
    base: Fact, call: PowerCall, cmdlet: Program, signatures: Signatures, depth: int
) -> Iterator[Fact]:
    given = dict(call.parameters)
    kind = FactKind(cmdlet.role)
    subject = _given(call, cmdlet.options.get("subject", ()))
    if kind is FactKind.FILE_WALK and subject.casefold().startswith("env:"):
        kind, subject = FactKind.ENV_READ_ALL, "*"
    is_post = given.get("-method", "").casefold() in ("post", "put", "patch")
    if is_post or any(one in given for one in cmdlet.options.get("sends", ())):
        kind = FactKind.NET_SEND if kind is FactKind.NET_CONNECT else kind
    data = tuple(value for _, value in call.parameters)
    yield replace(
        base, kind=kind, subject=subject or UNKNOWN, data=data, api=f"program:{call.name}"
    )
    for option, fact_kind in (("output", FactKind.FILE_WRITE), ("file", FactKind.FILE_READ)):
        path = _given(call, cmdlet.options.get(option, ()))
        if path:
            yield replace(base, kind=fact_kind, subject=path)
    if kind is FactKind.PROCESS_SHELL and subject and depth <= MAX_SHELLS:
        yield from _power(base, subject, signatures, depth + 1)


def _given(call: PowerCall, names: tuple[str, ...]) -> str:
    """The first of these parameters or positions a call has; another word is a fixed text."""
    given = dict(call.parameters)
    for one in names:
        if one.isdigit() and int(one) < len(call.values):
            return call.values[int(one)]
        if one in given:
            return given[one]
        if not one.isdigit() and not one.startswith("-"):
            return one
    return ""
