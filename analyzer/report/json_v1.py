"""`cratescope.report/v1`: the public JSON form. Its outer shape is a promise; keys are only added.

Byte-identical for the same report: fixed key order, plain ASCII, one item of a list a line.
"""

from __future__ import annotations

from analyzer.model import (
    Capability,
    Evidence,
    Fact,
    Finding,
    Gap,
    Indicator,
    Member,
    Moment,
    Observation,
    ObservedProcess,
    Payload,
    Report,
    Span,
    Stage,
    Where,
)
from analyzer.report import decisions
from analyzer.report.text import json_text

NAME = "json"
SCHEMA = "cratescope.report/v1"
MANY = "cratescope.reports/v1"

Json = dict[str, object]


def render(reports: tuple[Report, ...]) -> str:
    """One report is one object; several stand in one `reports` object. Ends with a line feed."""
    if len(reports) == 1:
        return f"{_laid_out(reports[0])}\n"
    rows = ",\n".join(_laid_out(one) for one in reports)
    return f'{{"schema": {json_text(MANY)}, "reports": [\n{rows}\n]}}\n'


def _laid_out(report: Report) -> str:
    return "{\n" + ",\n".join(_row(key, one) for key, one in plain(report).items()) + "\n}"


def _row(key: str, value: object) -> str:
    if isinstance(value, list) and value:
        items = ",\n  ".join(json_text(one) for one in value)
        return f" {json_text(key)}: [\n  {items}\n ]"
    return f" {json_text(key)}: {json_text(value)}"


def plain(report: Report) -> Json:
    """A report as JSON data in its public shape."""
    coverage = report.coverage
    return {
        "schema": SCHEMA,
        "crate": {
            "name": report.crate.name,
            "version": report.crate.version,
            "sha256": report.crate.sha256,
            "origin": report.crate.origin,
        },
        "verdict": report.verdict,
        "score": report.score,
        "summary": report.summary,
        "findings": [finding(one) for one in report.findings],
        "capabilities": [capability(one) for one in report.capabilities],
        "indicators": [_indicator(one) for one in report.indicators],
        "facts": [_fact(one) for one in report.facts],
        "gaps": [gap(one) for one in report.gaps],
        "coverage": {
            "files": coverage.files,
            "size_bytes": coverage.size_bytes,
            "rust_files": coverage.rust_files,
            "rust_size_bytes": coverage.rust_size_bytes,
            "parsed_files": coverage.parsed_files,
            "prefiltered_files": coverage.prefiltered_files,
            "phases": dict(coverage.phases),
        },
        "points": [
            {"rule": one.rule, "points": one.points, "reason": one.reason} for one in report.points
        ],
        "provenance": {
            "tool": "cratescope",
            "tool_version": report.provenance.tool_version,
            "ruleset": report.provenance.ruleset,
            "limits": report.provenance.limits,
            "as_of": report.provenance.as_of,
            **_sources(report),
        },
        **({"decision": decisions.plain(report.decision)} if report.decision is not None else {}),
        **_observed(report),
    }


def finding(one: Finding) -> Json:
    """A finding in its public shape."""
    return {
        "rule": one.rule,
        "title": one.title,
        "severity": one.severity,
        "confidence": one.confidence,
        "support": one.support,
        "blocking": one.is_blocking,
        "phase": list(one.phases),
        "attack": list(one.attack),
        "techniques": list(one.techniques),
        "evidence": [evidence(item) for item in one.evidence],
        "path": [{"where": place(hop.where), "snippet": hop.snippet} for hop in one.path],
    }


def evidence(one: Evidence) -> Json:
    """A cited fact in its public shape."""
    return {
        "kind": one.kind,
        "subject": one.subject,
        "role": one.role,
        "where": place(one.where),
        "snippet": one.snippet,
        "derivation": list(one.derivation),
        "guards": [{"kind": item.kind, "subject": item.subject} for item in one.guards],
    }


def capability(one: Capability) -> Json:
    """A capability in its public shape."""
    return {
        "name": one.name,
        "phase": list(one.phases),
        "count": one.count,
        "first": place(one.first),
        "subjects": list(one.subjects),
    }


def _indicator(one: Indicator) -> Json:
    return {"kind": one.kind, "value": one.value, "where": place(one.where)}


def _fact(one: Fact) -> Json:
    return {
        "kind": one.kind,
        "subject": one.subject,
        "where": place(one.where),
        "phase": list(one.phases),
        "owner": one.owner,
        "api": one.api,
        "data": list(one.data),
        "guards": [{"kind": item.kind, "subject": item.subject} for item in one.guards],
        "derivation": list(one.derivation),
        "snippet": one.snippet,
    }


def gap(one: Gap) -> Json:
    """A gap in its public shape."""
    return {
        "kind": one.kind,
        "reason": one.reason,
        "path": one.path,
        "line": one.line,
        "phase": list(one.phases),
        "blocking": one.is_blocking,
        "remedy": one.remedy,
    }


def place(where: Where) -> Json:
    """A place in its public shape."""
    if isinstance(where, Span):
        return {
            "file": where.file,
            "line": where.line,
            "column": where.column,
            "end_line": where.end_line,
            "start_byte": where.start_byte,
            "end_byte": where.end_byte,
        }
    if isinstance(where, Member):
        return {"member": where.member, "offset": where.offset}
    if isinstance(where, Moment):
        return {
            "stage": where.stage,
            "pid": where.pid,
            "sequence": where.sequence,
            "at_ms": where.at_ms,
        }
    return {"document": where.document, "key": where.key, "line": where.line}


def _sources(report: Report) -> dict[str, object]:
    """Databases that were asked, if any were."""
    asked = report.provenance.sources
    return {"sources": list(asked)} if asked else {}


def _observed(report: Report) -> Json:
    """What a run of the sandbox showed, if there was one."""
    return {"observation": observation(report.observation)} if report.observation else {}


def observation(one: Observation) -> Json:
    """A run of the sandbox in its public shape."""
    return {
        "image": one.image,
        "toolchain": one.toolchain,
        "profile": one.profile,
        "stages": [_stage(item) for item in one.stages],
        "processes": [_process(item) for item in one.processes],
        "payloads": [_payload(item) for item in one.payloads],
        "lookups": list(one.lookups),
        "altered": list(one.altered),
    }


def _stage(one: Stage) -> Json:
    return {
        "name": one.name,
        "mode": one.mode,
        "outcome": one.outcome,
        "code": one.code,
        "took_ms": one.took_ms,
        "cpu_ms": one.cpu_ms,
    }


def _process(one: ObservedProcess) -> Json:
    return {
        "stage": one.stage,
        "pid": one.pid,
        "parent": one.parent,
        "at_ms": one.at_ms,
        "owner": one.owner,
        "argv": list(one.argv),
    }


def _payload(one: Payload) -> Json:
    return {
        "stage": one.stage,
        "at_ms": one.at_ms,
        "protocol": one.protocol,
        "endpoint": one.endpoint,
        "owner": one.owner,
        "size_bytes": one.size_bytes,
        "data": one.data,
        "text": one.text,
        "readable": one.is_readable,
        "answer": one.answer,
        "decoys": list(one.decoys),
    }
