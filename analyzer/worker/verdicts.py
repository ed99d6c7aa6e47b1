"""Reports that no analysis made: the bytes never came, or were not the ones that were promised."""

from __future__ import annotations

from analyzer import __version__
from analyzer.errors import ChecksumMismatch
from analyzer.limits import Limits
from analyzer.model import (
    Confidence,
    Coverage,
    CrateInfo,
    CrateSource,
    Evidence,
    FactKind,
    Field,
    Finding,
    Gap,
    GapKind,
    IndexEntry,
    Origin,
    Point,
    Provenance,
    Report,
    Severity,
    Support,
    Verdict,
)

MISMATCH = "checksum-mismatch"


def unanswered(crate: CrateSource, reason: str, limits: Limits) -> Report:
    """The INCOMPLETE report of a crate that no worker could analyze."""
    gap = Gap(
        GapKind.WORKER,
        reason,
        is_blocking=True,
        remedy="judge this crate by hand, and report it to the authors of cratescope",
    )
    info = CrateInfo(crate.ref.name, crate.ref.version, crate.sha256, crate.origin)
    summary = f"The crate could not be analyzed: {reason}."
    return _bare(info, Verdict.INCOMPLETE, summary, limits, gaps=(*crate.gaps, gap))


def mismatched(entry: IndexEntry, error: ChecksumMismatch, limits: Limits) -> Report:
    """The BLOCK report where bytes, index and lock file disagree; nothing was analyzed."""
    where = Field("registry", "cksum")
    finding = Finding(
        rule=MISMATCH,
        title="the bytes are not the ones that were promised",
        severity=Severity.CRITICAL,
        confidence=Confidence.HIGH,
        support=Support.STATIC,
        phases=(),
        attack=("T1195.002",),
        techniques=("T17",),
        evidence=(
            Evidence(FactKind.ARCHIVE_ANOMALY, f"expected {error.expected}", "", where),
            Evidence(FactKind.ARCHIVE_ANOMALY, f"found {error.actual}", "", where),
        ),
        is_blocking=True,
    )
    info = CrateInfo(entry.name, entry.version, entry.checksum, Origin.REGISTRY)
    summary = f"{error}; nothing was analyzed."
    return _bare(info, Verdict.BLOCK, summary, limits, findings=(finding,))


def _bare(
    info: CrateInfo,
    verdict: Verdict,
    summary: str,
    limits: Limits,
    *,
    findings: tuple[Finding, ...] = (),
    gaps: tuple[Gap, ...] = (),
) -> Report:
    points = tuple(Point(one.rule, 100, "the bytes are not what they claim") for one in findings)
    return Report(
        crate=info,
        verdict=verdict,
        score=100 if findings else 0,
        summary=summary,
        findings=findings,
        capabilities=(),
        indicators=(),
        facts=(),
        gaps=gaps,
        coverage=Coverage(),
        points=points,
        provenance=Provenance(__version__, "", limits.digest()),
    )
