"""What the library's traits give to own methods that nobody calls by name: a writer of one's own,
a conversion, a collection.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from analyzer.syntax.associated import impl_name
from analyzer.syntax.code import bare
from analyzer.syntax.flow.sinks import handed_out, through_parameter
from analyzer.syntax.names import Item
from analyzer.syntax.outline import Node, Outline
from analyzer.syntax.query import arguments_of

if TYPE_CHECKING:
    from analyzer.syntax.code import CrateCode

Place = tuple[Outline, Node]

_MOST = 24
"""Places that may give something to one method beyond which no more are looked at."""
_WRITERS = frozenset(
    "Write Hasher Extend AsyncWrite AsyncWriteExt Sink Buf BufMut BuildHasher Visit Layer Log"
    " Subscriber Formatter Middleware Handler Serializer Visitor Callback".split()
)
_CONVERSIONS = {
    ("From", "from"): ("into",),
    ("TryFrom", "try_from"): ("try_into",),
    ("FromStr", "from_str"): ("parse",),
    ("FromIterator", "from_iter"): ("collect", "from_iter", "sum", "product"),
}
_IMPLICIT = (
    "fmt next deref deref_mut poll poll_next serialize"
    " index index_mut add sub mul div rem bitand bitor bitxor shl shr"
    " neg not call call_mut call_once"
).split()
_NAMED_BY = re.compile(
    r"\b(?:serialize_with|getter|skip_serializing_if|(?P<module>with))\s*=\s*\"(?P<path>[\w:]+)\""
)
_FAILING = ("Err", "ok_or", "map_err", "ok_or_else")
_TYPE = re.compile(r"\w+")


class Implied:
    """Questions about methods of traits that the library calls."""

    def __init__(self, code: CrateCode) -> None:
        self._code = code
        self._known: dict[tuple[str, int], list[Place]] = {}
        self._annotated: dict[str, list[tuple[Outline, Node]]] = {}
        self._calls_filling: dict[str, dict[str, list[int]]] = {}
        self._calls_handed: dict[str, dict[str, list[int]]] = {}

    @functools.cached_property
    def implicit(self) -> dict[str, list[Item]]:
        """Methods that the language calls by itself, by the name of the own type."""
        table: dict[str, list[Item]] = {}
        for name in _IMPLICIT:
            for item in self._code.names.impls.get(name, ()):
                if item.kind == "function_item":
                    table.setdefault(impl_name(self._code.outlines[item.file], item), []).append(
                        item
                    )
        return table

    @functools.cached_property
    def has_implicit(self) -> bool:
        """Whether any value of the crate may give something without a call."""
        return bool(self.implicit) or any(
            b"serialize_with" in one.data for one in self._code.outlines.values()
        )

    def annotated(self, kind: str) -> list[tuple[Outline, Node]]:
        """Functions that attributes in an own type name for what is made of its fields."""
        if kind not in self._annotated:
            self._annotated[kind] = self._named_by(kind)
        return self._annotated[kind]

    def _named_by(self, kind: str) -> list[tuple[Outline, Node]]:
        item = self._code.names.items.get(tuple(kind.split("::"))) if kind[:1] == "@" else None
        if item is None:
            return []
        outline, found = self._code.outlines[item.file], []
        for match in _NAMED_BY.finditer(outline.text(item.node)):
            path = tuple(match["path"].split("::"))
            path = (*path, "serialize") if match["module"] else path
            full = self._code.resolve(outline, path, item.node.start_byte, item.scope.module)
            own = self._code.own_function(full)
            if own is not None:
                found.append((self._code.outlines[own.file], own.node))
        return found

    def given(self, outline: Outline, number: int) -> list[Place]:
        """What may be given to the parameter of a trait's method; nothing for other functions."""
        key = (outline.path, number)
        if key not in self._known:
            self._known[key] = []  # asked for itself while it is worked out
            found = self._given(outline, number)
            self._known[key] = [row for row, _ in zip(found, range(_MOST), strict=False)]
        return self._known[key]

    def _given(self, outline: Outline, number: int) -> Iterator[Place]:
        function = outline.functions[number]
        trait = function.impl.child_by_field_name("trait") if function.impl is not None else None
        own = function.impl.child_by_field_name("type") if function.impl is not None else None
        if trait is None or own is None:
            return
        name = outline.text(trait).partition("<")[0].rpartition("::")[2]
        said = _TYPE.match(outline.text(own).rpartition("::")[2])
        if said is None:
            return
        scope = outline.scope_at(function.node.start_byte, function.node.end_byte)
        kind = self._code.kinds.of_annotation(outline, own, scope.module, None)
        if name in _WRITERS and kind:
            yield from self._beside(said[0], kind, name)
        methods = _CONVERSIONS.get((name, function.name))
        if methods is not None:
            yield from self._converted(said[0], methods)
            if name == "From":
                yield from self._failed(outline, function.node)

    def _beside(self, said: str, kind: str, trait: str) -> Iterator[Place]:
        """Everything that stands in a call or `write!` beside a value of a type, or of a trait
        object that may hold it.
        """
        kinds = (kind, *(f"std::{one}::{trait}" for one in ("io", "fmt", "hash")))
        raw = said.encode()
        for outline in self._code.outlines.values():
            is_named = raw in outline.data
            for macro in outline.macros.values():
                is_written = macro.name in ("write", "writeln") and macro.arguments
                if is_written and self._kind(outline, macro.arguments[0]) in kinds:
                    yield outline, macro.node
            beside = {at for one in kinds for at in self._filled(outline).get(one, ())}
            beside |= set(self._handed(outline).get(kind, ()) if is_named else ())
            for call in map(outline.calls.__getitem__, sorted(beside)):
                yield from handed_out(outline, call.node, self._code)
                for one in arguments_of(call.node):
                    yield from through_parameter(outline, one, self._code)

    def _filled(self, outline: Outline) -> dict[str, list[int]]:
        """Numbers of a file's calls that put something into a receiver, by its type."""
        if outline.path not in self._calls_filling:
            table = self._calls_filling[outline.path] = {}
            for number, call in enumerate(outline.calls):
                is_given = call.receiver is not None and call.name.startswith(("write", "extend"))
                if call.receiver is not None and is_given and arguments_of(call.node):
                    table.setdefault(self._kind(outline, call.receiver), []).append(number)
        return self._calls_filling[outline.path]

    def _handed(self, outline: Outline) -> dict[str, list[int]]:
        """Numbers of a file's calls by the types of what they are handed."""
        if outline.path not in self._calls_handed:
            table = self._calls_handed[outline.path] = {}
            for number, call in enumerate(outline.calls):
                for kind in {self._kind(outline, one) for one in arguments_of(call.node)}:
                    table.setdefault(kind, []).append(number)
        return self._calls_handed[outline.path]

    def _kind(self, outline: Outline, node: Node) -> str:
        scope = outline.scope_at(node.start_byte, node.end_byte)
        return self._code.kinds.of(outline, node, scope)

    def _converted(self, said: str, methods: tuple[str, ...]) -> Iterator[Place]:
        """What is converted to a type: as the call, the `let`, the parameter or the result says;
        or where a path to the method is handed over.
        """
        for name in methods:
            for outline, call in self._code.calls.get(name, ()):
                if call.receiver is not None and self._is_wanted(outline, call.node, said):
                    yield outline, call.receiver
        path = {"into": "Into", "try_into": "TryInto"}.get(methods[0], said)
        for outline in self._code.outlines.values():
            for call in outline.passed({methods[0]}).get(methods[0], ()):
                text = " ".join(map(outline.text, outline.arguments_by_name(call)))
                if call.receiver is not None and f"{path}::" in text:
                    yield outline, call.receiver

    def _is_wanted(self, outline: Outline, node: Node, said: str) -> bool:
        """Whether a conversion's target may be a type of this name."""
        called = node.child_by_field_name("function")
        if called is not None and called.type == "generic_function":
            return _says(outline, called.child_by_field_name("type_arguments"), said)
        around = node.parent
        while around is not None:
            if around.type == "let_declaration":
                declared = around.child_by_field_name("type")
                return declared is None or _says(outline, declared, said)
            if around.type == "arguments" and around.parent is not None:
                return self._takes(outline, around.parent, said)
            if around.type in ("function_item", "closure_expression"):
                return _says(outline, around.child_by_field_name("return_type"), said)
            if around.type == "field_initializer":
                return True
            around = around.parent
        return False

    def _takes(self, outline: Outline, call: Node, said: str) -> bool:
        """Whether a call may want this type for one of its arguments."""
        function = bare(call.child_by_field_name("function"))
        if function is None:
            return False
        scope = outline.scope_at(call.start_byte, call.end_byte)
        own: Item | None = None
        if function.type != "field_expression":
            own = self._code.own_function(self._code.callee(outline, function, scope))
        if own is None:
            name = outline.text(function.child_by_field_name("field") or function)
            return name in ("drop", "Ok", "Some", "push", "spawn", "send")
        return _says(
            self._code.outlines[own.file], own.node.child_by_field_name("parameters"), said
        )

    def _failed(self, outline: Outline, function: Node) -> Iterator[Place]:
        """Errors of the type that a conversion takes, which `?` hands to it."""
        listed = function.child_by_field_name("parameters")
        taken = _TYPE.findall(outline.text(listed)) if listed is not None else []
        own = taken[-1] if taken else ""
        for name in _FAILING if own else ():
            for other, call in self._code.calls.get(name, ()):
                holder = call.scope.function
                result = (
                    other.functions[holder].node.child_by_field_name("return_type")
                    if holder >= 0
                    else None
                )
                if result is not None and re.search(
                    rf",\s*(?:[\w:]*::)?{own}\b", other.text(result)
                ):
                    yield from ((other, one) for one in arguments_of(call.node))


def _says(outline: Outline, node: Node | None, said: str) -> bool:
    return node is not None and re.search(rf"\b(?:{said}|Self)\b", outline.text(node)) is not None
