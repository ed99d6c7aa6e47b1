"""An audit for people (summary first, then what needs a person) and for programs."""

from __future__ import annotations

import json

from analyzer.model import Gap, Verdict
from analyzer.project.audit import Audit, Row
from analyzer.report.json_v1 import plain as plain_report
from analyzer.report.text import printable

SCHEMA = "cratescope.audit/v1"
FORMATS = ("human", "json", "jsonl")
_ORDER = (Verdict.BLOCK, Verdict.INCOMPLETE, Verdict.REVIEW, Verdict.CLEAR)
_NEXT = {
    Verdict.BLOCK: (
        "remove it from the dependency tree; if it was ever built here, rotate what it could read"
    ),
    Verdict.REVIEW: "a person should read its report: cratescope scan {name}@{version}",
    Verdict.INCOMPLETE: "treat it as unread: cratescope scan {name}@{version}",
    Verdict.CLEAR: "",
}
GAPS_SHOWN = 12


def as_text(audit: Audit) -> str:
    """The audit for a terminal; every text of a lock file is escaped."""
    lines = [_summary(audit), ""]
    for row in sorted(
        audit.rows, key=lambda one: (_ORDER.index(one.verdict), one.lockfile, one.line)
    ):
        lines += [*_row(row), ""]
    if audit.gaps:
        lines.append("Not looked at")
        shown = sorted(audit.gaps, key=lambda one: (not one.is_blocking, one.path, one.line))
        lines += [_gap(one) for one in shown[:GAPS_SHOWN]]
        if len(shown) > GAPS_SHOWN:
            lines.append(f"and {len(shown) - GAPS_SHOWN} more (see --format json)")
    return "\n".join(lines).rstrip("\n") + "\n"


def _summary(audit: Audit) -> str:
    counts = {one: sum(row.verdict is one for row in audit.rows) for one in _ORDER}
    found = ", ".join(f"{counts[one]} {one}" for one in _ORDER if counts[one])
    how = f"{audit.scanned} read by content" if audit.scanned else "checked by name only"
    files = "1 lock file" if len(audit.lockfiles) == 1 else f"{len(audit.lockfiles)} lock files"
    return (
        f"{audit.verdict}: {audit.packages} locked packages in {files}, {how}; "
        f"{found or 'nothing known to be bad'}."
    )


def _row(row: Row) -> list[str]:
    package = row.package
    lines = [
        f"{row.verdict} {printable(f'{package.name} {package.version}')}  "
        f"{printable(row.lockfile)}:{row.line}",
        f"  {printable(row.reason)}",
    ]
    if row.advisories:
        lines.append(f"  advisories: {', '.join(row.advisories)}")
    if row.campaign:
        lines.append(f"  campaign: {row.campaign}")
    if len(row.chain) > 1:
        lines.append(f"  comes in by: {printable(' > '.join(row.chain))}")
    lines.append(f"  next: {_NEXT[row.verdict].format(name=package.name, version=package.version)}")
    return [lines[0], *(printable(one) for one in lines[1:])]


def _gap(gap: Gap) -> str:
    line = f":{gap.line}" if gap.line else ""
    mark = "!" if gap.is_blocking else "-"
    return f"{mark} {printable(gap.reason)}  {printable(gap.path)}{line}"


def as_lines(audit: Audit) -> str:
    """One row a line, for streams."""
    return "".join(f"{json.dumps(_plain_row(one))}\n" for one in audit.rows)


def plain(audit: Audit) -> dict[str, object]:
    """The audit as JSON data, `cratescope.audit/v1`."""
    return {
        "schema": SCHEMA,
        "verdict": audit.verdict,
        "lockfiles": [
            {"path": one.path, "format": one.format_version, "packages": len(one.packages)}
            for one in audit.lockfiles
        ],
        "scanned": audit.scanned,
        "rows": [_plain_row(one) for one in audit.rows],
        "gaps": [
            {
                "kind": one.kind,
                "reason": one.reason,
                "path": one.path,
                "line": one.line,
                "blocking": one.is_blocking,
                "remedy": one.remedy,
            }
            for one in audit.gaps
        ],
    }


def _plain_row(row: Row) -> dict[str, object]:
    return {
        "name": row.package.name,
        "version": row.package.version,
        "source": row.package.source,
        "checksum": row.package.checksum,
        "lockfile": row.lockfile,
        "line": row.line,
        "verdict": row.verdict,
        "reason": row.reason,
        "advisories": list(row.advisories),
        "campaign": row.campaign,
        "chain": list(row.chain),
        "report": plain_report(row.report) if row.report is not None else None,
    }
