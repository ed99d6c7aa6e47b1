"""What every report for people says in the same words: places, order, what to do next.

All texts that leave here are raw: each format escapes them for its own channel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.model import (
    FactKind,
    Finding,
    Gap,
    Member,
    Moment,
    Outcome,
    Report,
    Severity,
    Span,
    Verdict,
    Where,
)
from analyzer.report.decisions import steps_of
from analyzer.report.observation import moment_text

RANK = (Verdict.BLOCK, Verdict.INCOMPLETE, Verdict.REVIEW, Verdict.CLEAR)
"""Verdicts, the worst first."""
SECRETS_SHOWN = 5
_ORDER = tuple(reversed(Severity))
_STOP = "Do not build this crate. Pin a version you trust, or wait for one that a person has read."
_ROTATE = "If it was ever built, change what it could read there: "
_WAIT = "A person should read the findings before this crate enters a build."
_UNREAD = "Treat it as unread: the gaps say what would help."
_SECRET_KINDS = frozenset({FactKind.FILE_READ, FactKind.ENV_READ, FactKind.PATH_SECRET})


def where_text(where: Where) -> str:
    """A place as `file:line`, not escaped."""
    if isinstance(where, Span):
        return f"{where.file}:{where.line}"
    if isinstance(where, Member):
        return where.member or "archive"
    if isinstance(where, Moment):
        return moment_text(where)
    line = f":{where.line}" if where.line else ""
    return f"{where.document}{line} {where.key}"


def by_severity(findings: Iterable[Finding]) -> list[Finding]:
    """Findings, the worst first."""
    return sorted(findings, key=lambda one: (_ORDER.index(one.severity), one.rule))


def by_weight(gaps: Iterable[Gap]) -> list[Gap]:
    """Gaps, those that keep a verdict from being CLEAR first."""
    return sorted(gaps, key=lambda one: not one.is_blocking)


def asks(report: Report) -> bool:
    """Whether a person should look: the verdict asks for it, or the policy holds or denies."""
    is_held = report.decision is not None and report.decision.outcome is not Outcome.ALLOW
    return is_held or report.verdict is not Verdict.CLEAR


def next_steps(report: Report) -> Iterator[str]:
    """What a reader should do, not escaped: first what the policy leaves to do, if one decided."""
    if report.decision is not None:
        yield from steps_of(report.decision, f"{report.crate.name}@{report.crate.version}")
        if report.decision.outcome is Outcome.ALLOW:
            return
    if report.verdict is Verdict.BLOCK:
        yield _STOP
        secrets = _secrets(report.findings)
        if secrets:
            more = ", and more" if len(secrets) > SECRETS_SHOWN else ""
            yield _ROTATE + ", ".join(secrets[:SECRETS_SHOWN]) + more
    elif report.verdict is Verdict.INCOMPLETE:
        yield _UNREAD
    elif report.decision is None:
        yield _WAIT if report.verdict is Verdict.REVIEW else "Nothing to do."
    if report.findings and report.provenance.ruleset:  # else the finding is no rule's
        yield f"cratescope explain {by_severity(report.findings)[0].rule}"


def _secrets(findings: tuple[Finding, ...]) -> list[str]:
    """What the blocking findings read, each once."""
    cited = (item for one in findings if one.is_blocking for item in one.evidence)
    return list(dict.fromkeys(one.subject for one in cited if one.kind in _SECRET_KINDS))
