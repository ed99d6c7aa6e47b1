"""What methods that take a closure make of a value: an option's, or each of a list's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from analyzer.syntax.changes import destructured
from analyzer.syntax.outline import Node, Outline, Scope
from analyzer.syntax.values import UNKNOWN_VALUE, Value, listed

if TYPE_CHECKING:
    from analyzer.syntax.evaluate import Evaluator

MAX_ITEMS = 64
Frame = Mapping[str, Value]


def or_else(
    evaluator: Evaluator,
    outline: Outline,
    nodes: tuple[Node, Node],
    scope: Scope,
    state: tuple[Frame, int],
) -> Value:
    """The receiver's value, or what a closure without parameters gives in its place."""
    (receiver, node), (frame, depth) = nodes, state
    value = evaluator.fold(outline, receiver, scope, frame, depth)
    body = node.child_by_field_name("body") if node.type == "closure_expression" else None
    if not value.is_unknown or body is None:
        return value
    return evaluator.fold(outline, body, scope, frame, depth)


def through_closure(
    evaluator: Evaluator,
    outline: Outline,
    nodes: tuple[Node, Node],
    scope: Scope,
    state: tuple[Frame, int],
) -> Value:
    """`option.map(|x| x.join(..))`: the closure's result on the receiver's value."""
    (receiver, node), (frame, depth) = nodes, state
    value = evaluator.fold(outline, receiver, scope, frame, depth)
    if node.type != "closure_expression":
        return value if node.type in ("scoped_identifier", "identifier") else UNKNOWN_VALUE
    listed_, body = (node.child_by_field_name(one) for one in ("parameters", "body"))
    names = listed_.named_children if listed_ is not None else []
    if body is None or len(names) != 1:
        return UNKNOWN_VALUE
    if value.items is not None:
        if value.is_constant or len(value.items) > MAX_ITEMS:
            return UNKNOWN_VALUE  # bytes are for the interpreter
        several = [{**frame, **destructured(outline, names[0], one)} for one in value.items]
        return listed(tuple(evaluator.fold(outline, body, scope, one, depth) for one in several))
    inner = {**frame, **destructured(outline, names[0], value)}
    return evaluator.fold(outline, body, scope, inner, depth)
