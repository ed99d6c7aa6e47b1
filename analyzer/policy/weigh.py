"""What a policy's changes and waivers leave of findings, gaps and claims.

The order is what keeps an owner's shortcuts from hiding a BLOCK: first exact waivers, then the
question whether anything still blocks, and only if nothing does, ranges and lowered severities.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from analyzer.model import (
    Clause,
    ClauseKind,
    Coverage,
    Finding,
    Gap,
    Outcome,
    Severity,
    Verdict,
    Waiver,
)
from analyzer.policy.case import INCOMPLETE, Case, Claim, claim_print, findings_print, gaps_print
from analyzer.policy.terms import Policy, RuleChange
from analyzer.policy.waivers import Hand
from analyzer.score import assess

FINAL_RULES = frozenset({"checksum-mismatch", "known-malicious"})
"""Not to be waived: bytes that are not the promised ones, which nobody has read, and what is on
record as hostile. A wrong record is mended where it stands.
"""
SEVERITIES = tuple(Severity)
_OUTCOMES = {
    Verdict.CLEAR: Outcome.ALLOW,
    Verdict.REVIEW: Outcome.QUARANTINE,
    Verdict.INCOMPLETE: Outcome.QUARANTINE,
    Verdict.BLOCK: Outcome.DENY,
}
_RANK = (Verdict.CLEAR, Verdict.REVIEW, Verdict.INCOMPLETE, Verdict.BLOCK)


@dataclass(frozen=True, slots=True)
class Weighed:
    """Clauses of the verdict, and the findings that are left for what else asks about them.

    `evidence` holds the fingerprint of each rule.
    """

    clauses: tuple[Clause, ...]
    findings: tuple[Finding, ...]
    evidence: Mapping[str, str]
    is_incomplete: bool


def weigh(case: Case, policy: Policy, hand: Hand) -> Weighed:
    """Verdict, claims and gaps of a case as clauses; uses up waivers of the hand."""
    clauses: list[Clause] = []
    left, evidence = _less_waived(case, policy, hand, clauses)
    verdict = assess(left, (), Coverage()).verdict
    if verdict is not Verdict.BLOCK:
        left = _lowered(left, policy, hand, clauses)
        verdict = assess(left, (), Coverage()).verdict
    clauses += _spoken(left, verdict, evidence)
    gaps = _unread(case.gaps, hand, clauses)
    clauses += _claims(case.around.claims, hand)
    clauses += _unexplained(case)
    is_incomplete = bool(gaps) or any(one.rule == INCOMPLETE for one in clauses if _holds(one))
    if not any(_holds(one) for one in clauses):
        said = "the verdict is CLEAR" if case.is_read else "nothing is on record of its name"
        clauses.append(Clause(ClauseKind.VERDICT, Outcome.ALLOW, said))
    return Weighed(tuple(clauses), left, evidence, is_incomplete)


def _holds(one: Clause) -> bool:
    return one.outcome is not Outcome.ALLOW


def _less_waived(
    case: Case, policy: Policy, hand: Hand, clauses: list[Clause]
) -> tuple[tuple[Finding, ...], dict[str, str]]:
    """Findings without those that exact waivers cover, raised ones raised; prints by rule."""
    groups: dict[str, list[Finding]] = {}
    for one in case.findings:
        groups.setdefault(one.rule, []).append(one)
    evidence = {rule: findings_print(group) for rule, group in groups.items()}
    waived = set()
    for rule, text in evidence.items():
        waiver = hand.exact(rule, text, is_final=rule in FINAL_RULES)
        if waiver is not None:
            waived.add(rule)
            clauses.append(_waived(waiver, groups[rule][0].title))
    kept = (one for one in case.findings if one.rule not in waived)
    return tuple(_changed(one, policy.changes, is_up=True) or one for one in kept), evidence


def _lowered(
    findings: tuple[Finding, ...], policy: Policy, hand: Hand, clauses: list[Clause]
) -> tuple[Finding, ...]:
    """Findings less what ranges waive and changes lower: never those of a rule that may block."""
    firm = {one.rule for one in findings if one.is_blocking}
    left = []
    for one in findings:
        waiver = None if one.rule in firm else hand.ranged(one.rule)
        if waiver is not None:
            clauses.append(_waived(waiver, one.title))
            continue
        lower = None if one.rule in firm else _change(one, policy.changes, is_up=False)
        if lower is None:
            left.append(one)
            continue
        word = f"counts as {lower.severity}" if lower.severity else "is not used"
        text = f"{one.rule} {word}: {lower.reason}"
        clauses.append(Clause(ClauseKind.THRESHOLD, Outcome.ALLOW, text, one.rule))
        if lower.severity:
            left.append(replace(one, severity=lower.severity))
    clauses[:] = dict.fromkeys(clauses)
    return tuple(left)


def _changed(one: Finding, changes: tuple[RuleChange, ...], *, is_up: bool) -> Finding | None:
    change = _change(one, changes, is_up=is_up)
    if change is None or change.severity is None:
        return None
    return replace(one, severity=change.severity)


def _change(one: Finding, changes: tuple[RuleChange, ...], *, is_up: bool) -> RuleChange | None:
    """The change that moves a finding this way.

    Up if any phase is meant, down only if all are: code that also runs elsewhere keeps its weight.
    """
    for change in changes:
        if change.rule != one.rule:
            continue
        rank = -1 if change.severity is None else SEVERITIES.index(change.severity)
        meant = set(change.phases) or set(one.phases)
        fits = bool(meant & set(one.phases)) if is_up else meant >= set(one.phases)
        fits = (fits and bool(one.phases)) or not change.phases
        if fits and (rank > SEVERITIES.index(one.severity)) == is_up:
            return change
    return None


def _spoken(
    findings: tuple[Finding, ...], verdict: Verdict, evidence: dict[str, str]
) -> Iterator[Clause]:
    """A clause for each rule that makes the verdict what it is."""
    if verdict is Verdict.CLEAR:
        return
    blocking = [one for one in findings if one.is_blocking]
    points = {one.rule for one in assess(findings, (), Coverage()).points}
    speaking = points | {one.rule for one in blocking}
    for rule in dict.fromkeys(one.rule for one in findings if one.rule in speaking):
        first = next(one for one in findings if one.rule == rule)
        outcome = _OUTCOMES[verdict]
        text = f"{verdict}: {first.title}"
        known = "" if rule in FINAL_RULES else evidence[rule]
        yield Clause(ClauseKind.VERDICT, outcome, text, rule, known)


def _unread(gaps: tuple[Gap, ...], hand: Hand, clauses: list[Clause]) -> tuple[Gap, ...]:
    hidden = tuple(one for one in gaps if one.is_blocking)
    if not hidden:
        return ()
    evidence = gaps_print(hidden)
    waiver = hand.exact(INCOMPLETE, evidence)
    more = f" and {len(hidden) - 1} more" if len(hidden) > 1 else ""
    at = f" ({hidden[0].path})" if hidden[0].path else ""
    text = f"{hidden[0].reason}{at}{more}"
    if waiver is not None:
        clauses.append(_waived(waiver, text))
        return ()
    text = f"INCOMPLETE: {text}"
    clauses.append(Clause(ClauseKind.VERDICT, Outcome.QUARANTINE, text, INCOMPLETE, evidence))
    return hidden


def _claims(claims: tuple[Claim, ...], hand: Hand) -> Iterator[Clause]:
    for one in claims:
        if one.verdict is Verdict.CLEAR:
            continue
        evidence = claim_print(one)
        is_final = one.is_final or one.rule in FINAL_RULES
        waiver = hand.exact(one.rule, evidence, is_final=is_final)
        if waiver is None and one.verdict is Verdict.REVIEW and not is_final:
            waiver = hand.ranged(one.rule)
        if waiver is not None:
            yield _waived(waiver, one.text)
            continue
        rule = INCOMPLETE if one.verdict is Verdict.INCOMPLETE else one.rule
        kind = ClauseKind.CHECKSUM if one.is_final else ClauseKind.VERDICT
        text = f"{one.verdict}: {one.text}"
        evidence = "" if is_final else evidence
        yield Clause(kind, _OUTCOMES[one.verdict], text, rule, evidence)


def _unexplained(case: Case) -> Iterator[Clause]:
    """A verdict that is worse than its own findings and gaps account for stays as it is."""
    accounted = assess(case.findings, case.gaps, Coverage()).verdict
    if _RANK.index(case.verdict) > _RANK.index(accounted):
        rule = INCOMPLETE if case.verdict is Verdict.INCOMPLETE else ""
        text = f"{case.verdict}, for reasons that no finding names"
        yield Clause(ClauseKind.CHECKSUM, _OUTCOMES[case.verdict], text, rule)


def _waived(waiver: Waiver, what: str) -> Clause:
    at = f" ({waiver.place})" if waiver.place else ""
    text = f"{what}: waived by {waiver.author} until {waiver.expires}{at}: {waiver.reason}"
    return Clause(ClauseKind.WAIVER, Outcome.ALLOW, text, waiver.rule)
