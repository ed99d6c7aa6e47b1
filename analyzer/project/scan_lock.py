"""Reads the content of everything a set of lock files holds, each distinct checksum once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from analyzer.config import Settings
from analyzer.errors import ChecksumMismatch, CratescopeError
from analyzer.limits import Limits
from analyzer.model import Context, CrateSource, Gap, GapKind, IndexEntry, Lockfile, Report, Verdict
from analyzer.project.audit import Audit, Row, chain, is_from_registry, scanned_row, worth_showing
from analyzer.registry.fetch import Registry
from analyzer.registry.targets import CrateTarget
from analyzer.worker.pool import Pool

Place = tuple[Lockfile, int]
Key = tuple[str, str]


def scan_locked(
    audit: Audit,
    pool: Pool,
    settings: Settings,
    *,
    limits: Limits,
    on_done: Callable[[str], None],
) -> Audit:
    """The audit with the content of every registry package read; others are gaps."""
    places: dict[Key, list[Place]] = {}
    gaps: list[Gap] = list(audit.gaps)
    for lock in audit.lockfiles:
        for number, package in enumerate(lock.packages):
            if is_from_registry(package):
                key = (package.name, package.version)
                places.setdefault(key, []).append((lock, number))
    rows: list[Row] = list(audit.rows)
    entries: dict[str, IndexEntry] = {}

    def sources() -> Iterator[CrateSource]:
        targets = [CrateTarget(name, version) for name, version in sorted(places)]
        with Registry(settings, limits) as registry:
            for target, entry, got in registry.fetch_all(targets):
                where = places[(target.name, target.version)]
                if entry is not None:
                    rows.extend(_changed(where, entry))
                if isinstance(got, CrateSource) and entry is not None:
                    entries[got.sha256] = entry
                    yield got
                elif isinstance(got, CratescopeError):
                    rows.extend(_mismatched(where, got))
                    gaps.extend(_unfetched(where, got))
                    on_done(target.name)

    def context_for(crate: CrateSource) -> Context:
        entry = entries.get(crate.sha256)
        return Context(index_entries=(entry,) if entry is not None else ())

    count = 0
    for report in pool.analyze_many(sources(), context_for):
        count += 1
        on_done(report.crate.name)
        if worth_showing(report):
            rows.extend(_rows(report, places))
    ordered = sorted(rows, key=lambda one: (one.lockfile, one.line, one.reason))
    return replace(audit, rows=tuple(ordered), gaps=tuple(gaps), scanned=count)


def _rows(report: Report, places: dict[Key, list[Place]]) -> Iterator[Row]:
    for lock, number in places.get((report.crate.name, report.crate.version), ()):
        yield scanned_row(lock, number, report)


def _changed(where: list[Place], entry: IndexEntry) -> Iterator[Row]:
    """A lock whose checksum is not the index's: one of the two was changed after the fact."""
    for lock, number in where:
        package = lock.packages[number]
        if package.checksum and package.checksum != entry.checksum:
            reason = (
                f"the lock file says sha256 {package.checksum[:16]}…, "
                f"the index {entry.checksum[:16]}…: one of them was changed"
            )
            yield _blocked(lock, number, reason)


def _mismatched(where: list[Place], error: CratescopeError) -> Iterator[Row]:
    if isinstance(error, ChecksumMismatch):
        for lock, number in where:
            yield _blocked(lock, number, str(error))


def _blocked(lock: Lockfile, number: int, reason: str) -> Row:
    package = lock.packages[number]
    return Row(lock.path, package.line, package, Verdict.BLOCK, reason, chain=chain(lock, number))


def _unfetched(where: list[Place], error: CratescopeError) -> Iterator[Gap]:
    if not isinstance(error, ChecksumMismatch):
        for lock, number in where:
            package = lock.packages[number]
            reason = f"{package.name} {package.version} could not be fetched: {error}"
            yield Gap(GapKind.REGISTRY, reason, lock.path, package.line, (), True, error.remedy)
