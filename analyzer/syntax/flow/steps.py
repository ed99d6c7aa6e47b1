"""The steps of a walk: what is looked at next, what was seen, and the way that led there."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from analyzer.syntax.flow.stored import Stored
from analyzer.syntax.outline import Node, Outline

if TYPE_CHECKING:
    from analyzer.syntax.flow.tracer import Entry, Tracer

Place = tuple[str, int]
"""A file and a byte position in it as it is on disk."""
Stack = tuple["Entry", ...]
"""Calls of own functions that the walk went in through, the outermost first."""

_TEXTS = ("string_literal", "raw_string_literal")
_LITERALS = (*_TEXTS, "char_literal", "integer_literal")
_DEEPEST = 4
"""Calls remembered on the way in."""
_NOTHING = frozenset(
    "string_literal raw_string_literal char_literal integer_literal float_literal boolean_literal"
    " line_comment block_comment type_arguments primitive_type type_identifier attribute_item"
    " use_declaration function_item struct_item enum_item impl_item macro_definition"
    " for_expression while_expression lifetime break_expression continue_expression"
    " assignment_expression compound_assignment_expr".split()
)


def entered(stack: Stack, entry: Entry) -> Stack:
    """The calls remembered with one more; a ring of calls is gone round once."""
    return stack if entry in stack else (*stack, entry)[-_DEEPEST:]


class Row(NamedTuple):
    """A step: look at `node` as a `kind` of place. `name` says which local, field or parameter,
    `stored` which change.
    """

    kind: str
    outline: Outline
    node: Node
    stack: Stack
    name: str = ""
    stored: Stored | None = None


class Steps:
    """`trails` are filled while it runs: the steps from the start to each source met."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer, self._tables, self._code = tracer, tracer.tables, tracer.code
        self._rows: list[tuple[Row, int]] = []
        self._queue: deque[int] = deque()
        self._seen: set[tuple[object, ...]] = set()
        self._at = -1
        self.trails: dict[Place, list[Row]] = {}
        self.is_open = False
        """Whether something was met that is no constant of the crate, or is not understood."""
        self.constants = 0
        """Bytes of texts and numbers met: so much can be spelled with them."""

    def run(self, starts: list[tuple[Outline, Node]]) -> None:
        """Walk until nothing is left, or the tracer's steps are spent."""
        for outline, node in starts:
            self._value(outline, node, ())
        self._go_on()

    def run_result(self, outline: Outline, function: Node) -> None:
        """The same from what a function returns."""
        self._add("result", outline, function, ())
        self._go_on()

    def _go_on(self) -> None:
        while self._queue:
            if not self._tracer.step():
                self.is_open = True
                return
            self._at = self._queue.popleft()
            row = self._rows[self._at][0]
            getattr(self, f"_look_{row.kind}")(row)

    # Steps -------------------------------------------------------------------------------------

    def _add(self, kind: str, outline: Outline, node: Node, stack: Stack, name: str = "") -> None:
        key = (kind, outline.path, node.start_byte, node.end_byte, name, stack)
        if key not in self._seen:
            self._seen.add(key)
            self._rows.append((Row(kind, outline, node, stack, name), self._at))
            self._queue.append(len(self._rows) - 1)

    def _stored(self, outline: Outline, stored: Stored, stack: Stack) -> None:
        """Look at what a change puts in."""
        key = ("stored", outline.path, stored.position, stored.root.name, stored.argument, stack)
        if key not in self._seen:
            self._seen.add(key)
            row = Row("stored", outline, stored.root.node, stack, stored.root.name, stored)
            self._rows.append((row, self._at))
            self._queue.append(len(self._rows) - 1)

    def _value(self, outline: Outline, node: Node, stack: Stack) -> None:
        is_asked = node.type not in _NOTHING
        if node.type in _LITERALS:
            self.constants += node.end_byte - node.start_byte if node.type in _TEXTS else 1
        if node.type in _TEXTS and self._tracer.has_texts:
            is_asked = (outline.path, outline.origin(node.start_byte)) in self._tracer.sources
        if is_asked:
            self._add("value", outline, node, stack)

    def _met(self, place: Place) -> None:
        trail: list[Row] = []
        at = self._at
        while at >= 0:
            row, at = self._rows[at]
            trail.append(row)
        self.trails.setdefault(place, trail)
