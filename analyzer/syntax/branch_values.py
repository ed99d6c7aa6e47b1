"""What blocks, branches and sums fold to: any branch may be taken."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TypeVar

from analyzer.syntax.changes import SKIPPED
from analyzer.syntax.literal_values import Frame, Literals
from analyzer.syntax.outline import Node, Outline, Scope
from analyzer.syntax.struct_values import HOLDERS, taken
from analyzer.syntax.values import UNKNOWN_VALUE, Value, joined

T = TypeVar("T")
MAX_WORLDS = 4
"""So many branches of one choice are told apart."""


class Branches(Literals):
    """The part of folding that puts other values together.

    A **world** is a number: in world 0 every choice takes its first branch with a value, in world 1
    its second, and so on, or its last. So a call whose arguments hang on one condition is seen as
    the program runs it, once for each outcome. `worlds` says how many differ in what was folded.
    """

    world = 0
    worlds = 1

    def in_worlds(self, ask: Callable[[], T]) -> list[T]:
        """What `ask` folds, once for each world that differs."""
        self.worlds = 1
        found = [ask()]
        for world in range(1, self.worlds):
            self.world = world
            found.append(ask())
        self.world = 0
        return found

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
        """Of several branches with a value the one of this world: any of them may be taken."""
        values = (self.fold(outline, one, scope, frame, depth) for one in nodes if one)
        known = list(dict.fromkeys(one for one in values if not one.is_unknown))[:MAX_WORLDS]
        self.worlds = max(self.worlds, len(known))
        return known[min(self.world, len(known) - 1)] if known else UNKNOWN_VALUE

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
