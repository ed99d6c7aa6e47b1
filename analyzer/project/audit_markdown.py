"""An audit as one pull-request comment or job summary: what needs a person first."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model import Gap
from analyzer.project.audit import AuditResult, Row
from analyzer.project.audit_text import chain_text, counted, next_step, summary, where
from analyzer.project.decisions import markdown as policy
from analyzer.project.hygiene.model import HygieneResult
from analyzer.project.hygiene.table import read_checks
from analyzer.report.comment import (
    ROWS_SHOWN,
    TOLD,
    Block,
    advice,
    block,
    cell,
    comment,
    findings,
    folded,
    gaps,
    table,
)

PLACES_SHOWN = 4


def render(result: AuditResult) -> str:
    """The comment. Ends with a line feed."""
    return comment("audit", _blocks(result))


def _blocks(result: AuditResult) -> Iterator[Block]:
    yield block(_summary(result))
    for row in result.rows[:TOLD]:
        yield block(_row(row))
    yield folded("Not looked at, and not counted", gaps(result.gaps, is_blocking=False))
    yield folded("Ways to each package", _ways(result))
    if result.hygiene is not None:
        yield folded("Hygiene", _habits(result.hygiene))


def _summary(result: AuditResult) -> Iterator[str]:
    found, method = summary(result)
    packages = counted(result.packages, "locked package")
    yield f"### cratescope: {result.verdict}"
    yield ""
    yield f"{packages} in {counted(len(result.lockfiles), 'lock file')}: {found} {method}"
    yield ""
    if result.decided is not None:
        yield from policy.lines(result.decided)
    yield from table(
        ("verdict", "package", "why", "where"),
        (
            (
                f"**{row.verdict}**",
                _name(row),
                cell(row.reasons[0].text if row.reasons else ""),
                cell(where(row.places[0])) if row.places else "",
            )
            for row in result.rows
        ),
    )
    yield from gaps(result.gaps, is_blocking=True)


def _name(row: Row) -> str:
    return cell(f"{row.package.name} {row.package.version}")


def _row(row: Row) -> Iterator[str]:
    yield f"#### {_name(row)}: {row.verdict}"
    yield ""
    for reason in row.reasons:
        ids = f" ({', '.join(reason.advisories)})" if reason.advisories else ""
        yield f"- {cell(reason.text + ids, max_characters=600)}"
    for place in row.places[:PLACES_SHOWN]:
        yield f"- locked at {cell(where(place))}"
    if len(row.places) > PLACES_SHOWN:
        yield f"- and {len(row.places) - PLACES_SHOWN} more places"
    yield ""
    if row.report is not None:
        yield from findings(row.report.findings)
        yield from gaps(row.report.gaps, is_blocking=True)
    for text in dict.fromkeys(next_step(row, one) for one in row.reasons):
        yield f"> {advice(text)}"
        yield ">"
    yield ""


def _ways(result: AuditResult) -> Iterator[str]:
    for row in result.rows[:ROWS_SHOWN]:
        for place in row.places[:PLACES_SHOWN]:
            if len(place.chain) > 1:
                way = cell(chain_text(place.chain), max_characters=600)
                yield f"- {cell(where(place))}: {way}"


def _habits(hygiene: HygieneResult) -> Iterator[str]:
    checks = read_checks()
    yield from table(
        ("severity", "habit", "where", "what"),
        (
            (
                one.severity,
                cell(checks[one.check].title),
                cell(f"{one.file}:{one.line}" if one.line else one.file),
                cell(one.text),
            )
            for one in hygiene.rows
        ),
    )
    missed: tuple[Gap, ...] = hygiene.gaps
    yield from gaps(missed, is_blocking=False)
