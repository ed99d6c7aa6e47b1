"""Reads the contents of what lock files hold, each distinct checksum once, in confined workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from analyzer.config import Settings
from analyzer.errors import ChecksumMismatch, CratescopeError
from analyzer.limits import Limits
from analyzer.model import (
    Context,
    CrateSource,
    Gap,
    GapKind,
    IndexEntry,
    Lockfile,
    Report,
    Verdict,
)
from analyzer.project.audit import (
    KNOWN_AFFILIATED,
    KNOWN_MALICIOUS,
    AuditResult,
    Key,
    Reason,
    is_from_registry,
    ordered,
    places_of,
    rows_of,
)
from analyzer.registry.fetch import Fetched, Registry
from analyzer.registry.targets import CrateTarget
from analyzer.worker.pool import Pool
from analyzer.worker.verdicts import MISMATCH

SCAN = "scan"
_BY_NAME = frozenset({KNOWN_AFFILIATED, KNOWN_MALICIOUS})


def scannable(result: AuditResult) -> tuple[Key, ...]:
    """What can be fetched: distinct packages of the default registry, by name and version."""
    found = [key for key in places_of(result.lockfiles) if is_from_registry(key.source)]
    return tuple(sorted(found, key=repr))


def scan_locked(
    result: AuditResult,
    pool: Pool,
    settings: Settings,
    *,
    limits: Limits,
    on_done: Callable[[str], None],
) -> AuditResult:
    """The result with what the contents say. `on_done` hears a label for each of `scannable`."""
    scan = _Scan(result, places_of(result.lockfiles), on_done)
    with Registry(settings, limits) as registry:
        for report in pool.analyze_many(scan.sources(registry), scan.context):
            scan.judged(report)
        scan.gaps += [Gap(GapKind.REGISTRY, one) for one in registry.warnings]
    return scan.finished()


@dataclass(slots=True)
class _Scan:
    """What is known so far; the same bytes may stand for several keys."""

    result: AuditResult
    places: Mapping[Key, list[tuple[Lockfile, int]]]
    on_done: Callable[[str], None]
    keys: dict[str, list[Key]] = field(default_factory=dict)
    entries: dict[str, IndexEntry] = field(default_factory=dict)
    reports: dict[str, Report] = field(default_factory=dict)
    reasons: dict[Key, list[Reason]] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)

    def sources(self, registry: Registry) -> Iterator[CrateSource]:
        """Archives to be read, each once; trouble becomes reasons and gaps on the way."""
        wanted = scannable(self.result)
        targets = (CrateTarget(one.name, one.version, checksum=one.checksum) for one in wanted)
        for key, answer in zip(wanted, registry.fetch_all(targets), strict=True):
            source = self._taken(key, answer)
            if source is not None:
                yield source

    def _taken(self, key: Key, answer: Fetched) -> CrateSource | None:
        _, entry, got = answer
        if isinstance(got, CratescopeError):
            self._failed(key, got)
        elif got.ref.version.partition("+")[0] != key.version.partition("+")[0]:
            self._failed(key, CratescopeError("no exact version", remedy="mend the lock file"))
        elif got.sha256 in self.keys:
            self.keys[got.sha256].append(key)
            self.on_done(key.name)
        else:
            self.keys[got.sha256] = [key]
            if entry is not None:
                self.entries[got.sha256] = entry
            return got
        return None

    def _failed(self, key: Key, error: CratescopeError) -> None:
        self.on_done(key.name)
        if isinstance(error, ChecksumMismatch):
            text = f"{error} ({error.expected[:16]}… against {error.actual[:16]}…)"
            self.reasons.setdefault(key, []).append(Reason(MISMATCH, Verdict.BLOCK, text))
            return
        reason = f"{key.name} {key.version} was not read: {error}"
        for lock, number in self.places[key]:
            line = lock.packages[number].line
            gap = Gap(GapKind.REGISTRY, reason, lock.path, line, (), True, error.remedy)
            self.gaps.append(gap)

    def context(self, crate: CrateSource) -> Context:
        """What the index says of a crate."""
        entry = self.entries.get(crate.sha256)
        return Context(index_entries=(entry,) if entry is not None else ())

    def judged(self, report: Report) -> None:
        """Take in a report; it is no reason of its own where it only repeats what names said."""
        self.on_done(f"{report.crate.name} {report.verdict}")
        self.reports[report.crate.sha256] = report
        adds = any(one.rule not in _BY_NAME for one in report.findings)
        adds = adds or report.verdict is Verdict.INCOMPLETE
        known = {row.package for row in self.result.rows}
        for key in self.keys[report.crate.sha256]:
            if report.verdict is not Verdict.CLEAR and (adds or key not in known):
                why = Reason(SCAN, report.verdict, report.summary)
                self.reasons.setdefault(key, []).append(why)

    def finished(self) -> AuditResult:
        """Everything put together."""
        reasons = {row.package: row.reasons for row in self.result.rows}
        for key, more in self.reasons.items():
            reasons[key] = (*reasons.get(key, ()), *more)
        reports = {
            key: report for sha256, report in self.reports.items() for key in self.keys[sha256]
        }
        return replace(
            self.result,
            rows=rows_of(self.result.lockfiles, reasons, reports),
            gaps=ordered((*self.result.gaps, *self.gaps)),
            reports=tuple(self.reports[one] for one in sorted(self.reports)),
        )
