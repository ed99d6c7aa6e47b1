"""Which function an expression is: held in constants, fields, parameters, results, tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.syntax.builders import results
from analyzer.syntax.fields import Fields, parameters
from analyzer.syntax.held_functions import same_function
from analyzer.syntax.outline import Binding, Node, Outline, Scope
from analyzer.syntax.paths import Path
from analyzer.syntax.query import arguments_of

if TYPE_CHECKING:
    from analyzer.syntax.code import CrateCode

MAX_DEPTH = 6
_CALLERS = 8
_NAMES = ("identifier", "scoped_identifier", "index_expression")


class FunctionValues:
    """Functions as values of one crate."""

    def __init__(self, code: CrateCode) -> None:
        self._code, self._fields = code, Fields(code)
        self._depth = 0
        self._given: dict[tuple[str, int, str], Path | None] = {}
        self._held: dict[tuple[str, str], Path | None] = {}

    def path(self, outline: Outline, node: Node | None, scope: Scope) -> Path | None:
        """The canonical path of the function that an expression is; None if nobody can tell."""
        found = same_function(outline, node)
        if found is None or self._depth >= MAX_DEPTH:
            return None
        self._depth += 1
        try:
            if found.type in _NAMES:
                return self._code.callee(outline, found, scope)
            if found.type == "call_expression":
                return self._returned(outline, found, scope)
            if found.type == "field_expression":
                return self._in_field(outline, found, scope)
            return None
        finally:
            self._depth -= 1

    def behind(self, path: Path | None) -> Path | None:
        """The function that a constant or static of this path holds, else the path itself."""
        item = self._code.names.items.get(path) if path and path[0].startswith("@") else None
        if item is None or item.kind not in ("const_item", "static_item"):
            return path
        value = item.node.child_by_field_name("value")
        other = self._code.outlines[item.file]
        at = item.node.start_byte
        inner = Scope(other.function_at(at), len(other.data), item.scope.module, None)
        return self.path(other, value, inner) or path

    def parameter(self, outline: Outline, name: str, scope: Scope) -> Path | None:
        """The first function that some caller gives a parameter."""
        if scope.function < 0 or self._depth >= MAX_DEPTH:
            return None
        own = outline.functions[scope.function]
        names = parameters(outline, own.node) if own.kind == "function_item" else []
        key = (outline.path, scope.function, name)
        if name not in names or key in self._given:
            return self._given.get(key)
        self._given[key] = None  # a parameter that is handed to itself
        self._given[key] = self._first_given(own.name, names.index(name))
        return self._given[key]

    def _first_given(self, function: str, at: int) -> Path | None:
        for other, call in self._code.calls.get(function, ())[:_CALLERS]:
            given = arguments_of(call.node)
            found = self.path(other, given[at], call.scope) if at < len(given) else None
            if found is not None:
                return found
        return None

    def _returned(self, outline: Outline, node: Node, scope: Scope) -> Path | None:
        own = self._code.own_function(
            self._code.callee(outline, node.child_by_field_name("function") or node, scope)
        )
        body = own.node.child_by_field_name("body") if own is not None else None
        if own is None or body is None:
            return None
        other = self._code.outlines[own.file]
        self._code.want_body(other, own.node)
        inner = other.scope_at(body.start_byte, body.end_byte)
        rows = (self.path(other, one, inner) for one in results(other, body, -1))
        return next((one for one in rows if one is not None), None)

    def _in_field(self, outline: Outline, node: Node, scope: Scope) -> Path | None:
        receiver, field = (node.child_by_field_name(one) for one in ("value", "field"))
        if receiver is None or field is None:
            return None
        name = outline.text(field)
        if name.isdecimal() and receiver.type == "identifier":
            held = outline.text(receiver)
            for row in outline.bindings(held, receiver.start_byte, scope.function):
                several = row.value.named_children if row.value is not None else []
                is_tuple = row.value is not None and row.value.type == "tuple_expression"
                is_there = is_tuple and len(name) < 3 and int(name) < len(several)
                return self.path(outline, several[int(name)], scope) if is_there else None
        return self._of_type(self._code.kinds.of(outline, receiver, scope), name)

    def taken_apart(self, outline: Outline, row: Binding, scope: Scope) -> Path | None:
        """The function that a pattern takes out of a struct: `let Plan { load, .. } = PLAN;`."""
        if row.value is None or self._depth >= MAX_DEPTH:
            return None
        self._depth += 1
        try:
            return self._of_type(self._code.kinds.of(outline, row.value, scope), row.field)
        finally:
            self._depth -= 1

    def _of_type(self, owner: str, name: str) -> Path | None:
        """The first function that a field of an own type is given."""
        if not owner.startswith("@"):
            return None
        if (owner, name) not in self._held:
            self._held[owner, name] = None  # a field that is given itself
            rows = (self.path(*one) for one in self._fields.given(owner, name))
            self._held[owner, name] = next((one for one in rows if one is not None), None)
        return self._held[owner, name]
