"""Texts, macros, conditions and attributes of a crate: the questions beside calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator
from typing import NamedTuple

import re2

from analyzer.syntax.changes import PRINTING
from analyzer.syntax.code import CrateCode
from analyzer.syntax.expansion import Macro
from analyzer.syntax.loops import Frame, items_around
from analyzer.syntax.macro_values import macro_value
from analyzer.syntax.outline import Node, Outline, Scope
from analyzer.syntax.telling import holding, is_documentation
from analyzer.syntax.values import Value, constant
from analyzer.syntax.vocabulary import compiled

_ROWS = 64
STANDARD_OUTPUT = ("print", "println")
"""Macros that print where cargo reads."""


class MacroSite(NamedTuple):
    """One macro invocation with its folded text."""

    name: str
    value: Value
    arguments: tuple[Value, ...]
    file: str
    owner: str
    start: int
    end: int


class TextSite(NamedTuple):
    """A string constant, or a folded one (`value.derivation` not empty)."""

    value: Value
    file: str
    owner: str
    start: int
    end: int


def macros(
    code: CrateCode,
    wanted: frozenset[str],
    matters: Callable[[Outline, Macro], bool],
    frames: Callable[[tuple[str, int]], Iterable[Frame]],
) -> Iterator[MacroSite]:
    """Invocations of macros with these names that matter, folded; what prints parameters of an own
    function also for each of its callers that says more (`frames`), and what stands in a loop over
    a known list for each of its items.
    """
    for outline in code.outlines.values():
        for macro in outline.macros.values():
            if macro.name in wanted and matters(outline, macro):
                plain = _macro_site(code, outline, macro, {})
                yield plain
                scope = outline.scope_at(plain.start, plain.end)
                is_asked = macro.name in PRINTING and plain.value.is_open and scope.function >= 0
                if not is_asked or not _is_for_cargo(outline, macro):
                    continue
                for frame in ({}, *frames((outline.path, scope.function))):
                    around = list(items_around(code, outline, plain.start, scope, frame))
                    for items in around or ([{}] if frame else []):
                        yield _macro_site(code, outline, macro, {**frame, **items})


def _is_for_cargo(outline: Outline, macro: Macro) -> bool:
    """Whether a line for cargo may come of it: code generators write other lines by the thousand.

    A line that a caller hands over whole is told where it stands.
    """
    data = outline.data[macro.node.start_byte : macro.node.end_byte]
    return macro.name in STANDARD_OUTPUT or b"cargo" in data


def written(
    code: CrateCode, quick: re2._Regexp, files: Container[str] | None = None
) -> Iterator[TextSite]:
    """String constants, of some files or of all, in whose spelling `quick` finds something (in one
    of its lines).
    """
    for path, outline in code.outlines.items():
        if files is None or path in files:
            yield from _written(code, outline, quick)


def composed(code: CrateCode, emitting: Callable[[str], bool]) -> Iterator[TextSite]:
    """Texts that folding put together from several, or read out of lists of numbers; in files that
    emit code, also those that are parsed as code.
    """
    for outline in code.outlines.values():
        if emitting(outline.path):
            yield from _parsed(code, outline)
        for node, scope in outline.of("array_expression"):
            if node.named_child_count >= 4 and not _is_table(node):
                value = code.evaluator.value(outline, node, scope)
                if value.derivation:
                    yield _text(outline, node, scope, value)
        for macro in outline.macros.values():
            if macro.name in ("concat", "format", "vec") and macro.arguments:
                site = _macro_site(code, outline, macro, {})
                if site.value.derivation or not site.value.is_constant:
                    yield TextSite(site.value, site.file, site.owner, site.start, site.end)


def _is_table(node: Node) -> bool:
    """A long list of rows: no text in itself, and lists in it are looked at by themselves."""
    first = node.named_child(0)
    rows = ("tuple_expression", "array_expression")
    return node.named_child_count >= _ROWS and first is not None and first.type in rows


def _parsed(code: CrateCode, outline: Outline) -> Iterator[TextSite]:
    for call in outline.calls:
        if call.name == "parse" and call.receiver is not None:
            value = code.evaluator.value(outline, call.receiver, call.scope)
            if value.derivation and value.is_constant:
                yield _text(outline, call.node, call.scope, value)


def _written(code: CrateCode, outline: Outline, quick: re2._Regexp) -> Iterator[TextSite]:
    literals = outline.literals
    for number in holding(quick, [text for text, *_ in literals]):
        _, node, scope = literals[number]
        if not is_documentation(outline.data, node.start_byte):
            yield _text(outline, node, scope, code.evaluator.value(outline, node, scope))


def parameters(code: CrateCode, words: tuple[str, ...]) -> Iterator[TextSite]:
    """The names of parameters of functions, in files that say any of these words."""
    quick = compiled(b"|".join(re.escape(one.encode()) for one in words))
    for outline in code.outlines.values():
        if not quick.search(outline.data):
            continue
        for node, scope in outline.of("parameter"):
            pattern = node.child_by_field_name("pattern")
            if pattern is not None and scope.function >= 0:
                name = outline.text(pattern).removeprefix("mut ").strip()
                yield _text(outline, pattern, scope, constant(name))


def attributes(code: CrateCode) -> Iterator[tuple[str, str, int, int]]:
    """(file, text inside `#[...]`, start, end) with the range of the item it stands on."""
    for outline in code.outlines.values():
        yield from ((outline.path, *one) for one in outline.attributes)


def _text(outline: Outline, node: Node, scope: Scope, value: Value) -> TextSite:
    owner = outline.owner(scope.function)
    return TextSite(value, outline.path, owner, node.start_byte, node.end_byte)


def _macro_site(code: CrateCode, outline: Outline, macro: Macro, frame: Frame) -> MacroSite:
    start, end = macro.node.start_byte, macro.node.end_byte
    scope = outline.scope_at(start, end)
    value = macro_value(code.evaluator, outline, macro, scope, (frame, 0))
    arguments = tuple(
        code.evaluator.value(outline, one, scope, frame) for one in macro.arguments[:4]
    )
    owner = outline.owner(scope.function)
    return MacroSite(macro.name, value, arguments, outline.path, owner, start, end)
