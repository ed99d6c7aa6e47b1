"""What a library's public functions hand out: results that carry a secret, parameters that are
sent or run (threat model F8).

For those who depend on it such a function is one more entry of the API catalogue; who reads them
again with it finds what is split over crates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analyzer.facts.flows import Ends, tracer_of
from analyzer.facts.view import CrateView
from analyzer.model import UNKNOWN, Export, Fact, FactKind, FactSet, Phase, Span
from analyzer.syntax.fields import parameters
from analyzer.syntax.flow.steps import Place
from analyzer.syntax.flow.tracer import Tracer
from analyzer.syntax.outline import Function, Outline

EXPORTS_PER_CRATE = 60
_FUNCTIONS = 300
"""Public functions near the ends of flows beyond which no more are looked at."""
_PUBLIC = "pub"
_CARRIED = ("net.", "file.", "env.", "clipboard.", "process.")
"""Families of facts whose value a caller may get or give."""
_HOST = re.compile(r"[.:/]")
"""What a host or its address has, and the name of a program that connects has not."""
_WHOLE = frozenset({FactKind.ENV_READ_ALL, FactKind.CLIPBOARD_READ})
"""Kinds that are about all there is."""


@dataclass(frozen=True, slots=True)
class _Public:
    """A public function: `path` below the crate, with its type; `number` in its file."""

    path: str
    outline: Outline
    number: int
    has_self: bool

    @property
    def function(self) -> Function:
        return self.outline.functions[self.number]


def exports(view: CrateView, factset: FactSet, ends: Ends) -> tuple[Export, ...]:
    """The functions of the library that carry a source out, or take something to a sink."""
    sources, sinks = (
        {_place(one): one for one in sorted(facts, key=repr) if _is_exported(one)} for facts in ends
    )
    if not sources and not sinks:
        return ()
    near = view.calls.callers.edges_to({one.owner for one in (*sources.values(), *sinks.values())})
    owners = {one for edge in near for one in edge}
    owners |= {one.owner for one in (*sources.values(), *sinks.values())}
    public = [one for one in _public(view) if one.outline.owner(one.number) in owners][:_FUNCTIONS]
    if not public:
        return ()
    tracer = tracer_of(view, factset.facts)
    found = [*_results(tracer, public, sources), *_taken(tracer, public, sinks)]
    rows = {(one.path, one.kinds): one for one in sorted(found, key=repr)}
    chosen = tuple(rows.values())[:EXPORTS_PER_CRATE]
    return (*chosen, *_makers(view, chosen))


def _is_exported(fact: Fact) -> bool:
    """Of the library, and about something known: what a caller chooses is the caller's own."""
    is_known = fact.kind in _WHOLE or (fact.subject != UNKNOWN and "{}" not in fact.subject)
    is_known = is_known and fact.kind.startswith(_CARRIED)
    if fact.kind.startswith("net."):
        is_known = is_known and _HOST.search(fact.subject) is not None
    return is_known and isinstance(fact.where, Span) and Phase.LIBRARY in fact.phases


def _place(fact: Fact) -> Place:
    where = fact.where
    return (where.file, where.start_byte) if isinstance(where, Span) else ("", 0)


def _results(
    tracer: Tracer, public: list[_Public], sources: Mapping[Place, Fact]
) -> Iterator[Export]:
    for one in public if sources else ():
        for place in sorted(tracer.returned(one.outline, one.function.node, frozenset(sources))):
            yield _export(one, sources[place])


def _taken(tracer: Tracer, public: list[_Public], sinks: Mapping[Place, Fact]) -> Iterator[Export]:
    given: dict[Place, tuple[_Public, int]] = {}
    for one in public if sinks else ():
        for index in range(len(parameters(one.outline, one.function.node))):
            at = tracer.parameter_at((one.outline.path, one.number), index)
            given[(one.outline.path, one.outline.origin(at))] = (one, index)
    taken: dict[tuple[str, Place], tuple[_Public, set[int]]] = {}
    for place in sorted(sinks) if given else ():
        for met in tracer.trails(place, frozenset(given)):
            one, index = given[met]
            taken.setdefault((one.path, place), (one, set()))[1].add(index)
    for (_, place), (one, indexes) in sorted(taken.items(), key=lambda row: row[0]):
        yield _export(one, sinks[place], tuple(sorted(indexes)))


def _export(one: _Public, fact: Fact, data: tuple[int, ...] = ()) -> Export:
    where = fact.where
    assert isinstance(where, Span)
    kinds = (fact.kind,)
    return Export(one.path, one.has_self, where, kinds, fact.subject, data, fact.snippet)


def _public(view: CrateView) -> Iterator[_Public]:
    """Functions that stand as `pub` in files of the library."""
    for path, outline in sorted(view.code.outlines.items()):
        home = view.code.home(path)
        if home is None or Phase.LIBRARY not in view.phases.get(path, ()):
            continue
        for number, one in enumerate(outline.functions):
            if one.kind != "function_item" or one.outer >= 0 or not _is_public(outline, one):
                continue
            parts = outline.owner(number).removeprefix(f"{path}::").split("::")
            listed = one.node.child_by_field_name("parameters")
            has_self = any(each.type == "self_parameter" for each in (listed or one.node).children)
            names = [each.partition("<")[0] for each in parts]
            yield _Public("::".join((*home, *names)), outline, number, has_self)


def _is_public(outline: Outline, function: Function) -> bool:
    marks = [one for one in function.node.children if one.type == "visibility_modifier"]
    return bool(marks) and outline.text(marks[0]) == _PUBLIC


def _makers(view: CrateView, found: tuple[Export, ...]) -> Iterator[Export]:
    """Functions that make the types whose methods are exported, so that a caller's are known."""
    types = {one.path.rpartition("::")[0] for one in found if one.is_method}
    for one in _public(view) if types else ():
        owner = one.path.rpartition("::")[0]
        result = one.function.node.child_by_field_name("return_type")
        said = one.outline.text(result) if result is not None else ""
        if owner in types and not one.has_self and ("Self" in said or owner[-40:] in said):
            where = view.span(one.outline.path, one.function.node.start_byte, 0)
            yield Export(one.path, is_method=False, where=where, returns=owner)
