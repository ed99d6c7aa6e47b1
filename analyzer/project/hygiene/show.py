"""Hygiene for people and as JSON data (the key `hygiene` of `cratescope.audit/v1`)."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from analyzer.model import Severity
from analyzer.project.hygiene.model import HygieneResult, HygieneRow
from analyzer.project.hygiene.table import Check, read_checks
from analyzer.report.text import printable

_ORDER = (Severity.MEDIUM, Severity.LOW, Severity.INFO)
_PLACES_SHOWN = 4
_GAPS_SHOWN = 8


def lines(result: HygieneResult, width: int) -> Iterator[str]:
    """The rows by check, the worst first, each with its first places, reason and remedy."""
    counts = {one: sum(row.severity is one for row in result.rows) for one in _ORDER}
    said = ", ".join(f"{count} {one}" for one, count in counts.items() if count)
    files = f"{len(result.files)} file{'s' * (len(result.files) != 1)}"
    yield f"Hygiene  {said or 'nothing to change'}, of {files} read"
    for check, rows in groups(result):
        yield from _group(rows[0].severity, check, rows, width)
    for gap in result.gaps[:_GAPS_SHOWN]:
        at = f"{gap.path}:{gap.line}" if gap.line else gap.path
        yield from _wrapped(f"- {at}  {gap.reason}", "", width)
    if len(result.gaps) > _GAPS_SHOWN:
        yield f"  and {len(result.gaps) - _GAPS_SHOWN} gaps more (see --format json)"


def groups(result: HygieneResult) -> Iterator[tuple[Check, list[HygieneRow]]]:
    """Rows by check and severity, the worst first."""
    checks = read_checks()
    found: dict[tuple[Severity, str], list[HygieneRow]] = {}
    for row in result.rows:
        found.setdefault((row.severity, row.check), []).append(row)
    for (_, name), rows in sorted(found.items(), key=lambda one: _ORDER.index(one[0][0])):
        yield checks[name], rows


def _group(severity: Severity, check: Check, rows: list[HygieneRow], width: int) -> Iterator[str]:
    yield ""
    yield f"{severity:<8}{check.title}  ({check.id})"
    for row in rows[:_PLACES_SHOWN]:
        at = f"{row.file}:{row.line}" if row.line else row.file
        yield from _wrapped(f"{at}  {row.text}", "where", width)
    if len(rows) > _PLACES_SHOWN:
        yield f"          and {len(rows) - _PLACES_SHOWN} more places"
    yield from _wrapped(check.why, "why", width)
    yield from _wrapped(check.remedy, "next", width)


def _wrapped(text: str, label: str, width: int) -> list[str]:
    return textwrap.wrap(
        printable(text, max_characters=800),
        width=max(width, 40),
        initial_indent=f"  {label:<8}" if label else "",
        subsequent_indent=" " * 10,
        break_long_words=False,
        break_on_hyphens=False,
    )


def plain(result: HygieneResult) -> dict[str, object]:
    """The public JSON shape. Keys are only added."""
    checks = read_checks()
    return {
        "rows": [_row(one, checks[one.check]) for one in result.rows],
        "gaps": [{"path": x.path, "line": x.line, "reason": x.reason} for x in result.gaps],
        "files": list(result.files),
        "digest": result.digest,
    }


def _row(row: HygieneRow, check: Check) -> dict[str, object]:
    return {
        "check": row.check,
        "severity": row.severity,
        "title": check.title,
        "file": row.file,
        "line": row.line,
        "job": row.job,
        "text": row.text,
        "why": check.why,
        "remedy": check.remedy,
    }
