"""What a started program, or a shell text, will do: files it is given, hosts it talks to.

Programs and their options are data (`signatures/programs.toml`). Shell text is split by the shell's
own quoting rules; what it runs is looked up the same way, a bounded number of shells deep.
"""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace

from analyzer.model import UNKNOWN, Fact, FactKind
from analyzer.signatures import Program, Signatures

_SEPARATORS = frozenset(";|&(){}")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_HOST = re.compile(r"(?:[\w{}-]+\.)+[\w{}-]+(?::\d+)?(?:/\S*)?")
MAX_SHELLS = 4


def derived(fact: Fact, signatures: Signatures) -> Iterator[Fact]:
    """Facts that follow from a `process.spawn` (subject is the program, data its arguments) and
    from a `process.shell` that an API of its own runs (`system`).
    """
    if fact.kind is FactKind.PROCESS_SHELL:
        base = replace(fact, kind=FactKind.PROCESS_SPAWN)
        for command in split_commands(fact.subject):
            yield from _command(base, command, signatures, 1)
            yield from _redirected(base, command)
        return
    yield from _command(fact, [fact.subject, *fact.data], signatures, 0)


def _command(fact: Fact, words: list[str], signatures: Signatures, depth: int) -> Iterator[Fact]:
    program = signatures.programs.get(_name(words[0])) if words else None
    if program is None or depth > MAX_SHELLS:
        return
    base = replace(fact, api=f"program:{program.name}", data=tuple(words[1:33]))
    if program.role in ("shell", "interpreter"):
        yield from _shell(base, program, words[1:], signatures, depth)
    elif program.role == "transfer":
        yield from _transfer(base, program, words[1:])
    elif program.role == "reader":
        for one in words[1:]:
            if not one.startswith("-"):
                yield replace(base, kind=FactKind.FILE_READ, subject=one)
    elif program.role != "environment" or not _runs_another(program, words[1:]):
        yield from _plain(base, program, words[1:])


def _plain(base: Fact, program: Program, words: list[str]) -> Iterator[Fact]:
    """Programs whose one fact follows from their role."""
    kinds = {
        "resolve": (FactKind.NET_RESOLVE, _last(words)),
        "environment": (FactKind.ENV_READ_ALL, "*"),
        "host": (FactKind.GUARD_HOST, program.name),
        "permission": (FactKind.FILE_PERMISSION, _last(words)),
    }
    if program.role in kinds:
        kind, subject = kinds[program.role]
        yield replace(base, kind=kind, subject=subject)


def _name(word: str) -> str:
    return re.split(r"[/\\]", word.strip())[-1].casefold().removesuffix(".exe")


def _last(words: list[str]) -> str:
    return next((one for one in reversed(words) if not one.startswith("-")), UNKNOWN)


def _runs_another(program: Program, words: list[str]) -> bool:
    """`env NAME=value program`: sets variables for a program instead of printing them."""
    return program.name == "env" and any("=" not in one and one[:1] != "-" for one in words)


def _shell(
    base: Fact, program: Program, words: list[str], signatures: Signatures, depth: int
) -> Iterator[Fact]:
    flags = program.options.get("text", ())
    text = next((b for a, b in itertools.pairwise(words) if a in flags), "")
    if program.name == "cmd" and text:
        text = " ".join(words[words.index(text) :])
    if not text:
        return
    yield replace(base, kind=FactKind.PROCESS_SHELL, subject=text)
    if program.role == "shell":
        for command in split_commands(text):
            yield from _command(base, command, signatures, depth + 1)
            yield from _redirected(base, command)


def split_commands(text: str) -> list[list[str]]:
    """A shell text as commands, each a list of words; quoting undone where it is balanced.

    `$(...)` and backquotes are read as commands of their own.
    """
    opened = text.replace("$(", " ; ").replace("`", " ; ").replace("\n", " ; ")
    try:
        lexer = shlex.shlex(opened, posix=True, punctuation_chars=";|&()")
        lexer.commenters = ""
        lexer.wordchars += "{}~$@:%+,\\!^#[]"
        words = list(lexer)
    except ValueError:
        words = re.split(r"\s+|(?<=[;|&])|(?=[;|&])", opened)
    commands: list[list[str]] = [[]]
    for word in words:
        if word and set(word) <= _SEPARATORS:
            commands.append([])
        elif word and not (re.fullmatch(r"\w+=.*", word) and not commands[-1]):
            commands[-1].append(word)
    return [one for one in commands if one]


def _redirected(base: Fact, words: list[str]) -> Iterator[Fact]:
    """`< file` reads, `> file` writes."""
    for word, after in zip(words, [*words[1:], ""], strict=True):
        match = re.fullmatch(r"\d?(<|>>?)(.*)", word)
        target = (match[2] or after) if match else ""
        if match and target and not target.startswith("&"):
            kind = FactKind.FILE_READ if match[1] == "<" else FactKind.FILE_WRITE
            yield replace(base, kind=kind, subject=target)


def _transfer(base: Fact, program: Program, words: list[str]) -> Iterator[Fact]:
    options = program.options
    sends, targets = bool(program.is_copy), []
    files: list[str] = []
    taken = {one for key in ("sends", "file", "output", "value") for one in options.get(key, ())}
    index = 0
    while index < len(words):
        word = words[index]
        index += 1
        name, _, inline = word.partition("=") if word.startswith("--") else (word, "", "")
        if name not in taken:
            short = word[:2] if word[:1] == "-" and word[1:2] != "-" and word[:2] in taken else ""
            if short:
                name, inline = short, word[2:]
            elif not word.startswith("-"):
                targets.append(word)
                continue
            else:
                continue
        value = inline or (words[index] if index < len(words) else "")
        index += 0 if inline else 1
        sends = sends or name in options.get("sends", ())
        files += _given_files(
            name, value, options.get("file-after-at", ()), options.get("file", ())
        )
        if name in options.get("output", ()):
            yield replace(base, kind=FactKind.FILE_WRITE, subject=value or UNKNOWN)
    for one in files:
        yield replace(base, kind=FactKind.FILE_READ, subject=one)
    kind = FactKind.NET_SEND if sends or files else FactKind.NET_CONNECT
    yield from _hosts(replace(base, kind=kind), program, targets)


def _given_files(
    name: str, value: str, after_at: tuple[str, ...], plain: tuple[str, ...]
) -> list[str]:
    if name in after_at and "@" in value:
        return [value.partition("@")[2].partition(";")[0]]
    return [value] if name in plain and value else []


def _hosts(base: Fact, program: Program, targets: list[str]) -> Iterator[Fact]:
    if program.is_host_and_port and targets:
        yield replace(base, subject=":".join(targets[:2]))
        return
    if program.is_copy:
        for one in targets:
            is_remote = ":" in one.partition("/")[0]
            kind = base.kind if is_remote else FactKind.FILE_READ
            yield replace(base, kind=kind, subject=one)
        return
    urls = [one for one in targets if _URL.match(one)] or [
        one for one in targets if _HOST.fullmatch(one)
    ]
    for one in urls or [UNKNOWN]:
        yield replace(base, subject=one)
