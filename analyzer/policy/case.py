"""A case: all that is known of one crate when its owner's policy is asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace

from analyzer.codec import to_plain
from analyzer.model import (
    Capability,
    FactKind,
    Field,
    Finding,
    Gap,
    Origin,
    Report,
    Verdict,
)
from analyzer.policy.read import EVIDENCE_LENGTH

INCOMPLETE = "incomplete"
"""What a waiver names as its rule to accept that something could not be read."""
PUBLISHED_BY = "published_by"
"""Key of the fact that names who published a version; owners of the name did not have to."""
POLICY_FILES = frozenset({"cratescope.toml", "cratescope-baseline.toml", "cratescope-learned.toml"})


@dataclass(frozen=True, slots=True)
class Claim:
    """What is said of a crate beside its report: a name on record, a checksum that differs.

    `is_final`: no waiver and no acceptance covers it.
    """

    rule: str
    verdict: Verdict
    text: str
    is_final: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What registry and lock file say around the bytes; empty where unknown.

    `source` is a lock file's text. Times as `YYYY-MM-DDTHH:MM:SSZ`: of this version, and of the
    first one of the name. `is_stated` tells that an index was asked for them.
    """

    source: str = ""
    published: str = ""
    first_published: str = ""
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One crate. `is_read`: its bytes were analyzed; `is_local`: a folder, archive or path."""

    name: str
    version: str
    sha256: str
    verdict: Verdict = Verdict.CLEAR
    is_read: bool = False
    is_local: bool = False
    is_public: bool = False
    findings: tuple[Finding, ...] = ()
    gaps: tuple[Gap, ...] = ()
    capabilities: tuple[Capability, ...] = ()
    publishers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    around: Surroundings = Surroundings()


def case_of(report: Report, around: Surroundings | None = None) -> Case:
    """The case of a report; `around` adds what is known from elsewhere."""
    crate = report.crate
    known = around or Surroundings()
    publishers = (
        one.subject
        for one in report.facts
        if one.kind is FactKind.REGISTRY_OWNER
        and isinstance(one.where, Field)
        and one.where.key == PUBLISHED_BY
    )
    files = (one.path for one in report.files if one.path.rpartition("/")[2] in POLICY_FILES)
    return Case(
        name=crate.name,
        version=crate.version,
        sha256=crate.sha256,
        verdict=report.verdict,
        is_read=True,
        is_local=crate.origin in (Origin.FOLDER, Origin.ARCHIVE),
        is_public=crate.origin is Origin.CRATES_IO,
        findings=report.findings,
        gaps=report.gaps,
        capabilities=report.capabilities,
        publishers=tuple(dict.fromkeys(publishers)),
        notes=tuple(f"the crate holds {one}: it was not obeyed" for one in files),
        around=known,
    )


def findings_print(findings: Iterable[Finding]) -> str:
    """Fingerprint of all that speaks for one rule in a crate: what, where, how bad, how sure.

    Anything new for the rule, in the crate or in the rule, gives another one.
    """
    rows = []
    for one in findings:
        bare = (replace(item, derivation=(), guards=()) for item in one.evidence)
        head = [one.rule, one.severity, one.confidence, one.is_blocking, list(one.phases)]
        rows.append([*head, [to_plain(item) for item in bare]])
    return _print(rows)


def gaps_print(gaps: Iterable[Gap]) -> str:
    """Fingerprint of all that could not be read."""
    return _print([[INCOMPLETE, one.kind, one.path, one.line, one.reason] for one in gaps])


def claim_print(claim: Claim) -> str:
    """Fingerprint of a claim."""
    return _print([[claim.rule, claim.verdict, claim.text]])


def _print(rows: list[list[object]]) -> str:
    texts = sorted(json.dumps(one, ensure_ascii=True) for one in rows)
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:EVIDENCE_LENGTH]
