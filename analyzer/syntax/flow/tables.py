"""What all walks over one reading of a crate look up: worked out once, whoever follows what."""

from __future__ import annotations

from analyzer.syntax.code import CrateCode
from analyzer.syntax.fields import Fields
from analyzer.syntax.flow.handed import Handed
from analyzer.syntax.flow.implied import Implied
from analyzer.syntax.flow.steps import Place
from analyzer.syntax.flow.stored import Stored, Stores
from analyzer.syntax.outline import Node, Outline


class Tables:
    """Of one crate; nothing in them hangs on what is followed or on steps that are left."""

    def __init__(self, code: CrateCode) -> None:
        self.code = code
        self.fields, self.handed, self.implied = Fields(code), Handed(code), Implied(code)
        self._stores: dict[str, Stores] = {}
        self._in_statics: dict[str, list[tuple[Outline, Stored]]] = {}
        self._in_fields: dict[str, list[tuple[Outline, Stored]]] = {}
        self._nodes: dict[str, dict[int, Node]] = {}

    def call_at(self, place: Place) -> Node | None:
        """The call or macro invocation at a place of a file."""
        outline = self.code.outlines.get(place[0])
        if outline is None:
            return None
        if place[0] not in self._nodes:
            table: dict[int, Node] = {}
            for call in outline.calls:
                field = call.function.child_by_field_name("field") if call.receiver else None
                start = field.start_byte if field is not None else call.node.start_byte
                table[outline.origin(start)] = call.node
            for macro in outline.macros.values():
                table.setdefault(outline.origin(macro.node.start_byte), macro.node)
            self._nodes[place[0]] = table
        return self._nodes[place[0]].get(place[1])

    def stores(self, outline: Outline) -> Stores:
        """The table of changes of a file."""
        if outline.path not in self._stores:
            self._stores[outline.path] = Stores(outline)
        return self._stores[outline.path]

    def stored_in(self, name: str) -> list[tuple[Outline, Stored]]:
        """What any file puts into a static of this name."""
        if name not in self._in_statics:
            self.code.want(static=name)
            self._in_statics[name] = [
                (outline, one)
                for outline in self._saying(name)
                for one in self.stores(outline).of_name(name)
            ]
        return self._in_statics[name]

    def stored_in_field(self, name: str) -> list[tuple[Outline, Stored]]:
        """What any file puts into a field of this name."""
        if name not in self._in_fields:
            self.code.want(field=name)
            self._in_fields[name] = [
                (outline, one)
                for outline in self._saying(f".{name}")
                for one in self.stores(outline).of_field(name)
            ]
        return self._in_fields[name]

    def _saying(self, text: str) -> list[Outline]:
        raw = text.encode()
        return [one for one in self.code.outlines.values() if raw in one.data]
