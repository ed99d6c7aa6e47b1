"""Expressions that are a function, without what changes none: brackets, casts, borrows."""

from __future__ import annotations

from analyzer.syntax.outline import Node, Outline

_AROUND = frozenset({"parenthesized_expression", "generic_function", "reference_expression"})
_AROUND_VALUE = frozenset(
    {"parenthesized_expression", "type_cast_expression", "reference_expression", "block"}
    | {"unsafe_block", "expression_statement", "const_block"}
)
CALLED = ("scoped_identifier", "identifier", "index_expression")
"""What names a function where it is called."""


def bare(node: Node | None) -> Node | None:
    """A call's function without parentheses, generic arguments and borrows around it."""
    while node is not None and node.type in _AROUND:
        inner = node.named_children
        node = node.child_by_field_name("function") or (inner[0] if inner else None)
    return node


def same_function(outline: Outline, node: Node | None) -> Node | None:
    """A value without what changes no function: brackets, casts, `match f { g => g }`."""
    for _ in range(16):
        if node is None:
            return None
        if node.type == "generic_function":
            node = node.child_by_field_name("function")
        elif node.type in _AROUND_VALUE and node.named_children:
            node = node.child_by_field_name("value") or node.named_children[-1]
        elif node.type == "match_expression":
            body = node.child_by_field_name("body")
            arms = body.named_children if body is not None else []
            pattern, value = (
                arms[0].child_by_field_name(one) if arms else None for one in ("pattern", "value")
            )
            is_same = pattern is not None and value is not None
            if not is_same or outline.text(pattern) != outline.text(value):  # type: ignore[arg-type]
                return value if value is not None else node
            node = node.child_by_field_name("value")
        else:
            return node
    return node
