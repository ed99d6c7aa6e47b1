"""What `fmt` of an own type writes, piece by piece: the text that format strings show of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from analyzer.syntax.changes import is_repeated
from analyzer.syntax.fields import parameters
from analyzer.syntax.names import Item
from analyzer.syntax.outline import Node, Outline, Scope
from analyzer.syntax.paths import path_segments
from analyzer.syntax.query import arguments_of
from analyzer.syntax.values import UNKNOWN_VALUE, Value, joined

if TYPE_CHECKING:
    from analyzer.syntax.evaluate import Evaluator
    from analyzer.syntax.memory import Frame

_WRITING = ("write_str", "write_char", "pad", "write_fmt")
_PIECES = 32
_DEEPEST = 24
_NESTED = 4
"""Types of which one shows the next."""


def displayed(
    evaluator: Evaluator,
    outline: Outline,
    what: tuple[Node, str],
    scope: Scope,
    state: tuple[Frame, int],
) -> Value:
    """What a method of an own type gives that is called on an expression: its text, or nothing."""
    node, method = what
    if method != "to_string" or state[1] > _DEEPEST:
        return UNKNOWN_VALUE
    owner = evaluator.code.kinds.of(outline, node, scope)
    if not owner.startswith("@"):
        return UNKNOWN_VALUE
    return text_of(evaluator, owner, evaluator.fold(outline, node, scope, *state), state[1])


def text_of(evaluator: Evaluator, owner: str, held: Value, depth: int) -> Value:
    """The text of a value of an own type; `held` is what is known of its fields."""
    item = _display(evaluator, owner)
    body = item.node.child_by_field_name("body") if item is not None else None
    if item is None or body is None or owner in evaluator.shown or len(evaluator.shown) >= _NESTED:
        return UNKNOWN_VALUE
    evaluator.shown.add(owner)
    try:
        return _text_of(evaluator, item, body, held, depth)
    finally:
        evaluator.shown.discard(owner)


def _text_of(evaluator: Evaluator, item: Item, body: Node, held: Value, depth: int) -> Value:
    outline = evaluator.code.outlines[item.file]
    evaluator.code.want_body(outline, item.node)
    frame = {"self": held} if held.variant else {}
    rows = sorted(_written(outline, body, parameters(outline, item.node)), key=_place)[:_PIECES]
    pieces: list[Value] = []
    for node in rows:
        at = outline.scope_at(node.start_byte, node.end_byte)
        value = evaluator.fold(outline, node, at, frame, depth + 2)
        is_many = is_repeated(node, body.start_byte)
        pieces.append(joined((value, UNKNOWN_VALUE)) if is_many else value)
    return joined(tuple(pieces), step="format") if pieces else UNKNOWN_VALUE


def _place(node: Node) -> int:
    return node.start_byte


def _written(outline: Outline, body: Node, names: list[str]) -> Iterator[Node]:
    """What a function writes to a parameter: invocations of `write!`, arguments of methods."""
    for macro in outline.macros.values():
        is_here = body.start_byte <= macro.node.start_byte < body.end_byte
        given = macro.arguments if is_here and macro.name in ("write", "writeln") else ()
        if given and outline.text(given[0]) in names:
            yield macro.node
    for call in outline.calls:
        is_here = body.start_byte <= call.node.start_byte < body.end_byte
        receiver = call.receiver if is_here and call.name in _WRITING else None
        if receiver is not None and outline.text(receiver) in names:
            yield from arguments_of(call.node)[:1]


def _display(evaluator: Evaluator, owner: str) -> Item | None:
    """`Display::fmt` of a type."""
    code = evaluator.code
    for one in code.names.impls.get("fmt", ()) if owner.startswith("@") else ():
        outline = code.outlines[one.file]
        impl = one.scope.impl
        trait = impl.child_by_field_name("trait") if impl is not None else None
        own = impl.child_by_field_name("type") if impl is not None else None
        is_display = trait is not None and outline.text(trait).endswith("Display")
        segments = path_segments(outline, own) if own is not None and is_display else ()
        if segments[-1:] == (owner.rpartition("::")[2],):
            return one
    return None
