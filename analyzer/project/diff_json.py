"""`cratescope.diff/v1`: the public JSON form of a step between versions. Keys are only added.

Byte-identical for the same step: fixed key order, ASCII only.
"""

from __future__ import annotations

from analyzer import __version__
from analyzer.model import CrateInfo
from analyzer.project.changes import CrateDiff, DependencyChange, FileChange, Value
from analyzer.project.decisions import show
from analyzer.project.lock_changes import LockDiff, PackageChange
from analyzer.report import decisions, json_v1
from analyzer.report.text import json_text

SCHEMA = "cratescope.diff/v1"
LOCKS = "cratescope.lock-diff/v1"
Json = dict[str, object]


def render(found: CrateDiff | LockDiff) -> str:
    """One object. Ends with a line feed."""
    return json_text(plain(found)) + "\n"


def render_lines(found: CrateDiff | LockDiff) -> str:
    """A step is one line; of two lock files each changed package is one, the sum is the last."""
    if isinstance(found, CrateDiff):
        return render(found)
    document = plain(found)
    rows = [{"type": "package", **_package(one)} for one in found.packages]
    total = {"type": "diff", **{k: v for k, v in document.items() if k != "packages"}}
    return "".join(f"{json_text(one)}\n" for one in (*rows, total))


def plain(found: CrateDiff | LockDiff) -> Json:
    """A step as JSON data in its public shape."""
    return _step(found) if isinstance(found, CrateDiff) else _locks(found)


def _step(found: CrateDiff) -> Json:
    return {
        "schema": SCHEMA,
        "old": _crate(found.old),
        "new": _crate(found.new),
        "step": found.step,
        "verdict": found.verdict,
        "score": found.score,
        "summary": found.summary,
        "alone": found.alone,
        "points": [
            {"rule": one.rule, "points": one.points, "reason": one.reason} for one in found.points
        ],
        "findings": {
            "added": [json_v1.finding(one) for one in found.added],
            "gone": [json_v1.finding(one) for one in found.gone],
            "same": [json_v1.finding(one) for one in found.same],
        },
        "capabilities": {
            "gained": [json_v1.capability(one) for one in found.gained],
            "lost": [json_v1.capability(one) for one in found.lost],
        },
        "dependencies": [_dependency(one) for one in found.dependencies],
        "values": [_value(one) for one in found.values],
        "files": [_file(one) for one in found.files],
        "fields": [
            {"key": one.key, "before": one.before, "after": one.after} for one in found.fields
        ],
        "gaps": [json_v1.gap(one) for one in found.gaps],
        "provenance": {"tool": "cratescope", "tool_version": __version__},
        **({"decision": decisions.plain(found.decision)} if found.decision is not None else {}),
    }


def _dependency(one: DependencyChange) -> Json:
    return {
        "package": one.package,
        "kind": one.kind,
        "change": one.change,
        "requirement": one.requirement,
        "before": one.before,
        "words": list(one.words),
        "age_days": one.age_days,
        "version": one.version,
        "verdict": one.verdict,
    }


def _value(one: Value) -> Json:
    return {
        "kind": one.kind,
        "subject": one.subject,
        "phase": list(one.phases),
        "where": json_v1.place(one.where),
        "derivation": list(one.derivation),
    }


def _file(one: FileChange) -> Json:
    return {
        "path": one.path,
        "change": one.change,
        "phase": list(one.phases),
        "size_bytes": one.size_bytes,
        "before": one.before,
    }


def _crate(one: CrateInfo) -> Json:
    return {
        "name": one.name,
        "version": one.version,
        "sha256": one.sha256,
        "origin": one.origin,
    }


def _locks(found: LockDiff) -> Json:
    return {
        "schema": LOCKS,
        "old": found.old,
        "new": found.new,
        "verdict": found.verdict,
        "added": found.count("added"),
        "removed": found.count("removed"),
        "changed": found.count("changed"),
        "packages": [_package(one) for one in found.packages],
        "gaps": [json_v1.gap(one) for one in found.gaps],
        "provenance": {"tool": "cratescope", "tool_version": __version__},
        **({"decision": show.plain(found.decided)} if found.decided is not None else {}),
    }


def _package(one: PackageChange) -> Json:
    return {
        "name": one.name,
        "change": one.change,
        "old": one.old,
        "new": one.new,
        "file": one.file,
        "line": one.line,
        "verdict": one.verdict,
        "summary": one.summary,
        "step": _step(one.diff) if one.diff is not None else None,
        "report": json_v1.plain(one.report) if one.report is not None else None,
    }
