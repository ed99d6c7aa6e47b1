"""Functions and calls of C and C++ sources: enough to say what a constructor does.

Read only where a pattern finds something worth it; a vendored library is megabytes of honest C.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import tree_sitter
import tree_sitter_c

from analyzer.syntax.reached import reached

_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_c.language()))
_CONSTRUCTOR = re.compile(
    rb"__attribute__\s*\(\([^)]*?\b(?:__)?(?:con|de)structor\b|__attribute__\s*\(\(\s*__(?:con|de)structor__"
    rb"|\[\[gnu::(?:con|de)structor"
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3})|(.))", re.DOTALL)
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}
MAX_SIZE_BYTES = 1 << 20
_MAX_NODES = 400_000


class ForeignCall(NamedTuple):
    """A call by name; `texts` are its arguments, None where they are no text constant."""

    name: str
    texts: tuple[str | None, ...]
    function: str
    is_load_time: bool
    start: int
    end: int


def foreign_calls(data: bytes) -> list[ForeignCall]:
    """All calls by name in a C source of at most `MAX_SIZE_BYTES`; a longer one gives none.

    `is_load_time`: in a constructor, or in a function of the file that a constructor calls.
    """
    if len(data) > MAX_SIZE_BYTES:
        return []
    found: list[ForeignCall] = []
    constructors: set[str] = set()
    for function in _functions(_PARSER.parse(data).root_node):
        name = _name(function, data)
        body = function.child_by_field_name("body")
        head_end = body.start_byte if body is not None else function.end_byte
        if _CONSTRUCTOR.search(data, function.start_byte, head_end):
            constructors.add(name)
        found += _calls(function, name, data)
    loaded = _reached(found, constructors)
    return [one._replace(is_load_time=one.function in loaded) for one in found]


def has_constructor(data: bytes) -> bool:
    """Whether the text marks any function to run at load time."""
    return b"structor" in data and _CONSTRUCTOR.search(data) is not None


def _reached(calls: list[ForeignCall], starts: set[str]) -> set[str]:
    callees: dict[str, set[str]] = {}
    for one in calls:
        callees.setdefault(one.function, set()).add(one.name)
    return reached(callees, starts)


def _functions(root: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    pending = [root]
    while pending:
        node = pending.pop()
        if node.type == "function_definition":
            yield node
        elif node.type in _AROUND:
            pending += reversed(node.named_children)


_AROUND = frozenset(
    {"translation_unit", "preproc_ifdef", "preproc_if", "preproc_else", "linkage_specification"}
    | {"declaration_list", "ERROR", "preproc_elif"}
)


def _name(function: tree_sitter.Node, data: bytes) -> str:
    node = function.child_by_field_name("declarator")
    while node is not None and node.type != "identifier":
        inner = node.child_by_field_name("declarator")
        node = inner if inner is not None else None
    return data[node.start_byte : node.end_byte].decode("utf-8", "replace") if node else ""


def _calls(function: tree_sitter.Node, name: str, data: bytes) -> Iterator[ForeignCall]:
    pending = [function]
    for _ in range(_MAX_NODES):
        if not pending:
            return
        node = pending.pop()
        pending += reversed(node.named_children)
        if node.type != "call_expression":
            continue
        callee = node.child_by_field_name("function")
        listed = node.child_by_field_name("arguments")
        if callee is None or listed is None or callee.type != "identifier":
            continue
        called = data[callee.start_byte : callee.end_byte].decode("utf-8", "replace")
        texts = tuple(_text(one, data) for one in listed.named_children if one.type != "comment")
        yield ForeignCall(called, texts, name, False, node.start_byte, node.end_byte)


def _text(node: tree_sitter.Node, data: bytes) -> str | None:
    if node.type == "concatenated_string":
        parts = [_text(one, data) for one in node.named_children]
        return None if None in parts else "".join(one or "" for one in parts)
    if node.type != "string_literal":
        return None
    raw = data[node.start_byte : node.end_byte].decode("utf-8", "replace")
    return _ESCAPE.sub(_unescaped, raw[raw.find('"') + 1 : raw.rfind('"')])


def _unescaped(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    if match[2] and match[2] != "0":
        return chr(int(match[2], 8) % 256)
    return _PLAIN.get(match[3] or match[2] or "", match[3] or "\0")
