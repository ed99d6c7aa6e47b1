"""Decisions on what a run looked at: reports, and what lock files hold. Pure.

A `Case` is all that is asked of a crate, so that whoever has only a part of a report can ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from analyzer.model import Gap, Origin, Report, Verdict
from analyzer.policy.case import INCOMPLETE, Case, Claim, Surroundings, case_of
from analyzer.policy.decide import decide_case
from analyzer.policy.waivers import stale_waivers
from analyzer.project.audit import (
    FOREIGN_NAME,
    ORDER,
    AuditResult,
    Key,
    Reason,
    is_from_registry,
    judged_places,
    key_of,
)
from analyzer.project.changes import CrateDiff
from analyzer.project.decisions.load import Owner
from analyzer.project.decisions.model import Decided, Ruling
from analyzer.project.lock_changes import LockDiff, PackageChange
from analyzer.worker.verdicts import MISMATCH

SCAN = "scan"
"""The reason of a row that only repeats what its report says."""
UNPINNED = "unpinned"
"""A package whose checksum is gone."""
People = Mapping[tuple[str, str], str]
"""By name and version: who published it."""
Ages = Mapping[tuple[str, str], tuple[str, str]]
"""By name and version: when this version, and the first one of the name, were published."""


def decided_report(report: Report, owner: Owner, ages: Ages) -> Report:
    """The report with its decision; all else stays as it is."""
    known = _around(ages, report.crate.name, report.crate.version)
    decision = decide_case(case_of(report, known), owner.policy, owner.waivers, owner.today)
    return replace(report, decision=decision)


def decided_cases(
    cases: Iterable[Case], owner: Owner, *, is_whole: bool, unread: tuple[Gap, ...] = ()
) -> Decided:
    """Decisions on cases. `is_whole`: they are all that the policy is for, so that a waiver for
    what is not among them is of no use.
    """
    policy = owner.policy
    judged = tuple(cases)
    decisions = [decide_case(one, policy, owner.waivers, owner.today) for one in judged]
    if is_whole:
        stale = stale_waivers(owner.waivers, decisions, judged, owner.today)
    else:
        stale = tuple(dict.fromkeys(item for one in decisions for item in one.stale))
    rulings = zip(judged, decisions, strict=True)
    return Decided(
        rulings=tuple(Ruling(one.name, one.version, decision) for one, decision in rulings),
        policy=policy.name,
        digest=policy.digest,
        sources=policy.sources,
        stale=stale,
        fails_on_stale=policy.fails_on_stale,
        is_observed=policy.is_observing,
        unread=unread,
    )


def decided_step(found: CrateDiff, owner: Owner, ages: Ages) -> CrateDiff:
    """The step with the decision on its new version as a whole."""
    case = replace(found.case, around=_around(ages, found.new.name, found.new.version))
    return replace(found, decision=decide_case(case, owner.policy, owner.waivers, owner.today))


def decided_locks(found: LockDiff, owner: Owner, ages: Ages) -> LockDiff:
    """The change with decisions on every package that came or changed."""
    rows = [one for one in found.packages if one.new]
    unread = tuple(
        one for one in found.gaps if one.is_blocking and not any(_is_of(one, row) for row in rows)
    )
    cases = (_changed(one, ages) for one in rows)
    return replace(found, decided=decided_cases(cases, owner, is_whole=False, unread=unread))


def _is_of(gap: Gap, row: PackageChange) -> bool:
    return gap.line == row.line > 0 and gap.reason.startswith(f"{row.name} {row.new}: ")


def _changed(one: PackageChange, ages: Ages) -> Case:
    around = replace(_around(ages, one.name, one.new), source=one.source)
    if one.diff is not None:
        return replace(one.diff.case, around=around)
    if one.report is not None:
        return case_of(one.report, around)
    rule = {Verdict.BLOCK: MISMATCH, Verdict.INCOMPLETE: INCOMPLETE}.get(one.verdict, UNPINNED)
    claims = (Claim(rule, one.verdict, one.summary, is_final=one.verdict is Verdict.BLOCK),)
    around = replace(around, claims=claims)
    is_public = is_from_registry(one.source)
    return Case(one.name, one.new, one.sha256, is_public=is_public, around=around)


def _around(ages: Ages, name: str, version: str) -> Surroundings:
    published, first = ages.get((name, version), ("", ""))
    return Surroundings(published=published, first_published=first)


# Lock files ---------------------------------------------------------------------------------------


def decided_audit(
    found: AuditResult, owner: Owner, ages: Ages, people: People | None = None
) -> Decided:
    """Decisions on every package of the lock files, the project's own as far as they were read.

    `people` tells who published what reports do not tell of.
    """
    known = people or {}
    cases = tuple(
        replace(one, publishers=(known[one.name, one.version],))
        if not one.publishers and (one.name, one.version) in known and one.is_public
        else one
        for one in audit_cases(found, ages)
    )
    return decided_cases(cases, owner, is_whole=found.since is None, unread=_whole(found))


def audit_cases(found: AuditResult, ages: Ages) -> Iterator[Case]:
    """A case for each distinct package, by name and version; the project's own only as far as they
    were read.
    """
    rows = {one.package: one for one in found.rows}
    known = _Reports(found.reports)
    unread = _gaps_of(found)
    for key in sorted(judged_places(found), key=repr):
        row = rows.get(key)
        report = row.report if row is not None and row.report is not None else known.of(key)
        reasons = row.reasons if row is not None else ()
        is_foreign = any(one.rule == FOREIGN_NAME for one in reasons)
        if not key.source and report is None and key not in unread and not is_foreign:
            continue
        case = _case(key, report, reasons, _around(ages, key.name, key.version))
        missed = unread.get(key, ())
        if report is None and found.is_scanned and not missed:
            missed = ("its contents were not read",)
        yield _with_unread(case, missed)


class _Reports:
    """Reports by what a lock file says of a package: its bytes, else its name."""

    def __init__(self, reports: Iterable[Report]) -> None:
        self._found: dict[tuple[str, str], list[Report]] = {}
        for one in reports:
            self._found.setdefault((one.crate.name, one.crate.version), []).append(one)

    def of(self, key: Key) -> Report | None:
        """The report on these bytes; else the worst of a folder (own, vendored, checked out), or
        for a package without a checksum of an archive.
        """
        named = self._found.get((key.name, key.version), [])
        same = [one for one in named if key.checksum and one.crate.sha256 == key.checksum]
        folders = [one for one in named if one.crate.origin is Origin.FOLDER]
        others = named if key.source and not key.checksum else []
        rank = {verdict: number for number, verdict in enumerate(ORDER)}
        return min(same or folders or others, key=lambda one: rank[one.verdict], default=None)


def _case(key: Key, report: Report | None, reasons: Iterable[Reason], around: Surroundings) -> Case:
    said = {one.rule for one in report.findings} if report is not None else set()
    claims = tuple(
        Claim(one.rule, one.verdict, one.text)
        for one in reasons
        if one.rule not in said and (report is None or one.rule != SCAN)
    )
    around = replace(around, source=key.source, claims=claims)
    is_public = is_from_registry(key.source)
    if report is None:
        return Case(key.name, key.version, key.checksum, is_public=is_public, around=around)
    case = replace(case_of(report, around), name=key.name, version=key.version)
    if not key.checksum:
        return case
    # A vendored copy: the audit compares it with the archive, and a difference is a claim.
    return replace(case, sha256=key.checksum, is_local=False, is_public=is_public)


def _with_unread(case: Case, reasons: Iterable[str]) -> Case:
    """The case with what could not be read of it; nothing to add to a claim that blocks."""
    claims = case.around.claims
    if any(one.verdict is Verdict.BLOCK for one in claims):
        return case
    more = tuple(Claim(INCOMPLETE, Verdict.INCOMPLETE, one) for one in dict.fromkeys(reasons))
    return replace(case, around=replace(case.around, claims=(*claims, *more)))


def _gaps_of(found: AuditResult) -> dict[Key, tuple[str, ...]]:
    """Blocking gaps that stand at the line of a package."""
    at = {(lock.path, one.line): key_of(one) for lock in found.lockfiles for one in lock.packages}
    missed: dict[Key, tuple[str, ...]] = {}
    for one in found.gaps:
        key = at.get((one.path, one.line))
        if one.is_blocking and one.line and key is not None:
            missed[key] = (*missed.get(key, ()), one.reason)
    return missed


def _whole(found: AuditResult) -> tuple[Gap, ...]:
    """Blocking gaps that are no single package's: those of packages speak in their decisions."""
    lines = {(lock.path, one.line) for lock in found.lockfiles for one in lock.packages if one.line}
    return tuple(one for one in found.gaps if one.is_blocking and (one.path, one.line) not in lines)
