"""Functions that belong to a type: from its own `impl` blocks, or from a trait with a body."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import NamedTuple

from analyzer.syntax.names import Item, Names
from analyzer.syntax.outline import Node, Outline, Scope
from analyzer.syntax.paths import Path, path_segments


class Implementation(NamedTuple):
    """A block that gives a type a trait; `kind` and `trait` as they are written there."""

    outline: Outline
    node: Node
    scope: Scope
    kind: Path
    trait: Path


class Associated:
    """Questions about one crate's types, by their last names."""

    def __init__(self, outlines: Mapping[str, Outline], names: Names) -> None:
        self._outlines, self._names = outlines, names

    def function(self, named: Path) -> Item | None:
        """The function behind `Type::name`."""
        return self._in_impls.get(named) or self.of_trait(named)

    def of_trait(self, named: Path) -> Item | None:
        """The function that a type has from a trait which gives it a body."""
        rows = [
            one
            for trait, one in self._in_traits.get(named[-1], ())
            if (named[0], trait) in self._implementing
        ]
        return rows[0] if len(rows) == 1 else None

    @functools.cached_property
    def _in_impls(self) -> Mapping[Path, Item]:
        """Functions in `impl` blocks by (type, name); the first of several namesakes."""
        table: dict[Path, Item] = {}
        for name, items in self._names.impls.items():
            for one in items:
                if one.kind == "function_item":
                    table.setdefault((impl_name(self._outlines[one.file], one), name), one)
        return table

    @functools.cached_property
    def _in_traits(self) -> Mapping[str, list[tuple[str, Item]]]:
        """Functions that stand in traits, each with its trait's last name, by their own names."""
        table: dict[str, list[tuple[str, Item]]] = {}
        for name, items in self._names.impls.items():
            for one in items:
                impl = one.scope.impl
                if one.kind == "function_item" and impl is not None and impl.type == "trait_item":
                    trait = impl_name(self._outlines[one.file], one)
                    table.setdefault(name, []).append((trait, one))
        return table

    @functools.cached_property
    def _implementing(self) -> frozenset[tuple[str, str]]:
        """Types and the traits that they implement, by their last names."""
        return frozenset((one.kind[-1], one.trait[-1]) for one in self.implementations)

    @functools.cached_property
    def implementations(self) -> list[Implementation]:
        """The blocks that give a type a trait, where both have a path."""
        found: list[Implementation] = []
        for outline in self._outlines.values():
            for node, scope in outline.of("impl_item"):
                pair = [node.child_by_field_name(one) for one in ("type", "trait")]
                names = [path_segments(outline, one) for one in pair if one is not None]
                if len(names) == 2 and all(names):
                    found.append(Implementation(outline, node, scope, *names))
        return found


def impl_name(outline: Outline, item: Item) -> str:
    """The last name of the type that an associated function belongs to."""
    own = item.scope.impl.child_by_field_name("type") if item.scope.impl is not None else None
    if own is None and item.scope.impl is not None:
        own = item.scope.impl.child_by_field_name("name")
    segments = path_segments(outline, own) if own is not None else ()
    return segments[-1] if segments else ""
