"""All Rust of one crate behind questions that facts ask: what is called, with what, from where.

Holds the outlines, the names, the types and the folding together; trees stay inside this package.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from analyzer.limits import Limits
from analyzer.model import Gap, GapKind, Span
from analyzer.signatures import Api
from analyzer.syntax.evaluate import Evaluator, variable_hole
from analyzer.syntax.kinds import Kinds
from analyzer.syntax.names import Home, Item, Names, Path, clean, path_segments
from analyzer.syntax.outline import Macro, Node, Outline, Scope
from analyzer.syntax.values import UNKNOWN_VALUE, Value, constant

_AROUND = frozenset({"parenthesized_expression", "generic_function", "reference_expression"})
_ENTRY_METHODS = 8
"""An unresolved method with more own namesakes than this joins none of them."""


class Site(NamedTuple):
    """One use of a catalogued API. `origin` is the call that made the receiver, as a byte range.

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


class Region(NamedTuple):
    """Code that runs under a condition: where the condition is asked, and what it covers."""

    file: str
    conditions: tuple[tuple[int, int], ...]
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Package:
    """What the sources may refer to beyond themselves."""

    homes: Mapping[str, Home]
    externs: Mapping[str, str]
    variables: Mapping[str, str]
    texts: Mapping[str, bytes]
    is_legacy: bool = False


class CrateCode:
    """One crate's parsed sources. `outlines` are keyed by path."""

    def __init__(
        self,
        outlines: Mapping[str, Outline],
        package: Package,
        apis: Mapping[str, Api],
        *,
        limits: Limits,
    ) -> None:
        self.outlines, self.apis, self._package = outlines, apis, package
        self._known = {tuple(one.split("::")) for one in apis}
        self._prefixes = {one[:n] for one in self._known for n in range(1, len(one) + 1)}
        self._methods: dict[str, list[Api]] = {}
        for api in apis.values():
            if api.is_method:
                self._methods.setdefault(api.path.rpartition("::")[2], []).append(api)
        self._last_names = {one[-1] for one in self._known}
        self._resolved: dict[tuple[str, int, int, Path], Path | None] = {}
        self.names = Names(
            outlines,
            package.homes,
            package.externs,
            is_known=self._prefixes.__contains__,
            is_legacy=package.is_legacy,
        )
        self.kinds = Kinds(self)
        self.evaluator = Evaluator(
            self,
            max_steps=limits.value_steps_per_crate,
            max_size_bytes=limits.value_size_bytes,
        )

    # Questions the folding asks ------------------------------------------------------------------

    def resolve(self, outline: Outline, segments: Path, position: int, module: int) -> Path | None:
        """The canonical path of `segments` at a place of a file; None for a local name."""
        if not segments:
            return None
        key = (outline.path, outline.function_at(position), module, segments)
        if key not in self._resolved:
            self._resolved[key] = self.names.resolve(segments, outline.path, position, module)
        return self._resolved[key]

    def callee(self, outline: Outline, node: Node, scope: Scope) -> Path | None:
        """The canonical path a call's function names; None for locals and computed functions."""
        bare = _bare(node)
        if bare is None:
            return None
        node = bare
        if node.type not in ("identifier", "scoped_identifier"):
            return None
        segments = path_segments(outline, node)
        if len(segments) == 1:
            for binding in outline.bindings(segments[0], node.start_byte, scope.function):
                held = binding.value
                if held is not None and held.type in ("scoped_identifier", "identifier"):
                    return self.callee(outline, held, scope) if held.id != node.id else None
                return None
        if segments[:1] == ("Self",):
            return self._of_self(outline, segments, node.start_byte, scope)
        path = self.resolve(outline, segments, node.start_byte, scope.module)
        return path

    def _of_self(self, outline: Outline, segments: Path, at: int, scope: Scope) -> Path | None:
        function = scope.function
        while function >= 0:
            impl = outline.functions[function].impl
            own = impl.child_by_field_name("type") if impl is not None else None
            if own is not None:
                kind = self.kinds.of_annotation(outline, own, scope.module, None)
                return (*kind.split("::"), *segments[1:]) if kind else None
            function = outline.functions[function].outer
        return self.resolve(outline, segments, at, scope.module)

    def own_function(self, path: Path | None) -> Item | None:
        """The function of this crate behind a canonical path, free or associated."""
        if not path or not path[0].startswith("@"):
            return None
        item = self.names.items.get(path)
        if item is not None:
            return item if item.kind == "function_item" else None
        return self._associated.get(path[-2:])

    def own_method(self, owner: str, name: str) -> Path | None:
        """Path of a method of an own type."""
        return (*owner.split("::"), name) if owner.startswith("@") else None

    def variable(self, name: str) -> Value:
        """The value of a compile-time variable: cargo's own are known from the manifest."""
        known = self._package.variables.get(name)
        return constant(known, f"env!({name})") if known is not None else variable_hole(name)

    def packaged(self, file: str, path: Value) -> Value:
        """The text of a packaged file that `include_str!` names; a hole outside the package."""
        target = included_path(file, path)
        data = self._package.texts.get(target) if target else None
        if data is None or len(data) > 65_536:
            return UNKNOWN_VALUE
        return constant(data.decode("latin-1"), f"include of {target}")

    @functools.cached_property
    def _associated(self) -> Mapping[Path, Item]:
        """Functions in `impl` blocks by (type, name); the first of several namesakes."""
        table: dict[Path, Item] = {}
        for name, items in self.names.impls.items():
            for one in items:
                if one.kind == "function_item":
                    table.setdefault((_impl_name(self.outlines[one.file], one), name), one)
        return table

    # Questions the facts ask ---------------------------------------------------------------------

    def span(self, file: str, start: int, end: int) -> Span:
        """A byte range of a file as lines and columns."""
        data = self.outlines[file].data
        line_start = data.rfind(b"\n", 0, start) + 1
        column = len(data[line_start:start].decode("utf-8", "replace")) + 1
        line = data.count(b"\n", 0, start) + 1
        return Span(file, line, column, line + data.count(b"\n", start, end), start, end)

    def line_text(self, file: str, start: int) -> str:
        """The source line around a byte position."""
        data = self.outlines[file].data
        line_start = data.rfind(b"\n", 0, start) + 1
        line_end = data.find(b"\n", start)
        raw = data[line_start : line_end if line_end >= 0 else len(data)]
        return raw[:2000].decode("utf-8", "replace").strip()

    def sites(self) -> Iterator[Site]:
        """Every use of a catalogued API in the crate."""
        for outline in self.outlines.values():
            imported = self._imported(outline)
            for node, scope in outline.of("call_expression"):
                yield from self._site(outline, node, scope, imported)
            yield from self._mentions(outline)

    def edges(self) -> Iterator[tuple[str, str]]:
        """(caller, callee) of own functions and macros, both as owners."""
        macros = {
            clean(one.name.rstrip("!")): outline.owner(number)
            for outline in self.outlines.values()
            for number, one in enumerate(outline.functions)
            if one.kind == "macro_definition"
        }
        for outline in self.outlines.values():
            for number, one in enumerate(outline.functions):
                if one.outer >= 0:
                    yield outline.owner(one.outer), outline.owner(number)
            for node, scope in outline.of("call_expression"):
                for item in self._own_callees(outline, node, scope):
                    yield outline.owner(scope.function), self._owner(item)
            for macro in outline.macros.values():
                if macro.name in macros:
                    function = outline.function_at(macro.node.start_byte)
                    yield outline.owner(function), macros[macro.name]

    def macros(self, wanted: frozenset[str]) -> Iterator[MacroSite]:
        """Invocations of macros with these names, folded."""
        for outline in self.outlines.values():
            for macro in outline.macros.values():
                if macro.name in wanted:
                    yield self._macro_site(outline, macro)

    def texts(self) -> Iterator[TextSite]:
        """String constants, and texts that folding put together from several."""
        for outline in self.outlines.values():
            for node, scope in outline.of("string_literal", "raw_string_literal"):
                if node.end_byte - node.start_byte > 5:
                    value = self.evaluator.value(outline, node, scope)
                    yield self._text(outline, node, scope, value)
            for node, scope in outline.of("array_expression"):
                if node.named_child_count >= 4:
                    value = self.evaluator.value(outline, node, scope)
                    if value.derivation:
                        yield self._text(outline, node, scope, value)
            for macro in outline.macros.values():
                if macro.name in ("concat", "format", "vec") and macro.arguments:
                    site = self._macro_site(outline, macro)
                    if site.value.derivation or not site.value.is_constant:
                        yield TextSite(site.value, site.file, site.owner, site.start, site.end)

    def conditions(self) -> Iterator[Region]:
        """Branches of `if`, with the places their condition is computed from."""
        for outline in self.outlines.values():
            for node, scope in outline.of("if_expression"):
                yield from self._regions(outline, node, scope)

    def attributes(self) -> Iterator[tuple[str, str, int, int]]:
        """(file, text inside `#[...]`, start, end) with the range of the item it stands on."""
        for outline in self.outlines.values():
            for node, _ in outline.of("attribute_item"):
                target = node.next_named_sibling
                while target is not None and target.type.endswith(("attribute_item", "comment")):
                    target = target.next_named_sibling
                if target is not None and node.named_children:
                    text = outline.text(node.named_children[0])
                    yield outline.path, text, target.start_byte, target.end_byte

    # Inside ------------------------------------------------------------------------------------

    def _text(self, outline: Outline, node: Node, scope: Scope, value: Value) -> TextSite:
        owner = outline.owner(scope.function)
        return TextSite(value, outline.path, owner, node.start_byte, node.end_byte)

    def _macro_site(self, outline: Outline, macro: Macro) -> MacroSite:
        start, end = macro.node.start_byte, macro.node.end_byte
        function = outline.function_at(start)
        module = outline.functions[function].module if function >= 0 else 0
        scope = Scope(function, end, module, None)
        value = self.evaluator.macro(outline, macro, scope, {})
        arguments = tuple(self.evaluator.value(outline, one, scope) for one in macro.arguments[:4])
        owner = outline.owner(function)
        return MacroSite(macro.name, value, arguments, outline.path, owner, start, end)

    def _imported(self, outline: Outline) -> frozenset[str]:
        """Local names that a `use` of this file binds to something catalogued."""
        uses = self.names.uses(outline.path)
        return frozenset(alias for alias, target in uses if target[-1] in self._last_names)

    def _site(
        self, outline: Outline, node: Node, scope: Scope, imported: frozenset[str]
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
            yield from self._method_site(outline, (node, function, listed), scope)
            return
        path = self.callee(outline, function, scope)
        api = self.apis.get("::".join(path)) if path else None
        if api is None:
            return
        arguments = self._values(outline, listed, scope)
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

    def _values(self, outline: Outline, listed: Node, scope: Scope) -> tuple[Value, ...]:
        return tuple(
            self.evaluator.value(outline, one, scope)
            for one in listed.named_children[:12]
            if not one.type.endswith("comment")
        )

    def _method_site(
        self, outline: Outline, nodes: tuple[Node, Node, Node], scope: Scope
    ) -> Iterator[Site]:
        node, function, listed = nodes
        receiver, field = (function.child_by_field_name(one) for one in ("value", "field"))
        if receiver is None or field is None:
            return
        candidates = self._methods.get(outline.text(field))
        if not candidates:
            return
        owner = self.kinds.of(outline, receiver, scope)
        api = self.apis.get(f"{owner}::{outline.text(field)}") if owner else None
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
            self._values(outline, listed, scope),
            self.evaluator.value(outline, receiver, scope),
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
                path = self.callee(outline, one, scope)
                api = self.apis.get("::".join(path)) if path else None
                if api is not None:
                    at = (one.start_byte, one.end_byte)
                    yield self._make(outline, (api, one, at), scope)._replace(is_mention=True)

    def _mentions(self, outline: Outline) -> Iterator[Site]:
        """Catalogued functions named by path without a call: `map(std::fs::read)`."""
        called = {}
        for node, _ in outline.of("call_expression"):
            function = _bare(node.child_by_field_name("function"))
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
            path = self.callee(outline, node, scope)
            api = self.apis.get("::".join(path)) if path else None
            if api is not None and not outline.is_in_use(node.start_byte):
                at = (node.start_byte, node.end_byte)
                yield self._make(outline, (api, node, at), scope)._replace(is_mention=True)

    def _own_callees(self, outline: Outline, node: Node, scope: Scope) -> Iterator[Item]:
        function = node.child_by_field_name("function")
        if function is None:
            return
        if function.type == "generic_function":
            function = function.child_by_field_name("function") or function
        if function.type == "field_expression":
            field = function.child_by_field_name("field")
            named = self.names.impls.get(outline.text(field), []) if field is not None else []
            if len(named) <= _ENTRY_METHODS:
                yield from (one for one in named if one.kind == "function_item")
            return
        own = self.own_function(self.callee(outline, function, scope))
        if own is not None:
            yield own
        listed = node.child_by_field_name("arguments")
        for one in listed.named_children if listed is not None else ():
            if one.type in ("identifier", "scoped_identifier"):
                passed = self.own_function(self.callee(outline, one, scope))
                if passed is not None:
                    yield passed

    def _owner(self, item: Item) -> str:
        outline = self.outlines[item.file]
        body = item.node.child_by_field_name("body") or item.node
        return outline.owner(outline.function_at(body.start_byte))

    def _regions(self, outline: Outline, node: Node, scope: Scope) -> Iterator[Region]:
        condition, body = (node.child_by_field_name(one) for one in ("condition", "consequence"))
        if condition is None or body is None:
            return
        places = [(condition.start_byte, condition.end_byte)]
        pending = [condition]
        while pending:
            one = pending.pop()
            pending += one.named_children
            if one.type == "identifier":
                name = outline.text(one)
                for row in outline.bindings(name, one.start_byte, scope.function):
                    if row.value is not None:
                        places.append((row.value.start_byte, row.value.end_byte))
                    break
        text = outline.text(condition)[:200]
        other = node.child_by_field_name("alternative")
        yield Region(outline.path, tuple(places), body.start_byte, body.end_byte, text)
        if other is not None:
            yield Region(outline.path, tuple(places), other.start_byte, other.end_byte, text)
        elif _leaves(outline, body):
            yield Region(outline.path, tuple(places), node.end_byte, scope.block_end, text)

    def budget_gap(self) -> Gap | None:
        """The gap to state when folding ran out of steps."""
        if not self.evaluator.is_exhausted:
            return None
        return Gap(GapKind.BUDGET, "constant folding ran out of steps; later texts are unknown")


def _bare(node: Node | None) -> Node | None:
    """A call's function without parentheses, generic arguments and borrows around it."""
    while node is not None and node.type in _AROUND:
        inner = node.named_children
        node = node.child_by_field_name("function") or (inner[0] if inner else None)
    return node


def _leaves(outline: Outline, body: Node) -> bool:
    """Whether a branch ends the function: what follows runs only without it."""
    last = body.named_children[-1] if body.named_children else None
    while last is not None and last.type == "expression_statement" and last.named_children:
        last = last.named_children[-1]
    if last is None:
        return False
    return last.type == "return_expression" or outline.text(last).startswith(
        ("std::process::exit", "process::exit", "exit(")
    )


def _impl_name(outline: Outline, item: Item) -> str:
    own = item.scope.impl.child_by_field_name("type") if item.scope.impl is not None else None
    if own is None and item.scope.impl is not None:
        own = item.scope.impl.child_by_field_name("name")
    segments = path_segments(outline, own) if own is not None else ()
    return segments[-1] if segments else ""


def included_path(file: str, path: Value) -> str:
    """Where an `include_*!` in `file` points, relative to the crate's root; empty if outside.

    Known roots: a relative text (from the including file) and `{manifest}`.
    """
    text = path.text.replace("\\", "/")
    if text.startswith("{manifest}"):
        base, text = [], text.removeprefix("{manifest}").lstrip("/")
    elif not path.is_constant or text.startswith("/"):
        return ""
    else:
        base = file.split("/")[:-1]
    for one in text.split("/"):
        if one == "..":
            if not base:
                return ""
            base.pop()
        elif one not in ("", "."):
            base.append(one)
    return "/".join(base)
