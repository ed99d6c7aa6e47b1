"""Source that a build script writes and the crate includes, where all of it is known.

Such a text is code of whoever includes it: it is parsed and asked as their file. Evidence in it
points to the line that writes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from analyzer.model import FactKind
from analyzer.syntax.code import CrateCode
from analyzer.syntax.flow.sinks import handed_out
from analyzer.syntax.outline import Node, Outline
from analyzer.syntax.query import called_function
from analyzer.syntax.sites import Site
from analyzer.syntax.values import Value

_FOLDERS = ("{out}/", "{env:OUT_DIR}/")
_GIVING = frozenset("write_all write write_str write_fmt".split())
MAX_FILES = 16
_SMALLEST = 8


class Generated(NamedTuple):
    """A file below OUT_DIR: who includes it, its text, and the place that writes it."""

    name: str
    includer: str
    text: str
    writer: str
    position: int


def generated(code: CrateCode, sites: Iterable[Site]) -> tuple[Generated, ...]:
    """All of a crate; a file that is written in several places gives each of its texts."""
    included = dict(_included(code))
    if not included:
        return ()
    found: dict[tuple[str, str], Generated] = {}
    for site in sites:
        if FactKind.FILE_WRITE not in site.api.facts or site.is_mention or not site.arguments:
            continue
        for name, text, at in _written(code, site):
            if name in included and len(text) >= _SMALLEST and len(found) < MAX_FILES:
                one = Generated(name, included[name], text, site.file, at)
                found.setdefault((name, text), one)
    return tuple(found.values())


def _included(code: CrateCode) -> Iterator[tuple[str, str]]:
    """Names below OUT_DIR that some file includes as code."""
    for outline in code.outlines.values():
        for macro in outline.macros.values():
            if macro.name == "include" and macro.arguments:
                scope = outline.scope_at(macro.node.start_byte, macro.node.end_byte)
                value = code.evaluator.value(outline, macro.arguments[0], scope)
                name = _below(value)
                if name:
                    yield name, outline.path


def _below(value: Value) -> str:
    text = value.text.replace("\\", "/")
    folder = next((one for one in _FOLDERS if text.startswith(one)), "")
    return text.removeprefix(folder).lstrip("/") if folder else ""


def _written(code: CrateCode, site: Site) -> Iterator[tuple[str, str, int]]:
    """(name, text, position) of what a call writes: at once, or through what it opened."""
    position = site.api.subject_of(FactKind.FILE_WRITE)
    at = position if isinstance(position, int) else 0
    name = _below(site.arguments[at]) if at < len(site.arguments) else ""
    if not name:
        return
    rest = [one for number, one in enumerate(site.arguments) if number != at]
    if rest and rest[0].is_constant:
        yield name, rest[0].text, site.start
    outline = code.outlines[site.file]
    calls = (one for one in outline.calls if one.node.end_byte == site.end)
    call = next((one for one in calls if one.node.start_byte <= site.start), None)
    for other, node in handed_out(outline, call.node, code) if call is not None else ():
        around = node.parent.parent if node.parent is not None else None
        function = called_function(around) if around is not None else None
        field = function.child_by_field_name("field") if function is not None else None
        is_macro = node.type == "macro_invocation"
        if is_macro or (field is not None and outline.text(field) in _GIVING):
            value = _value(code, other, node)
            if value.is_constant:
                yield name, value.text, node.start_byte


def _value(code: CrateCode, outline: Outline, node: Node) -> Value:
    scope = outline.scope_at(node.start_byte, node.end_byte)
    return code.evaluator.value(outline, node, scope)
