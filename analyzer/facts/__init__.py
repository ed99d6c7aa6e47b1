"""One module per family of facts; the package walks itself.

A family is a module with `facts(view) -> Iterator[Fact]`. `collect` runs all of them, then puts
each fact under the conditions it stands in and joins functions by call edges.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Protocol, cast

from analyzer.facts.closed import closed
from analyzer.facts.followed import followed
from analyzer.facts.foreign_senders import ask_for_clients
from analyzer.facts.guards import guarded
from analyzer.facts.phases import load_owners, spread
from analyzer.facts.view import CrateView
from analyzer.model import CallEdge, Fact, FactSet, Gap, GapKind, Span

_NOT_FAMILIES = frozenset(
    {
        "view",
        "phases",
        "transfers",
        "guards",
        "programs",
        "near_names",
        "exports",
        "named",
        "hosts",
        "native_files",
        "flows",
        "followed",
        "changes",
        "hidden",
        "closed",
        "documented",
        "interpreted",
    }
)


class _Family(Protocol):
    def facts(self, view: CrateView) -> Iterator[Fact]: ...


def families() -> tuple[tuple[str, _Family], ...]:
    """(name, module) of every family, by name; a module that fails to import is an error."""
    names = sorted(one.name for one in pkgutil.iter_modules(__path__))
    return tuple(
        (name, cast("_Family", importlib.import_module(f"{__name__}.{name}")))
        for name in names
        if name not in _NOT_FAMILIES
    )


FAMILIES: tuple[tuple[str, _Family], ...] = families()
"""Loaded with the package: a confined worker can import nothing later."""
if not FAMILIES:
    raise ImportError("no families of facts found beside this package")


def collect(view: CrateView) -> FactSet:
    """All facts of one crate, in a stable order, capped by `limits.facts_per_crate`."""
    found = [*view.tree.facts, *view.manifest.facts]
    for _, family in FAMILIES:
        found += family.facts(view)
    facts = sorted(set(guarded(tuple(found), view)), key=_order)
    facts = sorted({*facts, *followed(view, facts), *closed(view, facts)}, key=_order)
    ask_for_clients(view, facts)
    gaps = []
    if len(facts) > view.limits.facts_per_crate:
        gaps.append(Gap(GapKind.BUDGET, f"more than {view.limits.facts_per_crate} facts"))
        facts = sorted(facts, key=_weight)[: view.limits.facts_per_crate]
        facts.sort(key=_order)
    budget = view.code.budget_gap()
    if budget is not None:
        gaps.append(budget)
    calls = _edges(view, {one.owner for one in facts if one.owner})
    loaded = load_owners(view.code, view.is_test)
    if loaded:
        facts = sorted(spread(facts, calls, loaded), key=_order)
    return FactSet(tuple(facts), calls, tuple(gaps))


def _edges(view: CrateView, owners: set[str]) -> tuple[CallEdge, ...]:
    """Edges from which a function with facts can be reached; the rest joins nothing."""
    return tuple(CallEdge(*one) for one in sorted(view.calls.callers.edges_to(owners)))


Order = tuple[str, int, str, str, str, tuple[str, ...], str]


def _order(fact: Fact) -> Order:
    """A total order: two different facts never compare equal, so a report has one form only."""
    where = fact.where
    at = (where.file, where.start_byte) if isinstance(where, Span) else (repr(where), 0)
    rest = repr((fact.derivation, fact.guards, fact.owner, fact.phases, where))
    return (*at, fact.kind, fact.subject, fact.api, fact.data, rest)


def _weight(fact: Fact) -> tuple[bool, str, Order]:
    """What stays when there are too many: everything before plain mentions and texts."""
    return (fact.kind.startswith(("value.", "mention")), "", _order(fact))


__all__ = ["collect", "families"]
