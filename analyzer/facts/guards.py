"""Conditions that code stands under: CI variables, presence of files, platform, host, date.

A guard is recognised by the facts that its condition is computed from, so every way of asking
that the catalogue knows makes a guard; `cfg` conditions are read from their text.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from analyzer.facts.view import CrateView
from analyzer.model import Fact, FactKind, Guard, Span
from analyzer.syntax.conditions import Conditions, Region
from analyzer.syntax.outline import Outline
from analyzer.syntax.texts import attributes

_PLATFORM = re.compile(
    r"\b(?:target_(?:os|family|arch|env|vendor|pointer_width)|windows|unix|debug_assertions|feature"
    r"|docsrs|consts::OS|consts::ARCH)\b"
)


class _Row(NamedTuple):
    """A range of a file under a condition: of code, or of an attribute, whose guards are known."""

    start: int
    end: int
    region: Region | None
    guards: frozenset[Guard]


_TEXTS = ("value.", "mention", "manifest.")
"""Families of facts that nothing does: a condition around them says nothing."""
_ASKING = (
    FactKind.ENV_READ,
    FactKind.ENV_READ_ALL,
    FactKind.PROCESS_SPAWN,
    FactKind.FILE_READ,
)
_VARIABLES = {
    "ci-variables": FactKind.GUARD_CI,
    "host-variables": FactKind.GUARD_HOST,
    "watching-variables": FactKind.GUARD_DEBUGGER,
}
_LISTS = {
    "watching-files": FactKind.GUARD_DEBUGGER,
    "host-files": FactKind.GUARD_HOST,
}
"""What it means that a condition asks for something on one of these lists."""
_VARIABLE = re.compile(r"\"([A-Z][A-Z0-9_]{1,40})\"")
_CALLERS = 4
"""A function with more callers than this is not under what they are all under."""
_DEPTH = 3
_NESTED = 64
"""Conditions around one place beyond which no more are looked at."""


def guarded(facts: tuple[Fact, ...], view: CrateView) -> Iterator[Fact]:
    """The same facts, each under the guards of the code around it and around all its callers."""
    table = _Guards(facts, view)
    for fact in facts:
        guards = frozenset() if fact.kind.startswith(_TEXTS) else table.around(fact)
        yield replace(fact, guards=tuple(sorted(guards, key=repr))) if guards else fact


class _Guards:
    """Ranges of files with the conditions that they run under."""

    def __init__(self, facts: tuple[Fact, ...], view: CrateView) -> None:
        self._view = view
        self._facts: dict[str, list[tuple[int, Fact]]] = {}
        for fact in facts:
            if isinstance(fact.where, Span):
                row = (fact.where.start_byte, fact)
                self._facts.setdefault(fact.where.file, []).append(row)
        for rows in self._facts.values():
            rows.sort(key=lambda one: one[0])
        self._conditions = Conditions(view.code)
        self._attributes: dict[str, list[tuple[str, int, int]]] = {}
        for file, text, start, end in attributes(view.code):
            self._attributes.setdefault(file, []).append((text, start, end))
        self._tables: dict[str, tuple[list[int], list[_Row], list[int]]] = {}
        self._of_owner: dict[str, frozenset[Guard]] = {}
        self._of_regions: dict[tuple[str, int, int], frozenset[Guard]] = {}

    def around(self, fact: Fact) -> frozenset[Guard]:
        """The guards at a place of the source, and around the function that it stands in."""
        where = fact.where
        if not isinstance(where, Span):
            return frozenset()
        return self._at(where.file, where.start_byte) | self._inherited(fact.owner, 0)

    def _at(self, file: str, at: int) -> frozenset[Guard]:
        """What a place stands under, from the inside out: ranges nest."""
        found: frozenset[Guard] = frozenset()
        starts, rows, around = self._ranges(file)
        number = bisect.bisect_right(starts, at) - 1
        for _ in range(_NESTED):
            while number >= 0 and rows[number].end <= at:
                number = around[number]
            if number < 0:
                break
            row = rows[number]
            found |= row.guards if row.region is None else self._of_region(row.region)
            number = around[number]
        return found

    def _of_region(self, region: Region) -> frozenset[Guard]:
        key = (region.outline.path, region.condition.start_byte, region.condition.end_byte)
        if key not in self._of_regions:
            self._of_regions[key] = frozenset(self._asked(region))
        return self._of_regions[key]

    def _asked(self, region: Region) -> Iterator[Guard]:
        """The guards that the facts make which a condition is worked out from."""
        for file, start, end in self._conditions.asked(region):
            origin = self._view.code.outlines[file].origin
            for fact in self._between(file, origin(start), origin(end)):
                guard = None
                is_here = fact.owner == region.outline.owner(region.scope.function)
                if fact.kind is FactKind.PROCESS_SPAWN and not is_here:
                    continue  # a program asked elsewhere tells more than who is there
                if fact.kind in _ASKING or fact.kind.startswith("guard."):
                    guard = _guard(fact, region, self._view)
                if guard is not None:
                    yield guard
        if _PLATFORM.search(region.text):
            yield _platform(region.text)

    def _inherited(self, owner: str, depth: int) -> frozenset[Guard]:
        """What all calls of a function stand under."""
        if owner not in self._of_owner:
            self._of_owner[owner] = frozenset()
            if depth < _DEPTH:
                self._of_owner[owner] = self._of_callers(owner, depth)
        return self._of_owner[owner]

    def _of_callers(self, owner: str, depth: int) -> frozenset[Guard]:
        several: list[frozenset[Guard]] = []
        for function in self._view.calls.callers.named(owner):
            if function[1] >= 0 and _is_open(self._view.code.outlines[function[0]], function[1]):
                return frozenset()  # others may call it
            for outline, call in self._view.calls.callers.of(function):
                at = outline.origin(call.node.start_byte)
                above = self._inherited(outline.owner(call.scope.function), depth + 1)
                several.append(self._at(outline.path, at) | above)
        return frozenset.intersection(*several) if 0 < len(several) <= _CALLERS else frozenset()

    def _between(self, file: str, start: int, end: int) -> list[Fact]:
        rows = self._facts.get(file, [])
        first = bisect.bisect_left(rows, start, key=lambda one: one[0])
        last = bisect.bisect_left(rows, end, key=lambda one: one[0])
        return [fact for _, fact in rows[first:last]]

    def _ranges(self, file: str) -> tuple[list[int], list[_Row], list[int]]:
        """Starts of the ranges of a file, the ranges, and the number of the one around each."""
        if file not in self._tables:
            rows = list(self._rows(file)) if file in self._view.code.outlines else []
            rows.sort(key=lambda one: (one.start, -one.end))
            around: list[int] = []
            opened: list[int] = []
            for number, row in enumerate(rows):
                while opened and rows[opened[-1]].end <= row.start:
                    opened.pop()
                around.append(opened[-1] if opened else -1)
                opened.append(number)
            self._tables[file] = ([one.start for one in rows], rows, around)
        return self._tables[file]

    def _rows(self, file: str) -> Iterator[_Row]:
        origin = self._view.code.outlines[file].origin
        for one in self._conditions.regions(file):
            yield _Row(origin(one.start), origin(one.end), one, frozenset())
        for text, start, end in self._attributes.get(file, ()):
            if text.startswith("cfg") and _PLATFORM.search(text):
                yield _Row(origin(start), origin(end), None, frozenset({_platform(text)}))


def _is_open(outline: Outline, function: int) -> bool:
    children = outline.functions[function].node.children
    return any(one.type == "visibility_modifier" for one in children)


def _platform(text: str) -> Guard:
    return Guard(FactKind.GUARD_PLATFORM, " ".join(text.split())[:100])


def _guard(fact: Fact, region: Region, view: CrateView) -> Guard | None:
    """The guard that a fact inside a condition makes."""
    if fact.kind is FactKind.ENV_READ:
        return _of_variable(fact.subject, view)
    if fact.kind is FactKind.ENV_READ_ALL:
        named = (_of_variable(one, view) for one in _VARIABLE.findall(region.text))
        return next((one for one in named if one is not None), None)
    for name, kind in _LISTS.items():
        if view.signatures.indicators[name].match(fact.subject) is not None:
            return Guard(kind, fact.subject)
    if fact.kind.startswith("guard."):
        return Guard(fact.kind, fact.subject)
    if fact.kind is FactKind.PROCESS_SPAWN:
        return Guard(FactKind.GUARD_HOST, fact.subject)
    return Guard(FactKind.GUARD_PRESENCE, fact.subject)


def _of_variable(name: str, view: CrateView) -> Guard | None:
    """The guard that a variable makes, or the beginning of the names of several."""
    for listed, kind in _VARIABLES.items():
        entries = view.signatures.indicators[listed]
        is_beginning = name.endswith("_") and any(
            one.value.startswith(name) for one in entries.entries
        )
        if is_beginning or entries.match(name) is not None:
            return Guard(kind, name)
    return None
