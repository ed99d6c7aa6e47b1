"""What literals fold to: texts, characters, whole numbers."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.syntax.changes import number
from analyzer.syntax.lexer import literal_text
from analyzer.syntax.memory import Name
from analyzer.syntax.outline import Node, Outline, Scope
from analyzer.syntax.values import UNKNOWN_VALUE, Value, constant

Frame = Mapping[str, Value]


class Literals:
    """The part of folding that asks nobody but the frame; `names` are what it was asked for."""

    names: set[Name]

    def _beyond(self, *limit: Name) -> Value:
        """Nothing is known past a limit, within which another way may keep."""
        self.names.update(limit)
        return UNKNOWN_VALUE

    def _fold_string_literal(
        self, outline: Outline, node: Node, _scope: Scope, _frame: Frame, _depth: int
    ) -> Value:
        text = literal_text(outline.data[node.start_byte : node.end_byte])
        return constant(text) if text is not None else UNKNOWN_VALUE

    _fold_raw_string_literal = _fold_string_literal

    def _fold_char_literal(
        self, outline: Outline, node: Node, _scope: Scope, _frame: Frame, _depth: int
    ) -> Value:
        raw = outline.data[node.start_byte : node.end_byte]
        text = literal_text(raw)
        if text is not None and raw.startswith(b"b") and len(text) == 1:
            return Value(parts=(text,), number=ord(text))
        return constant(text) if text is not None else UNKNOWN_VALUE

    def _fold_integer_literal(
        self, outline: Outline, node: Node, _scope: Scope, _frame: Frame, _depth: int
    ) -> Value:
        return number(outline.text(node))
