"""What stands where in one Rust file: functions, uses, bindings, calls, macros, texts.

One query over the file's tree, and one over each macro invocation parsed again as code, are swept
once in byte order. Offsets are the file's own throughout, so a node of any of these trees can be
looked up in the same tables. Nothing is resolved or evaluated here.
"""

from __future__ import annotations

import bisect
import collections
import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from operator import itemgetter
from typing import NamedTuple

import tree_sitter

from analyzer.limits import Limits
from analyzer.model import Gap
from analyzer.syntax.bindings import Bound, of_arm, of_statement
from analyzer.syntax.expansion import Macro, expanded
from analyzer.syntax.parse import ParsedFile
from analyzer.syntax.query import Captured, captures
from analyzer.syntax.reduce import WHOLE, Cut
from analyzer.syntax.written_out import Expanded

Node = tree_sitter.Node
_CALLABLE = ("function_item", "macro_definition", "static_item", "const_item")
_CONTAINERS = frozenset(
    {*_CALLABLE, "block", "closure_expression", "match_arm", "mod_item", "impl_item"}
    | {"trait_item", "foreign_mod_item", "declaration_list"}
)
_SWEPT = _CONTAINERS | {
    *("match_expression", "let_declaration", "let_condition", "for_expression", "parameter"),
    "assignment_expression",
}
"""Nodes that open a scope or bind a name."""
_SHORTEST_LITERAL = 5
_HOLDING_FUNCTIONS = frozenset(
    {"identifier", "scoped_identifier", "index_expression", "parenthesized_expression"}
    | {"type_cast_expression", "match_expression", "reference_expression", "unsafe_block"}
    | {"generic_function", "call_expression", "field_expression"}
)
"""Expressions that may be a function by its name."""
_HANDED = re.compile(rb"[(,]\s*(?:[\w:]+::)?([a-z_]\w*)\s*(?=[,)])")


class Binding(NamedTuple):
    """A local name: valid in [start, end), bound to `value` (or, from 0 on, a `part` of that
    tuple; a `field` of that struct; an item of that list where it `is_element`), maybe of `type`.
    `is_unset`: declared without a value. `holder` is the struct or variant whose pattern stands
    next around the name, which is its `label`.
    """

    start: int
    end: int
    value: Node | None
    type: Node | None
    is_element: bool = False
    part: int = -1
    field: str = ""
    is_unset: bool = False
    holder: Node | None = None
    label: str = ""


@dataclass(slots=True)
class Scope:
    """Where a node stands: its function (owner index), innermost block, module and impl."""

    function: int
    block_end: int
    module: int
    impl: Node | None


@dataclass(slots=True)
class Function:
    """A callable: a function, a macro definition, or the initialiser of a static or const."""

    name: str
    node: Node
    kind: str
    module: int
    impl: Node | None
    outer: int
    bindings: dict[str, list[Binding]] = field(default_factory=dict)


@dataclass(slots=True)
class Call:
    """A call: `name` is the last name it says, `function` the callee without generic arguments,
    `receiver` what a method is called on.
    """

    name: str
    node: Node
    scope: Scope
    function: Node
    receiver: Node | None


@dataclass(slots=True)
class InlineModule:
    """A module of this file: the file itself is number 0."""

    names: tuple[str, ...]
    start: int
    end: int


class Outline:
    """The swept content of one parsed file; `of` gives the nodes of one type in byte order."""

    def __init__(
        self,
        parsed: ParsedFile,
        *,
        limits: Limits,
        cut: Cut | Expanded = WHOLE,
        source: bytes = b"",
    ) -> None:
        """`source` is the file itself where `cut` says that only a part of it was parsed."""
        self.parsed = parsed
        self.origin, self.is_cut = cut.origin, bool(cut.here)
        self.source = source if cut.here else parsed.data
        self.path = self.shown = parsed.path
        self.data = parsed.data
        self._ascii = parsed.data.decode() if parsed.data.isascii() else ""
        self.gaps: list[Gap] = list(parsed.gaps)
        self.functions: list[Function] = []
        self.modules = [InlineModule((), 0, len(parsed.data))]
        self.macros: dict[int, Macro] = {}
        self._owners: dict[int, str] = {}
        rows = captures(parsed.tree.root_node)
        rows += expanded(self, rows, limits)
        rows.sort(key=itemgetter(0, 1))
        self._sweep(rows)

    def of(self, *types: str) -> Iterator[tuple[Node, Scope]]:
        """Nodes of these types with the scope each stands in."""
        for one in types:
            yield from self._by_type.get(one, ())

    @functools.cached_property
    def calls(self) -> list[Call]:
        """All calls in byte order; those of a computed function have no name."""
        found: list[Call] = []
        for node, scope in self.of("call_expression"):
            function = node.child_by_field_name("function")
            if function is not None and function.type == "generic_function":
                function = function.child_by_field_name("function") or function
            if function is None:
                continue
            receiver = named = None
            if function.type == "field_expression":
                receiver = function.child_by_field_name("value")
                named = function.child_by_field_name("field")
            elif function.type == "scoped_identifier":
                named = function.child_by_field_name("name")
            elif function.type == "identifier":
                named = function
            name = self.text(named).removeprefix("r#") if named is not None else ""
            if not name.isascii():
                name = unicodedata.normalize("NFC", name)
            found.append(Call(name, node, scope, function, receiver))
        return found

    @functools.cached_property
    def literals(self) -> list[tuple[bytes, Node, Scope]]:
        """String constants of some length, by what stands between their quotes as it is spelled."""
        found: list[tuple[bytes, Node, Scope]] = []
        for node, scope in self.of("string_literal", "raw_string_literal"):
            raw = self.data[node.start_byte : node.end_byte]
            if len(raw) > _SHORTEST_LITERAL:
                found.append((raw[raw.find(b'"') + 1 : raw.rfind(b'"')], node, scope))
        return found

    @functools.cached_property
    def attributes(self) -> list[tuple[str, int, int]]:
        """Texts inside `#[...]`, each with the range of the item it stands on."""
        found: list[tuple[str, int, int]] = []
        for node, _ in self.of("attribute_item"):
            target = node.next_named_sibling
            while target is not None and target.type.endswith(("attribute_item", "comment")):
                target = target.next_named_sibling
            if target is not None and node.named_children:
                text = self.text(node.named_children[0])
                found.append((text, target.start_byte, target.end_byte))
        return found

    @functools.cached_property
    def given(self) -> dict[str, list[tuple[str, Node]]]:
        """What fields are given in a file, by field: the struct's name (empty at an assignment)."""
        table: dict[str, list[tuple[str, Node]]] = {}
        for node, _ in self.of("struct_expression"):
            name, body = (node.child_by_field_name(one) for one in ("name", "body"))
            struct = self.text(name).partition("<")[0].rpartition("::")[2] if name else ""
            for one in body.named_children if body is not None else ():
                label = one.child_by_field_name("field") or one
                value = one.child_by_field_name("value") or (label.named_children or [label])[0]
                if one.type.endswith("field_initializer"):
                    table.setdefault(self.text(label), []).append((struct, value))
        for call in self.calls:
            listed = call.node.child_by_field_name("arguments")
            if call.receiver is None and call.name[:1].isupper() and listed is not None:
                for number, one in enumerate(listed.named_children):
                    table.setdefault(str(number), []).append((call.name, one))
        table.setdefault("0", []).extend(self._made)
        for node, _ in self.of("assignment_expression"):
            left, right = (node.child_by_field_name(one) for one in ("left", "right"))
            field = left.child_by_field_name("field") if left is not None else None
            if field is not None and right is not None:
                table.setdefault(self.text(field), []).append(("", right))
        return table

    @property
    def _made(self) -> Iterator[tuple[str, Node]]:
        """What a struct or variant holds that a method makes: `text.map(Kind::Text)`."""
        for call in self.calls:
            for one in self.arguments_by_name(call) if call.receiver is not None else ():
                made = self.text(one).rpartition("::")[2]
                if made[:1].isupper() and call.receiver is not None:
                    yield made, call.receiver

    def passed(self, names: AbstractSet[str]) -> dict[str, list[Call]]:
        """Calls that are handed something by one of these names, by the last part of it."""
        handed = names & self._words_handed
        return {name: self._passed[name] for name in handed if name in self._passed}

    @functools.cached_property
    def _words_handed(self) -> frozenset[str]:
        """Words that look as if a call were handed them: cheaper than to ask every call."""
        return frozenset(one.decode() for one in _HANDED.findall(self.data))

    @functools.cached_property
    def _passed(self) -> dict[str, list[Call]]:
        table: dict[str, list[Call]] = {}
        for call in self.calls:
            for one in self.arguments_by_name(call):
                table.setdefault(self.text(one).rpartition("::")[2].strip(), []).append(call)
        return table

    def arguments_by_name(self, call: Call) -> list[Node]:
        """Arguments that are names or paths."""
        listed = call.node.child_by_field_name("arguments")
        nodes = listed.named_children if listed is not None else []
        return [one for one in nodes if one.type in ("identifier", "scoped_identifier")]

    @functools.cached_property
    def held_functions(self) -> frozenset[str]:
        """Locals that hold what a path names: calling one may call that."""
        return frozenset(
            name
            for function in self.functions
            for name, rows in function.bindings.items()
            if any(row.value is not None and row.value.type in _HOLDING_FUNCTIONS for row in rows)
        )

    def text(self, node: Node) -> str:
        """The node's own text."""
        if self._ascii:
            return self._ascii[node.start_byte : node.end_byte]
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def owner(self, function: int) -> str:
        """The stable name of a function as facts carry it; -1 is the top level of the file."""
        if function < 0:
            return self.path
        if function not in self._owners:
            self._owners[function] = self._owner(function)
        return self._owners[function]

    def _owner(self, function: int) -> str:
        one = self.functions[function]
        parts = [self.path, *self.modules[one.module].names]
        if one.impl is not None:
            name = one.impl.child_by_field_name("type") or one.impl.child_by_field_name("name")
            if name is not None:
                parts.append(" ".join(self.text(name).split())[:80])
        return "::".join([*parts, one.name])

    def function_at(self, position: int) -> int:
        """Index of the innermost function around a byte position, -1 at top level."""
        index = bisect.bisect_right(self._starts, position) - 1
        while index >= 0:
            if position < self.functions[index].node.end_byte:
                return index
            index = self.functions[index].outer
        return -1

    def scope_at(self, start: int, end: int) -> Scope:
        """The scope of code from one byte position to another."""
        function = self.function_at(start)
        module = self.functions[function].module if function >= 0 else 0
        return Scope(function, end, module, None)

    def is_in_use(self, position: int) -> bool:
        """Whether a byte position stands inside a `use` declaration."""
        index = bisect.bisect_right(self._use_starts, position) - 1
        return index >= 0 and position < self._use_ends[index]

    def bindings(self, name: str, position: int, function: int) -> Iterator[Binding]:
        """Local bindings of `name` visible at `position`, the nearest first."""
        while function >= 0:
            one = self.functions[function]
            for binding in reversed(one.bindings.get(name, ())):
                if binding.start <= position < binding.end:
                    yield binding
            function = one.outer

    # The sweep -----------------------------------------------------------------------------

    def _sweep(self, rows: list[Captured]) -> None:
        stack: list[tuple[int, Scope]] = [(len(self.data) + 1, Scope(-1, len(self.data), 0, None))]
        matches: list[tuple[int, Node]] = []
        last: tuple[int, int, str, Node | None] = (-1, 1, "", None)
        by_type = collections.defaultdict[str, list[tuple[Node, Scope]]](list)
        for row in rows:
            start, negative_end, kind, node = row
            if start == last[0] and row[:3] == last[:3]:
                continue  # the same node seen in two readings of nested macros
            last = row
            while stack[-1][0] <= start:
                stack.pop()
            scope = stack[-1][1]
            by_type[kind].append((node, scope))
            if kind not in _SWEPT:
                continue
            end = -negative_end
            self._bind(self._names(node, kind, end, scope, matches), scope)
            if kind in _CONTAINERS:
                stack.append((end, self._open(node, kind, scope)))
        self._by_type = dict(by_type)
        uses = [node for node, _ in self.of("use_declaration")]
        self._use_starts = [one.start_byte for one in uses]
        self._use_ends = [one.end_byte for one in uses]
        self._starts = [one.node.start_byte for one in self.functions]

    def _open(self, node: Node, kind: str, scope: Scope) -> Scope:
        if kind in _CALLABLE:
            name = node.child_by_field_name("name")
            text = self.text(name) if name is not None else "_"
            label = {"macro_definition": f"{text}!", "static_item": f"static {text}"}.get(
                kind, text
            )
            one = Function(label, node, kind, scope.module, scope.impl, scope.function)
            self.functions.append(one)
            return Scope(len(self.functions) - 1, node.end_byte, scope.module, None)
        if kind == "mod_item":
            name = node.child_by_field_name("name")
            if node.child_by_field_name("body") is None or name is None:
                return scope
            names = (*self.modules[scope.module].names, self.text(name).removeprefix("r#"))
            self.modules.append(InlineModule(names, node.start_byte, node.end_byte))
            return Scope(scope.function, node.end_byte, len(self.modules) - 1, None)
        if kind in ("impl_item", "trait_item"):
            return Scope(scope.function, node.end_byte, scope.module, node)
        return Scope(scope.function, node.end_byte, scope.module, scope.impl)

    def _names(
        self, node: Node, kind: str, end: int, scope: Scope, matches: list[tuple[int, Node]]
    ) -> Iterable[Bound]:
        """What a node binds; `matches` are those around, which the node may be one of."""
        if kind == "match_expression":
            matches.append((end, node))
        elif kind in ("let_declaration", "let_condition", "for_expression", "parameter"):
            return of_statement(self.data, node, kind, scope.block_end)
        elif kind == "assignment_expression":
            self._bind_later(node, scope)
        elif kind == "match_arm":
            while matches and matches[-1][0] < end:
                matches.pop()
            return of_arm(self.data, node, matches[-1][1] if matches else None)
        return ()

    def _bind(self, rows: Iterable[Bound], scope: Scope) -> None:
        table = self.functions[scope.function].bindings if scope.function >= 0 else {}
        for name, row in rows if scope.function >= 0 else ():
            table.setdefault(name, []).append(Binding._make(row))

    def _bind_later(self, node: Node, scope: Scope) -> None:
        """`let x; .. x = value;`: what a local is given that was declared without a value."""
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if scope.function < 0 or left is None or right is None or left.type != "identifier":
            return
        rows = self.functions[scope.function].bindings.get(self.text(left), [])
        unset = next((one for one in rows if one.value is None and one.is_unset), None)
        if unset is not None and unset.start <= node.start_byte < unset.end:
            rows.append(Binding(node.end_byte, unset.end, right, unset.type))
