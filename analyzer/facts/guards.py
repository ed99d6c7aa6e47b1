"""Conditions that code stands under: CI variables, presence of files, platform, host, date.

A guard is recognised by the facts that its condition is computed from, so every way of asking
that the catalogue knows makes a guard; `cfg` conditions are read from their text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from analyzer.facts.view import CrateView
from analyzer.model import Fact, FactKind, Guard, Span
from analyzer.syntax.texts import attributes, conditions

_PLATFORM = re.compile(
    r"\b(?:target_(?:os|family|arch|env|vendor|pointer_width)|windows|unix|debug_assertions|feature"
    r"|docsrs|consts::OS|consts::ARCH)\b"
)

Ranges = list[tuple[int, int, Guard]]


def guarded(facts: tuple[Fact, ...], view: CrateView) -> Iterator[Fact]:
    """The same facts, each under the guards of the code around it."""
    places = _places(facts)
    table = _ranges(view, places)
    for fact in facts:
        where = fact.where
        rows = table.get(where.file, ()) if isinstance(where, Span) else ()
        if not rows or not isinstance(where, Span):
            yield fact
            continue
        at = where.start_byte
        guards = sorted({row[2] for row in rows if row[0] <= at < row[1]}, key=repr)
        yield replace(fact, guards=tuple(guards)) if guards else fact


def _places(facts: tuple[Fact, ...]) -> Mapping[str, list[tuple[int, Fact]]]:
    table: dict[str, list[tuple[int, Fact]]] = {}
    for fact in facts:
        asks = fact.kind in (FactKind.ENV_READ, FactKind.PROCESS_SPAWN, FactKind.FILE_READ)
        if isinstance(fact.where, Span) and (asks or fact.kind.startswith("guard.")):
            table.setdefault(fact.where.file, []).append((fact.where.start_byte, fact))
    return table


def _ranges(view: CrateView, places: Mapping[str, list[tuple[int, Fact]]]) -> dict[str, Ranges]:
    table: dict[str, Ranges] = {}
    for region in conditions(view.code):
        guards: set[Guard | None] = set()
        if _PLATFORM.search(region.text):
            guards.add(Guard(FactKind.GUARD_PLATFORM, " ".join(region.text.split())[:100]))
        origin = view.code.outlines[region.file].origin
        for start, end in (map(origin, one) for one in region.conditions):
            for at, fact in places.get(region.file, ()):
                if start <= at < end:
                    guards.add(_guard(fact, view))
        rows = table.setdefault(region.file, [])
        covered = origin(region.start), origin(region.end)
        rows += [(*covered, one) for one in guards if one is not None]
    for file, text, start, end in attributes(view.code):
        if text.startswith("cfg") and _PLATFORM.search(text):
            guard = Guard(FactKind.GUARD_PLATFORM, " ".join(text.split())[:100])
            origin = view.code.outlines[file].origin
            table.setdefault(file, []).append((origin(start), origin(end), guard))
    return table


def _guard(fact: Fact, view: CrateView) -> Guard | None:
    """The guard that a fact inside a condition makes."""
    if fact.kind is FactKind.ENV_READ:
        ci = view.signatures.indicators.get("ci-variables")
        if ci is not None and ci.match(fact.subject):
            return Guard(FactKind.GUARD_CI, fact.subject)
        hosts = view.signatures.indicators.get("host-variables")
        if hosts is not None and hosts.match(fact.subject):
            return Guard(FactKind.GUARD_HOST, fact.subject)
        return None
    if fact.kind.startswith("guard."):
        return Guard(fact.kind, fact.subject)
    if fact.kind is FactKind.PROCESS_SPAWN:
        return Guard(FactKind.GUARD_HOST, fact.subject)
    return Guard(FactKind.GUARD_PRESENCE, fact.subject)
