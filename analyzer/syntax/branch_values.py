"""What blocks, branches and sums fold to: any branch may be taken."""

from __future__ import annotations

from abc import abstractmethod

from analyzer.syntax.changes import SKIPPED
from analyzer.syntax.literal_values import Frame, Literals
from analyzer.syntax.outline import Node, Outline, Scope
from analyzer.syntax.struct_values import HOLDERS, taken
from analyzer.syntax.values import UNKNOWN_VALUE, Value, joined


class Branches(Literals):
    """The part of folding that puts other values together."""

    @abstractmethod
    def fold(self, outline: Outline, node: Node, scope: Scope, frame: Frame, depth: int) -> Value:
        """The value in a frame, `depth` steps down."""

    def _fold_block(
        self, outline: Outline, node: Node, scope: Scope, frame: Frame, depth: int
    ) -> Value:
        children = [one for one in node.named_children if one.type not in SKIPPED]
        if not children or children[-1].type.endswith(("_declaration", "_item")):
            return UNKNOWN_VALUE
        return self.fold(outline, children[-1], scope, frame, depth)

    def _fold_if_expression(
        self, outline: Outline, node: Node, scope: Scope, frame: Frame, depth: int
    ) -> Value:
        branches = [node.child_by_field_name(one) for one in ("consequence", "alternative")]
        return self._first_known(outline, branches, scope, frame, depth)

    def _first_known(
        self, outline: Outline, nodes: list[Node | None], scope: Scope, frame: Frame, depth: int
    ) -> Value:
        """Of several branches the first with a value: any of them may be taken."""
        values = (self.fold(outline, one, scope, frame, depth) for one in nodes if one)
        return next((one for one in values if not one.is_unknown), UNKNOWN_VALUE)

    def _fold_match_expression(
        self, outline: Outline, node: Node, scope: Scope, frame: Frame, depth: int
    ) -> Value:
        body = node.child_by_field_name("body")
        asked = node.child_by_field_name("value")
        arms = body.named_children[:8] if body is not None else []
        if asked is not None and asked.type in HOLDERS:
            arms = taken(outline, arms, self.fold(outline, asked, scope, frame, depth))
        values = [one.child_by_field_name("value") for one in arms]
        return self._first_known(outline, values, scope, frame, depth)

    def _fold_binary_expression(
        self, outline: Outline, node: Node, scope: Scope, frame: Frame, depth: int
    ) -> Value:
        operator = node.child_by_field_name("operator")
        left, right = (node.child_by_field_name(one) for one in ("left", "right"))
        if operator is None or operator.type != "+" or left is None or right is None:
            return UNKNOWN_VALUE
        sides = tuple(self.fold(outline, one, scope, frame, depth) for one in (left, right))
        return joined(sides, step="join of texts")
