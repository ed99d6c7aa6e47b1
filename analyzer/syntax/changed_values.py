"""What a local holds after calls that change it in place: `path.push("x")`, `text.push_str(y)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.syntax.changes import MAX_CHANGES, changes_in, is_character, is_repeated
from analyzer.syntax.outline import Node, Outline, Scope
from analyzer.syntax.values import UNKNOWN_VALUE, Hole, Value, changed, joined

if TYPE_CHECKING:
    from analyzer.syntax.evaluate import Evaluator

Rows = dict[tuple[int, str], list[tuple[int, str, Node]]]


class ChangesInPlace:
    """Of one crate, file by file as they are asked for."""

    def __init__(self) -> None:
        self._rows: dict[str, Rows] = {}

    def after(
        self,
        evaluator: Evaluator,
        outline: Outline,
        what: tuple[str, tuple[int, int]],
        scope: Scope,
        state: tuple[Value, int],
    ) -> Value:
        """The value in `state` after the calls that change a local, `what`, between two positions;
        beside it stands how deep it was folded.
        """
        (name, between), (value, depth) = what, state
        table = self._rows.get(outline.path)
        if table is None:
            table = self._rows[outline.path] = changes_in(outline)
        rows = table.get((scope.function, name), [])
        for position, method, node in rows[:MAX_CHANGES]:
            if not between[0] <= position < between[1]:
                continue
            listed_ = node.child_by_field_name("arguments")
            arguments = tuple(
                evaluator.fold(outline, one, scope, {}, depth + 2)
                for one in (listed_.named_children if listed_ is not None else ())
            )
            is_path = method == "push" and not is_character(arguments)
            if method == "extend" and isinstance(value.parts[0], Hole) and value.items is None:
                is_path = value.parts[0] != Hole()  # a text has no origin, a path often has
            value = changed(value, method, arguments, is_path=is_path)
            if value.items is None and method != "pop" and is_repeated(node, between[0]):
                value = joined((value, UNKNOWN_VALUE))
        return joined((value, UNKNOWN_VALUE)) if len(rows) > MAX_CHANGES else value
