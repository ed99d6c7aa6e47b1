"""Reports, policies and waivers as the tests of decisions need them."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from analyzer.model import (
    Capability,
    Confidence,
    Coverage,
    CrateInfo,
    Decision,
    Evidence,
    FactKind,
    Finding,
    Gap,
    GapKind,
    Origin,
    Phase,
    Provenance,
    Report,
    Severity,
    Span,
    Support,
    Waiver,
)
from analyzer.policy.case import Surroundings, case_of, findings_print, gaps_print
from analyzer.policy.decide import decide
from analyzer.policy.read import read_policy
from analyzer.policy.terms import Policy
from analyzer.score import assess

TODAY = datetime.date(2026, 11, 26)
SHA = "ab" * 32


def finding(
    rule: str = "reads-a-key",
    severity: Severity = Severity.HIGH,
    *,
    is_blocking: bool = False,
    phases: tuple[Phase, ...] = (Phase.BUILD_SCRIPT,),
    line: int = 3,
) -> Finding:
    where = Span("build.rs", line, 1, line)
    cited = Evidence(FactKind.FILE_READ, "~/.aws/credentials", "source", where, "read()")
    return Finding(
        rule, f"title of {rule}", severity, Confidence.HIGH, Support.STATIC, phases, (), (),
        (cited,), is_blocking,
    )  # fmt: skip


REVIEW = finding()
BLOCK = finding("sends-a-key", Severity.CRITICAL, is_blocking=True)
GAP = Gap(GapKind.BUDGET, "over the budget", "build.rs", is_blocking=True)


def report(
    *findings: Finding,
    gaps: tuple[Gap, ...] = (),
    capabilities: tuple[Capability, ...] = (),
    name: str = "some",
    version: str = "1.0.0",
    sha256: str = SHA,
    origin: Origin = Origin.CRATES_IO,
) -> Report:
    judged = assess(findings, gaps, Coverage())
    return Report(
        crate=CrateInfo(name, version, sha256, origin),
        verdict=judged.verdict,
        score=judged.score,
        summary=judged.summary,
        findings=findings,
        capabilities=capabilities,
        indicators=(),
        facts=(),
        gaps=gaps,
        coverage=Coverage(),
        points=judged.points,
        provenance=Provenance("0", "", ""),
    )


def capability(name: str, *phases: Phase) -> Capability:
    return Capability(name, phases, 1, Span("a.rs", 1))


def waiver(of: Report, rule: str = "", **changed: str) -> Waiver:
    """An exact waiver for a rule of a report, in force on TODAY; INCOMPLETE if it names none."""
    found = [one for one in of.findings if one.rule == rule]
    hidden = [one for one in of.gaps if one.is_blocking]
    evidence = findings_print(found) if rule else gaps_print(hidden)
    one = Waiver(
        rule=rule or "incomplete",
        crate=of.crate.name,
        reason="read by hand",
        author="ann@example.invalid",
        expires="2026-12-31",
        version=of.crate.version,
        sha256=of.crate.sha256,
        evidence=evidence,
    )
    return replace(one, **changed)


@dataclass
class Owner:
    """An owner with a policy text, asked about reports."""

    text: str = ""
    waivers: tuple[Waiver, ...] = ()
    changed: dict[str, object] = field(default_factory=dict)

    @property
    def policy(self) -> Policy:
        return replace(read_policy(self.text.encode(), name="p.toml")[0], **self.changed)  # type: ignore[arg-type]

    def on(self, of: Report, today: datetime.date = TODAY, **around: object) -> Decision:
        known = Surroundings(**around)  # type: ignore[arg-type]
        return decide(of, self.policy, self.waivers, today, around=known)


Ask = Callable[..., Owner]

__all__ = ["case_of"]


@pytest.fixture
def owner() -> Ask:
    def make(text: str = "", *waivers: Waiver, **changed: object) -> Owner:
        return Owner(text, waivers, changed)

    return make
