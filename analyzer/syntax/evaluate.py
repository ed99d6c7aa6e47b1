"""Folds an expression to a Value: bindings, constants, macros, methods, own functions.

Demand-driven: only arguments that a catalogued call or a text fact asks for are ever folded.
Every step is counted over the crate; past the budget everything is a hole and a gap says so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analyzer.syntax.branch_values import MAX_WORLDS, Branches
from analyzer.syntax.changed_values import ChangesInPlace
from analyzer.syntax.changes import (
    ELSE,
    FIELDS,
    INNER,
    MADE,
    SAME_TEXT,
    SKIPPED,
    TEXT_TYPES,
    from_template,
    is_filled,
    is_lent,
    is_rewritten,
    returned,
)
from analyzer.syntax.closure_values import (
    CHOOSING,
    ONE_BY_ONE,
    goes_over_text,
    is_choosing,
    is_computed,
    or_else,
    through_closure,
)
from analyzer.syntax.display_values import displayed
from analyzer.syntax.fields import Fields, parameters
from analyzer.syntax.machine.interpreter import Interpreter
from analyzer.syntax.macro_values import macro_value
from analyzer.syntax.memory import (
    DEPTH,
    LIMIT,
    NESTED,
    Frame,
    Key,
    Known,
    Memory,
    Name,
    State,
    closed,
)
from analyzer.syntax.outline import Binding, Node, Outline, Scope
from analyzer.syntax.paths import path_segments
from analyzer.syntax.struct_values import (
    HOLDERS,
    KEEPING,
    constructed,
    field_of_pattern,
    gathered_list,
    is_of_several,
)
from analyzer.syntax.values import (
    METHODS,
    UNKNOWN_VALUE,
    Value,
    as_text,
    path_of,
)

if TYPE_CHECKING:
    from analyzer.syntax.code import CrateCode

MAX_DEPTH = 64
STEP = 8
"""Own functions and fields are folded at multiples of this depth only."""


class Evaluator(Branches):
    """Folding over one crate; `frame` holds parameter values while an own function is entered."""

    def __init__(
        self, code: CrateCode, interpreter: Interpreter, *, max_steps: int, max_size_bytes: int
    ) -> None:
        super().__init__(code)
        self._steps, self._max_size = max_steps, max_size_bytes
        self._interpreter = interpreter
        self.shown = set[str]()  # own types whose text is being worked out
        self._fields, self._fields_open = Fields(code), set[str]()
        self._open: dict[Key, int] = {}  # what is being folded, and how often within itself
        self.memory, self.names = Memory(MAX_WORLDS), set[Name]()
        self._changes = ChangesInPlace()

    @property
    def is_exhausted(self) -> bool:
        """Whether a step budget ran out and some values are holes for that."""
        return self._steps <= 0 or self._interpreter.is_exhausted

    def value(
        self, outline: Outline, node: Node, scope: Scope, frame: Frame | None = None
    ) -> Value:
        """The folded value of an expression; `frame` holds values of its function's parameters."""
        self.memory.begin()
        return self.fold(outline, node, scope, self.memory.kept(frame or {}), 0)

    def fold(self, outline: Outline, node: Node, scope: Scope, frame: Frame, depth: int) -> Value:
        """The value in a frame, `depth` steps down; `UNKNOWN_VALUE` past a budget."""
        self._steps -= 1
        key = (outline.path, node.start_byte, node.end_byte)
        if self._steps <= 0 or depth > MAX_DEPTH:
            return self._beyond(DEPTH)
        known = self.memory.find(key, (frame, depth), self.world)
        if known is None:
            if self._open.get(key, 0) >= NESTED:
                return self._beyond(LIMIT, key)  # a value made of itself
            known = self._folded(outline, node, scope, (frame, depth), key)
            self.memory.keep(key, frame, self.world, known)
        if known.is_asking:
            self.code.ask_with(key)
        self.names |= known.names
        self.worlds = max(self.worlds, known.worlds)
        return known.value

    def _folded(self, outline: Outline, node: Node, scope: Scope, state: State, key: Key) -> Known:
        frame, depth = state
        around = self.worlds, self.names, self.code.asking
        self.worlds, self.names, self.code.asking = 1, set(), key
        outer = self._open.get(key, 0)
        self._open[key] = outer + 1
        try:
            value = UNKNOWN_VALUE
            if node.type in CHOOSING and is_choosing(outline, node):
                value = self._interpreter.attempt(outline, node, scope, frame)
                self.names |= self._interpreter.names
            if value.is_unknown:
                value = self._fold(outline, node, scope, frame, depth + 1)
            if value.is_open and is_computed(outline, node):
                computed = self._interpreter.attempt(outline, node, scope, frame)
                self.names |= self._interpreter.names
                if not computed.is_unknown:
                    value, self.worlds = computed, 1
            if sum(len(one) for one in value.parts if isinstance(one, str)) > self._max_size:
                value = UNKNOWN_VALUE
            if not outer:
                closed(self.names, key)
            return Known(value, self.worlds, self.names, depth, self.code.has_asked(key))
        finally:
            if outer:
                self._open[key] = outer
            else:
                del self._open[key]
            self.worlds, self.names, self.code.asking = around

    def _fold(self, outline: Outline, node: Node, scope: Scope, frame: Frame, depth: int) -> Value:
        kind = node.type
        if kind in INNER:
            children = node.named_children
            if not children:
                return UNKNOWN_VALUE
            return self.fold(outline, children[-1], scope, frame, depth)
        fold = getattr(self, f"_fold_{kind}", None)
        if fold is None:
            return UNKNOWN_VALUE
        folded: Value = fold(outline, node, scope, frame, depth)
        return folded

    def _fold_identifier(
        self, outline: Outline, node: Node, scope: Scope, frame: Frame, depth: int
    ) -> Value:
        name = outline.text(node)
        for binding in outline.bindings(name, node.start_byte, scope.function):
            place = (binding.start, node.start_byte)
            if is_rewritten(outline, name, *place):
                return UNKNOWN_VALUE
            if is_lent(outline, name, *place):
                computed = self._interpreter.attempt(outline, node, scope, frame)
                if not computed.is_unknown:
                    return computed
            break
        return self.named(outline, name, node.start_byte, scope, (frame, depth))

    def named(
        self, outline: Outline, name: str, position: int, scope: Scope, state: tuple[Frame, int]
    ) -> Value:
        """The value of a local, a parameter or an item by its bare name."""
        frame, depth = state
        self.names.add(name)
        for binding in outline.bindings(name, position, scope.function):
            value = self._bound(outline, binding, name, scope, state)
            place = (binding.start, position)
            is_empty = value.parts == ("",) or value.items == ()
            if is_empty and is_filled(outline, name, *place):
                return UNKNOWN_VALUE  # `read_to_string(&mut text)`
            return self._changes.after(self, outline, (name, place), scope, (value, depth))
        if name in frame:
            return frame[name]
        return self._item(outline, (name,), position, scope, depth)

    def _bound(
        self, outline: Outline, row: Binding, name: str, scope: Scope, state: tuple[Frame, int]
    ) -> Value:
        frame, depth = state
        if row.value is None:
            return frame.get(name, UNKNOWN_VALUE)
        if row.is_element and name in frame:
            return frame[name]
        gathered = gathered_list(outline, row)
        value = self.fold(outline, gathered or row.value, scope, frame, depth)
        if gathered is not None and row.type is not None and "PathBuf" in outline.text(row.type):
            value = path_of(value)
        if row.field:
            return field_of_pattern(self, outline, row, (value, scope), depth)
        if row.part >= 0:
            items = value.items or ((value,) if not row.is_element else ())
            value = items[row.part] if row.part < len(items) else UNKNOWN_VALUE
        elif row.type is not None and outline.text(row.type) == "String":
            value = as_text(value)
        if not row.is_element or (value.items is None and value.is_open):
            return value  # what each item of an unknown list is made like
        return value.items[0] if value.items and len(value.items) == 1 else UNKNOWN_VALUE

    def _fold_scoped_identifier(
        self, outline: Outline, node: Node, scope: Scope, _frame: Frame, depth: int
    ) -> Value:
        return self._item(outline, path_segments(outline, node), node.start_byte, scope, depth)

    def _item(
        self, outline: Outline, segments: tuple[str, ...], at: int, scope: Scope, depth: int
    ) -> Value:
        path = self.code.path(outline, segments, at, scope)
        if path is None and len(segments) < 2:
            return UNKNOWN_VALUE
        path = path or segments
        item = self.code.names.of_trait(segments) if len(segments) > 1 else None
        item = self.code.names.items.get(path) or item or self.code.item(path)
        if item is None:
            api = self.code.apis.get("::".join(path))
            return from_template(api.value, ()) if api else constructed(self.code, path, ())
        value = item.node.child_by_field_name("value")
        if item.kind not in ("const_item", "static_item") or value is None:
            return UNKNOWN_VALUE
        other = self.code.outlines[item.file]
        inner = Scope(other.function_at(value.start_byte), len(other.data), item.scope.module, None)
        return self.fold(other, value, inner, {}, depth)

    def _fold_field_expression(
        self, outline: Outline, node: Node, scope: Scope, frame: Frame, depth: int
    ) -> Value:
        receiver, field = (node.child_by_field_name(one) for one in ("value", "field"))
        if receiver is None or field is None or field.type not in FIELDS:
            return UNKNOWN_VALUE
        name = outline.text(field)
        held = UNKNOWN_VALUE
        if receiver.type in HOLDERS:
            held = self.fold(outline, receiver, scope, frame, depth)
        if held.variant and (known := held.field(name)) is not None:
            return known
        if name.isdecimal() and int(name) < len(held.items or ()):
            return (held.items or ())[int(name)]
        if is_of_several(self, outline, receiver, scope, (frame, depth)):
            return UNKNOWN_VALUE  # asked again for each of them
        return self.field(outline, (receiver, name), scope, depth)

    def field(self, outline: Outline, what: tuple[Node, str], scope: Scope, depth: int) -> Value:
        """What a field of an expression's type is given anywhere, where that is known."""
        receiver, name = what
        mark = (name, -1, -1)
        if name in self._fields_open:
            return self._beyond(LIMIT, mark)
        if depth > MAX_DEPTH // 2:
            return self._beyond(DEPTH)
        owner = self.code.kinds.of(outline, receiver, scope)
        if not owner or not owner.startswith("@"):
            return UNKNOWN_VALUE
        self._fields_open.add(name)
        try:
            return self._fields.value(self, owner, name, _further(depth, 1))
        finally:
            self._fields_open.discard(name)
            closed(self.names, mark)

    def _fold_call_expression(
        self, outline: Outline, node: Node, scope: Scope, frame: Frame, depth: int
    ) -> Value:
        function = node.child_by_field_name("function")
        listed_ = node.child_by_field_name("arguments")
        if function is None or listed_ is None:
            return UNKNOWN_VALUE
        if function.type == "generic_function":
            generic = function.child_by_field_name("type_arguments")
            function = function.child_by_field_name("function") or function
            made = function.child_by_field_name("value")
            kind = outline.text(generic) if generic is not None and made is not None else ""
            if made is not None and ("Vec" in kind or "PathBuf" in kind):  # `collect::<Vec<_>>()`
                found = self.fold(outline, made, scope, frame, depth)
                return path_of(found) if "PathBuf" in kind else found
        nodes = [one for one in listed_.named_children if one.type not in SKIPPED]
        if function.type == "field_expression":
            return self._method(outline, (function, nodes), scope, frame, depth)
        path = self.code.callee(outline, function, scope)
        if path is None:
            return UNKNOWN_VALUE
        api = self.code.apis.get("::".join(path))
        arguments = tuple(self.fold(outline, one, scope, frame, depth) for one in nodes[:8])
        if api is not None and api.value:
            return from_template(api.value, arguments)
        own = self.code.needed_functions(path)
        if own:
            return self.one_of(self.entered(one.file, one.node, arguments, depth) for one in own)
        if path[-2:] in MADE:
            return MADE[path[-2:]](arguments)
        if len(arguments) == 1 and path[-1] in SAME_TEXT and TEXT_TYPES & set(path[-3:]):
            is_text = path[-1].startswith("from_utf8") and arguments[0].is_constant
            return replace(arguments[0], items=None) if is_text else arguments[0]
        return constructed(self.code, path, arguments)

    def _method(
        self,
        outline: Outline,
        call: tuple[Node, list[Node]],
        scope: Scope,
        frame: Frame,
        depth: int,
    ) -> Value:
        function, nodes = call
        receiver, field = (function.child_by_field_name(one) for one in ("value", "field"))
        if receiver is None or field is None:
            return UNKNOWN_VALUE
        name = outline.text(field)
        if name in ONE_BY_ONE and goes_over_text(outline, receiver):
            return UNKNOWN_VALUE  # each of its characters, which are for the interpreter
        fold = METHODS.get(name) if name not in ELSE else None
        if fold is not None:
            value = self.fold(outline, receiver, scope, frame, depth)
            if not value.variant or name in KEEPING:
                arguments = tuple(self.fold(outline, one, scope, frame, depth) for one in nodes[:4])
                return fold(value, arguments)
        if name in ELSE and nodes:
            return or_else(self, outline, (receiver, nodes[-1]), scope, (frame, depth))
        if name in ("map", "and_then", "filter_map") and len(nodes) == 1:
            return through_closure(self, outline, (receiver, nodes[0]), scope, (frame, depth))
        owner = self.code.kinds.of(outline, receiver, scope)
        api = self.code.apis.get(f"{owner}::{name}") if owner else None
        if api is not None and api.value == "receiver":
            return self.fold(outline, receiver, scope, frame, depth)
        if api is not None and api.value:
            return from_template(api.value, ())
        own = self.code.needed_function(self.code.own_method(owner, name)) if owner else None
        if own is None:
            return displayed(self, outline, (receiver, name), scope, (frame, depth))
        arguments = tuple(self.fold(outline, one, scope, frame, depth) for one in nodes[:8])
        held = self.fold(outline, receiver, scope, frame, depth)
        return self.entered(own.file, own.node, arguments, depth, held)

    def entered(
        self,
        file: str,
        node: Node,
        arguments: tuple[Value, ...],
        depth: int,
        held: Value = UNKNOWN_VALUE,
    ) -> Value:
        """The value an own function returns; `held` is what a method is called on."""
        outline = self.code.outlines[file]
        body = node.child_by_field_name("body")
        if body is None or depth > MAX_DEPTH // 2:
            return self._beyond(DEPTH)
        self.code.want_body(outline, node)
        pairs = zip(parameters(outline, node), arguments, strict=False)
        known = {name: one for name, one in pairs if one != UNKNOWN_VALUE}
        frame = self.memory.kept(known | ({"self": held} if held.variant else {}))
        scope = outline.scope_at(body.start_byte, body.end_byte)
        inside = _further(depth, 4)
        around, self.names = self.names, set()  # in there names are of another frame
        value = self.fold(outline, body, scope, frame, inside)
        kind = node.child_by_field_name("return_type")
        if kind is not None and outline.text(kind) == "String":
            value = as_text(value)
        if value.is_unknown:
            value = self._first_known(outline, returned(outline, body), scope, frame, inside)
        self.names = around | {
            one for one in self.names if one in (LIMIT, DEPTH) or isinstance(one, tuple)
        }
        return value

    def _fold_macro_invocation(
        self, outline: Outline, node: Node, scope: Scope, frame: Frame, depth: int
    ) -> Value:
        macro = outline.macros.get(node.start_byte)
        return macro_value(self, outline, macro, scope, (frame, depth)) if macro else UNKNOWN_VALUE


def _further(depth: int, least: int) -> int:
    """A depth at least so many steps further down: few are told apart, so that what is folded in
    functions and fields serves for most who ask.
    """
    return -(-(depth + least) // STEP) * STEP
