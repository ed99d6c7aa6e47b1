"""A rule in words, for the command line and for the generated reference page."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from analyzer.rules.schema import Clause, Rule, Sample

_WIDTH = 96


def describe(rule: Rule) -> str:
    """Why a rule exists, what it looks for, what is benign, its samples; plain text."""
    return "\n".join(_lines(rule)) + "\n"


def _lines(rule: Rule) -> Iterator[str]:
    yield f"{rule.id}: {rule.title}"
    verdict = ", asks for BLOCK" if rule.is_blocking else ""
    yield f"{rule.severity} severity, {rule.confidence} confidence{verdict}, since {rule.since}"
    yield ""
    yield from _paragraph("Why", rule.why)
    yield from _paragraph("Benign", rule.benign)
    heading, phrases, tail = looks_for(rule)
    yield f"Looks for, {heading}:"
    yield from (f"  - {one}" for one in phrases)
    if tail:
        yield f"  {tail}"
    yield ""
    yield f"Techniques: {', '.join(rule.techniques)}; ATT&CK: {', '.join(rule.attack) or 'none'}"
    for is_match, heading in ((True, "Fires on"), (False, "Stays quiet on")):
        for sample in rule.samples:
            if sample.is_match is is_match:
                yield from _sample(heading, sample)


def looks_for(rule: Rule) -> tuple[str, tuple[str, ...], str]:
    """Where a rule's clauses must meet, each clause as a phrase, and in which phases."""
    places = {
        "crate": "anywhere in the crate",
        "phase": "in one phase",
        "file": "in one file",
        "graph": f"across crates, by {' or '.join(rule.joints)}",
    }
    phrases = [
        f"{word}{clause_text(clause)}"
        for word, clauses in (("", rule.all), ("any of: ", rule.any), ("none of: ", rule.none))
        for clause in clauses
    ]
    phrases += [
        f"{end} {clause_text(clause)}"
        for end, clause in zip(("from", "to"), rule.flow, strict=False)
    ]
    phases = f"in code that runs as: {', '.join(rule.phases)}" if rule.phases else ""
    return places.get(rule.scope, f"in one {rule.scope}"), tuple(phrases), phases


def _paragraph(heading: str, text: str) -> Iterator[str]:
    flat = f"{heading}: {' '.join(text.split())}"
    yield from textwrap.wrap(flat, _WIDTH, break_on_hyphens=False)
    yield ""


def clause_text(clause: Clause) -> str:
    """One clause as a phrase."""
    parts = [" or ".join(clause.facts)]
    if clause.minimum > 1:
        parts.append(f"at least {clause.minimum} times")
    for word, values in (
        ("of", clause.subjects),
        ("of", clause.subject_glob),
        ("in list", clause.subject_in),
        ("not in list", clause.subject_not_in),
        ("by", clause.api),
        ("not by", clause.api_not),
        ("with data in list", clause.data_in),
        ("of a host that is", (clause.subject_host,) if clause.subject_host else ()),
        ("under a condition of kind", clause.guards),
        ("in phase", clause.phases),
    ):
        if values:
            parts.append(f"{word} {' or '.join(one or '(code itself)' for one in values)}")
    for word, pattern in (
        ("of", clause.subject_pattern),
        ("with data", clause.data_pattern),
        ("without data", clause.data_not_pattern),
    ):
        if pattern:
            parts.append(f"{word} matching {pattern}")
    if clause.subject_unknown is not None:
        parts.append("of unknown subject" if clause.subject_unknown else "of known subject")
    if clause.decoded is not None:
        parts.append("decoded or put together" if clause.decoded else "written plainly")
    if clause.is_observed is not None:
        parts.append("seen in a recorded build" if clause.is_observed else "read in the source")
    if clause.is_new:
        parts.append("new since the version before")
    return ", ".join(parts)


def _sample(heading: str, sample: Sample) -> Iterator[str]:
    yield ""
    yield f"{heading}: {sample.name}"
    crates = [(f"{name}/{path}", text) for name, files in sample.crates for path, text in files]
    for path, text in (*sample.files, *crates):
        yield f"  {path}"
        yield from (f"    {line}".rstrip() for line in text.rstrip("\n").split("\n"))
    yield from (f"    {one}" for one in (*sample.observed, *sample.given))
