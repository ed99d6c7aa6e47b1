"""Rust that stands in the texts of macros, which they parse into tokens. The texts of one file
become a file of their own, each at its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from analyzer.syntax.changes import PRINTING, TEXT_MACROS
from analyzer.syntax.lexer import literal_text
from analyzer.syntax.macro_values import filled
from analyzer.syntax.outline import Node, Outline, Scope
from analyzer.syntax.query import arguments_of
from analyzer.syntax.quoted import HOLE, Quotes
from analyzer.syntax.telling import is_documentation

if TYPE_CHECKING:
    from analyzer.syntax.code import CrateCode

_PATH = re.compile(r"[A-Za-z_]\w*(?:\s*::\s*[A-Za-z_]\w*)+")
_USED = re.compile(r"\buse\s+(?:::)?([A-Za-z_]\w*(?:\s*::\s*[A-Za-z_]\w*)*)")
_ITEM = re.compile(r"\b(?:fn|macro_rules!)\s")
_HOLE = re.compile(r"\{[^{}\s\"':;]*\}")
_FIRST = re.compile(rb"::|\bfn\b")
_PARSING = ("parse", "from_str", "parse_str")
_SHORT = 20
_LONGEST = 200_000
_TOLD = 2
"""Segments of a catalogued path from which on a text speaks of what code can do."""


class Emitted(NamedTuple):
    """The Rust in the texts of a file."""

    path: str
    data: bytes


def emitted(code: CrateCode, paths: Iterable[str]) -> Iterator[Emitted]:
    """The texts of these files that speak of catalogued functions, as Rust of its own."""
    for path in paths:
        outline = code.outlines.get(path)
        if outline is None or not _FIRST.search(outline.data):
            continue
        told = [[one] for one in Quotes(code).of(outline) if _is_told(code, one[1])]
        groups: dict[int, list[tuple[int, str]]] = {}
        for function, line, text in (*_texts(code, outline), *_parsed(code, outline)):
            groups.setdefault(function, []).append((line, text))
        told += [rows for rows in groups.values() if _is_told(code, " ".join(x for _, x in rows))]
        if told:
            yield Emitted(path, _file(told).encode()[:_LONGEST])


def _texts(code: CrateCode, outline: Outline) -> Iterator[tuple[int, int, str]]:
    """Texts with the function that they stand in and their line, in order."""
    templates = {}
    for macro in outline.macros.values():
        if macro.name in PRINTING or macro.name in TEXT_MACROS:
            for at, one in enumerate(macro.arguments[:2]):
                if one.type.endswith("string_literal"):
                    templates[one.start_byte] = macro.arguments[at:]
                    break
    for _, node, scope in outline.literals:
        if is_documentation(outline.data, node.start_byte):
            continue
        text = _plain(outline, node)
        if node.start_byte in templates:
            text = _filled(code, outline, (text, templates[node.start_byte]), scope)
        line = outline.data.count(b"\n", 0, node.start_byte)
        yield scope.function, line, _HOLE.sub(HOLE, text)


def _parsed(code: CrateCode, outline: Outline) -> Iterator[tuple[int, int, str]]:
    """Texts that are worked out where they are parsed, or come from a packaged file."""
    rows: list[tuple[Node, Scope]] = []
    for call in outline.calls:
        if call.name in _PARSING:
            given = [call.receiver] if call.receiver is not None else arguments_of(call.node)[:1]
            rows += [(one, call.scope) for one in given if one is not None]
    for macro in outline.macros.values():
        if macro.name == "include_str":
            start, end = macro.node.start_byte, macro.node.end_byte
            rows.append((macro.node, outline.scope_at(start, end)))
    for node, scope in rows:
        value = code.evaluator.value(outline, node, scope)
        if value.is_constant and not node.type.endswith("literal") and len(value.text) > _SHORT:
            yield scope.function, outline.data.count(b"\n", 0, node.start_byte), value.text


def _plain(outline: Outline, node: Node) -> str:
    """A text as the compiler reads it, with the line feeds that it leaves out."""
    raw = outline.data[node.start_byte : node.end_byte]
    return literal_text(raw if raw[:1] == b"r" else raw.replace(b"\\\n", b"\n")) or ""


def _filled(
    code: CrateCode, outline: Outline, what: tuple[str, tuple[Node, ...]], scope: Scope
) -> str:
    value = filled(code.evaluator, outline, what, scope, ({}, 0))
    return "".join(one if isinstance(one, str) else HOLE for one in value.parts)


def _is_told(code: CrateCode, text: str) -> bool:
    if "(" not in text:
        return False
    paths = (*_PATH.findall(text), *_USED.findall(text))
    return any(
        tuple(re.split(r"\s*::\s*", one))[:_TOLD] in code.apis.prefixes and "::" in one
        for one in paths
    )


def _file(groups: list[list[tuple[int, str]]]) -> str:
    """The texts of several functions one after another, each begun at its line if that is left."""
    parts: list[str] = []
    line = 0
    for rows in groups:
        is_body = not any(_ITEM.search(text) for _, text in rows)
        parts.append("fn d(){" if is_body else "")
        for at, text in rows:
            parts += ("\n" * max(0, at - line), text, " ")
            line = max(line, at) + text.count("\n")
        parts.append("}" if is_body else "")
    return "".join(parts)
