"""What a trait's function or constant may mean: which types have the trait, and which of them a
generic parameter stands for.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from analyzer.syntax.outline import Node, Outline, Scope
from analyzer.syntax.paths import Path, clean, path_segments

if TYPE_CHECKING:
    from analyzer.syntax.code import CrateCode

_MOST = 4
"""Types that a parameter may stand for, beyond which nothing is said of it."""
_CALLS = 16
_DEPTH = 4
_TYPE_NAMES = ("type_identifier", "scoped_type_identifier", "generic_type")
_LIFETIMES = ("lifetime", "lifetime_parameter", "attribute_item")
_Function = tuple[str, int]


class Traits:
    """Traits of one crate and who has them."""

    def __init__(self, code: CrateCode) -> None:
        self._code = code
        self._standing: dict[tuple[str, int, str], tuple[Path, ...]] = {}

    def of_parameter(self, outline: Outline, segments: Path, scope: Scope) -> Path | None:
        """A path that begins with a generic parameter, with the type for it: the one that a
        caller names, or one that has the trait; of several the one of this world.
        """
        types = self._types(outline, segments[0], scope.function, 0)
        if not types:
            return None
        evaluator = self._code.evaluator
        evaluator.worlds = max(evaluator.worlds, len(types))
        chosen = types[min(evaluator.world, len(types) - 1)]
        return self._code.names.associated((*chosen, *segments[1:]))

    def callees(self, outline: Outline, node: Node, scope: Scope) -> Iterator[Path]:
        """All functions that a call may mean by the types of its parameters."""
        evaluator = self._code.evaluator
        world, worlds = evaluator.world, evaluator.worlds
        evaluator.world, evaluator.worlds = 0, 1
        try:
            while evaluator.world < evaluator.worlds:
                found = self._code.callee(outline, node, scope)
                if found is not None:
                    yield found
                evaluator.world += 1
        finally:
            evaluator.world, evaluator.worlds = world, worlds

    def _types(self, outline: Outline, name: str, function: int, depth: int) -> tuple[Path, ...]:
        """The types that a parameter of a function or of its `impl` may stand for."""
        key = (outline.path, function, name)
        if key not in self._standing and depth < _DEPTH:
            self._standing[key] = ()  # a function that names itself
            found = tuple(dict.fromkeys(self._found(outline, name, function, depth)))
            self._standing[key] = found if len(found) <= _MOST else ()
        return self._standing.get(key, ())

    def _found(self, outline: Outline, name: str, function: int, depth: int) -> Iterator[Path]:
        own = outline.functions[function]
        number = _number(outline, own.node, name)
        if number >= 0:
            named = tuple(self._named(clean(own.name), number, depth))
            yield from named or self._bound(outline, own.node, name)
        elif own.impl is not None and _number(outline, own.impl, name) >= 0:
            yield from self._bound(outline, own.impl, name)

    def _named(self, function: str, number: int, depth: int) -> Iterator[Path]:
        """What callers give a parameter by name: `settle::<Here>()`."""
        self._code.want(caller=function)
        for outline, call in self._code.calls.get(function, ())[:_CALLS]:
            inner = call.node.child_by_field_name("function")
            listed = inner.child_by_field_name("type_arguments") if inner is not None else None
            given = [one for one in _children(listed) if one.type not in _LIFETIMES]
            if number >= len(given) or given[number].type not in _TYPE_NAMES:
                continue
            one, scope = given[number], call.scope
            segments = path_segments(outline, one)
            path = self._code.path(outline, segments, one.start_byte, scope) if segments else None
            if path is not None:
                yield path
            elif len(segments) == 1 and scope.function >= 0:
                yield from self._types(outline, segments[0], scope.function, depth + 1)

    def _bound(self, outline: Outline, node: Node, name: str) -> Iterator[Path]:
        """Types of the crate that have a trait which the parameter must have."""
        for trait in _bounds(outline, node, name):
            yield from self._having.get(trait, ())

    @functools.cached_property
    def _having(self) -> Mapping[str, list[Path]]:
        """Own types by the own traits that they have, by the last names of these: what else has a
        trait of another crate, nobody can tell.
        """
        table: dict[str, list[Path]] = {}
        for outline, node, scope, kind, trait in self._code.associated.implementations:
            path = self._code.resolve(outline, kind, node.start_byte, scope.module)
            known = self._code.resolve(outline, trait, node.start_byte, scope.module)
            if path in self._code.names.items and known in self._code.names.items:
                table.setdefault(trait[-1], []).append(path)
        return table


def _children(node: Node | None) -> list[Node]:
    return node.named_children if node is not None else []


def _number(outline: Outline, node: Node, name: str) -> int:
    """Which of the parameters for types and constants has this name; -1 if none."""
    rows = _children(node.child_by_field_name("type_parameters"))
    rows = [one for one in rows if one.type not in _LIFETIMES]
    names = [_name_of(outline, one) for one in rows]
    return names.index(name) if name in names else -1


def _name_of(outline: Outline, parameter: Node) -> str:
    if parameter.type == "const_parameter":
        return ""
    named = parameter.child_by_field_name("name") or parameter.child_by_field_name("left")
    return clean(outline.text(named or parameter))


def _bounds(outline: Outline, node: Node, name: str) -> Iterator[str]:
    """Last names of the traits that a parameter must have, from its list or `where`."""
    rows = _children(node.child_by_field_name("type_parameters"))
    for one in node.named_children:
        rows = rows + one.named_children if one.type == "where_clause" else rows
    for row in rows:
        bounds = row.child_by_field_name("bounds")
        if bounds is None or _name_of(outline, row) != name:
            continue
        for bound in bounds.named_children:
            segments = path_segments(outline, bound) if bound.type in _TYPE_NAMES else ()
            if segments:
                yield segments[-1]
