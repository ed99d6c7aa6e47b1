"""Which rules hold on a crate's facts, and on which evidence.

A rule is asked wherever its scope lets facts meet (`groups`), first over code that ships or builds
and then over all code: a chain that needs a test, an example or an unreached file is marked with
those phases alone, and the score never makes a BLOCK of it (threat model V5).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from analyzer.model import (
    QUIET,
    Evidence,
    Fact,
    FactKind,
    FactSet,
    Finding,
    Flow,
    Hop,
    Moment,
    Phase,
    Span,
    Support,
    Where,
)
from analyzer.rules.apart import weighed
from analyzer.rules.clauses import FactIndex
from analyzer.rules.groups import Groups, Meeting
from analyzer.rules.own_service import OwnServices
from analyzer.rules.ruleset import RuleSet
from analyzer.rules.schema import MATCHED_SCOPES, Clause, Rule, Scope
from analyzer.rules.versions import newness

EVIDENCE_PER_CLAUSE = 12
FINDINGS_PER_RULE = 20
WIDEST = 1_000_000
WIDEST_BLOCK = 12
"""Functions with facts that one function may reach and still be where they meet; for
BLOCK few: the entry of a large program reaches all of it. A value that is followed needs no place.
"""
FLOW_ROLES = ("source", "sink")
TEXTS = frozenset({FactKind.PATH_SECRET, FactKind.VALUE_URL, FactKind.VALUE_ADDRESS})
"""Facts that a constant alone makes: cited when no call of the same clause says it better."""


def match(
    factset: FactSet, ruleset: RuleSet, before: tuple[Fact, ...] | None = None
) -> tuple[Finding, ...]:
    """All findings, by rule id and place; rules in scope `versions` need the facts `before`."""
    if before is None:
        ruleset = ruleset.of_one_version
    is_new = None if before is None else newness(factset.facts, before)
    index = FactIndex(factset.facts, ruleset.signatures, is_new)
    groups, own = Groups(factset), OwnServices(factset.facts, ruleset.signatures)
    findings: list[Finding] = []
    for rule in ruleset.rules:
        if rule.scope is Scope.FLOW:
            findings += _flowing(rule, index, _asked(rule, factset.flows, own))
        elif rule.scope in MATCHED_SCOPES and _is_possible(rule, index):
            findings += _findings(rule, index, groups, own)
    told = _corroborated(_without_implied(findings))
    return tuple(weighed((_drawn(one, factset.flows) for one in told), factset, ruleset))


def _corroborated(findings: tuple[Finding, ...]) -> Iterator[Finding]:
    """What a rule found in the source and again in a recorded build is one finding, if both cite
    the same thing: functions of the source and processes of a build are no common meeting place.
    """
    seen = [one for one in findings if one.support is Support.OBSERVED]
    told: set[int] = set()
    joined: dict[int, Finding] = {}
    for one in findings:
        if one.support is Support.STATIC:
            again = [other for other in seen if other.rule == one.rule and _same(one, other)]
            told.update(map(id, again))
            if again:
                cited = dict.fromkeys(item for each in (one, *again) for item in each.evidence)
                joined[id(one)] = replace(one, support=Support.CORROBORATED, evidence=tuple(cited))
    return (joined.get(id(one), one) for one in findings if id(one) not in told)


def _same(one: Finding, other: Finding) -> bool:
    """Whether two findings cite one deed on one thing, in phases that both have."""
    about = {(item.kind, item.subject) for item in one.evidence}
    shares = not one.phases or not other.phases or bool({*one.phases} & {*other.phases})
    return shares and any((item.kind, item.subject) in about for item in other.evidence)


def _without_implied(findings: list[Finding]) -> tuple[Finding, ...]:
    """One deed, one finding: a lesser one that a blocking one cites whole is not told again, nor
    is a flow between places that a blocking one cites: its path is drawn there.
    """
    decisive = [one for one in findings if one.is_blocking and not one.is_quiet]
    cited = [{each.where for each in one.evidence} for one in decisive]

    def is_told(one: Finding) -> bool:
        places = set(_places(one))
        return any(
            other is not one and places <= whole
            for other, whole in zip(decisive, cited, strict=True)
            if not one.is_blocking or (one.path and not other.path)
        )

    return tuple(one for one in findings if not is_told(one))


def _asked(rule: Rule, flows: tuple[Flow, ...], own: OwnServices) -> tuple[Flow, ...]:
    """The flows that a rule looks at."""
    if not rule.is_foreign_only:
        return flows
    return tuple(one for one in flows if not own.is_own(one.source, one.sink))


def _flowing(rule: Rule, index: FactIndex, flows: tuple[Flow, ...]) -> list[Finding]:
    """One finding for each sink that something arrives at which the rule names."""
    if not flows:
        return []
    ends = [frozenset(index.fulfilling(one, rule.phases)) for one in rule.flow]
    arriving: dict[Fact, list[Flow]] = {}
    for one in flows:
        if one.source in ends[0] and one.sink in ends[1]:
            arriving.setdefault(one.sink, []).append(one)
    found: dict[tuple[object, ...], Finding] = {}
    for sink, rows in arriving.items():
        quiet = [one for one in rows if _is_quiet(one.source)]
        loud = [one for one in rows if one not in quiet]
        for several in (loud, quiet):
            if several:
                chain = [[one.source for one in several], [sink]]
                finding = finding_of(rule, chain, shortest(several))
                found.setdefault(tuple(_places(finding)), finding)
    return sorted(found.values(), key=lambda one: one.is_quiet)[:FINDINGS_PER_RULE]


def finding_of(rule: Rule, chain: Meeting, path: tuple[Hop, ...]) -> Finding:
    """What a rule finds where these facts meet, one list for each of its clauses."""
    return replace(_finding(rule, chain), path=path)


def shortest(flows: list[Flow]) -> tuple[Hop, ...]:
    """The shortest way, as a reader follows it."""
    return min((one.hops for one in flows), key=lambda one: (len(one), repr(one)))


def _drawn(finding: Finding, flows: tuple[Flow, ...]) -> Finding:
    """The finding with the way of a value from what it cites as source to what it cites as sink."""
    if finding.path or not flows:
        return finding
    cited = {(one.kind, one.subject, one.where) for one in finding.evidence}
    rows = [
        one
        for one in flows
        if all((end.kind, end.subject, end.where) in cited for end in (one.source, one.sink))
    ]
    return replace(finding, path=shortest(rows)) if rows else finding


def _places(finding: Finding) -> Iterable[Where]:
    return (one.where for one in finding.evidence)


def _is_possible(rule: Rule, index: FactIndex) -> bool:
    """Cheap: every clause that must hold has some fact of its kinds in the crate."""
    if not all(index.has_any(one.facts) for one in rule.all):
        return False
    return not rule.any or any(index.has_any(one.facts) for one in rule.any)


@dataclass(frozen=True)
class _Row:
    """What must be met: one `all` clause or the `any` clauses together; maximum 0: a `none`."""

    facts: tuple[Fact, ...]
    minimum: int = 1


def _findings(rule: Rule, index: FactIndex, groups: Groups, own: OwnServices) -> list[Finding]:
    rows = [_Row(index.fulfilling(one, rule.phases), one.minimum) for one in rule.all]
    if rule.any:
        rows.append(_Row(_united(rule.any, rule, index)))
    if not rows or not all(one.facts for one in rows):
        return []
    barred = _united(rule.none, rule, index)
    chains = _chains(rule, rows, barred, (groups, own))
    found = [_finding(rule, one) for one in chains]
    return sorted(found, key=lambda one: [repr(each.where) for each in one.evidence])


def _is_foreign(rule: Rule, chain: Meeting, own: OwnServices) -> bool:
    """Whether some secret of a meeting may go to another service than its own."""
    if not rule.is_foreign_only:
        return True
    ends = [
        [one for row, facts in enumerate(chain) for one in facts if _role(rule, row, one) == role]
        for role in FLOW_ROLES
    ]
    return not all(own.is_own(a, b) for a in ends[0] for b in ends[1])


def _united(clauses: Iterable[Clause], rule: Rule, index: FactIndex) -> tuple[Fact, ...]:
    facts = (fact for one in clauses for fact in index.fulfilling(one, rule.phases))
    return tuple(dict.fromkeys(facts))


def _chains(
    rule: Rule, rows: list[_Row], barred: tuple[Fact, ...], asked: tuple[Groups, OwnServices]
) -> Iterator[Meeting]:
    """Distinct meetings; those of code that ships or builds before those that need quiet code."""
    count, (groups, own) = len(rows), asked

    def holds(meeting: Meeting) -> bool:
        enough = all(len(a) >= b.minimum for a, b in zip(meeting, rows, strict=False))
        return enough and not meeting[count] and _is_foreign(rule, meeting[:count], own)

    everything = [*(one.facts for one in rows), barred]
    loud = [tuple(one for one in facts if not _is_quiet(one)) for facts in everything[:-1]]
    spoken: list[set[Fact]] = []
    for clauses in ([*loud, barred], everything):
        if not all(clauses[:count]) or (spoken and loud == everything[:-1]):
            continue
        widest = WIDEST_BLOCK if rule.is_blocking else rule.within or WIDEST
        for meeting in groups.meeting(rule.scope, clauses, count, holds, widest):
            facts = {fact for one in meeting for fact in one}
            if any(facts <= one or one <= facts for one in spoken):
                continue
            spoken.append(facts)
            yield meeting[:count]
            if len(spoken) >= FINDINGS_PER_RULE:
                return


def _is_quiet(fact: Fact) -> bool:
    return bool(fact.phases) and set(fact.phases) <= QUIET


def _finding(rule: Rule, chain: Meeting) -> Finding:
    cited: dict[Fact, str] = {}
    for row, facts in enumerate(chain):
        for fact in _distinct(facts):
            cited.setdefault(fact, _role(rule, row, fact))
    return Finding(
        rule=rule.id,
        title=rule.title,
        severity=rule.severity,
        confidence=rule.confidence,
        support=_support(chain),
        phases=_phases(rule, chain),
        attack=rule.attack,
        techniques=rule.techniques,
        evidence=tuple(_evidence(one, cited[one]) for one in sorted(cited, key=_place)),
        is_blocking=rule.is_blocking,
    )


def _distinct(facts: list[Fact]) -> list[Fact]:
    """One fact a line, the first kind that the clause names; texts only where nothing is done."""
    deeds = [one for one in facts if one.kind not in TEXTS]
    facts = deeds or facts
    places: dict[object, Fact] = {}
    for fact in facts:
        where = fact.where
        places.setdefault((where.file, where.line) if isinstance(where, Span) else fact, fact)
    return list(places.values())[:EVIDENCE_PER_CLAUSE]


def _phases(rule: Rule, chain: Meeting) -> tuple[Phase, ...]:
    """Phases in which the whole chain runs; if it has no common one, all that it touches.

    A link that only quiet code has makes the chain quiet.
    """
    links = [{phase for fact in facts for phase in fact.phases} for facts in chain]
    links = [one for one in links if one]
    if not links:
        return ()
    quiet = [one for one in links if one <= QUIET]
    phases = set.union(*quiet) if quiet else set.intersection(*links) or set.union(*links)
    wanted = phases.intersection(rule.phases) or phases
    return tuple(one for one in Phase if one in wanted)


def _role(rule: Rule, row: int, fact: Fact) -> str:
    if rule.flow:
        return FLOW_ROLES[row]
    clauses = rule.all[row : row + 1] or rule.any
    return next((one.role for one in clauses if fact.kind in one.facts), "")


def _evidence(fact: Fact, role: str) -> Evidence:
    return Evidence(
        fact.kind, fact.subject, role, fact.where, fact.snippet, fact.derivation, fact.guards
    )


def _place(fact: Fact) -> tuple[str, int, FactKind, str]:
    where = fact.where
    if isinstance(where, Span):
        return (where.file, where.start_byte, fact.kind, fact.subject)
    return (repr(where), 0, fact.kind, fact.subject)


def _support(chain: Meeting) -> Support:
    """Static, observed, both needed (mixed), or each enough by itself (corroborated)."""
    observed = [any(isinstance(one.where, Moment) for one in facts) for facts in chain]
    static = [any(not isinstance(one.where, Moment) for one in facts) for facts in chain]
    if all(observed):
        return Support.CORROBORATED if all(static) else Support.OBSERVED
    return Support.STATIC if all(static) else Support.MIXED
