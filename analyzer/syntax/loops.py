"""What the variables of a loop over a known list stand for, item by item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analyzer.syntax.changes import destructured
from analyzer.syntax.closures import Closure
from analyzer.syntax.code import CrateCode
from analyzer.syntax.fields import parameters
from analyzer.syntax.outline import Node, Outline, Scope
from analyzer.syntax.query import arguments_of
from analyzer.syntax.values import Value

LOOP_FRAMES = 32
"""Items of a list that a loop is followed through, and one."""

Frame = Mapping[str, Value]


def items_around(
    code: CrateCode, outline: Outline, at: int, scope: Scope, frame: Frame
) -> Iterator[Frame]:
    """What the variables of the innermost loop over a known list stand for, item by item; the
    parameters of a closure that a method of the list, or of an option, is handed are such.
    """
    loops = sorted(_loops(code, outline, at), key=lambda one: -one[0])
    for _, pattern, node in loops:
        value = code.evaluator.value(outline, node, scope, frame)
        is_text = value.is_constant  # bytes that spell it are no places to go over
        several = value.items if value.items is not None and not is_text else (value,)
        items = [destructured(outline, pattern, one) for one in several]
        found = [one for one in items if one]
        if found:
            yield from found[: LOOP_FRAMES - 1]
            return
    for one in code.closures.around(outline, at):
        given = [row for row in _called_with(code, outline, one, scope, frame) if row]
        if given:
            yield from given[: LOOP_FRAMES - 1]
            return


def _called_with(
    code: CrateCode, outline: Outline, one: Closure, scope: Scope, frame: Frame
) -> Iterator[Frame]:
    """What a closure's parameters are given where it is called: by the name that holds it, or in
    the own function that it is handed to.
    """
    around = one.node.parent
    pattern = around.child_by_field_name("pattern") if around is not None else None
    patterns = one.node.child_by_field_name("parameters")
    names = patterns.named_children if patterns is not None else []
    other, name, values = outline, "", frame
    function = scope.function
    if pattern is not None and pattern.type == "identifier":
        name = outline.text(pattern)
    elif one.call is not None and one.receiver is None:
        callee = one.call.child_by_field_name("function")
        own = code.own_function(code.callee(outline, callee, scope)) if callee else None
        given = [each.start_byte for each in arguments_of(one.call)]
        if own is not None and one.node.start_byte in given:
            other, values = code.outlines[own.file], {}
            known, at = parameters(other, own.node), given.index(one.node.start_byte)
            name = known[at] if at < len(known) else ""
            function = other.function_at(own.node.end_byte - 1)
    for call in other.calls if name else ():
        if call.name == name and call.scope.function == function and call.receiver is None:
            rows = zip(names, arguments_of(call.node), strict=False)
            found: dict[str, Value] = {}
            for part, node in rows:
                value = code.evaluator.value(other, node, call.scope, values)
                found |= destructured(outline, part, value)
            yield found


def _loops(code: CrateCode, outline: Outline, at: int) -> Iterator[tuple[int, Node, Node]]:
    """(start, pattern, list) of the loops and closures around a position."""
    for node, _ in outline.of("for_expression"):
        if node.start_byte <= at < node.end_byte:
            pattern, value = (node.child_by_field_name(one) for one in ("pattern", "value"))
            if pattern is not None and value is not None:
                yield node.start_byte, pattern, value
    for one in code.closures.around(outline, at):
        if one.pattern is not None and one.receiver is not None:
            yield one.node.start_byte, one.pattern, one.receiver
