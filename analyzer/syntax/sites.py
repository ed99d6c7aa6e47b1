"""Uses of catalogued APIs, and who calls whom: the questions that call facts are made of.

Where an argument comes from a parameter, the function is looked at once more for each of its
callers (a frame), so that a helper that takes the program, the path or the host hides nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from analyzer.signatures import Api
from analyzer.syntax.code import CrateCode, bare
from analyzer.syntax.names import Item, clean, path_segments
from analyzer.syntax.outline import Node, Outline, Scope
from analyzer.syntax.values import UNKNOWN_VALUE, Hole, Value

_NAMESAKES = 8
"""An unresolved method with more own namesakes than this joins none of them."""
_FRAMES = 16
_CALLERS = 12
_FRAME_DEPTH = 4

Frame = Mapping[str, Value]
Call = tuple[Outline, Node, Scope]
Function = tuple[str, int]


class Site(NamedTuple):
    """One use of a catalogued API. `origin` is the call that made the receiver, as a byte range.

    `frame` numbers the caller that parameters were taken from, 0 for none.
    `receiver` is the folded receiver of a method; `is_mention`: named without being called;
    `is_guess`: the receiver's type is not known and only the method's name speaks.
    """

    api: Api
    arguments: tuple[Value, ...]
    receiver: Value
    file: str
    owner: str
    start: int
    end: int
    origin: tuple[int, int]
    is_mention: bool = False
    is_guess: bool = False
    frame: int = 0


class Sites:
    """Call questions over one crate's code."""

    def __init__(self, code: CrateCode, is_test: Callable[[str, int], bool]) -> None:
        """`is_test(file, position)`: code that only a test build has; it is nobody's caller."""
        self._code, self._apis, self._is_test = code, code.apis, is_test
        self._frames_of: dict[Function, tuple[Frame, ...]] = {}
        self._methods: dict[str, list[Api]] = {}
        for api in code.apis.values():
            if api.is_method:
                self._methods.setdefault(api.path.rpartition("::")[2], []).append(api)
        self._last_names = {one.rpartition("::")[2] for one in code.apis}

    def all(self) -> Iterator[Site]:
        """Every use of a catalogued API in the crate."""
        for outline in self._code.outlines.values():
            imported = self._imported(outline)
            found: dict[int, list[tuple[Node, Scope, list[Site]]]] = {}
            for node, scope in outline.of("call_expression"):
                sites = list(self._site(outline, node, scope, imported, {}))
                if sites:
                    found.setdefault(scope.function, []).append((node, scope, sites))
            for function, rows in found.items():
                yield from self._with_frames(outline, function, rows)
            yield from self._mentions(outline)
            yield from self._macro_sites(outline)

    def _with_frames(
        self, outline: Outline, function: int, rows: list[tuple[Node, Scope, list[Site]]]
    ) -> Iterator[Site]:
        """The sites of one function as written, and again for each caller that says more."""
        plain = [site for _, _, sites in rows for site in sites]
        frames: tuple[Frame, ...] = ()
        if function >= 0 and any(_asks(site) for site in plain):
            frames = self._frames((outline.path, function), 0)
        if not frames or not self._is_private(outline, function, len(frames)):
            yield from plain
        for number, frame in enumerate(frames, 1):
            for node, scope, _ in rows:
                for site in self._site(outline, node, scope, frozenset(), frame):
                    yield site._replace(frame=number)

    def _is_private(self, outline: Outline, function: int, frames: int) -> bool:
        """Whether the callers we know are all there can be."""
        node = outline.functions[function].node
        is_open = any(one.type == "visibility_modifier" for one in node.children)
        callers = self._callers.get((outline.path, function), ())
        return not is_open and len(callers) <= min(frames, _CALLERS)

    # Callers -----------------------------------------------------------------------------------

    @functools.cached_property
    def _calls(self) -> tuple[tuple[Call, tuple[Item, ...]], ...]:
        """Every call of own functions, with the functions it may mean."""
        found = []
        for outline in self._code.outlines.values():
            for node, scope in outline.of("call_expression"):
                items = tuple(self._own_callees(outline, node, scope))
                if items:
                    found.append(((outline, node, scope), items))
        return tuple(found)

    @functools.cached_property
    def _callers(self) -> Mapping[Function, list[Call]]:
        table: dict[Function, list[Call]] = {}
        for call, items in self._calls:
            is_test = self._is_test(call[0].path, call[1].start_byte)
            for item in items:
                if not is_test or self._is_test(item.file, item.node.start_byte):
                    table.setdefault(self._function(item), []).append(call)
        return table

    def _frames(self, function: Function, depth: int) -> tuple[Frame, ...]:
        """What a function's parameters may be, a frame for each caller that knows something."""
        if function in self._frames_of or depth >= _FRAME_DEPTH:
            return self._frames_of.get(function, ())
        self._frames_of[function] = ()
        node = self._code.outlines[function[0]].functions[function[1]].node
        names = self._parameters(function[0], node)
        frames: list[Frame] = []
        for outline, call, scope in self._callers.get(function, ())[:_CALLERS] if names else ():
            listed = call.child_by_field_name("arguments")
            given = (
                [one for one in listed.named_children if not one.type.endswith("comment")]
                if listed
                else []
            )
            outer = (
                self._frames((outline.path, scope.function), depth + 1)
                if scope.function >= 0
                else ()
            )
            for around in outer or ({},):
                values = [self._code.evaluator.value(outline, one, scope, around) for one in given]
                frame = {
                    name: value
                    for name, value in zip(names, values, strict=False)
                    if not value.is_unknown
                }
                if frame and frame not in frames and len(frames) < _FRAMES:
                    frames.append(frame)
        self._frames_of[function] = tuple(frames)
        return self._frames_of[function]

    def _parameters(self, file: str, node: Node) -> list[str]:
        outline = self._code.outlines[file]
        listed = node.child_by_field_name("parameters")
        return [
            outline.text(one.child_by_field_name("pattern") or one).removeprefix("mut ").strip()
            for one in (listed.named_children if listed is not None else ())
            if one.type == "parameter"
        ]

    def edges(self) -> Iterator[tuple[str, str]]:
        """(caller, callee) of own functions and macros, both as owners."""
        macros = {
            clean(one.name.rstrip("!")): outline.owner(number)
            for outline in self._code.outlines.values()
            for number, one in enumerate(outline.functions)
            if one.kind == "macro_definition"
        }
        for (outline, _, scope), items in self._calls:
            for item in items:
                file, function = self._function(item)
                yield outline.owner(scope.function), self._code.outlines[file].owner(function)
        for outline in self._code.outlines.values():
            for number, one in enumerate(outline.functions):
                if one.outer >= 0:
                    yield outline.owner(one.outer), outline.owner(number)
            for macro in outline.macros.values():
                if macro.name in macros:
                    function = outline.function_at(macro.node.start_byte)
                    yield outline.owner(function), macros[macro.name]

    def _function(self, item: Item) -> Function:
        outline = self._code.outlines[item.file]
        body = item.node.child_by_field_name("body") or item.node
        return item.file, outline.function_at(body.start_byte)

    # Sites -------------------------------------------------------------------------------------

    def _imported(self, outline: Outline) -> frozenset[str]:
        """Local names that a `use` of this file binds to something catalogued."""
        uses = self._code.names.uses(outline.path)
        return frozenset(alias for alias, target in uses if target[-1] in self._last_names)

    def _site(
        self,
        outline: Outline,
        node: Node,
        scope: Scope,
        imported: frozenset[str],
        frame: Frame,
    ) -> Iterator[Site]:
        function = node.child_by_field_name("function")
        listed = node.child_by_field_name("arguments")
        if function is None or listed is None:
            return
        if imported:
            yield from self._passed(outline, listed, scope, imported)
        if function.type == "generic_function":
            function = function.child_by_field_name("function") or function
        if function.type == "field_expression":
            yield from self._method_site(outline, (node, function, listed), scope, frame)
            return
        path = self._code.callee(outline, function, scope)
        api = self._apis.get("::".join(path)) if path else None
        if api is None:
            return
        arguments = self._values(outline, listed, scope, frame)
        receiver, origin = UNKNOWN_VALUE, (node.start_byte, node.end_byte)
        if api.is_method and arguments:
            receiver, arguments = arguments[0], arguments[1:]
            origin = self._origin(outline, listed.named_children[0], scope)
        yield self._make(outline, (api, node, origin), scope, arguments, receiver)

    def _make(
        self,
        outline: Outline,
        what: tuple[Api, Node, tuple[int, int]],
        scope: Scope,
        arguments: tuple[Value, ...] = (),
        receiver: Value = UNKNOWN_VALUE,
    ) -> Site:
        api, node, origin = what
        owner = outline.owner(scope.function)
        start, end = node.start_byte, node.end_byte
        return Site(api, arguments, receiver, outline.path, owner, start, end, origin)

    def _values(
        self, outline: Outline, listed: Node, scope: Scope, frame: Frame
    ) -> tuple[Value, ...]:
        return tuple(
            self._code.evaluator.value(outline, one, scope, frame)
            for one in listed.named_children[:12]
            if not one.type.endswith("comment")
        )

    def _method_site(
        self, outline: Outline, nodes: tuple[Node, Node, Node], scope: Scope, frame: Frame
    ) -> Iterator[Site]:
        node, function, listed = nodes
        receiver, field = (function.child_by_field_name(one) for one in ("value", "field"))
        if receiver is None or field is None:
            return
        candidates = self._methods.get(outline.text(field))
        if not candidates:
            return
        owner = self._code.kinds.of(outline, receiver, scope)
        api = self._apis.get(f"{owner}::{outline.text(field)}") if owner else None
        is_guess = False
        if api is None:
            loose = [one for one in candidates if one.is_loose]
            if not loose or owner.startswith("@"):
                return
            api, is_guess = loose[0], True
        start = field.start_byte
        site = self._make(
            outline,
            (api, node, self._origin(outline, receiver, scope)),
            scope,
            self._values(outline, listed, scope, frame),
            self._code.evaluator.value(outline, receiver, scope, frame),
        )
        yield site._replace(start=start, is_guess=is_guess)

    def _origin(self, outline: Outline, node: Node, scope: Scope) -> tuple[int, int]:
        """The call at the bottom of a builder chain, through one or more local variables."""
        for _ in range(64):
            kind = node.type
            if kind == "call_expression":
                function = node.child_by_field_name("function")
                inner = function.child_by_field_name("value") if function is not None else None
                if function is None or function.type != "field_expression" or inner is None:
                    break
                node = inner
            elif kind == "identifier":
                name = outline.text(node)
                row = next(iter(outline.bindings(name, node.start_byte, scope.function)), None)
                if row is None or row.value is None:
                    break
                node = row.value
            elif (
                kind.endswith("_expression") and kind != "field_expression" and node.named_children
            ):
                node = node.named_children[-1]
            else:
                break
        return (node.start_byte, node.end_byte)

    def _passed(
        self, outline: Outline, listed: Node, scope: Scope, imported: frozenset[str]
    ) -> Iterator[Site]:
        """Catalogued functions handed over by name: `map(read)`."""
        for one in listed.named_children:
            if one.type == "identifier" and outline.text(one) in imported:
                path = self._code.callee(outline, one, scope)
                api = self._apis.get("::".join(path)) if path else None
                if api is not None:
                    at = (one.start_byte, one.end_byte)
                    yield self._make(outline, (api, one, at), scope)._replace(is_mention=True)

    def _mentions(self, outline: Outline) -> Iterator[Site]:
        """Catalogued functions named by path without a call: `map(std::fs::read)`."""
        called = {}
        for node, _ in outline.of("call_expression"):
            function = bare(node.child_by_field_name("function"))
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
                at = (node.start_byte, node.end_byte)
                yield self._make(outline, (api, node, at), scope)._replace(is_mention=True)

    def _macro_sites(self, outline: Outline) -> Iterator[Site]:
        """Catalogued macros: arguments are what stands between the commas."""
        for macro in outline.macros.values():
            if f"{macro.name}!" not in self._last_names:
                continue
            api, scope = self._code.macro(outline, macro)
            if api is not None:
                arguments = tuple(
                    self._code.evaluator.value(outline, one, scope) for one in macro.arguments[:12]
                )
                at = (macro.node.start_byte, macro.node.end_byte)
                yield self._make(outline, (api, macro.node, at), scope, arguments)

    def _own_callees(self, outline: Outline, node: Node, scope: Scope) -> Iterator[Item]:
        function = node.child_by_field_name("function")
        if function is None:
            return
        if function.type == "generic_function":
            function = function.child_by_field_name("function") or function
        if function.type == "field_expression":
            field = function.child_by_field_name("field")
            named = self._code.names.impls.get(outline.text(field), []) if field is not None else []
            if len(named) <= _NAMESAKES:
                yield from (one for one in named if one.kind == "function_item")
            return
        own = self._code.own_function(self._code.callee(outline, function, scope))
        if own is not None:
            yield own
        listed = node.child_by_field_name("arguments")
        for one in listed.named_children if listed is not None else ():
            if one.type in ("identifier", "scoped_identifier"):
                passed = self._code.own_function(self._code.callee(outline, one, scope))
                if passed is not None:
                    yield passed


def _asks(site: Site) -> bool:
    """Whether some part of a site is not known from its function alone."""
    values = (*site.arguments, *((site.receiver,) if site.api.subject == "receiver" else ()))
    return any(part == Hole() for value in values for one in value.flat() for part in one.parts)
