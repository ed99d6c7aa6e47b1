"""What blocks, branches and sums fold to: any branch may be taken."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from analyzer.syntax.changes import SKIPPED, dotted
from analyzer.syntax.literal_values import Frame, Literals
from analyzer.syntax.outline import Node, Outline, Scope
from analyzer.syntax.struct_values import HOLDERS, item_at, struct_value, taken
from analyzer.syntax.values import UNKNOWN_VALUE, Value, constant, joined, listed

if TYPE_CHECKING:
    from analyzer.syntax.code import CrateCode

MAX_PARTS = 12

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

    def __init__(self, code: CrateCode) -> None:
        self.code = code

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
        self.code.want_block(outline, node)
        if not children or children[-1].type.endswith(("_declaration", "_item")):
            return UNKNOWN_VALUE
        return self.fold(outline, children[-1], scope, frame, depth)

    def _fold_tuple_expression(
        self, outline: Outline, node: Node, scope: Scope, frame: Frame, depth: int
    ) -> Value:
        parts = node.named_children[:MAX_PARTS]
        items = tuple(self.fold(outline, one, scope, frame, depth) for one in parts)
        return replace(joined(tuple(map(dotted, items[:4])), between=":"), items=items)

    def _fold_if_expression(
        self, outline: Outline, node: Node, scope: Scope, frame: Frame, depth: int
    ) -> Value:
        branches = [node.child_by_field_name(one) for one in ("consequence", "alternative")]
        return self._first_known(outline, branches, scope, frame, depth)

    def _first_known(
        self, outline: Outline, nodes: list[Node | None], scope: Scope, frame: Frame, depth: int
    ) -> Value:
        """Of several branches with a value the one of this world: any of them may be taken."""
        return self.one_of(self.fold(outline, one, scope, frame, depth) for one in nodes if one)

    def one_of(self, values: Iterable[Value]) -> Value:
        """Of several values that may be meant the one of this world."""
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

    def _fold_unary_expression(
        self, outline: Outline, node: Node, scope: Scope, frame: Frame, depth: int
    ) -> Value:
        """`*x` is `x`; of `-x` numbers are known."""
        sign = node.children[0].type
        value = self.fold(outline, node.named_children[-1], scope, frame, depth)
        if sign == "*":
            return value
        if sign == "-" and value.number is not None:
            return Value((str(-value.number),), number=-value.number)
        return UNKNOWN_VALUE

    def _fold_array_expression(
        self, outline: Outline, node: Node, scope: Scope, frame: Frame, depth: int
    ) -> Value:
        if node.child_by_field_name("length") is not None:
            return UNKNOWN_VALUE
        children = [one for one in node.named_children if one.type not in SKIPPED]
        self.code.want(table=outline.path if not children and outline.is_cut else "")
        return listed(tuple(self.fold(outline, one, scope, frame, depth) for one in children))

    def _fold_struct_expression(
        self, outline: Outline, node: Node, scope: Scope, frame: Frame, depth: int
    ) -> Value:
        return struct_value(self, outline, node, scope, (frame, depth))

    def _fold_index_expression(
        self, outline: Outline, node: Node, scope: Scope, frame: Frame, depth: int
    ) -> Value:
        return item_at(self, outline, node, scope, (frame, depth))

    def _fold_self(
        self, _outline: Outline, _node: Node, _scope: Scope, frame: Frame, _depth: int
    ) -> Value:
        self.names.add("self")
        return frame.get("self", UNKNOWN_VALUE)

    def _fold_type_cast_expression(
        self, outline: Outline, node: Node, scope: Scope, frame: Frame, depth: int
    ) -> Value:
        inner, kind = node.child_by_field_name("value"), node.child_by_field_name("type")
        if inner is None:
            return UNKNOWN_VALUE
        value = self.fold(outline, inner, scope, frame, depth)
        if kind is None or outline.text(kind) != "char" or value.is_unknown:
            return value
        number = value.number
        is_known = number is not None and 0 <= number < 256
        return constant(chr(number or 0), *value.derivation) if is_known else UNKNOWN_VALUE
