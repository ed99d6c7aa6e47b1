"""The one query over Rust trees: every node that an outline is made of."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter

import tree_sitter
import tree_sitter_rust

Node = tree_sitter.Node
_LANGUAGE = tree_sitter.Language(tree_sitter_rust.language())
_QUERY = tree_sitter.Query(
    _LANGUAGE,
    "[(use_declaration) (extern_crate_declaration) (mod_item) (function_item) (impl_item)"
    " (function_signature_item) (trait_item) (struct_item) (enum_item) (union_item) (type_item)"
    " (const_item) (static_item) (let_declaration) (let_condition) (for_expression) (match_arm)"
    " (match_expression) (closure_expression) (parameter) (self_parameter) (macro_definition)"
    " (foreign_mod_item) (call_expression) (macro_invocation) (attribute_item)"
    " (inner_attribute_item) (string_literal) (raw_string_literal) (char_literal)"
    " (array_expression) (if_expression) (block) (declaration_list) (return_expression)"
    " (scoped_identifier) (assignment_expression) (struct_expression)] @n",
)


Captured = tuple[int, int, str, Node]
"""A node behind what it is sorted by: its start, its end as a negative number, its type."""


def captures(root: Node) -> list[Captured]:
    """The queried nodes in byte order, outer before inner; the query gives them in no order."""
    found = tree_sitter.QueryCursor(_QUERY).captures(root).get("n", [])
    rows = [(one.start_byte, -one.end_byte, one.type, one) for one in found]
    if len(rows) > 1:
        rows.sort(key=itemgetter(0, 1, 2))
    return rows


def parse_range(buffer: bytearray, first: Node, last: Node, *, behind: int = 0) -> tree_sitter.Tree:
    """The tree of a part of a file, from one node's start to another's end and some bytes of the
    same line `behind` it, at its own offsets.
    """
    end, stop = last.end_point, last.end_byte + behind
    point = tree_sitter.Point(end.row, end.column + behind)
    span = tree_sitter.Range(first.start_point, point, first.start_byte, stop)
    return tree_sitter.Parser(_LANGUAGE, included_ranges=[span]).parse(buffer)


def parse_match(data: bytes, span: tuple[int, int], inside: tuple[int, int, int]) -> Node | None:
    """The `match` that a `matches!` stands for, with one arm, at its own offsets; None if it is no
    `match`. `span` is the invocation; `inside`: its content, the comma before the pattern, its end.
    """
    (start, _), (first, comma, end) = span, inside
    buffer = bytearray(data[:end] + b"=>1}")
    buffer[start:first] = b"match".ljust(first - start)
    buffer[comma : comma + 1] = b"{"
    origin = tree_sitter.Point(0, 0)
    read = tree_sitter.Range(origin, origin, start, len(buffer))
    tree = tree_sitter.Parser(_LANGUAGE, included_ranges=[read]).parse(buffer)
    rows = [one for *_, kind, one in captures(tree.root_node) if kind == "match_expression"]
    return rows[0] if rows and not tree.root_node.has_error else None


_BETWEEN = frozenset(("(", ")", "[", "]", ",", "line_comment", "block_comment"))


def between_commas(node: Node) -> list[Node]:
    """What stands between the commas of a tuple, a list or a pattern of one: `_` does, too."""
    return [one for one in node.children if one.type not in _BETWEEN]


def pattern_names(pattern: Node) -> Iterator[Node]:
    """The names that a pattern binds."""
    pending = [pattern]
    while pending:
        node = pending.pop()
        if node.type in ("identifier", "shorthand_field_identifier"):
            yield node
        elif node.type == "tuple_struct_pattern":
            pending += node.named_children[1:]
        else:
            pending += node.named_children


_PLAIN_PATTERNS = ("match_pattern", "reference_pattern", "ref_pattern", "mut_pattern")
_OF_OPTION = (b"Some", b"Ok", b"Err")


def fields_of_pattern(data: bytes, pattern: Node) -> Iterator[tuple[str, Node]]:
    """The parts of a pattern and the fields of a struct or variant that they take apart; a pattern
    of another kind is one part of no field.
    """
    while pattern.named_children and pattern.type in _PLAIN_PATTERNS:
        pattern = pattern.named_children[0 if pattern.type == "match_pattern" else -1]
    named = pattern.child_by_field_name("type")
    if pattern.type == "tuple_struct_pattern" and named is not None:
        if data[named.start_byte : named.end_byte].rpartition(b"::")[2] not in _OF_OPTION:
            for number, one in _positions(pattern):
                yield str(number), one
            return
    elif pattern.type == "struct_pattern":
        for one in pattern.named_children:
            name = one.child_by_field_name("name")
            if one.type == "field_pattern" and name is not None:
                label = data[name.start_byte : name.end_byte].decode("utf-8", "replace")
                yield label, one.child_by_field_name("pattern") or name
        return
    yield "", pattern


def _positions(pattern: Node) -> Iterator[tuple[int, Node]]:
    """The parts of a tuple struct's pattern by position: `_` counts, and is no part."""
    number = 0
    for one in pattern.children[1:]:
        if one.type == ",":
            number += 1
        elif one.is_named and "comment" not in one.type:
            yield number, one


def holders_in_pattern(data: bytes, pattern: Node) -> dict[int, tuple[Node, str]]:
    """The struct or variant that stands next around each name of a pattern, and its field, by where
    the name begins.
    """
    found: dict[int, tuple[Node, str]] = {}
    pending: list[tuple[Node, tuple[Node, str] | None]] = [(pattern, None)]
    while pending:
        node, holder = pending.pop()
        named = node.child_by_field_name("type")
        if node.type in ("identifier", "shorthand_field_identifier"):
            if holder is not None:
                found[node.start_byte] = holder
        elif node.type == "tuple_struct_pattern" and named is not None:
            is_option = data[named.start_byte : named.end_byte].rpartition(b"::")[2] in _OF_OPTION
            for number, one in _positions(node):
                pending.append((one, holder if is_option else (named, str(number))))
        elif node.type == "field_pattern":
            label = node.child_by_field_name("name") or node
            text = data[label.start_byte : label.end_byte].decode("utf-8", "replace")
            inner = node.child_by_field_name("pattern") or label
            pending.append((inner, (holder[0], text) if holder is not None else None))
        else:
            is_struct = node.type == "struct_pattern" and named is not None
            outer = (named, "") if is_struct and named is not None else holder
            pending += [(one, outer) for one in node.named_children if one.id != (named or node).id]
    return found


def called_function(call: Node) -> Node | None:
    """What a call calls, without generic arguments."""
    function = call.child_by_field_name("function")
    while function is not None and function.type == "generic_function":
        function = function.child_by_field_name("function")
    return function


def arguments_of(call: Node) -> list[Node]:
    """The arguments of a call, without comments."""
    listed = call.child_by_field_name("arguments")
    return [one for one in listed.named_children if "comment" not in one.type] if listed else []
