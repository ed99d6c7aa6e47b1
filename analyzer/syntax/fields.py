"""What the fields of own structs are given: in struct expressions, and by assignment.

Asked field by field; the name is searched in the text first, so that nothing is read for the many
fields nobody asks for.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from analyzer.syntax.outline import Function, Node, Outline, Scope
from analyzer.syntax.paths import clean

if TYPE_CHECKING:
    from analyzer.syntax.code import CrateCode

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

    def given(self, owner: str, name: str) -> tuple[Given, ...]:
        """What a field is given; `owner` is the struct's path."""
        key = (owner.rpartition("::")[2], name)
        if key not in self._found:
            self._code.want(caller=name)
            rows = (row for one in self._code.outlines.values() for row in _in(one, *key))
            self._found[key] = tuple(row for row, _ in zip(rows, range(MAX_GIVEN), strict=False))
        return self._found[key]

    def calls(self, given: Given) -> Iterator[dict[str, Given]]:
        """The arguments of each call of the function around, by the names of its parameters."""
        if given.scope.function < 0:
            return
        own = given.outline.functions[given.scope.function]
        names = parameters(given.outline, own.node)
        left = MAX_GIVEN if any(_says(given, one) for one in names) else 0
        self._code.want(caller=clean(own.name) if left else "")
        for outline in self._code.outlines.values() if left else ():
            for call in outline.calls:
                if call.name != own.name or not left:
                    continue
                listed = call.node.child_by_field_name("arguments")
                if listed is None or not self._means(outline, call.function, call.scope, own):
                    continue
                left -= 1
                nodes = [one for one in listed.named_children if "comment" not in one.type]
                yield {
                    name: Given(outline, one, call.scope)
                    for name, one in zip(names, nodes, strict=False)
                }

    def _means(self, outline: Outline, function: Node, scope: Scope, own: Function) -> bool:
        if function.type == "field_expression":
            return True
        found = self._code.own_function(self._code.callee(outline, function, scope))
        return found is not None and found.node.start_byte == own.node.start_byte


def parameters(outline: Outline, function: Node) -> list[str]:
    """The names of a function's parameters, without `self`."""
    listed = function.child_by_field_name("parameters")
    return [
        outline.text(one.child_by_field_name("pattern") or one)
        for one in (listed.named_children if listed is not None else ())
        if one.type == "parameter"
    ]


def _says(given: Given, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", given.outline.text(given.node)) is not None


@functools.lru_cache(maxsize=256)
def _given(raw: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?<!\w)" + re.escape(raw) + rb"\s*(?:[,}]|:(?!:)|=(?!=))")


def _in(outline: Outline, owner: str, name: str) -> Iterator[Given]:
    raw = name.encode()
    if raw not in outline.data or owner.encode() not in outline.data:
        return
    root = outline.parsed.tree.root_node
    for match in _given(raw).finditer(outline.data):
        node = root.named_descendant_for_byte_range(match.start(), match.start() + len(raw))
        value = _value(node) if node is not None else None
        if value is None or not _fits(outline, value, owner):
            continue
        function = outline.function_at(value.start_byte)
        module = outline.functions[function].module if function >= 0 else 0
        yield Given(outline, value, Scope(function, value.end_byte, module, None))


def _value(node: Node) -> Node | None:
    """What the field that a node names is given there; None if it is no such place."""
    around = node.parent
    if around is None:
        return None
    if around.type == "shorthand_field_initializer":
        return node
    if around.type == "field_initializer":
        return around.child_by_field_name("value")
    outer = around.parent
    is_left = outer is not None and outer.type == "assignment_expression"
    if around.type == "field_expression" and outer is not None and is_left:
        left = outer.child_by_field_name("left")
        return outer.child_by_field_name("right") if left is not None and left == around else None
    return None


def _fits(outline: Outline, value: Node, owner: str) -> bool:
    """Whether the struct expression around a value makes the struct that is asked for."""
    around = value.parent
    while around is not None and around.type not in ("struct_expression", "function_item"):
        around = around.parent
    if around is None or around.type != "struct_expression":
        return True
    name = around.child_by_field_name("name")
    written = outline.text(name).rpartition("::")[2] if name is not None else ""
    return written.partition("<")[0] in (owner, "Self")
