"""Which facts may meet: one function with all it calls, one file, one phase, the crate.

For functions the call graph is condensed once per crate: functions that call each other in a ring
are one group, and groups are numbered callees before callers, so one pass spreads what is known.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from analyzer.model import CallEdge, Fact, FactSet, Field, Member, Moment, Phase, Span
from analyzer.rules.schema import Scope

GROUPS_EXAMINED = 200
"""Groups of functions looked at for one rule; findings are capped far below."""

Meeting = list[list[Fact]]
"""The facts of one group, clause by clause."""
Clauses = Sequence[Sequence[Fact]]
Holds = Callable[[Meeting], bool]


class Groups:
    """Meeting places of one crate's facts."""

    def __init__(self, factset: FactSet) -> None:
        self._factset = factset

    def meeting(
        self,
        scope: Scope,
        clauses: Clauses,
        required: int,
        holds: Holds,
        widest: int,
    ) -> Iterator[Meeting]:
        """Groups where `holds` is true and the first `required` clauses have a fact each.

        Of groups that contain each other the smallest; functions that reach more than `widest`
        others with facts are no meeting place.
        """
        if scope is Scope.FUNCTION:
            yield from self._in_functions(clauses, required, holds, widest)
        else:
            names = _NAMES.get(scope, _everywhere)
            yield from _in_flat(clauses, required, holds, names)

    def _in_functions(
        self, clauses: Clauses, required: int, holds: Holds, widest: int
    ) -> Iterator[Meeting]:
        graph = self._graph
        own: list[dict[int, list[Fact]]] = [{} for _ in clauses]
        masks = [0] * graph.size
        for bit, facts in enumerate(clauses):
            for fact in facts:
                group = graph.number[owner_of(fact)]
                own[bit].setdefault(group, []).append(fact)
                masks[group] |= 1 << bit
        complete = (1 << required) - 1
        has_spoken = [False] * graph.size
        left = GROUPS_EXAMINED
        for group, callees in enumerate(graph.callees):
            for one in callees:
                masks[group] |= masks[one]
                has_spoken[group] = has_spoken[group] or has_spoken[one]
            if masks[group] & complete != complete or has_spoken[group] or not left:
                continue
            left -= 1
            reached = graph.reach(group, masks)
            if self._breadth(group, widest) > widest:
                continue
            meeting = [[fact for one in reached for fact in facts.get(one, ())] for facts in own]
            if holds(meeting):
                has_spoken[group] = True
                yield meeting

    def _breadth(self, start: int, most: int) -> int:
        """How many functions with facts of any kind one runs, itself included; at most one more
        than `most` are counted.
        """
        seen, pending, count = {start}, [start], 0
        while pending and count <= most:
            group = pending.pop()
            count += group in self._bearing
            for callee in self._graph.callees[group]:
                if callee not in seen:
                    seen.add(callee)
                    pending.append(callee)
        return count

    @functools.cached_property
    def _bearing(self) -> frozenset[int]:
        return frozenset(self._graph.number[owner_of(one)] for one in self._factset.facts)

    @functools.cached_property
    def _graph(self) -> _Graph:
        return _Graph({owner_of(one) for one in self._factset.facts}, self._factset.calls)


def owner_of(fact: Fact) -> str:
    """The function a fact stands in; top-level code of a file, and a build stage, count as one."""
    if fact.owner:
        return fact.owner
    where = fact.where
    if isinstance(where, Moment):
        return f"stage {where.stage}"
    return f"file {_files_of(fact)[0]}"


def _files_of(fact: Fact) -> tuple[str, ...]:
    where = fact.where
    if isinstance(where, Span):
        return (where.file,)
    if isinstance(where, Member):
        return (where.member,)
    return (where.document if isinstance(where, Field) else f"stage {where.stage}",)


def _phases_of(fact: Fact) -> tuple[str, ...]:
    return fact.phases or tuple(Phase)


def _everywhere(_: Fact) -> tuple[str, ...]:
    return ("crate",)


_NAMES = {Scope.PHASE: _phases_of, Scope.VERSIONS: _phases_of, Scope.FILE: _files_of}


def _in_flat(
    clauses: Clauses, required: int, holds: Holds, names: Callable[[Fact], tuple[str, ...]]
) -> Iterator[Meeting]:
    tables: list[dict[str, list[Fact]]] = []
    for facts in clauses:
        table: dict[str, list[Fact]] = {}
        for fact in facts:
            for name in names(fact):
                table.setdefault(name, []).append(fact)
        tables.append(table)
    for name in sorted(set(tables[0]).intersection(*tables[1:required])):
        meeting = [table.get(name, []) for table in tables]
        if holds(meeting):
            yield meeting


class _Graph:
    """Functions condensed to groups. `number` by owner; `callees` by group, all smaller numbers."""

    def __init__(self, owners: Iterable[str], calls: Iterable[CallEdge]) -> None:
        table: dict[str, list[str]] = {one: [] for one in sorted(owners)}
        for edge in calls:
            table.setdefault(edge.caller, []).append(edge.callee)
            table.setdefault(edge.callee, [])
        self.number: dict[str, int] = {}
        self.size = 0
        self._condense(table)
        callees: list[set[int]] = [set() for _ in range(self.size)]
        for owner, called in table.items():
            group = self.number[owner]
            callees[group].update(self.number[one] for one in called)
        self.callees = [sorted(one - {group}) for group, one in enumerate(callees)]

    def _condense(self, table: Mapping[str, list[str]]) -> None:
        """Rings of callers by Tarjan's method, with a stack of our own: chains may be long."""
        order: dict[str, int] = {}
        low: dict[str, int] = {}
        open_ones: list[str] = []
        for start in table:
            if start in order:
                continue
            path = [(start, iter(table[start]))]
            order[start] = low[start] = len(order)
            open_ones.append(start)
            while path:
                owner, rest = path[-1]
                callee = next(rest, None)
                if callee is None:
                    path.pop()
                    if path:
                        low[path[-1][0]] = min(low[path[-1][0]], low[owner])
                    if low[owner] == order[owner]:
                        self._close(owner, open_ones)
                elif callee not in order:
                    order[callee] = low[callee] = len(order)
                    open_ones.append(callee)
                    path.append((callee, iter(table[callee])))
                elif callee not in self.number:
                    low[owner] = min(low[owner], order[callee])

    def _close(self, owner: str, open_ones: list[str]) -> None:
        while True:
            one = open_ones.pop()
            self.number[one] = self.size
            if one == owner:
                break
        self.size += 1

    def reach(self, start: int, masks: Sequence[int]) -> list[int]:
        """Groups that `start` runs, itself included, which lead to some matching fact."""
        seen, pending = {start}, [start]
        while pending:
            for callee in self.callees[pending.pop()]:
                if callee not in seen and masks[callee]:
                    seen.add(callee)
                    pending.append(callee)
        return sorted(seen)
