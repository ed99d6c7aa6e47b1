"""Which names a statement binds, and to what: rows for the tables of an outline."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter

from analyzer.syntax.query import (
    between_commas,
    fields_of_pattern,
    holders_in_pattern,
    pattern_names,
)

Node = tree_sitter.Node
Row = tuple[int, int, Node | None, Node | None, bool, int, str, bool, Node | None, str]
"""Start, end, value, type, whether an item of a list, part of a tuple, field, whether unset; the
struct or variant whose pattern stands next around the name, and its field.
"""
Bound = tuple[str, Row]
REST = ".."
"""In place of a field: all items from the part on but so many at the end."""


def of_statement(data: bytes, node: Node, kind: str, block_end: int) -> Iterator[Bound]:
    """The names of a `let`, an `if let`, a loop or a parameter."""
    pattern = node.child_by_field_name("pattern")
    if pattern is None:
        return
    value = node.child_by_field_name("value")
    is_loop = kind == "for_expression"
    start = pattern.end_byte if kind == "parameter" else node.end_byte
    if is_loop:  # what is gone through stands outside the loop
        start = value.end_byte if value is not None else pattern.end_byte
    valid = (start, node.end_byte if is_loop else block_end)
    is_unset = kind == "let_declaration" and value is None
    type_node = node.child_by_field_name("type")
    yield from _of_pattern(data, pattern, (value, type_node, is_loop, is_unset), valid)


def of_arm(data: bytes, node: Node, match: Node | None) -> Iterator[Bound]:
    """The names of an arm of a `match`."""
    pattern = node.child_by_field_name("pattern")
    if pattern is not None and match is not None:
        value = match.child_by_field_name("value")
        valid = (pattern.end_byte, node.end_byte)
        yield from _of_pattern(data, pattern, (value, None, False, False), valid)


def _of_pattern(
    data: bytes,
    pattern: Node,
    what: tuple[Node | None, Node | None, bool, bool],
    valid: tuple[int, int],
) -> Iterator[Bound]:
    value, type_node, is_element, is_unset = what
    if pattern.type == "tuple_pattern" and value and value.type == "tuple_expression":
        for one, part in zip(between_commas(pattern), between_commas(value), strict=False):
            yield from _of_pattern(data, one, (part, None, is_element, False), valid)
        return
    is_split = pattern.type in ("tuple_pattern", "slice_pattern")
    parts = between_commas(pattern) if is_split else [pattern]
    for number, part in enumerate(parts, 0 if is_split else -1):
        rest = f"{REST}{len(parts) - number - 1}" if _is_rest(part) else ""
        holders = holders_in_pattern(data, part) if part.named_children else {}
        for label, inner in fields_of_pattern(data, part):
            for name in pattern_names(inner):
                text = data[name.start_byte : name.end_byte].decode("utf-8", "replace")
                holder = holders.get(name.start_byte, (None, ""))
                row = (*valid, value, type_node, is_element, number, rest or label, is_unset)
                yield text, (*row, *holder)


def _is_rest(pattern: Node) -> bool:
    """Whether a pattern is `name @ ..`."""
    children = pattern.named_children
    is_named = pattern.type == "captured_pattern" and len(children) == 2
    return is_named and children[1].type == "remaining_field_pattern"
