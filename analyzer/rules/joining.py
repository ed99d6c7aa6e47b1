"""What more of the code could change a finding: questions asked before everything is parsed.

An open fact is one whose subject or data are not known yet; a caller that was not parsed may give
them. Only facts of rules that could hold at all are worth asking for.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import replace

from analyzer.model import UNKNOWN, Fact, FactKind, FactSet, Finding
from analyzer.rules.clauses import FactIndex
from analyzer.rules.match import FLOW_ROLES
from analyzer.rules.ruleset import RuleSet
from analyzer.rules.schema import MATCHED_SCOPES, Clause, Rule, Scope

_RUNS = (FactKind.PROCESS_SPAWN, FactKind.PROCESS_SHELL)
_PLACED = frozenset({FactKind.FILE_WRITE, FactKind.FILE_DELETE})
"""Deeds that are told by their place alone."""
_HOLE = "{}"
_JOINED = 2


def left_open(factset: FactSet, ruleset: RuleSet) -> frozenset[str]:
    """Functions with an open fact that would let some rule hold, or cite more, if it were known."""
    open_facts = [one for one in factset.facts if one.owner and _is_open(one)]
    if not open_facts:
        return frozenset()
    known = FactIndex(factset.facts, ruleset.signatures)
    opened = FactIndex(open_facts, ruleset.signatures)
    runs = [one for one in open_facts if one.kind in _RUNS]
    found: set[str] = set()
    for rule in ruleset.rules:
        if rule.scope in MATCHED_SCOPES:
            found |= _opening(rule, known, opened, runs)
    return frozenset(found)


def _is_open(fact: Fact) -> bool:
    return any(one == UNKNOWN or _HOLE in one for one in (fact.subject, *fact.data))


def _opening(rule: Rule, known: FactIndex, opened: FactIndex, runs: list[Fact]) -> set[str]:
    """Owners of open facts, if every clause of a rule has a fact, at least one of them known.

    A rule of one clause asks for nothing: what its texts are made of speaks for itself.
    """
    phases = frozenset(rule.phases)
    here = [one for one in runs if not phases or not one.phases or phases & set(one.phases)]
    found: set[str] = set()
    rows = [(one,) for one in rule.all + rule.flow] + ([rule.any] if rule.any else [])
    is_known = [any(known.fulfilling(one, rule.phases) for one in row) for row in rows]
    if len(rows) < _JOINED:
        return _alone(rows, opened, rule)
    if not any(is_known):
        return found
    for row, is_met in zip(rows, is_known, strict=True):
        facts = [f for one in row for f in opened.fulfilling(_relaxed(one), rule.phases)] + here
        if rule.scope is Scope.FLOW and is_met and all(_relaxed(one) == one for one in row):
            continue  # its texts would change nothing
        if not facts and not is_met:
            return set()
        found.update(one.owner for one in facts)
    return found


def _alone(rows: list[tuple[Clause, ...]], opened: FactIndex, rule: Rule) -> set[str]:
    """Owners of open facts that a rule of one clause would hold for by their subject alone."""
    return {
        fact.owner
        for row in rows
        for one in row
        if one.subject_in
        for fact in opened.fulfilling(_relaxed(one), rule.phases)
        if fact.kind in _PLACED
    }


@functools.lru_cache(maxsize=4096)
def _relaxed(clause: Clause) -> Clause:
    """The clause without what it asks of texts."""
    return replace(
        clause,
        subjects=(),
        subject_in=(),
        subject_not_in=(),
        subject_glob=(),
        subject_pattern="",
        subject_host="",
        subject_unknown=None,
        data_in=(),
        data_pattern="",
        data_not_pattern="",
        decoded=None,
    )


Ends = tuple[frozenset[Fact], frozenset[Fact]]


def flow_ends(factset: FactSet, ruleset: RuleSet) -> tuple[Ends, ...]:
    """Sources and sinks of the flow rules that have both."""
    index = FactIndex(factset.facts, ruleset.signatures)
    found: list[Ends] = []
    for rule in ruleset.rules:
        if rule.scope is Scope.FLOW and all(index.has_any(one.facts) for one in rule.flow):
            ends = [frozenset(index.fulfilling(one, rule.phases)) for one in rule.flow]
            if all(ends):
                found.append((ends[0], ends[1]))
    return tuple(found)


def drawn_ends(findings: Iterable[Finding], factset: FactSet) -> tuple[Ends, ...]:
    """Sources and sinks that findings cite without saying how one leads to the other."""
    facts = {(one.kind, one.subject, one.where): one for one in factset.facts}
    found: list[Ends] = []
    for one in findings:
        ends = [
            frozenset(
                facts[key]
                for item in one.evidence
                if item.role == role and (key := (item.kind, item.subject, item.where)) in facts
            )
            for role in FLOW_ROLES
        ]
        if not one.path and all(ends):
            found.append((ends[0], ends[1]))
    return tuple(found)


def joining(factset: FactSet, ruleset: RuleSet) -> frozenset[str]:
    """Names of functions, or macros, that lead to facts of a rule in scope `function`.

    Only of rules that several facts in different functions could fulfil; for all others it does not
    matter who calls whom.
    """
    index = FactIndex(factset.facts, ruleset.signatures)
    owners: set[str] = set()
    for rule in ruleset.rules:
        if rule.scope is Scope.FUNCTION:
            owners |= _owners(rule, index)
    callers: dict[str, set[str]] = {}
    for edge in factset.calls:
        callers.setdefault(edge.callee, set()).add(edge.caller)
    pending = list(owners)
    while pending:
        for one in callers.get(pending.pop(), ()):
            if one not in owners:
                owners.add(one)
                pending.append(one)
    return frozenset(_name(one) for one in owners if "::" in one)


def _owners(rule: Rule, index: FactIndex) -> set[str]:
    rows: list[tuple[Fact, ...]] = []
    for clause in rule.all:
        if not index.has_any(clause.facts):
            return set()
        rows.append(index.fulfilling(clause, rule.phases))
    if rule.any:
        rows.append(_united(rule.any, rule, index))
    if not all(rows):
        return set()
    owners = {fact.owner for facts in rows for fact in facts if fact.owner}
    return owners if len(owners) > 1 else set()


def _united(clauses: Iterable[Clause], rule: Rule, index: FactIndex) -> tuple[Fact, ...]:
    return tuple(fact for one in clauses for fact in index.fulfilling(one, rule.phases))


def _name(owner: str) -> str:
    return owner.rpartition("::")[2].rstrip("!").removeprefix("r#")
