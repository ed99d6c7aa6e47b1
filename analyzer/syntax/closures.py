"""Closures of a file: what their parameters are called, and the call that takes each of them."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from typing import NamedTuple

from analyzer.syntax.outline import Node, Outline
from analyzer.syntax.query import called_function, pattern_names


class Closure(NamedTuple):
    """A closure with parameters; `call` is the call that is handed it, if any, and `method` the
    name that it says if it calls a method.
    """

    node: Node
    names: tuple[str, ...]
    call: Node | None
    method: str

    @property
    def pattern(self) -> Node | None:
        """The parameter that is an item of what the closure's method goes over."""
        listed = self.node.child_by_field_name("parameters")
        rows = listed.named_children if listed is not None else []
        is_folding = len(rows) == 2 and self.method in ("fold", "try_fold", "scan")
        return rows[-1] if len(rows) == 1 or is_folding else None

    @property
    def receiver(self) -> Node | None:
        """What the method that takes the closure is called on."""
        function = called_function(self.call) if self.call is not None else None
        is_method = function is not None and function.type == "field_expression"
        return function.child_by_field_name("value") if function is not None and is_method else None


class Closures:
    """Closures of one crate, listed file by file when first asked for."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[list[int], list[Closure]]] = {}

    def around(self, outline: Outline, at: int) -> Iterator[Closure]:
        """Closures with parameters around a position, the innermost first."""
        if outline.path not in self._rows:
            found = list(_closures(outline))
            self._rows[outline.path] = ([one.node.start_byte for one in found], found)
        starts, rows = self._rows[outline.path]
        function = outline.function_at(at)
        first = outline.functions[function].node.start_byte if function >= 0 else 0
        for number in range(bisect.bisect_right(starts, at) - 1, -1, -1):
            if starts[number] < first:
                return
            if at < rows[number].node.end_byte:
                yield rows[number]

    def binding(self, outline: Outline, name: str, at: int) -> Closure | None:
        """The innermost closure around a position that has a parameter of this name."""
        return next((one for one in self.around(outline, at) if name in one.names), None)


def _closures(outline: Outline) -> Iterator[Closure]:
    for node, _ in outline.of("closure_expression"):
        listed = node.child_by_field_name("parameters")
        names = tuple(outline.text(one) for one in (pattern_names(listed) if listed else ()))
        around = node.parent
        call = around.parent if around is not None and around.type == "arguments" else None
        function = call.child_by_field_name("function") if call is not None else None
        field = function.child_by_field_name("field") if function is not None else None
        if names:
            yield Closure(node, names, call, outline.text(field) if field is not None else "")
