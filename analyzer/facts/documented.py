"""Documentation and texts are read under names of their own; what is shown stands in the file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from analyzer.model import Fact, Finding, Hop, Span, Where
from analyzer.syntax.sources import DOCUMENTATION, TEXTS


def facts_in_files(facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """The facts, those of documentation at their file."""
    return tuple(
        replace(one, where=_in_file(one.where)) if _is_apart(one.where) else one for one in facts
    )


def findings_in_files(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings, with all that they cite at its file."""
    return tuple(_shown(one) for one in findings)


def _shown(finding: Finding) -> Finding:
    places = (*(one.where for one in finding.evidence), *(one.where for one in finding.path))
    if not any(map(_is_apart, places)):
        return finding
    return replace(
        finding,
        evidence=tuple(replace(one, where=_in_file(one.where)) for one in finding.evidence),
        path=tuple(_hop(one) for one in finding.path),
    )


def _hop(hop: Hop) -> Hop:
    where = _in_file(hop.where)
    return replace(hop, where=where) if isinstance(where, Span) else hop


def _is_apart(where: Where) -> bool:
    return _in_file(where) is not where


def _in_file(where: Where) -> Where:
    if isinstance(where, Span) and where.file.endswith((DOCUMENTATION, TEXTS)):
        return replace(where, file=where.file.removesuffix(DOCUMENTATION).removesuffix(TEXTS))
    return where
