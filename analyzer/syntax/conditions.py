"""Code that runs under a condition, and everything that the condition is worked out from.

`if`, `match`, `let .. else`, `.then(..)`, and what follows a branch that leaves. A condition may be
kept in a local, a static or a field, or asked by an own function: those places count as asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from analyzer.syntax.code import CrateCode
from analyzer.syntax.fields import Fields
from analyzer.syntax.outline import Node, Outline, Scope
from analyzer.syntax.paths import path_segments

_PLACES = 40
_NODES = 600
"""Places and nodes of one condition beyond which no more are looked at."""
_LEAVING = frozenset({"return_expression", "break_expression", "continue_expression"})
_TEXT = 200
_ASKING = ("var", "var_os")
_GIVEN = frozenset("map and_then map_or map_or_else inspect for_each".split())
_TELLING = re.compile(rb"\bvar(?:_os)?\s*\(|\b(?:try_)?exists\s*\(|\bis_(?:file|dir)\s*\(")
_NEAR = 300
_ANSWER = re.compile(r"\b(?:bool|[iu](?:32|64|128)|f64|Duration|SystemTime)\b")
_NAMESAKES = 4
"""A method of an unknown type may be any of so many."""

Range = tuple[str, int, int]
"""A file and a byte range in its outline."""
_Asked = tuple[Outline, Node, Scope]


class Region(NamedTuple):
    """Code that runs only under a condition: what it covers, and where the condition stands."""

    outline: Outline
    condition: Node
    start: int
    end: int
    scope: Scope

    @property
    def text(self) -> str:
        """The condition as it is written."""
        return self.outline.text(self.condition)[:_TEXT]


class Conditions:
    """Condition questions over one crate's code."""

    def __init__(self, code: CrateCode) -> None:
        self._code, self._fields = code, Fields(code)
        self._known: dict[tuple[str, int, int, int, int], tuple[int, list[_Asked]]] = {}

    def regions(self, file: str) -> Iterator[Region]:
        """All regions of a file that are not empty."""
        outline = self._code.outlines[file]
        for condition, start, end, scope in _branches(outline):
            if start < end:
                yield Region(outline, condition, start, end, scope)

    def asked(self, region: Region) -> list[Range]:
        """Where the condition of a region is worked out, itself first."""
        found: list[Range] = []
        pending = [(region.outline, region.condition, region.scope)]
        left = _NODES
        while pending and len(found) < _PLACES:
            where, node, around = pending.pop(0)
            place = (where.path, node.start_byte, node.end_byte)
            if place in found:
                continue
            found.append(place)
            count, behind = self._parts(where, node, around, left)
            left -= count
            pending += behind
        return found

    def _parts(
        self, outline: Outline, node: Node, scope: Scope, most: int
    ) -> tuple[int, list[_Asked]]:
        """How many nodes an expression has, `most` at most, and what they all stand for."""
        key = (outline.path, node.start_byte, node.end_byte, scope.function, scope.module)
        known = self._known.get(key)
        if known is not None and known[0] <= most:
            return known
        inner, count, behind = [node], 0, list[_Asked]()
        while inner and count < most:
            count += 1
            one = inner.pop()
            inner += one.named_children
            behind += self._behind(outline, one, scope)
        if not inner:
            self._known[key] = (count, behind)
        return count, behind

    def _behind(
        self, outline: Outline, node: Node, scope: Scope
    ) -> Iterator[tuple[Outline, Node, Scope]]:
        """What a name, a field or a call in a condition stands for."""
        if node.type == "identifier":
            name = outline.text(node)
            for row in outline.bindings(name, node.start_byte, scope.function):
                if row.value is not None:
                    yield outline, row.value, scope
                return
        if node.type in ("identifier", "scoped_identifier"):
            yield from self._item(outline, node, scope)
        elif node.type == "field_expression":
            yield from self._field(outline, node, scope)
        elif node.type == "call_expression":
            yield from self._own_method(outline, node, scope)

    def _item(
        self, outline: Outline, node: Node, scope: Scope
    ) -> Iterator[tuple[Outline, Node, Scope]]:
        if node.type == "identifier" and node.parent is not None:
            is_part = node.parent.type in ("field_expression", "scoped_identifier")
            if is_part:
                return
        path = self._code.callee(outline, node, scope)
        own = self._code.own_function(path)
        if own is None and path:
            own = self._code.names.items.get(path)
        body = None
        if own is not None and _answers(self._code.outlines[own.file], own.node):
            body = own.node.child_by_field_name("body") or own.node.child_by_field_name("value")
        if own is not None and body is not None and path_segments(outline, node):
            other = self._code.outlines[own.file]
            yield other, body, other.scope_at(body.start_byte, body.end_byte)

    def _field(
        self, outline: Outline, node: Node, scope: Scope
    ) -> Iterator[tuple[Outline, Node, Scope]]:
        value, field = (node.child_by_field_name(one) for one in ("value", "field"))
        owner = self._code.kinds.of(outline, value, scope) if value is not None else ""
        if field is not None and owner.startswith("@"):
            yield from self._fields.given(owner, outline.text(field))

    def _own_method(
        self, outline: Outline, node: Node, scope: Scope
    ) -> Iterator[tuple[Outline, Node, Scope]]:
        function = node.child_by_field_name("function")
        if function is None or function.type != "field_expression":
            return
        value, field = (function.child_by_field_name(one) for one in ("value", "field"))
        if value is None or field is None or outline.text(field) not in self._code.names.impls:
            return
        owner = self._code.kinds.of(outline, value, scope)
        own = self._code.own_function(self._code.own_method(owner, outline.text(field)))
        named = self._code.names.impls[outline.text(field)]
        several = [own] if own is not None else named if len(named) <= _NAMESAKES else []
        for one in several:
            body = one.node.child_by_field_name("body")
            other = self._code.outlines[one.file]
            if body is not None and _answers(other, one.node):
                yield other, body, other.scope_at(body.start_byte, body.end_byte)


def _answers(outline: Outline, node: Node) -> bool:
    """Whether an own function, static or constant says yes or no, or a time: what others are made
    of decides nothing by itself.
    """
    kind = node.child_by_field_name("return_type") or node.child_by_field_name("type")
    return kind is not None and _ANSWER.search(outline.text(kind)) is not None


def _branches(outline: Outline) -> Iterator[tuple[Node, int, int, Scope]]:
    """(condition, start, end, scope) of everything that runs only under a condition."""
    yield from _of_ifs(outline)
    yield from _of_matches(outline)
    yield from _of_steps(outline)
    for node, scope in outline.of("let_declaration"):
        value = node.child_by_field_name("value")
        if value is not None and node.child_by_field_name("alternative") is not None:
            yield value, node.end_byte, scope.block_end, scope
    for call in outline.calls:
        if call.name in ("then", "then_some") and call.receiver is not None:
            yield call.receiver, call.function.end_byte, call.node.end_byte, call.scope


def _of_steps(outline: Outline) -> Iterator[tuple[Node, int, int, Scope]]:
    """`var("CI")?;` and `option.map(|_| ..)`, where what is asked tells who runs the code."""
    for call in outline.calls:
        end = call.node.end_byte
        if call.name in _ASKING and outline.data[end : end + 1] == b"?":
            yield call.node, end, call.scope.block_end, call.scope
        receiver = call.receiver
        if call.name in _GIVEN and receiver is not None:
            start = max(receiver.start_byte, receiver.end_byte - _NEAR)
            if _TELLING.search(outline.data, start, receiver.end_byte):
                yield receiver, call.function.end_byte, end, call.scope


def _of_ifs(outline: Outline) -> Iterator[tuple[Node, int, int, Scope]]:
    for node, scope in outline.of("if_expression"):
        condition, body = (node.child_by_field_name(one) for one in ("condition", "consequence"))
        other = node.child_by_field_name("alternative")
        if condition is None or body is None:
            continue
        yield condition, body.start_byte, body.end_byte, scope
        if other is not None:
            yield condition, other.start_byte, other.end_byte, scope
        elif _leaves(outline, body):
            yield condition, node.end_byte, scope.block_end, scope


def _of_matches(outline: Outline) -> Iterator[tuple[Node, int, int, Scope]]:
    for node, scope in outline.of("match_expression"):
        value, body = (node.child_by_field_name(one) for one in ("value", "body"))
        if value is None or body is None:
            continue
        yield value, body.start_byte, body.end_byte, scope
        arms = (one.child_by_field_name("value") for one in body.named_children)
        if any(one is not None and _leaves(outline, one) for one in arms):
            yield value, node.end_byte, scope.block_end, scope


def _leaves(outline: Outline, body: Node) -> bool:
    """Whether a branch ends the function: what follows runs only without it."""
    last: Node | None = body
    for _ in range(8):
        if last is None or last.type not in ("block", "expression_statement"):
            break
        children = [one for one in last.named_children if "comment" not in one.type]
        last = children[-1] if children else None
    if last is None:
        return False
    return last.type in _LEAVING or outline.text(last).startswith(
        ("std::process::exit", "process::exit", "exit(")
    )
