"""What is put into locals, fields and statics after they were made: one table a file.

`buffer.push_str(x)`, `reader.read_to_end(&mut buffer)`, `self.key = x`, `SLOT.set(x)`: rows say
which expressions the value may come from, and which call may fill it through a reference.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import NamedTuple

import re2

from analyzer.syntax.outline import Call, Node, Outline
from analyzer.syntax.query import arguments_of, called_function, pattern_names
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
_FILLING = frozenset(
    "fmt copy write write_all write_str serialize read_to_end read_to_string to_writer encode"
    " hash copy_buf put".split()
)
"""Functions named by their path that fill what they are handed under a plain name."""
_LENDING = frozenset("as_mut_ptr as_mut_slice as_mut as_mut_str spare_capacity_mut".split())
_ALIASING = re.compile(
    rb"&\s*mut\b|\.\s*(?:lock|try_lock|write|borrow_mut|get_mut|iter_mut|as_mut|entry|or_default"
    rb"|or_insert\w*|first_mut|last_mut|values_mut|chunks\w*_mut|split_at_mut|as_mut_slice|get"
    rb"|get_or_init|get_or_insert\w*|load|upgrade|blocking_lock|with|with_borrow_mut|with_mut"
    rb"|modify|update|for_each|send_modify|as_ref|transfer)\s*\("
)
"""How a name comes to stand for a part of something else."""
_SHARING = re.compile(rb"\b(?:Arc|Rc)\b")
_COMPOUND = compiled(rb"\b[A-Za-z_]\w*\s*(?:\[[^\]\n]*\]\s*)?(?:[-+*^|&]|<<|>>)=")
_MAX_CHAIN = 64
_NEAR = 400
"""Bytes of a value in which the step is looked for that makes it a part of another."""


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
    """The name under borrows, indexes, fields and method calls, or that of the function which is
    called there; None for anything else.
    """
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
            if function is None:
                return None
            inner = function.child_by_field_name("value")
            is_method = function.type == "field_expression" and inner is not None
            shared = _shared(outline, function, node)
            node = inner if is_method and inner is not None else shared or function
        elif kind == "macro_invocation":
            macro = outline.macros.get(node.start_byte)
            if macro is None or not macro.name.startswith("addr_of") or not macro.arguments:
                return None
            node = macro.arguments[0]
        elif kind in _INNER and node.named_children:
            first = kind in ("index_expression", "type_cast_expression")
            node = node.named_children[0 if first else -1]
        else:
            return None
    return None


def _shared(outline: Outline, function: Node, call: Node) -> Node | None:
    """What `Arc::clone(&x)` makes a second handle of."""
    name = outline.text(function).replace(" ", "")
    given = arguments_of(call) if name.endswith(("Arc::clone", "Rc::clone")) else []
    return given[0] if given else None


class Stores:
    """All changes of one file, by the name at the root."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self._by_name: dict[str, list[Stored]] = {}
        self._by_field: dict[str, list[Stored]] = {}
        for row in _rows(outline):
            self._add(row)
        for name, root, (start, end) in list(_aliases(outline, self._by_name)):
            for row in tuple(self._by_name.get(name, ())):
                if start <= row.position <= end:
                    self._add(row._replace(root=root))

    def _add(self, row: Stored) -> None:
        self._by_name.setdefault(row.root.name, []).append(row)
        if row.root.field:
            self._by_field.setdefault(row.root.field, []).append(row)

    def of_name(self, name: str) -> list[Stored]:
        """Changes of what is called `name`, in any function."""
        return self._by_name.get(name, [])

    def given_to(self, name: str, valid: tuple[int, int]) -> list[str]:
        """Statics that a local of this name is put into."""
        return [
            static
            for static, rows in self._by_name.items()
            if static.isupper()
            and any(
                valid[0] <= one.position <= valid[1]
                and any(self._outline.text(each) == name for each in one.sources)
                for one in rows
            )
        ]

    def of_field(self, name: str) -> list[Stored]:
        """Changes of a field of this name, of whatever it is a field."""
        return self._by_field.get(name, [])


def _aliases(
    outline: Outline, changed: Container[str]
) -> Iterator[tuple[str, Root, tuple[int, int]]]:
    """Names of which something is changed that stand for a part of something else, where."""
    for number, function in enumerate(outline.functions):
        for name, bindings in function.bindings.items():
            for one in bindings if name in changed else ():
                root = _alias_of(outline, one.value, number)
                if root is not None and root.name != name:
                    yield name, root, (one.start, one.end)
    for node, _ in outline.of("closure_expression"):
        listed = node.child_by_field_name("parameters")
        around = node.parent
        call = around.parent if around is not None and around.type == "arguments" else None
        names = [outline.text(one) for one in pattern_names(listed)] if listed is not None else []
        if call is None or not any(one in changed for one in names):
            continue
        root = _alias_of(outline, call, -1)
        for name in names if root is not None else ():
            if name in changed and root is not None and root.name != name:
                yield name, root, (node.start_byte, node.end_byte)


def _alias_of(outline: Outline, value: Node | None, function: int) -> Root | None:
    if value is None:
        return None
    code = outline.data[value.start_byte : min(value.end_byte, value.start_byte + _NEAR)]
    is_shared = b"clone" in code and _SHARING.search(outline.data) is not None
    if not is_shared and not _ALIASING.search(code):
        return None
    root = root_of(outline, value)
    if root is None or not is_shared or _ALIASING.search(code) or root.field:
        return root
    rows = outline.bindings(root.name, value.start_byte, function)
    held = next((one.value for one in rows), None)
    is_handle = held is not None and _SHARING.search(outline.text(held).encode())
    return root if is_handle or held is None else None


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
        lent = _is_lent(outline, one, call)
        is_named = lent or one.type in ("identifier", "reference_expression")
        root = root_of(outline, one) if is_named else None
        if root is None:
            continue
        others = tuple(other for other in arguments if other.id != one.id) if lent else ()
        beside = (call.receiver,) if lent and call.receiver is not None else ()
        yield Stored(at, function, root, (*beside, *others), call, number)


def _is_lent(outline: Outline, node: Node, call: Call) -> bool:
    if node.type == "identifier":
        return (
            call.receiver is None and call.name in _FILLING and "::" in outline.text(call.function)
        )
    if node.type == "call_expression":
        function = called_function(node)
        field = function.child_by_field_name("field") if function is not None else None
        return field is not None and outline.text(field) in _LENDING
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
