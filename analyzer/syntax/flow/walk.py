"""One walk backward from what a call is given to everything that it may come from.

Breadth first, so the trail to a source is a shortest one. A call of an own function is entered with
the call remembered, and left through the same call: a helper that many use joins none of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.syntax.closures import Closure
from analyzer.syntax.code import bare
from analyzer.syntax.fields import parameters
from analyzer.syntax.flow.expressions import Expressions
from analyzer.syntax.flow.steps import Row, Stack, entered
from analyzer.syntax.outline import Binding, Node, Outline
from analyzer.syntax.paths import clean, path_segments
from analyzer.syntax.query import arguments_of, holders_in_pattern, pattern_names

_PAIRS = re.compile(r"(?:channel|unbounded|bounded|pair|pipe|duplex|split|into_split)\Z")
_HOOK = re.compile(rb"\bset_hook\s*\(\s*(?:[\w:]+\s*\(\s*)?(?:move\s*)?\Z")
_BEFORE = 60
_NAMING = frozenset(
    "identifier shorthand_field_initializer macro_invocation string_literal"
    " raw_string_literal".split()
)
_SELECTING = ("select", "select_biased")
_PANICKING = ("panic", "unreachable", "todo", "unimplemented", "assert")
_NEAR = 20_000
"""Bytes in which a copy of a sender is looked for."""


class Walk(Expressions):
    """Steps from names to what they are bound to, given and filled with."""

    # Names -------------------------------------------------------------------------------------

    def _look_local(self, row: Row) -> None:
        outline, at, name = row.outline, row.node.start_byte, row.name
        if name.startswith("self."):
            owner = self._code.kinds.of_self(outline, outline.scope_at(at, at))
            self._field(owner, name[5:], row.stack)
            return
        function = outline.function_at(at)
        closure = self._code.closures.binding(outline, name, at)
        binding = next(iter(outline.bindings(name, at, function)), None)
        if closure is not None and (
            binding is None or binding.value is None or binding.start < closure.node.start_byte
        ):
            self._given_to_closure(row, closure)
            self._of_closure_pattern(row, closure, name)
            self._changed(row, name, (closure.node.start_byte, closure.node.end_byte))
            return
        if name == "self":
            self._add("parameter", outline, row.node, row.stack, "self")
            self._changed(row, name, (0, len(outline.data)))
        elif binding is not None:
            self._bound(row, binding)
        elif function >= 0 and outline.functions[function].kind == "macro_definition":
            for given in self._code.macro_arguments.given(outline, function):
                if name in given:
                    self._value(given[name].outline, given[name].node, ())
        elif row.node.type in _NAMING:
            self._named(row)
            self._selected(row)
        else:
            self.is_open = True

    def _named(self, row: Row) -> None:
        """An item by its bare name."""
        node = row.node
        if node.type == "identifier":
            self._item(row.outline, node)
        elif node.type in ("string_literal", "raw_string_literal") and row.name[:1].isupper():
            self._item(row.outline, node, row.name)
            module = row.outline.scope_at(node.start_byte, node.end_byte).module
            path = self._code.resolve(row.outline, (row.name,), node.start_byte, module)
            self._implied("::".join(path) if path else "", row.stack)

    def _selected(self, row: Row) -> None:
        """What `select!` binds a name to: `name = future => ..`."""
        pattern = rb"\b%b\b[^=;,{}]*=(?![=>])(?P<future>[^;]*?)=>" % re.escape(row.name.encode())
        for macro in row.outline.macros.values():
            start, end = macro.node.start_byte, macro.node.end_byte
            if macro.name not in _SELECTING or not start < row.node.start_byte < end:
                continue
            for match in re.finditer(pattern, row.outline.data[start:end]):
                first, last = (start + one for one in match.span("future"))
                for call in row.outline.calls:
                    if first <= call.node.start_byte and call.node.end_byte <= last:
                        self._value(row.outline, call.node, row.stack)

    def _bound(self, row: Row, binding: Binding) -> None:
        if binding.holder is not None:
            self._part_of(row, binding.holder, binding.label)
        if binding.value is not None:
            if binding.value.type == "macro_invocation" or row.node.type != "identifier":
                scope = row.outline.scope_at(binding.value.start_byte, binding.value.end_byte)
                self._implied(self._code.kinds.of(row.outline, binding.value, scope), row.stack)
            self._value(row.outline, binding.value, row.stack)
            self._other_end(row, binding)
        else:
            self._add("parameter", row.outline, row.node, row.stack, row.name)
        self._changed(row, row.name, (binding.start, binding.end))

    def _of_closure_pattern(self, row: Row, closure: Closure, name: str) -> None:
        listed = closure.node.child_by_field_name("parameters")
        holders = holders_in_pattern(row.outline.data, listed) if listed is not None else {}
        for start, (holder, label) in holders.items():
            found = re.match(rb"\w*", row.outline.data[start : start + 200])
            if found is not None and found[0] == name.encode():
                self._part_of(row, holder, label)

    def _part_of(self, row: Row, holder: Node, label: str) -> None:
        """What a field of an own struct or variant that a pattern takes apart is given."""
        outline = row.outline
        scope = outline.scope_at(holder.start_byte, holder.end_byte)
        path = self._code.path(outline, path_segments(outline, holder), holder.start_byte, scope)
        if path and path[0].startswith("@"):
            self._field("::".join(path), label, row.stack)

    def _other_end(self, row: Row, binding: Binding) -> None:
        """What goes in at the other end of a channel, a pipe or a pair of streams."""
        call = binding.value
        for _ in range(8):
            if call is None or call.type == "call_expression":
                break
            call = call.named_children[0] if call.named_children else None
        function = bare(call.child_by_field_name("function")) if call is not None else None
        let = binding.value.parent if binding.value is not None else None
        pattern = let.child_by_field_name("pattern") if let is not None else None
        if function is None or pattern is None or pattern.type != "tuple_pattern":
            return
        if not _PAIRS.search(row.outline.text(function)):
            return
        names = {row.outline.text(one) for one in pattern_names(pattern)} - {row.name}
        for name in sorted(names | self._copies(row.outline, names, binding)):
            self._changed(row, name, (binding.start, binding.end))
        self._kept_end(row, names, binding)

    def _kept_end(self, row: Row, names: set[str], binding: Binding) -> None:
        """What goes in at an end that is kept in a field, or that is what a static holds."""
        for name in sorted(names):
            for field in self._tables.fields.holding(row.outline, name, binding.start, binding.end):
                for other, stored in self._tables.stored_in_field(field):
                    self._stored(other, stored, ())
            for static in self._tables.stores(row.outline).given_to(name, binding[:2]):
                for other, stored in self._tables.stored_in(static):
                    self._stored(other, stored, ())
        holder = row.outline.function_at(row.node.start_byte)
        kept = (
            row.outline.functions[holder].node.child_by_field_name("name") if holder >= 0 else None
        )
        if kept is not None and row.outline.functions[holder].kind == "static_item":
            for other, stored in self._tables.stored_in(row.outline.text(kept)):
                self._stored(other, stored, ())  # the static is the other end

    @staticmethod
    def _copies(outline: Outline, names: set[str], binding: Binding) -> set[str]:
        found: set[str] = set()
        code = outline.data[binding.start : min(binding.end, binding.start + _NEAR)]
        for name in names:
            pattern = rb"let\s+(?:mut\s+)?(\w+)\s*=[^;=]*?\b%b\b[^;]*?\bclone\b" % name.encode()
            for match in re.finditer(pattern, code):
                found.add(match[1].decode())
        return found

    def _changed(self, row: Row, name: str, valid: tuple[int, int]) -> None:
        function = row.outline.function_at(row.node.start_byte)
        key = ("changed", row.outline.path, function, name, valid, row.stack)
        if key in self._seen:
            return
        self._seen.add(key)
        for one in self._tables.stores(row.outline).of_name(name):
            is_here = one.function == function or name != "self"
            if is_here and valid[0] <= one.position <= valid[1]:
                self._stored(row.outline, one, row.stack)

    def _look_stored(self, row: Row) -> None:
        """What a change puts in, or what an own function does to what it is lent."""
        if row.stored is None:
            return
        entries = self._tracer.lent(row.outline, row.stored)
        for entry, name in entries:
            other = self._code.outlines[entry.function[0]]
            for one in self._tables.stores(other).of_name(name):
                if one.function == entry.function[1]:
                    self._stored(other, one, entered(row.stack, entry))
        is_sure = any(entry.is_sure for entry, _ in entries)
        for source in () if is_sure else row.stored.sources:
            self._value(row.outline, source, row.stack)

    # Parameters --------------------------------------------------------------------------------

    def _look_parameter(self, row: Row) -> None:
        """What callers give; the one that was entered through, if it is remembered."""
        outline = row.outline
        function = outline.function_at(row.node.start_byte)
        if function < 0:
            self.is_open = True
            return
        names = parameters(outline, outline.functions[function].node)
        index = next((at for at, one in enumerate(names) if _binds(one, row.name)), -1)
        if index < 0 and row.name != "self":
            self.is_open = True
            return
        here = (outline.path, function)
        place = (outline.path, outline.origin(self._tracer.parameter_at(here, index)))
        if place in self._tracer.sources:
            self._met(place)
        if row.stack and row.stack[-1].function == here:
            entry = row.stack[-1]
            self._given(entry.outline, entry.node, (index, here), row.stack[:-1])
            return
        callers = self._tracer.callers(here)
        self.is_open |= not callers
        for other, call in callers:
            self._given(other, call, (index, here), ())
        if row.name == "self":
            return
        for other, node in self._tables.implied.given(outline, function):
            self._value(other, node, ())
        name = clean(outline.functions[function].name)
        for other, node in self._tables.handed.function(name):
            self._value(other, node, ())

    def _given(
        self, outline: Outline, node: Node, what: tuple[int, tuple[str, int]], stack: Stack
    ) -> None:
        index, function = what
        function_node = bare(node.child_by_field_name("function"))
        receiver = None
        if function_node is not None and function_node.type == "field_expression":
            receiver = function_node.child_by_field_name("value")
        arguments = arguments_of(node)
        if self._tracer.is_handed(outline, node, function):
            rows = [*([receiver] if receiver is not None else ()), *arguments]
        else:
            has_self = self._tracer.has_self(function)
            rows = arguments
            if has_self and receiver is not None:
                rows = [receiver, *arguments]
            at = index + has_self
            rows = rows[at : at + 1]
        for one in rows:
            self._value(outline, one, stack)

    def _given_to_closure(self, row: Row, closure: Closure) -> None:
        """What the call that takes a closure hands to it, or calls of the name it is bound to."""
        receiver = closure.receiver
        rows = arguments_of(closure.call) if closure.call is not None else []
        rows += [receiver] if receiver is not None else []
        for one in rows:
            if one.id != closure.node.id:
                self._value(row.outline, one, row.stack)
        start = closure.node.start_byte
        if _HOOK.search(row.outline.data, max(0, start - _BEFORE), start):
            for outline, one in self._panics():
                self._value(outline, one, ())
        for outline, one in self._tables.handed.given(row.outline, closure.node):
            is_here = outline is row.outline and self._is_beside(outline, one, closure.node)
            self._value(outline, one, row.stack if is_here else ())

    def _panics(self) -> Iterator[tuple[Outline, Node]]:
        """What the crate panics with: its hook is told."""
        for outline in self._code.outlines.values():
            for macro in outline.macros.values():
                if macro.name in _PANICKING:
                    yield outline, macro.node
            for call in outline.calls:
                if call.name in ("panic_any", "resume_unwind", "expect"):
                    yield from ((outline, one) for one in arguments_of(call.node))

    @staticmethod
    def _is_beside(outline: Outline, one: Node, other: Node) -> bool:
        """Whether two places stand in one function."""
        return outline.function_at(one.start_byte) == outline.function_at(other.start_byte)


def _binds(pattern: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", pattern) is not None
