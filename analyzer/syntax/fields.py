"""What the fields of own structs are given: in struct expressions, and by assignment.

Asked field by field.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from analyzer.syntax.outline import Call, Function, Node, Outline, Scope
from analyzer.syntax.paths import clean
from analyzer.syntax.values import ONE_OF, UNKNOWN_VALUE, Value

if TYPE_CHECKING:
    from analyzer.syntax.code import CrateCode
    from analyzer.syntax.evaluate import Evaluator

MAX_GIVEN = 8
"""Places that give a field something, and callers of each, beyond which no more are looked at."""


class Given(NamedTuple):
    """An expression that a field is given, and where it stands."""

    outline: Outline
    node: Node
    scope: Scope


class Fields:
    """Fields of one crate's structs."""

    def __init__(self, code: CrateCode) -> None:
        self._code = code
        self._found: dict[tuple[str, str], tuple[Given, ...]] = {}
        self._callers: dict[tuple[str, int], tuple[tuple[Outline, Call], ...]] = {}

    def given(self, owner: str, name: str) -> tuple[Given, ...]:
        """What a field is given; `owner` is the struct's path."""
        key = (owner.rpartition("::")[2], name)
        if key not in self._found:
            self._code.want(field=name)
            rows = (
                Given(outline, value, outline.scope_at(value.start_byte, value.end_byte))
                for struct, outline, value in self._code.given.get(name, ())
                if struct in ("", "Self", key[0])
            )
            self._found[key] = tuple(itertools.islice(rows, MAX_GIVEN))
        return self._found[key]

    def value(self, evaluator: Evaluator, owner: str, name: str, depth: int) -> Value:
        """What a field is given where that is known: any of the places may have been taken."""
        places = self.given(owner, name)
        step = (ONE_OF,) if len(places) > 1 else ()
        for one in places:
            value = evaluator.fold(one.outline, one.node, one.scope, {}, depth)
            if not value.is_unknown:
                return replace(value, derivation=(*value.derivation, *step))
            for call in self.calls(one):
                frame = {
                    label: evaluator.fold(row.outline, row.node, row.scope, {}, depth)
                    for label, row in call.items()
                }
                value = evaluator.fold(one.outline, one.node, one.scope, frame, depth)
                if not value.is_unknown:
                    return replace(value, derivation=(*value.derivation, *step))
        return UNKNOWN_VALUE

    def holding(self, outline: Outline, name: str, start: int, end: int) -> list[str]:
        """Fields that are given a local of this name between two positions."""
        return [
            field
            for field, rows in outline.given.items()
            if any(
                start <= node.start_byte < end and outline.text(node) == name for _, node in rows
            )
        ]

    def calls(self, given: Given) -> Iterator[dict[str, Given]]:
        """The arguments of each call of the function around, by the names of its parameters."""
        if given.scope.function < 0:
            return
        own = given.outline.functions[given.scope.function]
        names = parameters(given.outline, own.node)
        if not any(_says(given, one) for one in names):
            return
        self._code.want(caller=clean(own.name))
        for outline, call in self._calls_of(given.outline.path, given.scope.function):
            listed = call.node.child_by_field_name("arguments")
            rows = listed.named_children if listed is not None else []
            nodes = [one for one in rows if "comment" not in one.type]
            yield {
                name: Given(outline, one, call.scope)
                for name, one in zip(names, nodes, strict=False)
            }

    def _calls_of(self, path: str, function: int) -> tuple[tuple[Outline, Call], ...]:
        """The first calls that mean a function; a crate may have thousands of the same name."""
        found = self._callers.get((path, function))
        if found is None:
            own = self._code.outlines[path].functions[function]
            rows = (
                (outline, call)
                for outline, call in self._code.calls.get(own.name, ())
                if self._means(outline, call.function, call.scope, own)
            )
            found = self._callers[path, function] = tuple(itertools.islice(rows, MAX_GIVEN))
        return found

    def _means(self, outline: Outline, function: Node, scope: Scope, own: Function) -> bool:
        if function.type == "field_expression":
            return True
        found = self._code.own_functions(self._code.callee(outline, function, scope))
        return any(one.node.start_byte == own.node.start_byte for one in found)


def parameters(outline: Outline, function: Node) -> list[str]:
    """The names of a function's parameters, without `self`."""
    listed = function.child_by_field_name("parameters")
    return [
        outline.text(one.child_by_field_name("pattern") or one)
        for one in (listed.named_children if listed is not None else ())
        if one.type == "parameter"
    ]


def has_receiver(function: Node) -> bool:
    """Whether a function is called on something."""
    listed = function.child_by_field_name("parameters")
    rows = listed.named_children if listed is not None else []
    return any(one.type == "self_parameter" for one in rows[:2])


def _says(given: Given, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", given.outline.text(given.node)) is not None
