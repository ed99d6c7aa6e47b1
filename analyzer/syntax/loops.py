"""What the variables of a loop over a known list stand for, item by item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analyzer.syntax.changes import destructured
from analyzer.syntax.code import CrateCode
from analyzer.syntax.outline import Node, Outline, Scope
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
