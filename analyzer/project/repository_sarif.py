"""What audits and diffs share in SARIF: results at a line of the user's own repository."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from analyzer.model import Finding, Gap, Severity, Verdict
from analyzer.project.audit_text import chain_text
from analyzer.report.sarif.entries import (
    Descriptor,
    Entry,
    Json,
    Notice,
    cite,
    explained,
    finding_entry,
    gap_text,
    tags_of,
)
from analyzer.report.sarif.places import Ground, file_of, lines
from analyzer.report.text import sarif_text
from analyzer.rules.schema import Rule

_BY_VERDICT = {Verdict.BLOCK: Severity.CRITICAL, Verdict.CLEAR: Severity.INFO}


@dataclass(frozen=True, slots=True)
class Spot:
    """A line of a file of the user's, and the way in which the project comes to it."""

    file: str
    line: int
    chain: tuple[str, ...] = ()

    def location(self, here: Path | None, *names: Json) -> Json:
        """The line as a location; `names` say what is on it."""
        where: Json = {"artifactLocation": file_of(self.file, here), "region": lines(self.line)}
        return {"physicalLocation": where, **({"logicalLocations": list(names)} if names else {})}

    @property
    def way(self) -> str:
        """How the project comes to it, as the end of a message."""
        if len(self.chain) < 2:
            return ""
        return sarif_text(f"; by way of {chain_text(self.chain)}", max_characters=600)


def found_at(
    spot: Spot, one: Finding, ground: Ground, texts: Mapping[str, Rule], here: Path | None
) -> Entry:
    """A finding in a crate, shown on the line that brings the crate in."""
    entry = finding_entry(one, ground, texts)
    return replace(
        entry,
        message=entry.message + spot.way,
        location=spot.location(here, ground.package),
        identity=(*entry.identity, spot.file),
        related=tuple(cite(each, ground) for each in one.evidence),
    )


def named_rule(rule: str, verdict: Verdict, texts: Mapping[str, Rule], title: str) -> Descriptor:
    """The rule behind what is said of a whole package: a shipped one, or a check of a command."""
    known = texts.get(rule)
    if known is None:
        severity = _BY_VERDICT.get(verdict, Severity.MEDIUM)
        return Descriptor(rule, title, severity)
    tags = tags_of(known.attack, known.techniques)
    found = Descriptor(rule, known.title, known.severity, known.confidence, tags)
    return explained(found, known)


def repository_notices(gaps: Iterable[Gap], here: Path | None) -> Iterator[Notice]:
    """Gaps whose paths are those of the repository."""
    for one in gaps:
        level = "error" if one.is_blocking else "warning"
        where = Spot(one.path, one.line).location(here) if one.path else None
        yield Notice(level, f"gap/{one.kind}", gap_text(one), where)
