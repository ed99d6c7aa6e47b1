"""Findings and gaps to a verdict and a score whose every point has an owner.

Also the neutral layer: what the code can do (capabilities) and what can be searched for
(indicators). All weights and thresholds stand here, in one place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from analyzer.model import (
    BUILD_TIME,
    QUIET,
    Capability,
    Confidence,
    Coverage,
    Fact,
    FactKind,
    Finding,
    Gap,
    Indicator,
    Phase,
    Point,
    Severity,
    Support,
    Verdict,
)

SEVERITY_POINTS: Mapping[Severity, int] = {
    Severity.INFO: 0,
    Severity.LOW: 8,
    Severity.MEDIUM: 25,
    Severity.HIGH: 50,
    Severity.CRITICAL: 90,
}
CONFIDENCE_PERCENT: Mapping[Confidence, int] = {
    Confidence.LOW: 50,
    Confidence.MEDIUM: 75,
    Confidence.HIGH: 100,
}
SUPPORT_PERCENT: Mapping[Support, int] = {
    Support.STATIC: 100,
    Support.OBSERVED: 110,
    Support.MIXED: 115,
    Support.CORROBORATED: 125,
}
BLOCK_FROM = 70
REVIEW_FROM = 25
SECONDARY_PERCENT = 25
"""What a finding beside the strongest one of its phase adds; phases are never summed."""
SECONDARY_MAX = 19
QUIET_MAX = REVIEW_FROM - 1
"""The most that tests, examples, benches and unreached files add up to, unless a BLOCK rule, or a
critical one, holds there: a whole chain that lies ready in unreached code is worth a person's
look, no more (V5)."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """The verdict with its reasons."""

    verdict: Verdict
    score: int
    points: tuple[Point, ...]
    summary: str


def assess(findings: tuple[Finding, ...], gaps: tuple[Gap, ...], coverage: Coverage) -> Assessment:
    """BLOCK before INCOMPLETE before REVIEW before CLEAR; the score is the strongest chain."""
    points = _points(findings)
    score = min(100, sum(one.points for one in points))
    blocked = [one for one in findings if _blocks(one)]
    hidden = [one for one in gaps if one.is_blocking]
    if blocked or score >= BLOCK_FROM:
        verdict = Verdict.BLOCK
    elif hidden:
        verdict = Verdict.INCOMPLETE
    elif score >= REVIEW_FROM:
        verdict = Verdict.REVIEW
    else:
        verdict = Verdict.CLEAR
    score = _in_band(verdict, score, is_blocked=bool(blocked))
    return Assessment(verdict, score, points, _summary(verdict, findings, hidden, coverage))


def _blocks(finding: Finding) -> bool:
    """A rule may ask for BLOCK; code that only tests or nobody runs never does (V5)."""
    return finding.is_blocking and finding.confidence is Confidence.HIGH and not finding.is_quiet


def _worth(finding: Finding) -> int:
    base = SEVERITY_POINTS[finding.severity] * CONFIDENCE_PERCENT[finding.confidence]
    worth = base * SUPPORT_PERCENT[finding.support] // 10_000
    if finding.is_quiet:
        return REVIEW_FROM if finding.is_blocking or worth >= BLOCK_FROM else min(worth, QUIET_MAX)
    return worth


def _points(findings: tuple[Finding, ...]) -> tuple[Point, ...]:
    """The best finding, and a bounded part of others that share a phase with it, a rule once."""
    best_of: dict[str, Finding] = {}
    for one in findings:
        if one.rule not in best_of or _worth(one) > _worth(best_of[one.rule]):
            best_of[one.rule] = one
    ranked = sorted(best_of.values(), key=lambda one: (-_worth(one), one.rule))
    if not ranked or not _worth(ranked[0]):
        return ()
    best = ranked[0]
    points = [Point(best.rule, _worth(best), _reason(best))]
    left = max(0, QUIET_MAX - _worth(best)) if best.is_quiet else SECONDARY_MAX
    techniques = set(best.techniques)
    for one in ranked[1:]:
        shares = not one.phases or not best.phases or set(one.phases) & set(best.phases)
        part = min(left, _worth(one) * SECONDARY_PERCENT // 100)
        if not shares or part <= 0 or set(one.techniques) <= techniques:
            continue
        techniques |= set(one.techniques)
        left -= part
        points.append(Point(one.rule, part, f"beside it: {_reason(one)}"))
    return tuple(points)


def _reason(finding: Finding) -> str:
    return f"{finding.severity} severity, {finding.confidence} confidence, {finding.support}"


def _in_band(verdict: Verdict, score: int, *, is_blocked: bool) -> int:
    """A score never contradicts its verdict: BLOCK is 70 or more."""
    return max(score, BLOCK_FROM) if verdict is Verdict.BLOCK and is_blocked else score


def _summary(
    verdict: Verdict, findings: tuple[Finding, ...], hidden: list[Gap], coverage: Coverage
) -> str:
    ranked = sorted(findings, key=lambda one: (not _blocks(one), -_worth(one), one.rule))
    more = len({one.rule for one in findings}) - 1
    also = f" (and {more} more)" if more > 0 else ""
    if verdict in (Verdict.BLOCK, Verdict.REVIEW) and ranked:
        return f"{ranked[0].sentence}{also}."
    if verdict is Verdict.INCOMPLETE:
        place = f" ({hidden[0].path})" if hidden[0].path else ""
        return f"Code that runs at build time could not be read: {hidden[0].reason}{place}."
    files = "1 Rust file" if coverage.rust_files == 1 else f"{coverage.rust_files} Rust files"
    notes = f"; {len(findings)} minor findings" if findings else ""
    return f"Nothing in {files} asks for a person's attention{notes}."


# Capabilities -------------------------------------------------------------------------------------

_CAPABILITIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("build script", ("manifest.build-script",)),
    ("network", ("net.connect", "net.send", "net.receive", "net.resolve")),
    ("network server", ("net.listen",)),
    ("programs", ("process.spawn", "process.detach")),
    ("shell", ("process.shell",)),
    ("files read", ("file.read", "file.walk")),
    ("files written", ("file.write", "file.delete", "file.permission")),
    ("environment", ("env.read", "env.read-all", "env.write")),
    ("secret places named", ("path.secret",)),
    ("native code", ("code.native", "native.link", "archive.binary")),
    ("code loaded or generated", ("code.load", "code.generate", "code.execute-memory")),
    ("decoding", ("code.decode",)),
    (
        "clipboard, keys, screen",
        ("clipboard.read", "clipboard.write", "input.capture", "screen.capture"),
    ),
    ("clock", ("clock.set",)),
    ("auto-run files", ("archive.autorun",)),
    ("build directives", ("build.directive",)),
)
CAPABILITY_NAMES = tuple(name for name, _ in _CAPABILITIES)
SUBJECTS_PER_CAPABILITY = 12
_GROUP_OF = {FactKind(kind): name for name, kinds in _CAPABILITIES for kind in kinds}


def capabilities(facts: tuple[Fact, ...]) -> tuple[Capability, ...]:
    """What the code can do, neutrally; test-only and unreached code counts with its phases."""
    table: dict[str, list[Fact]] = {}
    for fact in facts:
        name = _GROUP_OF.get(fact.kind)
        if name is not None:
            table.setdefault(name, []).append(fact)
    return tuple(_capability(name, table[name]) for name, _ in _CAPABILITIES if name in table)


def _capability(name: str, facts: list[Fact]) -> Capability:
    reached = {phase for fact in facts for phase in fact.phases}
    ordered = sorted(facts, key=_urgency)
    subjects = dict.fromkeys(one.subject for one in ordered if one.subject != "unknown")
    return Capability(
        name,
        tuple(one for one in Phase if one in reached),
        len(facts),
        ordered[0].where,
        tuple(subjects)[:SUBJECTS_PER_CAPABILITY],
    )


def _urgency(fact: Fact) -> int:
    """Build-time code first, then what ships, then tests."""
    if set(fact.phases) & BUILD_TIME:
        return 0
    return 2 if fact.phases and QUIET.issuperset(fact.phases) else 1


# Indicators ---------------------------------------------------------------------------------------

INDICATOR_MAX = 200
_INDICATOR_KINDS: Mapping[FactKind, str] = {
    FactKind.VALUE_URL: "url",
    FactKind.VALUE_ADDRESS: "address",
    FactKind.PATH_SECRET: "path",
}


def indicators(facts: Iterable[Fact]) -> tuple[Indicator, ...]:
    """Literals to search logs and machines for, each once, decoded ones first; at most 200."""
    found: dict[tuple[str, str], Indicator] = {}
    for fact in sorted(facts, key=lambda one: (not one.derivation, _urgency(one))):
        kind = _INDICATOR_KINDS.get(fact.kind)
        if kind is not None and len(found) < INDICATOR_MAX:
            found.setdefault((kind, fact.subject), Indicator(kind, fact.subject, fact.where))
    return tuple(sorted(found.values(), key=lambda one: (one.kind, one.value)))
