"""What the value of an expression is made of, kind by kind."""

from __future__ import annotations

import re

from analyzer.syntax.code import bare
from analyzer.syntax.fields import Given, parameters
from analyzer.syntax.flow.pure import MAKING, makes_texts
from analyzer.syntax.flow.steps import Row, Stack, Steps, entered
from analyzer.syntax.outline import Node, Outline, Scope
from analyzer.syntax.paths import path_segments
from analyzer.syntax.query import arguments_of

_VALUELESS = frozenset(
    "len is_empty is_some is_none is_ok is_err exists is_file is_dir contains starts_with ends_with"
    " eq ne cmp partial_cmp is_ascii capacity count any all elapsed as_secs as_millis"
    " local_addr peer_addr".split()
)
"""Methods that tell of a value without carrying it."""
_ASKING = frozenset("exists is_file is_dir elapsed as_secs as_millis local_addr peer_addr".split())
"""Of these the ones that ask the machine."""
_INSTEAD = frozenset("or or_else unwrap_or unwrap_or_else map_or map_or_else chain zip".split())
"""Methods that give what they are handed, whatever they are called on."""
_ONE_WAY = re.compile(
    r"(?:try_)?(?:sign(?!er)|verif|pub|hash|digest|finalize|address|fingerprint|mac\b)"
)
"""Signatures, public keys and hashes: sent everywhere, and nobody gets the secret back."""
_TYPED = frozenset(
    "identifier scoped_identifier call_expression struct_expression field_expression".split()
)
_COMPARING = frozenset({"==", "!=", "<", ">", "<=", ">=", "&&", "||"})
_SHARED = re.compile(r"&|\b(?:Arc|Rc|MutexGuard|RefMut|Sender)\b")
"""A result that is no value of its own."""
_INLINE = re.compile(rb"\{([A-Za-z_]\w*)(?::[^{}]*)?\}")
_FREE = re.compile(rb"(?<![\w.'])(self\s*\.\s*\w+|[A-Za-z_]\w*)(?!\s*[!(:\w])(?=\s*\S)")


class Expressions(Steps):
    """Steps from an expression to its parts, to names and to own functions."""

    # Expressions -------------------------------------------------------------------------------

    def _look_value(self, row: Row) -> None:
        if row.node.type in _TYPED and self._tables.implied.has_implicit:
            scope = row.outline.scope_at(row.node.start_byte, row.node.end_byte)
            self._implied(self._code.kinds.of(row.outline, row.node, scope), row.stack)
        look = getattr(self, f"_of_{row.node.type}", None)
        if look is not None:
            look(row)
            return
        for one in row.node.named_children:
            self._value(row.outline, one, row.stack)

    def _implied(self, kind: str, stack: Stack) -> None:
        """What a value of an own type gives without a call: shown, gone over, awaited, added."""
        for outline, node in self._tables.implied.annotated(kind) if kind else ():
            self._add("result", outline, node, stack)
        for item in self._tables.implied.implicit.get(kind.rpartition("::")[2], ()) if kind else ():
            other = self._code.outlines[item.file]
            self._add("result", other, item.node, stack)
            names = parameters(other, item.node)
            function = other.function_at(
                (item.node.child_by_field_name("body") or item.node).start_byte
            )
            for stored in self._tables.stores(other).of_name(names[0]) if names else ():
                if stored.function == function:
                    self._stored(other, stored, stack)  # what `fmt` writes

    def _of_identifier(self, row: Row) -> None:
        outline, node = row.outline, row.node
        place = (outline.path, outline.origin(node.start_byte))
        if place in self._tracer.sources:
            self._met(place)
        self._add("local", outline, node, row.stack, outline.text(node))

    def _of_string_literal(self, row: Row) -> None:
        self._met((row.outline.path, row.outline.origin(row.node.start_byte)))

    _of_raw_string_literal = _of_string_literal
    _of_self = _of_identifier
    _of_shorthand_field_initializer = _of_identifier

    def _of_scoped_identifier(self, row: Row) -> None:
        outline, node = row.outline, row.node
        place = (outline.path, outline.origin(node.start_byte))
        if place in self._tracer.sources:
            self._met(place)
        self._item(outline, node)

    def _item(self, outline: Outline, node: Node, name: str = "") -> None:
        """What a static or constant holds and is filled with; what a named function returns.

        `name` is what a format string says in place of a path.
        """
        scope = outline.scope_at(node.start_byte, node.end_byte)
        segments = (name,) if name else path_segments(outline, node)
        path = self._code.resolve(outline, segments, node.start_byte, scope.module)
        item = self._code.names.items.get(path) if path else None
        if item is None:
            self.is_open |= not makes_texts(segments[-1] if segments else "")
            return
        other = self._code.outlines[item.file]
        if item.kind == "function_item":
            self._add("result", other, item.node, ())
            return
        if item.kind not in ("static_item", "const_item"):
            return
        value = item.node.child_by_field_name("value")
        if value is not None:
            self._value(other, value, ())
        for holder, stored in self._tables.stored_in(segments[-1]):
            self._stored(holder, stored, ())

    def _of_field_expression(self, row: Row) -> None:
        outline, node = row.outline, row.node
        value, field = (node.child_by_field_name(one) for one in ("value", "field"))
        if value is None or field is None:
            return
        scope = outline.scope_at(node.start_byte, node.end_byte)
        owner = self._code.kinds.of(outline, value, scope)
        name = outline.text(field)
        if not owner.startswith("@") or not self._field(owner, name, row.stack):
            self._value(outline, value, row.stack)

    def _field(self, owner: str, name: str, stack: Stack) -> bool:
        """Whether anything is known of what a field is given."""
        given = self._tables.fields.given(owner, name)
        for one in given:
            self._value(one.outline, one.node, self._kept(one, stack))
        changes = self._tables.stored_in_field(name)
        for outline, stored in changes:
            self._stored(outline, stored, ())
        return bool(given or changes)

    @staticmethod
    def _kept(given: Given, stack: Stack) -> Stack:
        """The calls remembered, as far as they still stand around the place."""
        for depth in range(len(stack), 0, -1):
            if stack[depth - 1].function == (given.outline.path, given.scope.function):
                return stack[:depth]
        return ()

    def _of_index_expression(self, row: Row) -> None:
        self._value(row.outline, row.node.named_children[0], row.stack)

    def _of_binary_expression(self, row: Row) -> None:
        operator = row.node.child_by_field_name("operator")
        if operator is not None and operator.type not in _COMPARING:
            for one in row.node.named_children:
                self._value(row.outline, one, row.stack)

    def _of_block(self, row: Row) -> None:
        if any(one.type == "label" for one in row.node.children[:1]):
            self._of_loop_expression(row)
        children = [one for one in row.node.named_children if "comment" not in one.type]
        last = children[-1] if children else None
        if last is not None and not row.outline.text(last).endswith(";"):
            self._value(row.outline, last, row.stack)

    def _of_closure_expression(self, row: Row) -> None:
        body = row.node.child_by_field_name("body")
        if body is not None:
            self._value(row.outline, body, row.stack)

    def _of_loop_expression(self, row: Row) -> None:
        pending = list(row.node.named_children)
        while pending:
            node = pending.pop()
            if node.type == "break_expression":
                for one in node.named_children:
                    self._value(row.outline, one, row.stack)
            elif node.type not in ("closure_expression", "loop_expression"):
                pending += node.named_children

    def _of_if_expression(self, row: Row) -> None:
        for name in ("consequence", "alternative"):
            branch = row.node.child_by_field_name(name)
            if branch is not None:
                self._value(row.outline, branch, row.stack)

    def _of_match_expression(self, row: Row) -> None:
        body = row.node.child_by_field_name("body")
        for arm in body.named_children if body is not None else ():
            value = arm.child_by_field_name("value")
            if value is not None:
                self._value(row.outline, value, row.stack)

    def _of_field_initializer(self, row: Row) -> None:
        value = row.node.child_by_field_name("value")
        if value is not None:
            self._value(row.outline, value, row.stack)

    def _of_struct_expression(self, row: Row) -> None:
        body = row.node.child_by_field_name("body")
        for one in body.named_children if body is not None else ():
            self._value(row.outline, one, row.stack)

    def _of_macro_invocation(self, row: Row) -> None:
        outline, node = row.outline, row.node
        place = (outline.path, outline.origin(node.start_byte))
        if place in self._tracer.sources:
            self._met(place)
            return
        for other, written in self._tracer.written_to(place):
            self._value(other, written, ())
        macro = outline.macros.get(node.start_byte)
        self.is_open |= macro is None or macro.name not in MAKING
        for one in macro.arguments if macro is not None else ():
            self._value(outline, one, row.stack)
            if one.type in ("string_literal", "raw_string_literal"):
                for match in _INLINE.finditer(outline.data, one.start_byte, one.end_byte):
                    self._add("local", outline, one, row.stack, match[1].decode())
        if macro is None or not macro.arguments or macro.name in ("json", "quote"):
            for match in _FREE.finditer(outline.data, node.start_byte, node.end_byte):
                name = "".join(match[1].decode().split())
                self._add("local", outline, node, row.stack, name)
            for call in outline.calls:
                if node.start_byte <= call.node.start_byte < node.end_byte:
                    self._value(outline, call.node, row.stack)

    # Calls -------------------------------------------------------------------------------------

    def _of_call_expression(self, row: Row) -> None:
        outline, node = row.outline, row.node
        called = node.child_by_field_name("function")
        function = bare(called)
        if function is None or self._is_told(row, function):
            return
        if called is not None and called.type == "parenthesized_expression":
            self._value(outline, function, row.stack)  # `(self.step)()`: what the field holds
            return
        is_method = function.type == "field_expression"
        receiver = function.child_by_field_name("value") if is_method else None
        scope = outline.scope_at(node.start_byte, node.end_byte)
        if self._entered(row, function, receiver, scope) or self._is_one_way(row, function):
            return
        self.is_open |= not makes_texts(outline.text(function))
        if receiver is not None:
            self._value(outline, receiver, row.stack)
        elif function.type not in ("identifier", "scoped_identifier"):
            self._value(outline, function, row.stack)
        elif function.type == "identifier":
            self._add("called", outline, function, row.stack, outline.text(function))
        field = function.child_by_field_name("field") if receiver is not None else None
        is_other = field is not None and outline.text(field) in _INSTEAD
        if receiver is None or is_other or not self._tracer.is_answer(outline, receiver, scope):
            for one in arguments_of(node):
                self._value(outline, one, row.stack)

    def _is_one_way(self, row: Row, function: Node) -> bool:
        """Whether what a foreign function makes of a secret does not give it away."""
        name = row.outline.text(function.child_by_field_name("field") or function)
        return _ONE_WAY.match(name.rpartition("::")[2]) is not None

    def _is_told(self, row: Row, function: Node) -> bool:
        """Whether a call's value is its own, or a source: then nothing is behind it."""
        field = function.child_by_field_name("field")
        start = field.start_byte if field is not None else row.node.start_byte
        place = (row.outline.path, row.outline.origin(start))
        if place in self._tracer.sources:
            self._met(place)
            return True
        for outline, node in self._tracer.written_to(place):
            self._value(outline, node, ())
        name = row.outline.text(field) if field is not None else ""
        is_end = self._tracer.is_end(place)
        self.is_open |= is_end or name in _ASKING
        return is_end or name in _VALUELESS

    def _entered(self, row: Row, function: Node, receiver: Node | None, scope: Scope) -> bool:
        """Whether the call surely means own functions; the results of all it may mean are added."""
        entries = self._tracer.entries(row.outline, row.node, function, receiver, scope)
        for entry in entries:
            item = self._tracer.function_node(entry.function)
            other = self._code.outlines[entry.function[0]]
            self._add("result", other, item, entered(row.stack, entry))
        return any(one.is_sure for one in entries)

    def _look_called(self, row: Row) -> None:
        """A local that is called: a closure's result."""
        scope = row.outline.scope_at(row.node.start_byte, row.node.end_byte)
        for one in row.outline.bindings(row.name, row.node.start_byte, scope.function):
            if one.value is not None:
                self._value(row.outline, one.value, row.stack)
            return

    def _look_result(self, row: Row) -> None:
        """What a function may return."""
        outline, body = row.outline, row.node.child_by_field_name("body")
        if body is None:
            return
        self._code.want_body(outline, row.node)
        self._value(outline, body, row.stack)
        target, name = (row.node.child_by_field_name(one) for one in ("return_type", "name"))
        if target is not None and name is not None and _SHARED.search(outline.text(target)):
            for other, stored in self._tables.stored_in(outline.text(name)):
                self._stored(other, stored, ())  # `registry().lock()` changes what is shared
        for node, _ in outline.of("return_expression"):
            if body.start_byte <= node.start_byte < body.end_byte:
                self._value(outline, node, row.stack)
