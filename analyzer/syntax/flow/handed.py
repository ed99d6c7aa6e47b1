"""What a closure or a function is called with after it was handed on by its name: through locals,
parameters, fields, lists and statics.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from analyzer.syntax.code import bare
from analyzer.syntax.fields import parameters
from analyzer.syntax.flow.sinks import AROUND, lent_name
from analyzer.syntax.flow.stored import root_of
from analyzer.syntax.outline import Call, Node, Outline
from analyzer.syntax.query import arguments_of, pattern_names

if TYPE_CHECKING:
    from analyzer.syntax.code import CrateCode

_STEPS = 48
"""Places that hold one function beyond which no more are looked at."""
_LONGEST = 200
_REFERENCE = "reference_expression"
_WRAPPING = frozenset("new from pin Some Ok Arc Box Rc into boxed".split())
_STORING = frozenset(
    "push push_back push_front insert set replace get_or_init get_or_insert store extend add"
    " get_or_insert_with send try_init".split()
)
_CLIMBS = 16
_CARRYING = AROUND | frozenset(
    "array_expression tuple_expression type_cast_expression unary_expression closure_expression"
    " field_initializer_list struct_expression block unsafe_block expression_statement".split()
)

Place = tuple[Outline, Node]


class _Holder(NamedTuple):
    """What holds a function: a local or parameter (`function` says of which), a field or a static
    (`function` is -1) of this name.
    """

    outline: Outline
    name: str
    function: int


class _Calling(NamedTuple):
    """A call of what some name holds: by a name of its own (`is_named`) or by a place; `is_held`:
    what it calls comes out of the holder.
    """

    call: Call
    is_named: bool
    is_held: bool

    def may_call(self, outline: Outline, holder: _Holder) -> bool:
        """Whether the holder of that name is what it calls."""
        is_local = holder.function >= 0
        if self.is_named and is_local and not _is_within(outline, self.call, holder.function):
            return False
        return self.is_held or is_local or holder.name.isupper()


class Handed:
    """Questions about functions that are handed on in one crate."""

    def __init__(self, code: CrateCode) -> None:
        self._code = code
        self._known: dict[tuple[str, int, int], list[Place]] = {}
        self._named: dict[str, list[Place]] | None = None
        self._saying: dict[str, list[Outline]] = {}  # files by a name that stands in them
        self._arguments: dict[str, dict[str, list[tuple[Call, Node]]]] = {}
        self._called: dict[str, dict[str, list[_Calling]]] = {}

    def given(self, outline: Outline, node: Node) -> list[Place]:
        """What the closure at `node`, or the function that it names, is called with elsewhere."""
        key = (outline.path, node.start_byte, node.end_byte)
        if key not in self._known:
            self._known[key] = list(self._given(outline, node))
        return self._known[key]

    def function(self, name: str) -> Iterator[Place]:
        """What an own function is called with by those to whom it is handed by its name."""
        if self._named is None:
            self._named = {}
            for other in self._code.outlines.values():
                for label, nodes in _names_handed_on(other).items():
                    self._named.setdefault(label, []).extend((other, one) for one in nodes)
        for place in self._named.get(name, ()):
            yield from self.given(*place)

    def _given(self, outline: Outline, node: Node) -> Iterator[Place]:
        pending: list[Place] = [(outline, node)]
        seen: set[tuple[str, int, str]] = set()
        while pending and len(seen) < _STEPS:
            for one in self._held(*pending.pop()):
                if not isinstance(one, _Holder):
                    yield one
                    continue
                key = (one.outline.path if one.function >= 0 else "", one.function, one.name)
                if key not in seen:
                    seen.add(key)
                    for call, other in self._calls(one):
                        yield from ((other, each) for each in arguments_of(call.node))
                    pending += self._passed_on(one)

    # Who holds it --------------------------------------------------------------------------------

    def _held(self, outline: Outline, node: Node) -> Iterator[_Holder | Place]:
        """Who holds what stands at a node; or what a foreign method calls it with."""
        for _ in range(_CLIMBS):
            around = node.parent
            if around is None:
                return
            if around.type == "arguments" and around.parent is not None:
                taken = list(self._taken(outline, around.parent, node))
                if taken:
                    yield from taken
                    return
                node = around.parent
            elif around.type in _CARRYING:
                node = around
            else:
                yield from self._bound(outline, around, node)
                return

    def _bound(self, outline: Outline, around: Node, node: Node) -> Iterator[_Holder]:
        """What a statement, an initializer or an item around a function binds it to."""
        kind = around.type
        if kind in ("let_declaration", "let_condition"):
            pattern = around.child_by_field_name("pattern")
            function = outline.function_at(around.start_byte)
            for one in pattern_names(pattern) if pattern is not None else ():
                yield _Holder(outline, outline.text(one), function)
        elif kind in ("field_initializer", "shorthand_field_initializer"):
            label = around.child_by_field_name("field") or around
            yield _Holder(outline, outline.text(label), -1)
        elif kind == "assignment_expression":
            left = around.child_by_field_name("left")
            yield from self._root(outline, left) if left is not None else ()
        elif kind in ("static_item", "const_item") or (
            kind == "function_item" and node.type == "block"
        ):
            name = around.child_by_field_name("name")
            if name is not None:
                yield _Holder(outline, outline.text(name), -1)

    def _taken(self, outline: Outline, call: Node, node: Node) -> Iterator[_Holder | Place]:
        """Who holds what a call is handed; nothing if the call only wraps it."""
        function = bare(call.child_by_field_name("function"))
        if function is None:
            return
        arguments = arguments_of(call)
        index = next((at for at, one in enumerate(arguments) if one.id == node.id), -1)
        scope = outline.scope_at(call.start_byte, call.end_byte)
        if function.type == "field_expression":
            receiver, field = (function.child_by_field_name(one) for one in ("value", "field"))
            name = outline.text(field) if field is not None else ""
            named = [
                one for one in self._code.names.impls.get(name, ()) if one.kind == "function_item"
            ]
            for item in named[:4]:
                yield from self._parameter(item.file, item.node, index)
            if name in _STORING and receiver is not None:
                yield from self._root(outline, receiver)
            elif not named and receiver is not None and name not in _WRAPPING:
                yield outline, receiver
                yield from ((outline, one) for one in arguments if one.id != node.id)
            return
        own = self._code.own_function(self._code.callee(outline, function, scope))
        if own is not None:
            yield from self._parameter(own.file, own.node, index)
            return
        name = outline.text(function).rpartition("::")[2]
        if name[:1].isupper() and name not in _WRAPPING:
            yield _Holder(outline, str(index), -1)  # a field of a tuple struct

    def _parameter(self, file: str, function: Node, index: int) -> Iterator[_Holder]:
        outline = self._code.outlines[file]
        names = parameters(outline, function)
        body = function.child_by_field_name("body") or function
        if 0 <= index < len(names):
            at = outline.function_at(body.start_byte)
            yield _Holder(outline, names[index].removeprefix("mut ").strip(), at)

    def _root(self, outline: Outline, node: Node) -> Iterator[_Holder]:
        root = root_of(outline, node)
        if root is None:
            return
        if root.field:
            yield _Holder(outline, root.field, -1)
        else:
            function = outline.function_at(node.start_byte)
            is_static = root.name.isupper()
            yield _Holder(outline, root.name, -1 if is_static else function)

    # Who calls it --------------------------------------------------------------------------------

    def _calls(self, holder: _Holder) -> Iterator[tuple[Call, Outline]]:
        """The calls of what a holder holds: by its own name, or by a local that is bound to it."""
        if holder.function < 0 and not holder.name.isdecimal():
            self._code.want(caller=holder.name)
        for outline in self._near(holder):
            if outline.path not in self._called:
                self._called[outline.path] = self._calls_by_holder(outline)
            for one in self._called[outline.path].get(holder.name, ()):
                if one.may_call(outline, holder):
                    yield one.call, outline

    def _calls_by_holder(self, outline: Outline) -> dict[str, list[_Calling]]:
        """Calls that are no methods by the names of those that may hold what they call."""
        table: dict[str, list[_Calling]] = {}
        for call in outline.calls:
            function = _called(call) if call.receiver is None else None
            if function is None or function.type == "scoped_identifier":
                continue
            name = outline.text(function) if function.type == "identifier" else ""
            nodes = self._values_of(outline, name, function, call) if name else [function]
            roots = [root for one in nodes if (root := root_of(outline, one)) is not None]
            held = {root.field or root.name for root in roots}
            for one in (held | {name}) - {""}:
                table.setdefault(one, []).append(_Calling(call, bool(name), one in held))
        return table

    def _values_of(self, outline: Outline, name: str, function: Node, call: Call) -> list[Node]:
        rows = outline.bindings(name, function.start_byte, call.scope.function)
        values = [row.value for row in rows]
        closure = self._code.closures.binding(outline, name, function.start_byte)
        values += [closure.receiver] if closure is not None else []
        return [one for one in values if one is not None]

    def _near(self, holder: _Holder) -> list[Outline]:
        raw = holder.name.encode()
        if holder.function >= 0:
            return [holder.outline] if raw in holder.outline.data else []
        if holder.name not in self._saying:
            rows = self._code.outlines.values()
            self._saying[holder.name] = [one for one in rows if raw in one.data]
        return self._saying[holder.name]

    def _passed_on(self, holder: _Holder) -> list[Place]:
        """Where a holder's value is handed on by the holder's name, or returned."""
        if holder.function < 0:
            return []
        return [
            *self._returned(holder),
            *(
                (holder.outline, one)
                for call, one in self._arguments_in(holder.outline).get(holder.name, ())
                if _is_within(holder.outline, call, holder.function)
            ),
        ]

    def _arguments_in(self, outline: Outline) -> dict[str, list[tuple[Call, Node]]]:
        """The arguments of a file's calls that are a name or a reference to it, by the name."""
        table = self._arguments.get(outline.path)
        if table is None:
            table = self._arguments[outline.path] = {}
            for call in outline.calls:
                for one in arguments_of(call.node):
                    lent = one.child_by_field_name("value")
                    named = lent if lent is not None and one.type == _REFERENCE else one
                    if not named.named_child_count:
                        table.setdefault(lent_name(outline, one), []).append((call, one))
        return table

    @staticmethod
    def _returned(holder: _Holder) -> list[Place]:
        """The last expression of the function whose local it is, if that is the local."""
        body = holder.outline.functions[holder.function].node.child_by_field_name("body")
        last = body.named_children[-1:] if body is not None else []
        return [(holder.outline, one) for one in last if holder.outline.text(one) == holder.name]


def _called(call: Call) -> Node | None:
    """What a call calls, without brackets and stars."""
    function = call.function
    while function.type in ("parenthesized_expression", "unary_expression"):
        inner = function.named_children
        if not inner:
            return None
        function = inner[-1]
    return function


def _names_handed_on(outline: Outline) -> dict[str, list[Node]]:
    """Where a file hands on what it names: to a call, a field or a static; by the last name."""
    table: dict[str, list[Node]] = {}
    nodes = [one for call in outline.calls for one in outline.arguments_by_name(call)]
    nodes += [value for rows in outline.given.values() for _, value in rows]
    for function in outline.functions:
        value = function.node.child_by_field_name("value")
        if value is not None and value.end_byte - value.start_byte < _LONGEST:
            nodes.append(value)
    for node in nodes:
        table.setdefault(_last(outline, node), []).append(node)
    return table


def _last(outline: Outline, node: Node) -> str:
    return outline.text(node).strip("&[]( )").rpartition("::")[2]


def _is_within(outline: Outline, call: Call, function: int) -> bool:
    """Whether a call stands in a function, or in one inside it."""
    at = call.scope.function
    while at >= 0:
        if at == function:
            return True
        at = outline.functions[at].outer
    return False
