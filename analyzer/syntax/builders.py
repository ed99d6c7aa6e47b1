"""Where a builder chain begins: the call at its bottom, through locals and own functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from analyzer.syntax.changes import SKIPPED
from analyzer.syntax.outline import Node, Outline, Scope
from analyzer.syntax.query import arguments_of, called_function

if TYPE_CHECKING:
    from analyzer.syntax.code import CrateCode

Place = tuple[str, tuple[int, int]]
"""A file and a byte range in it."""
MAX_ROOTS = 8
"""Places in own functions that may have made one builder, beyond which no more are looked at."""
_DEPTH = 4
_STEPS = 64


class Root(NamedTuple):
    """The expression at the bottom of a chain; `part` of it where a tuple was taken apart."""

    node: Node
    part: int = -1

    @property
    def span(self) -> tuple[int, int]:
        """Its byte range."""
        return (self.node.start_byte, self.node.end_byte)


def root(outline: Outline, node: Node, scope: Scope) -> Root:
    """The bottom of a builder chain, through local variables."""
    part = -1
    for _ in range(_STEPS):
        kind = node.type
        if kind == "call_expression":
            function = node.child_by_field_name("function")
            inner = function.child_by_field_name("value") if function is not None else None
            if function is None or function.type != "field_expression" or inner is None:
                break
            node = inner
        elif kind == "identifier":
            name = outline.text(node)
            row = next(iter(outline.bindings(name, node.start_byte, scope.function)), None)
            if row is None or row.value is None:
                break
            node, part = row.value, row.part if row.part >= 0 else part
        elif kind.endswith("_expression") and kind != "field_expression" and node.named_children:
            node = node.named_children[-1]
        else:
            break
    return Root(node, part)


def made_in(
    code: CrateCode,
    outline: Outline,
    one: Root,
    scope: Scope,
    via: tuple[Place, ...] = (),
) -> Iterator[tuple[Place, ...]]:
    """The calls in own functions that may have made what a chain begins with: each behind the
    calls of own functions between, the innermost first.
    """
    function = called_function(one.node) if one.node.type == "call_expression" else None
    if function is None or len(via) >= _DEPTH or function.type == "field_expression":
        return
    own = code.needed_function(code.callee(outline, function, scope))
    body = own.node.child_by_field_name("body") if own is not None else None
    if own is None or body is None:
        return
    other = code.outlines[own.file]
    code.want_body(other, own.node)
    inside = other.scope_at(body.start_byte, body.end_byte)
    for part in results(other, body, one.part):
        below = root(other, part, inside)
        place = (own.file, below.span)
        yield (place, *via)
        yield from made_in(code, other, below, inside, (place, *via))


def results(outline: Outline, body: Node, part: int) -> list[Node]:
    """The expressions that a function's value, or a part of it, may be."""
    pending, found = [body], list[Node]()
    pending += [
        one.named_children[0]
        for one, _ in outline.of("return_expression")
        if one.named_children and body.start_byte <= one.start_byte < body.end_byte
    ]
    for _ in range(_STEPS):
        if not pending or len(found) >= MAX_ROOTS:
            break
        node = pending.pop(0)
        children = [one for one in node.named_children if one.type not in SKIPPED]
        if node.type in ("block", "else_clause", "unsafe_block", "expression_statement"):
            pending += children[-1:]
        elif node.type == "if_expression":
            branches = (node.child_by_field_name(one) for one in ("consequence", "alternative"))
            pending += [one for one in branches if one is not None]
        elif node.type == "match_expression":
            listed = node.child_by_field_name("body")
            arms = listed.named_children if listed is not None else []
            values = [one.child_by_field_name("value") for one in arms]
            pending += [one for one in values if one is not None]
        elif node.type == "tuple_expression":
            pending += children[part : part + 1] if part >= 0 else []
        elif node.type == "call_expression" and _is_holder(outline, node):
            pending += arguments_of(node)[-1:]
        else:
            found.append(node)
    return found


def _is_holder(outline: Outline, node: Node) -> bool:
    function = called_function(node)
    name = outline.text(function).rpartition("::")[2] if function is not None else ""
    return name in ("Some", "Ok")
