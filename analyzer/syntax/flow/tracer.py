"""Which sources reach which sinks: asked sink by sink, within one budget of steps a crate."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from analyzer.syntax.callers import Callers, Function
from analyzer.syntax.code import bare
from analyzer.syntax.fields import parameters
from analyzer.syntax.flow.hops import Step, hops
from analyzer.syntax.flow.sinks import AROUND, handed_out, is_setting, shown_at
from analyzer.syntax.flow.steps import Place
from analyzer.syntax.flow.stored import Stored
from analyzer.syntax.flow.tables import Tables
from analyzer.syntax.flow.walk import Walk
from analyzer.syntax.names import Item
from analyzer.syntax.outline import Call, Node, Outline, Scope
from analyzer.syntax.paths import clean
from analyzer.syntax.query import arguments_of

_CALLERS = 24
_NAMESAKES = 6
_COMMON = frozenset(
    "push insert extend append get set next send write read add map from into clone iter len remove"
    " pop clear flush join split parse fmt eq cmp hash drop default close open start stop run load"
    " store lock take replace swap find filter collect contains keys values first last path name"
    " id".split()
)
"""Methods that types of the standard library have too."""
_SPELLED = 8
"""Bytes or numbers from which an address or a command can be made."""
_HOLDING = re.compile(
    r"&\s*(?:'\w+\s+)?mut\b|Sender|Mutex|RwLock|RefCell|\bCell\b|OnceLock|OnceCell"
)


class Entry(NamedTuple):
    """A call of an own function: what is entered, and from where. `is_sure`: by the type of the
    receiver or by its path, not by a method's name alone.
    """

    function: Function
    outline: Outline
    node: Node
    is_sure: bool = True

    def __hash__(self) -> int:
        return hash((self.function, self.node.id))

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Entry)
            and self.node.id == other.node.id
            and self.function == other.function
        )


class Tracer:
    """Values of one crate. `sources` are places whose value is looked for; `ends` places whose
    value is their own (a file's content, an answer), so that nothing comes through them;
    `written` says which places put a text where another place reads it.
    """

    def __init__(
        self,
        tables: Tables,
        callers: Callers,
        *,
        ends: frozenset[Place],
        written: Mapping[Place, tuple[Place, ...]],
        max_steps: int,
        max_steps_per_sink: int,
    ) -> None:
        self.tables, self.code, self._callers = tables, tables.code, callers
        self.sources: frozenset[Place] = frozenset()
        self.has_texts = False
        self._ends, self._written = ends, written
        self._entries: dict[tuple[str, int, int], list[Entry]] = {}
        self._lent: dict[tuple[str, int, int, int], list[tuple[Entry, str]]] = {}
        self._steps, self._steps_per_sink, self._left = max_steps, max_steps_per_sink, 0
        self.is_exhausted = False

    def step(self) -> bool:
        """Count one step; whether there was one left. `is_exhausted` once a walk was cut short."""
        self._steps -= 1
        self._left -= 1
        self.is_exhausted = self.is_exhausted or min(self._steps, self._left) <= 0
        return min(self._steps, self._left) > 0

    def trails(
        self,
        sink: Place,
        sources: frozenset[Place],
        started: tuple[Place, ...] = (),
        *,
        has_texts: bool = False,
    ) -> Mapping[Place, tuple[Step, ...]]:
        """The sources whose value a call at `sink` may be given, each with the way it takes;
        `started` are places that wrote what it starts; `has_texts`: some sources are literals.
        """
        outline = self.code.outlines.get(sink[0])
        node = self.tables.call_at(sink)
        if outline is None or node is None:
            return {}
        self.sources = sources - {sink}
        self._left, self.has_texts = self._steps_per_sink, has_texts
        walk = Walk(self)
        walk.run([*handed_out(outline, node, self.code), *self._put_at(started)])
        self.has_texts = False
        return {
            place: hops([(row.outline, row.node) for row in rows], (outline, node))
            for place, rows in walk.trails.items()
        }

    def texts_behind(self, sink: Place, texts: frozenset[Place]) -> frozenset[Place]:
        """The texts that the arguments of a call may be made of."""
        outline, node = self.code.outlines.get(sink[0]), self.tables.call_at(sink)
        if outline is None or node is None:
            return frozenset()
        self.sources, self.has_texts, self._left = texts, True, self._steps_per_sink
        walk = Walk(self)
        walk.run([(outline, one) for one in arguments_of(node)])
        self.has_texts = False
        return frozenset(walk.trails)

    def is_closed(self, sink: Place, *, with_chain: bool) -> bool:
        """Whether what a call is given is made of constants of the crate and of nothing else;
        `with_chain`: what its builder and its result are given as well.
        """
        outline, node = self.code.outlines.get(sink[0]), self.tables.call_at(sink)
        if outline is None or node is None or node.type == "macro_invocation":
            return False
        self.sources, self._left = frozenset(), self._steps_per_sink
        given = [(outline, one) for one in arguments_of(node)]
        if with_chain:
            given = [one for one in handed_out(outline, node, self.code) if not is_setting(*one)]
        walk = Walk(self)
        walk.run(given)
        return walk.constants >= _SPELLED and not walk.is_open

    def returned(
        self, outline: Outline, function: Node, sources: frozenset[Place]
    ) -> frozenset[Place]:
        """The sources whose value a function may return."""
        self.sources, self._left = sources, self._steps_per_sink
        walk = Walk(self)
        walk.run_result(outline, function)
        return frozenset(walk.trails)

    # What a sink is given ------------------------------------------------------------------------

    # What a walk asks ----------------------------------------------------------------------------

    def is_end(self, place: Place) -> bool:
        """Whether nothing comes through a place."""
        return place in self._ends

    def is_answer(self, outline: Outline, node: Node, scope: Scope) -> bool:
        """Whether a chain of methods begins at a place in `ends`: what the methods are given goes
        out there, and what they return comes from there.
        """
        for _ in range(64):
            if node.type == "call_expression":
                place = (outline.path, outline.origin(shown_at(node)))
                if place in self._ends or place in self.sources:
                    return True
                function = bare(node.child_by_field_name("function"))
                value = function.child_by_field_name("value") if function is not None else None
                if value is None:
                    return False
                node = value
            elif node.type == "identifier":
                name = outline.text(node)
                rows = outline.bindings(name, node.start_byte, scope.function)
                row = next(iter(rows), None)
                if row is None or row.value is None:
                    return False
                node = row.value
            elif node.type in AROUND and node.named_children:
                node = node.named_children[-1]
            else:
                return False
        return False

    def written_to(self, place: Place) -> list[tuple[Outline, Node]]:
        """What was put where a place reads."""
        return self._put_at(self._written.get(place, ()))

    def _put_at(self, places: tuple[Place, ...]) -> list[tuple[Outline, Node]]:
        found: list[tuple[Outline, Node]] = []
        for one in places:
            outline, node = self.code.outlines.get(one[0]), self.tables.call_at(one)
            if outline is not None and node is not None:
                is_source = one in self.sources
                found += [(outline, node)] if is_source else handed_out(outline, node, self.code)
        return found

    def callers(self, function: Function) -> list[tuple[Outline, Node]]:
        """The calls that may mean a function."""
        outline = self.code.outlines[function[0]]
        self.code.want(caller=outline.functions[function[1]].name.rstrip("!"))
        return [
            (one, call.node)
            for one, call in self._callers.of(function)
            if call.receiver is None or self._may_mean(one, call, function)
        ][:_CALLERS]

    def _may_mean(self, outline: Outline, call: Call, function: Function) -> bool:
        """Whether a method call means an own function: by the type of its receiver, or by a name
        that the standard library has no method of.
        """
        receiver = call.receiver
        if call.name != clean(self.code.outlines[function[0]].functions[function[1]].name):
            return True  # it is handed the function
        kind = self.code.kinds.of(outline, receiver, call.scope) if receiver is not None else ""
        if kind:
            own = self.code.outlines[function[0]].functions[function[1]]
            return kind.startswith("@") or own.impl is None or self._is_extended(function, kind)
        return call.name not in _COMMON and not self.has_texts

    def _is_extended(self, function: Function, kind: str) -> bool:
        """Whether a function is a method that an own trait gives to a foreign type, or to all."""
        outline = self.code.outlines[function[0]]
        own = outline.functions[function[1]]
        trait, target = (
            (own.impl.child_by_field_name(x) for x in ("trait", "type"))
            if own.impl is not None
            else (None, None)
        )
        if trait is None or target is None:
            return False
        found = self.code.kinds.of_annotation(outline, target, own.module, None)
        return found.rpartition("::")[2] in ("", kind.rpartition("::")[2]) or "::" not in found

    def function_node(self, function: Function) -> Node:
        """The declaration of a function."""
        return self.code.outlines[function[0]].functions[function[1]].node

    def parameter_at(self, function: Function, index: int) -> int:
        """Where the pattern of a parameter stands; -1 for the receiver."""
        listed = self.function_node(function).child_by_field_name("parameters")
        rows = [one for one in listed.named_children if one.type == "parameter"] if listed else []
        pattern = rows[index].child_by_field_name("pattern") if 0 <= index < len(rows) else None
        return pattern.start_byte if pattern is not None else -1

    def has_self(self, function: Function) -> bool:
        """Whether a function has a receiver."""
        listed = self.function_node(function).child_by_field_name("parameters")
        rows = listed.named_children if listed is not None else []
        return any(one.type == "self_parameter" for one in rows[:2])

    def is_handed(self, outline: Outline, node: Node, function: Function) -> bool:
        """Whether a call is handed the function by its name instead of calling it."""
        name = self.code.outlines[function[0]].functions[function[1]].name
        said = bare(node.child_by_field_name("function"))
        if said is not None and outline.text(said).rpartition("::")[2].rpartition(".")[2] == name:
            return False
        return any(
            outline.text(one).rpartition("::")[2] == name
            for one in arguments_of(node)
            if one.type in ("identifier", "scoped_identifier")
        )

    def entries(
        self, outline: Outline, node: Node, function: Node, receiver: Node | None, scope: Scope
    ) -> list[Entry]:
        """The own functions that a call may mean."""
        key = (outline.path, node.start_byte, node.end_byte)
        if key not in self._entries:
            self._entries[key] = self._entered(outline, node, function, receiver, scope)
        return self._entries[key]

    def _entered(
        self, outline: Outline, node: Node, function: Node, receiver: Node | None, scope: Scope
    ) -> list[Entry]:
        code = self.code
        items: list[Item | None] = []
        is_sure = True
        if receiver is None:
            for path in code.traits.callees(outline, function, scope):
                items += code.needed_functions(path)
        else:
            field = function.child_by_field_name("field")
            name = outline.text(field) if field is not None else ""
            named = [one for one in code.names.impls.get(name, ()) if one.kind == "function_item"]
            owner = code.kinds.of(outline, receiver, scope) if named else ""
            own = code.own_function(code.own_method(owner, name)) if owner else None
            if own is not None:
                items = [own]
            elif not owner or (owner.startswith("@") and len(named) <= _NAMESAKES):
                items = list(named[:_NAMESAKES]) if len(named) <= _NAMESAKES else []
                is_sure = bool(owner)
        found = [one for one in items if one is not None]
        return [Entry(self._function(one), outline, node, is_sure) for one in found]

    def _function(self, item: Item) -> Function:
        outline = self.code.outlines[item.file]
        body = item.node.child_by_field_name("body") or item.node
        return item.file, outline.function_at(body.start_byte)

    def lent(self, outline: Outline, stored: Stored) -> list[tuple[Entry, str]]:
        """The own functions that may fill what a call lends them, and what they call it."""
        call = stored.call
        if call is None:
            return []
        key = (outline.path, call.node.start_byte, call.node.end_byte, stored.argument)
        if key not in self._lent:
            self._lent[key] = self._lent_by(outline, stored, call)
        return self._lent[key]

    def _lent_by(self, outline: Outline, stored: Stored, call: Call) -> list[tuple[Entry, str]]:
        found: list[tuple[Entry, str]] = []
        scope = Scope(stored.function, call.node.end_byte, call.scope.module, None)
        for one in self.entries(
            outline, call.node, bare(call.function) or call.function, call.receiver, scope
        ):
            if stored.argument < 0:
                found += [(one, "self")] if self.has_self(one.function) else []
                continue
            item = self.function_node(one.function)
            listed = item.child_by_field_name("parameters")
            rows = (
                [each for each in listed.named_children if each.type == "parameter"]
                if listed
                else []
            )
            offset = self.has_self(one.function) and call.receiver is None
            at = stored.argument - offset
            other = self.code.outlines[one.function[0]]
            if 0 <= at < len(rows) and _HOLDING.search(other.text(rows[at])):
                found.append((one, parameters(other, item)[at].removeprefix("mut ").strip()))
        return found
