"""Catalogued names that stand without a call: `map(std::fs::read)`, `map(read)`, `PROT_EXEC`."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import NamedTuple

import re2

from analyzer.signatures import Api
from analyzer.syntax.code import CrateCode, bare
from analyzer.syntax.loops import LOOP_FRAMES
from analyzer.syntax.outline import Node, Outline, Scope
from analyzer.syntax.paths import path_segments
from analyzer.syntax.values import Value
from analyzer.syntax.vocabulary import compiled


class Mention(NamedTuple):
    """A name that stands for itself; `is_unasked`: nothing is known of what it is called with."""

    api: Api
    node: Node
    scope: Scope
    arguments: tuple[Value, ...] = ()
    is_unasked: bool = False
    frame: int = 0


_HOLDERS = ("static_item", "const_item")


class Mentions:
    """Names without a call, file by file."""

    def __init__(self, code: CrateCode) -> None:
        self._code, self._apis, self._last_names = code, code.apis, code.apis.last_names

    def of(self, outline: Outline, imported: frozenset[str]) -> Iterator[Mention]:
        """All of a file; `imported` are local names that a `use` binds to something catalogued."""
        yield from self._passed(outline, imported)
        yield from self._by_path(outline)
        yield from self._constants_of(outline)

    def _passed(self, outline: Outline, imported: frozenset[str]) -> Iterator[Mention]:
        """Catalogued functions handed over by name: `map(read)`."""
        functions = [one for one in sorted(imported) if one[:1].islower()]
        if not functions:
            return
        names = b"|".join(re.escape(one.encode()) for one in functions)
        if not re.search(rb"[(,]\s*(?:%b)\s*[,)]" % names, outline.data):
            return
        for call in outline.calls:
            listed = call.node.child_by_field_name("arguments")
            for one in listed.named_children if listed is not None else ():
                if one.type == "identifier" and outline.text(one) in imported:
                    path = self._code.callee(outline, one, call.scope)
                    api = self._apis.get("::".join(path)) if path else None
                    if api is not None:
                        yield from self._handed(outline, api, one, call.scope)

    def _by_path(self, outline: Outline) -> Iterator[Mention]:
        """Catalogued functions named by path without a call: `map(std::fs::read)`."""
        called = {}
        for call in outline.calls:
            function = bare(call.function)
            if function is not None:
                called[function.start_byte] = function.end_byte
        reach = -1
        for node, scope in outline.of("scoped_identifier"):
            if node.start_byte < reach:
                continue
            reach = node.end_byte
            if called.get(node.start_byte) == node.end_byte:
                continue
            segments = path_segments(outline, node)
            if not segments or segments[-1] not in self._last_names:
                continue
            path = self._code.callee(outline, node, scope)
            api = self._apis.get("::".join(path)) if path else None
            if api is not None and not outline.is_in_use(node.start_byte):
                yield from self._handed(outline, api, node, scope)

    def _constants_of(self, outline: Outline) -> Iterator[Mention]:
        """Telling constants that a `use` brought, by their name alone: `PROT_EXEC`."""
        for match in self._constants.finditer(outline.data) if self._constants else ():
            at, name = match.start(), match[0].decode()
            if outline.is_in_use(at) or outline.data[at - 2 : at] == b"::":
                continue
            node = outline.parsed.tree.root_node.descendant_for_byte_range(at, match.end())
            if node is None or node.type != "identifier":
                continue
            scope = outline.scope_at(at, match.end())
            path = self._code.resolve(outline, (name,), at, scope.module)
            api = self._apis.get("::".join(path)) if path else None
            if api is not None:
                yield Mention(api, node, scope)

    @functools.cached_property
    def _constants(self) -> re2._Regexp | None:
        names = b"|".join(re.escape(one.encode()) for one in sorted(self._apis.constants))
        return compiled(rb"\b(?:%b)\b" % names) if names else None

    def _handed(self, outline: Outline, api: Api, node: Node, scope: Scope) -> Iterator[Mention]:
        """A function that is named: called with each item of what takes it, where that is known."""
        listed = node.parent
        call = listed.parent if listed is not None and listed.type == "arguments" else None
        function = call.child_by_field_name("function") if call is not None else None
        value = function.child_by_field_name("value") if function is not None else None
        known = self._code.evaluator.value(outline, value, scope) if value is not None else None
        if known is None or known.is_unknown:
            self._ask_users(outline, scope)
            yield Mention(api, node, scope, is_unasked=True)
            return
        for number, one in enumerate(known.flat()[: LOOP_FRAMES - 1], 1):
            yield Mention(api, node, scope, (one,), frame=number)

    def _ask_users(self, outline: Outline, scope: Scope) -> None:
        """Who names the constant that holds a function may call it: asked in that one's name."""
        own = outline.functions[scope.function] if scope.function >= 0 else None
        if own is not None and own.kind in _HOLDERS:
            asker, self._code.asking = self._code.asking, outline.owner(scope.function)
            self._code.want(static=own.name)
            self._code.asking = asker
