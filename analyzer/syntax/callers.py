"""Who calls whom among a crate's own functions, asked function by function.

Calls are kept by the last name they say, so that only calls which could mean a function are ever
resolved. A function handed over by name counts as called.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from analyzer.syntax.code import CrateCode
from analyzer.syntax.names import Item
from analyzer.syntax.outline import Call, Outline
from analyzer.syntax.paths import clean

_HOLDERS = ("static_item", "const_item")
_HELD = re.compile(rb"(?<![\w.])([a-z_]\w*)\s*(?=[,\]})])")
_LARGEST = 20_000
_USERS = 400
"""Mentions of one static or constant beyond which no more are looked at."""
_STORING = re.compile(
    rb"(?<![\w.])([A-Z][A-Z0-9_]*)\s*\.\s*(?:set|get_or_init|get_or_try_init|lock|write|store|swap"
    rb"|borrow_mut|replace|with|with_borrow_mut|push|insert)\s*\("
)
_NAMESAKES = 8
"""An unresolved method with more own namesakes than this joins none of them."""

Function = tuple[str, int]
Place = tuple[Outline, Call]


class Callers:
    """Call edges of one crate. `is_test(file, position)`: code that only a test build has is
    nobody's caller but other tests'.
    """

    def __init__(self, code: CrateCode, is_test: Callable[[str, int], bool]) -> None:
        self._code, self._is_test = code, is_test
        self._found: dict[Function, list[Place]] = {}
        self._used: dict[Function, tuple[Function, ...]] = {}
        self._meant: dict[tuple[str, int, int], frozenset[Function]] = {}
        self._said: dict[str, dict[Function, list[Place]]] = {}
        self._named: dict[str, dict[str, list[Function]]] = {}

    def of(self, function: Function) -> list[Place]:
        """The calls that may mean a function, in order of files and places."""
        return [one for one in self._all(function) if not self._is_foreign_test(one, function)]

    def edges_to(self, owners: Iterable[str]) -> set[tuple[str, str]]:
        """(caller, callee), as owners, of all ways that lead to these functions."""
        edges: set[tuple[str, str]] = set()
        pending = [one for owner in owners for one in self.named(owner)]
        seen = set(pending)
        while pending:
            function = pending.pop()
            callee = self._owner(function)
            for caller in self._around(function):
                edges.add((self._owner(caller), callee))
                if caller not in seen:
                    seen.add(caller)
                    pending.append(caller)
        return edges

    def _around(self, function: Function) -> Iterator[Function]:
        """What runs a function: its callers, the function it stands in, users of its macro."""
        outline = self._code.outlines[function[0]]
        if function[1] < 0:
            return
        one = outline.functions[function[1]]
        if one.outer >= 0:
            yield function[0], one.outer
        if one.kind == "macro_definition":
            invocations = self._code.macro_arguments.invocations
            for other, macro in invocations.get(clean(one.name.rstrip("!")), ()):
                yield other.path, other.function_at(macro.node.start_byte)
        elif one.kind in _HOLDERS:
            yield from self._users(function)
        else:
            yield from self._holding.get(clean(one.name), ())
            yield from self._sharing(function)
        for other, call in self._all(function):
            yield other.path, call.scope.function

    def _sharing(self, function: Function) -> Iterator[Function]:
        """Functions that name a static which this one puts something into: what it holds is there
        for all of them.
        """
        outline = self._code.outlines[function[0]]
        node = outline.functions[function[1]].node
        for match in _STORING.finditer(outline.data, node.start_byte, node.end_byte):
            statics = self._holders.get(match[1], [])
            near = [one for one in statics if one[0] == function[0]]
            for static in near or statics[:_NAMESAKES]:
                yield from (one for one in self._users(static) if one != function)

    @functools.cached_property
    def _holders(self) -> Mapping[bytes, list[Function]]:
        """Statics and constants by name."""
        table: dict[bytes, list[Function]] = {}
        for outline in self._code.outlines.values():
            for number, one in enumerate(outline.functions):
                name = one.node.child_by_field_name("name")
                if one.kind in _HOLDERS and name is not None:
                    raw = outline.data[name.start_byte : name.end_byte]
                    table.setdefault(raw, []).append((outline.path, number))
        return table

    def _users(self, function: Function) -> tuple[Function, ...]:
        """Functions that name a static or a constant: naming a lazy one runs its initialiser."""
        if function not in self._used:
            self._used[function] = tuple(dict.fromkeys(self._naming(function)))
        return self._used[function]

    def _naming(self, function: Function) -> Iterator[Function]:
        node = self._code.outlines[function[0]].functions[function[1]].node
        name = node.child_by_field_name("name")
        if name is None:
            return
        raw = self._code.outlines[function[0]].data[name.start_byte : name.end_byte]
        # The name first: a pattern that begins with letters is found many times faster.
        word = re.compile(re.escape(raw) + rb"(?!\w)(?<!\w" + re.escape(raw) + rb")")
        namesakes = {path for path, _ in self._holders.get(raw, ())} - {function[0]}
        left = _USERS
        for outline in self._code.outlines.values():
            if outline.path in namesakes or raw not in outline.data:
                continue  # a file with one of its own means its own
            for match in word.finditer(outline.data):
                place = (outline.path, outline.function_at(match.start()))
                if place[1] >= 0 and place != function:
                    yield place
                    left -= 1
                    if not left:
                        return

    @functools.cached_property
    def _holding(self) -> Mapping[str, list[Function]]:
        """Statics and constants that hold a name as a value, by that name."""
        table: dict[str, list[Function]] = {}
        for outline in self._code.outlines.values():
            for number, one in enumerate(outline.functions):
                if one.kind in _HOLDERS and one.node.end_byte - one.node.start_byte < _LARGEST:
                    text = outline.data[one.node.start_byte : one.node.end_byte]
                    for name in set(_HELD.findall(text)):
                        row = table.setdefault(name.decode("utf-8", "replace"), [])
                        row.append((outline.path, number))
        return table

    def _owner(self, function: Function) -> str:
        return self._code.outlines[function[0]].owner(function[1])

    def named(self, owner: str) -> list[Function]:
        """The functions that facts call `owner`."""
        path = owner.partition("::")[0]
        outline = self._code.outlines.get(path)
        if outline is None:
            return []
        if path not in self._named:
            table = self._named[path] = {}
            for number in range(-1, len(outline.functions)):
                table.setdefault(outline.owner(number), []).append((path, number))
        return self._named[path].get(owner, [])

    @functools.cached_property
    def _by_name(self) -> Mapping[str, list[Place]]:
        table: dict[str, list[Place]] = {}
        for outline in self._code.outlines.values():
            for call in outline.calls:
                table.setdefault(call.name, []).append((outline, call))
                if call.receiver is None and (not call.name or call.name in outline.held_functions):
                    path = self._code.callee(outline, call.function, call.scope)
                    if path and path[-1] != call.name:
                        table.setdefault(path[-1], []).append((outline, call))
        return table

    def _all(self, function: Function) -> list[Place]:
        if function[1] < 0:
            return []
        if function not in self._found:
            name = clean(self._code.outlines[function[0]].functions[function[1]].name)
            places = [
                one
                for said in (name, *sorted(self._code.names.renamed.get(name, ())))
                for one in self._meaning(said).get(function, ())
            ]
            places.sort(key=lambda one: (one[0].path, one[1].node.start_byte))
            self._found[function] = places
        return self._found[function]

    def _is_foreign_test(self, place: Place, function: Function) -> bool:
        node = self._code.outlines[function[0]].functions[function[1]].node
        return self._is_test(place[0].path, place[1].node.start_byte) and not self._is_test(
            function[0], node.start_byte
        )

    @functools.cached_property
    def _passing(self) -> Mapping[str, list[Place]]:
        """Calls that are handed a function by its name, by that name."""
        table: dict[str, list[Place]] = {}
        renamed = self._code.names.renamed
        own = {
            clean(one.name) for outline in self._code.outlines.values() for one in outline.functions
        }
        own |= {said for name in own & set(renamed) for said in renamed[name]}
        for outline in self._code.outlines.values():
            for name, calls in outline.passed(own).items():
                table.setdefault(name, []).extend((outline, call) for call in calls)
        return table

    def _meaning(self, said: str) -> Mapping[Function, list[Place]]:
        """The calls that say a name, or are handed what has it, by the functions they may mean."""
        if said not in self._said:
            table = self._said[said] = {}
            for one in (*self._by_name.get(said, ()), *self._passing.get(said, ())):
                for function in self._callees(*one):
                    table.setdefault(function, []).append(one)
        return self._said[said]

    def _callees(self, outline: Outline, call: Call) -> frozenset[Function]:
        key = (outline.path, call.node.start_byte, call.node.end_byte)
        if key not in self._meant:
            found = (self._function(one) for one in self._own_callees(outline, call))
            self._meant[key] = frozenset(found)
        return self._meant[key]

    def _own_callees(self, outline: Outline, call: Call) -> Iterator[Item]:
        if call.receiver is not None:
            named = self._code.names.impls.get(call.name, [])
            if len(named) <= _NAMESAKES:
                yield from (one for one in named if one.kind == "function_item")
        else:
            for path in self._code.traits.callees(outline, call.function, call.scope):
                yield from self._code.own_functions(path)
        for one in outline.arguments_by_name(call):
            yield from self._code.own_functions(self._code.callee(outline, one, call.scope))

    def _function(self, item: Item) -> Function:
        outline = self._code.outlines[item.file]
        body = item.node.child_by_field_name("body") or item.node
        return item.file, outline.function_at(body.start_byte)
