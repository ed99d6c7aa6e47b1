"""`cratescope.audit/v1`: the public JSON form of an audit. Keys are only added.

Byte-identical for the same result: fixed key order, ASCII only.
"""

from __future__ import annotations

from analyzer import __version__
from analyzer.model import Gap, Report
from analyzer.project.audit import AuditResult, NameCheck, Place, Reason, Row, Since
from analyzer.project.decisions import show as decided
from analyzer.project.graph.reach import Reach
from analyzer.project.hygiene import show as hygiene
from analyzer.report.json_v1 import evidence
from analyzer.report.json_v1 import plain as plain_report
from analyzer.report.text import json_text

SCHEMA = "cratescope.audit/v1"
Json = dict[str, object]


def render(result: AuditResult) -> str:
    """The whole audit as one object. Ends with a line feed."""
    return json_text(plain(result)) + "\n"


def render_lines(result: AuditResult) -> str:
    """One line for each row, then one for each gap, told apart by `type`; the last line sums up."""
    document = plain(result)
    rows = [{"type": "row", **_row(one)} for one in result.rows]
    gaps = [{"type": "gap", **_gap(one)} for one in result.gaps]
    total = {"type": "audit", **{k: v for k, v in document.items() if k not in ("rows", "gaps")}}
    return "".join(f"{json_text(one)}\n" for one in (*rows, *gaps, total))


def plain(result: AuditResult) -> Json:
    """An audit as JSON data in its public shape."""
    return {
        "schema": SCHEMA,
        "verdict": result.verdict,
        "packages": result.packages,
        "scanned": result.is_scanned,
        "lockfiles": [
            {"path": one.path, "format": one.format_version, "packages": len(one.packages)}
            for one in result.lockfiles
        ],
        "rows": [_row(one) for one in result.rows],
        "scans": [_scan(one) for one in result.reports],
        "gaps": [_gap(one) for one in result.gaps],
        **({"graph": _graph(result)} if result.reaches else {}),
        "provenance": {
            "tool": "cratescope",
            "tool_version": __version__,
            "known_bad": result.known_bad,
        },
        **({"since": _since(result.since)} if result.since is not None else {}),
        **({"names": [_name(one) for one in result.names]} if result.names is not None else {}),
        **({"hygiene": hygiene.plain(result.hygiene)} if result.hygiene is not None else {}),
        **({"decision": decided.plain(result.decided)} if result.decided is not None else {}),
    }


def _since(since: Since) -> Json:
    unchanged = sorted({(one.name, one.version) for one in since.unchanged})
    return {
        "base": since.base,
        "commits": list(since.commits),
        "unchanged": [{"name": name, "version": version} for name, version in unchanged],
    }


def _name(one: NameCheck) -> Json:
    return {
        "name": one.name,
        "version": one.version,
        "standing": one.standing,
        "text": one.text,
        "remedy": one.remedy,
        "edges": list(one.edges),
        "lockfile": one.lockfile,
        "line": one.line,
    }


def _row(row: Row) -> Json:
    return {
        "name": row.package.name,
        "version": row.package.version,
        "source": row.package.source,
        "checksum": row.package.checksum,
        "verdict": row.verdict,
        "reasons": [_reason(one) for one in row.reasons],
        "places": [_place(one) for one in row.places],
        "report": plain_report(row.report) if row.report is not None else None,
    }


def _reason(one: Reason) -> Json:
    cited: Json = {"evidence": [evidence(each) for each in one.evidence]} if one.evidence else {}
    return {
        "rule": one.rule,
        "verdict": one.verdict,
        "text": one.text,
        "kind": one.kind,
        "advisories": list(one.advisories),
        "campaign": one.campaign,
    } | cited


def _place(one: Place) -> Json:
    place: Json = {"lockfile": one.lockfile, "line": one.line, "chain": list(one.chain)}
    return place | ({"reach": _reach(one.reach)} if one.reach is not None else {})


def _reach(one: Reach) -> Json:
    return {
        "built": one.is_built,
        "runs": list(one.runs),
        "through": one.through,
        "build_chain": list(one.chain),
        "features": [{"name": name, "by": by} for name, by in one.features],
    }


def _graph(result: AuditResult) -> list[Json]:
    packages = {lock.path: lock.packages for lock in result.lockfiles}
    return [
        {"lockfile": path, "name": one.name, "version": one.version, "line": one.line}
        | _reach(reach)
        for path, found in result.reaches
        for one, reach in zip(packages[path], found, strict=True)
    ]


def _scan(one: Report) -> Json:
    return {
        "name": one.crate.name,
        "version": one.crate.version,
        "sha256": one.crate.sha256,
        "verdict": one.verdict,
        "score": one.score,
        "summary": one.summary,
    }


def _gap(one: Gap) -> Json:
    return {
        "kind": one.kind,
        "reason": one.reason,
        "path": one.path,
        "line": one.line,
        "blocking": one.is_blocking,
        "remedy": one.remedy,
    }
