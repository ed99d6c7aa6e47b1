"""Which rules hold on a crate's facts, and on which evidence.

A rule is asked in each group of facts that its scope makes: one function with what it calls, one
file, one phase, the crate. The smallest group that holds speaks; wider ones repeat nothing.
"""

from __future__ import annotations

import fnmatch
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import re2

from analyzer.model import (
    UNKNOWN,
    Evidence,
    Fact,
    FactKind,
    FactSet,
    Finding,
    Moment,
    Phase,
    Span,
    Support,
)
from analyzer.rules.ruleset import RuleSet
from analyzer.rules.schema import MATCHED_SCOPES, Clause, Rule, Scope
from analyzer.signatures import Signatures

EVIDENCE_PER_CLAUSE = 12
FINDINGS_PER_RULE = 20


@dataclass(frozen=True)
class _Group:
    """Facts that may meet, by kind; `size` orders groups from narrow to wide."""

    label: str
    facts: Mapping[FactKind, tuple[Fact, ...]]
    size: int


def match(factset: FactSet, ruleset: RuleSet) -> tuple[Finding, ...]:
    """All findings, by rule id and place."""
    groups = _Groups(factset)
    kinds = {one.kind for one in factset.facts}
    findings: list[Finding] = []
    for rule in ruleset.rules:
        if rule.scope in MATCHED_SCOPES and _is_possible(rule, kinds):
            findings += _findings(rule, groups, ruleset.signatures)
    return tuple(findings)


def _is_possible(rule: Rule, kinds: set[FactKind]) -> bool:
    """Cheap: every clause that must hold has some fact of its kinds in the crate."""
    if not all(kinds.intersection(one.facts) for one in rule.all):
        return False
    return not rule.any or any(kinds.intersection(one.facts) for one in rule.any)


def _findings(rule: Rule, groups: _Groups, signatures: Signatures) -> list[Finding]:
    found: list[Finding] = []
    spoken: list[set[Fact]] = []
    for group in groups.of(rule.scope):
        cited = _cited(rule, group, signatures)
        if cited is None:
            continue
        facts = {fact for fact, _ in cited}
        if any(facts <= one or one <= facts for one in spoken):
            continue
        spoken.append(facts)
        found.append(_finding(rule, cited))
        if len(found) >= FINDINGS_PER_RULE:
            break
    return sorted(found, key=lambda one: repr(one.evidence[0].where) if one.evidence else "")


def _cited(
    rule: Rule, group: _Group, signatures: Signatures
) -> list[tuple[Fact, str]] | None:
    """The facts that make the rule hold in a group with their roles, or None."""
    cited: list[tuple[Fact, str]] = []
    for clause in rule.none:
        if _matching(clause, rule, group, signatures):
            return None
    for clause in rule.all:
        facts = _matching(clause, rule, group, signatures)
        if len(facts) < clause.minimum:
            return None
        cited += [(one, clause.role) for one in facts[:EVIDENCE_PER_CLAUSE]]
    if rule.any:
        some = [
            (fact, clause.role)
            for clause in rule.any
            for fact in _matching(clause, rule, group, signatures)[:EVIDENCE_PER_CLAUSE]
        ]
        if not some:
            return None
        cited += some
    unique: dict[Fact, str] = {}
    for fact, role in cited:
        unique.setdefault(fact, role)
    return list(unique.items())


def _matching(
    clause: Clause, rule: Rule, group: _Group, signatures: Signatures
) -> list[Fact]:
    asks = _asks(clause, rule.phases, signatures)
    return [
        fact
        for kind in clause.facts
        for fact in group.facts.get(kind, ())
        if all(one(fact) for one in asks)
    ]


Ask = Callable[[Fact], bool]


def _asks(clause: Clause, phases: tuple[Phase, ...], signatures: Signatures) -> list[Ask]:
    asks: list[Ask] = []
    wanted = frozenset(clause.phases or phases)
    if wanted:
        asks.append(lambda fact: not fact.phases or bool(wanted.intersection(fact.phases)))
    if clause.subjects:
        asks.append(lambda fact: fact.subject in clause.subjects)
    for lists, is_in in ((clause.subject_in, True), (clause.subject_not_in, False)):
        if lists:
            asks.append(functools.partial(_subject_in, lists, is_in, signatures))
    if clause.subject_pattern:
        pattern = _compiled(clause.subject_pattern)
        asks.append(lambda fact: bool(pattern.search(fact.subject)))
    if clause.subject_unknown is not None:
        asks.append(lambda fact: (fact.subject == UNKNOWN) is clause.subject_unknown)
    if clause.api:
        asks.append(lambda fact: any(fnmatch.fnmatchcase(fact.api, one) for one in clause.api))
    if clause.data_in:
        asks.append(functools.partial(_data_in, clause.data_in, signatures))
    if clause.data_pattern:
        data = _compiled(clause.data_pattern)
        asks.append(lambda fact: any(data.search(one) for one in fact.data))
    if clause.guards:
        asks.append(lambda fact: any(one.kind in clause.guards for one in fact.guards))
    if clause.decoded is not None:
        asks.append(lambda fact: bool(fact.derivation) is clause.decoded)
    return asks


@functools.lru_cache(maxsize=512)
def _compiled(pattern: str) -> re2._Regexp:
    return re2.compile(pattern)


def _subject_in(
    lists: tuple[str, ...],
    is_in: bool,  # noqa: FBT001  # bound by partial
    signatures: Signatures,
    fact: Fact,
) -> bool:
    return any(signatures.indicators[one].match(fact.subject) for one in lists) is is_in


def _data_in(lists: tuple[str, ...], signatures: Signatures, fact: Fact) -> bool:
    return any(signatures.indicators[one].match(text) for one in lists for text in fact.data)


def _finding(rule: Rule, cited: list[tuple[Fact, str]]) -> Finding:
    ordered = sorted(cited, key=lambda one: _place(one[0]))
    reached = {phase for fact, _ in cited for phase in fact.phases}
    phases = tuple(one for one in Phase if one in reached and (one in rule.phases or not rule.phases))
    return Finding(
        rule=rule.id,
        title=rule.title,
        severity=rule.severity,
        confidence=rule.confidence,
        support=_support([fact for fact, _ in cited]),
        phases=phases or tuple(one for one in Phase if one in reached),
        attack=rule.attack,
        techniques=rule.techniques,
        evidence=tuple(_evidence(fact, role) for fact, role in ordered),
        is_blocking=rule.is_blocking,
    )


def _evidence(fact: Fact, role: str) -> Evidence:
    return Evidence(
        fact.kind, fact.subject, role, fact.where, fact.snippet, fact.derivation, fact.guards
    )


def _place(fact: Fact) -> tuple[str, int, str, str]:
    where = fact.where
    if isinstance(where, Span):
        return (where.file, where.start_byte, fact.kind, fact.subject)
    return (repr(where), 0, fact.kind, fact.subject)


def _support(facts: Iterable[Fact]) -> Support:
    observed = {isinstance(one.where, Moment) for one in facts}
    if observed == {True}:
        return Support.OBSERVED
    return Support.MIXED if True in observed else Support.STATIC


class _Groups:
    """The groups of each scope over one crate's facts, made when first asked for."""

    def __init__(self, factset: FactSet) -> None:
        self._factset = factset

    def of(self, scope: Scope) -> tuple[_Group, ...]:
        """Groups of a scope, narrow ones first."""
        return {
            Scope.CRATE: self._crate,
            Scope.PHASE: self._phases,
            Scope.FILE: self._files,
            Scope.FUNCTION: self._functions,
        }[scope]

    @functools.cached_property
    def _crate(self) -> tuple[_Group, ...]:
        return (_group("crate", self._factset.facts),)

    @functools.cached_property
    def _phases(self) -> tuple[_Group, ...]:
        shared = [one for one in self._factset.facts if not one.phases]
        return tuple(
            _group(phase, [*shared, *(one for one in self._factset.facts if phase in one.phases)])
            for phase in Phase
        )

    @functools.cached_property
    def _files(self) -> tuple[_Group, ...]:
        table: dict[str, list[Fact]] = {}
        for fact in self._factset.facts:
            if isinstance(fact.where, Span):
                table.setdefault(fact.where.file, []).append(fact)
        return tuple(_group(file, table[file]) for file in sorted(table))

    @functools.cached_property
    def _functions(self) -> tuple[_Group, ...]:
        own: dict[str, list[Fact]] = {}
        for fact in self._factset.facts:
            if fact.owner:
                own.setdefault(fact.owner, []).append(fact)
        callees: dict[str, list[str]] = {}
        for edge in self._factset.calls:
            callees.setdefault(edge.caller, []).append(edge.callee)
        groups = [
            _group(owner, [one for reached in _reach(owner, callees) for one in own.get(reached, ())])
            for owner in sorted(set(own) | set(callees))
        ]
        return tuple(sorted(groups, key=lambda one: (one.size, one.label)))


def _reach(start: str, callees: Mapping[str, list[str]]) -> Iterator[str]:
    seen, pending = {start}, [start]
    while pending:
        one = pending.pop()
        yield one
        for callee in callees.get(one, ()):
            if callee not in seen:
                seen.add(callee)
                pending.append(callee)


def _group(label: str, facts: Iterable[Fact]) -> _Group:
    table: dict[FactKind, list[Fact]] = {}
    size = 0
    for fact in facts:
        table.setdefault(fact.kind, []).append(fact)
        size += 1
    return _Group(str(label), {kind: tuple(found) for kind, found in table.items()}, size)
