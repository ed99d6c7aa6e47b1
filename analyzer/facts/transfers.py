"""What programs that move bytes over the network are given: hosts, files, where output goes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from analyzer.model import UNKNOWN, Fact, FactKind
from analyzer.program_table import Program

_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_HOLE = re.compile(r"\{[^{}]*\}")
_HOST = re.compile(r"(?:[\w{}-]+\.)+[\w{}-]+(?::\d+)?(?:/\S*)?")


def transfer(base: Fact, program: Program, words: list[str]) -> Iterator[Fact]:
    """Facts of one call: `base` is the spawn, `words` its arguments."""
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
            short, rest = _short(word, taken)
            if short:
                name, inline = short, rest
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


def _short(word: str, taken: set[str]) -> tuple[str, str]:
    """The option with a value among short ones that stand together (`-sSo file`), and its value."""
    if not re.match(r"-[A-Za-z0-9#]", word):
        return "", ""
    for at, sign in enumerate(word[1:], 1):
        if f"-{sign}" in taken:
            return f"-{sign}", word[at + 1 :]
        if not sign.isalnum():
            break
    return "", ""


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
            is_remote = ":" in _HOLE.sub("", one).partition("/")[0]
            kind = base.kind if is_remote else FactKind.FILE_READ
            yield replace(base, kind=kind, subject=one)
        return
    urls = [one for one in targets if _URL.match(one)] or [
        one for one in targets if _HOST.fullmatch(one)
    ]
    for one in urls or [UNKNOWN]:
        yield replace(base, subject=one)
