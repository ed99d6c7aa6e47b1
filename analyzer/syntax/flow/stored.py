"""What is put into locals, fields and statics after they were made: one table a file.

`buffer.push_str(x)`, `reader.read_to_end(&mut buffer)`, `self.key = x`, `SLOT.set(x)`: rows say
which expressions the value may come from, and which call may fill it through a reference.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import re2

from analyzer.syntax.outline import Call, Node, Outline
from analyzer.syntax.query import arguments_of, called_function
from analyzer.syntax.vocabulary import compiled

_ASKING = frozenset(
    "get get_mut contains contains_key starts_with ends_with find position cmp partial_cmp eq ne"
    " strip_prefix strip_suffix split splitn split_once rsplit join remove take nth skip map"
    " filter filter_map for_each and_then map_err then unwrap_or unwrap_or_else ok_or ok_or_else"
    " expect context with_context is_some_and is_ok_and any all zip chain get_or index".split()
)
"""Methods that leave what they are called on as it was; what others are given may stay in it."""
_INNER = frozenset(
    "reference_expression parenthesized_expression try_expression await_expression unary_expression"
    " type_cast_expression index_expression unsafe_block".split()
)
_COMPOUND = compiled(rb"\b[A-Za-z_]\w*\s*(?:\[[^\]\n]*\]\s*)?(?:[-+*^|&]|<<|>>)=")
_MAX_CHAIN = 64


class Root(NamedTuple):
    """What stands at the bottom of a chain: a name, and the last field taken on the way, or ""."""

    name: str
    field: str
    node: Node


class Stored(NamedTuple):
    """One change: what the value may come from, and the call that is lent it, by position."""

    position: int
    function: int
    root: Root
    sources: tuple[Node, ...]
    call: Call | None = None
    argument: int = -1


def root_of(outline: Outline, node: Node) -> Root | None:
    """The name under borrows, indexes, fields and method calls; None for anything else."""
    field = ""
    for _ in range(_MAX_CHAIN):
        kind = node.type
        if kind in ("identifier", "self", "scoped_identifier"):
            return Root(outline.text(node).rpartition("::")[2], field, node)
        if kind == "field_expression":
            value, named = (node.child_by_field_name(one) for one in ("value", "field"))
            if value is None or named is None:
                return None
            field = outline.text(named)
            node = value
        elif kind == "call_expression":
            function = called_function(node)
            inner = function.child_by_field_name("value") if function is not None else None
            if function is None or function.type != "field_expression" or inner is None:
                return None
            node = inner
        elif kind in _INNER and node.named_children:
            first = kind in ("index_expression", "type_cast_expression")
            node = node.named_children[0 if first else -1]
        else:
            return None
    return None


class Stores:
    """All changes of one file, by the name at the root."""

    def __init__(self, outline: Outline) -> None:
        self._by_name: dict[str, list[Stored]] = {}
        self._by_field: dict[str, list[Stored]] = {}
        for row in _rows(outline):
            self._by_name.setdefault(row.root.name, []).append(row)
            if row.root.field:
                self._by_field.setdefault(row.root.field, []).append(row)

    def of_name(self, name: str) -> list[Stored]:
        """Changes of what is called `name`, in any function."""
        return self._by_name.get(name, [])

    def of_field(self, name: str) -> list[Stored]:
        """Changes of a field of this name, of whatever it is a field."""
        return self._by_field.get(name, [])


def _rows(outline: Outline) -> Iterator[Stored]:
    for call in outline.calls:
        yield from _of_call(outline, call)
    for node, scope in outline.of("assignment_expression"):
        yield from _of_assignment(outline, node, scope.function)
    for match in _COMPOUND.finditer(outline.data):
        yield from _of_compound(outline, match)
    for macro in outline.macros.values():
        if macro.name in ("write", "writeln") and macro.arguments:
            root = root_of(outline, macro.arguments[0])
            if root is not None:
                at = macro.node.start_byte
                yield Stored(at, outline.function_at(at), root, (macro.node,))


def _of_call(outline: Outline, call: Call) -> Iterator[Stored]:
    arguments = arguments_of(call.node)
    if not arguments:
        return
    at, function = call.node.end_byte, call.scope.function
    if call.receiver is not None:
        root = root_of(outline, call.receiver)
        if root is not None:
            kept = () if call.name in _ASKING else tuple(arguments)
            yield Stored(at, function, root, kept, call)
    for number, one in enumerate(arguments):
        lent = _is_lent(one)
        root = root_of(outline, one) if lent or one.type == "identifier" else None
        if root is None:
            continue
        others = tuple(other for other in arguments if other.id != one.id) if lent else ()
        beside = (call.receiver,) if lent and call.receiver is not None else ()
        yield Stored(at, function, root, (*beside, *others), call, number)


def _is_lent(node: Node) -> bool:
    return node.type == "reference_expression" and any(
        one.type == "mutable_specifier" for one in node.children
    )


def _of_assignment(outline: Outline, node: Node, function: int) -> Iterator[Stored]:
    left, right = (node.child_by_field_name(one) for one in ("left", "right"))
    root = root_of(outline, left) if left is not None else None
    if root is not None and right is not None:
        yield Stored(node.end_byte, function, root, (right,))


def _of_compound(outline: Outline, match: re2._Match) -> Iterator[Stored]:
    tree = outline.parsed.tree.root_node
    node = tree.descendant_for_byte_range(match.start(), match.end())
    while node is not None and node.type != "compound_assignment_expr":
        node = node.parent
    if node is not None:
        yield from _of_assignment(outline, node, outline.function_at(node.start_byte))
