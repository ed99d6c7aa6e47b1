"""`diff`: from what a person names to the bytes of both sides, and from those to the answer."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from analyzer.config import Settings, find_registry
from analyzer.errors import ChecksumMismatch, CratescopeError, UsageError
from analyzer.limits import Limits
from analyzer.local import archive_source, folder_source
from analyzer.model import CrateSource, Gap, GapKind, LockedPackage, Lockfile, Report
from analyzer.project.changes import CrateDiff
from analyzer.project.compare import Comparison, Pair, Read
from analyzer.project.git_range import GitRange
from analyzer.project.lock_changes import (
    Change,
    LockDiff,
    PackageChange,
    is_own,
    judged,
    pairing,
    readable,
    worst_first,
)
from analyzer.registry.context import Contexts
from analyzer.registry.fetch import Registry
from analyzer.registry.semver import is_partial, precedence
from analyzer.registry.targets import ArchiveTarget, CrateTarget, FolderTarget, Target, parse_target
from analyzer.worker.verdicts import mismatched


@dataclass(frozen=True, slots=True)
class Means:
    """What a comparison works with; `on_done` hears a label for each package that was read."""

    settings: Settings
    contexts: Contexts
    read: Read
    limits: Limits
    on_done: Callable[[str], None]


def sides(old: str, new: str) -> tuple[Target, Target]:
    """The two targets; a bare version on one side is one of the crate on the other.

    Raises UsageError for anything that names nothing, and for two bare versions.
    """
    if _is_version(old) and _is_version(new):
        raise UsageError(f"{old} {new}: versions of what?", remedy="write name@1.0 name@1.1")
    if _is_version(old):
        known = parse_target(new)
        return _of_same(known, old), known
    known = parse_target(old)
    return known, _of_same(known, new) if _is_version(new) else parse_target(new)


def _is_version(text: str) -> bool:
    return precedence(text) is not None or is_partial(text)


def _of_same(known: Target, version: str) -> CrateTarget:
    if not isinstance(known, CrateTarget):
        raise UsageError(f"{version}: a version of which crate?", remedy=f"write name@{version}")
    return replace(known, version=version, checksum="")


def registry_of(targets: tuple[Target, ...], settings: Settings) -> Settings:
    """The settings with the registry that the targets name. Raises UsageError for two of them."""
    named = {one.registry for one in targets if isinstance(one, CrateTarget)}
    if len(named) > 1:
        raise UsageError("the two sides are in different registries")
    registry = next(iter(named), "")
    return replace(settings, registry=find_registry(registry, os.environ)) if registry else settings


def diff_targets(targets: tuple[Target, Target], means: Means) -> CrateDiff | Report:
    """The step between two targets; a report where the bytes are not what was promised.

    Raises what fetching raises: without both sides there is nothing to say.
    """
    with Registry(means.settings, means.limits) as registry:
        got: list[CrateSource] = []
        for one in targets:
            found = _source(one, registry, means.limits)
            if isinstance(found, Report):
                return found
            got.append(found)
        comparison = Comparison(means.read, means.contexts, registry, on_done=means.on_done)
        (answer,) = comparison.all([Pair(*got)])
        return answer


def _source(one: Target, registry: Registry, limits: Limits) -> CrateSource | Report:
    if isinstance(one, FolderTarget):
        return folder_source(one.path, limits=limits)
    if isinstance(one, ArchiveTarget):
        return archive_source(one.path, limits=limits)
    entry = registry.resolve(one.name, one.version)
    try:
        if one.checksum and one.checksum != entry.checksum:
            raise ChecksumMismatch(
                f"{entry.name}@{entry.version}: the index names another checksum than asked for",
                expected=one.checksum,
                actual=entry.checksum,
            )
        return registry.fetch(entry)
    except ChecksumMismatch as error:
        return mismatched(entry, error, limits)


# Lock files --------------------------------------------------------------------------------------


def diff_locks(old: Lockfile, new: Lockfile, means: Means) -> LockDiff:
    """What changed between two lock files, each changed package with its step."""
    changes = pairing(old, new)
    answers: dict[Change, CrateDiff | Report | Gap] = {}
    on_done = means.on_done
    with Registry(means.settings, means.limits) as registry:
        comparison = Comparison(means.read, means.contexts, registry, _locked(new), on_done)
        wanted = [one for one in changes if one.new is not None and not one.is_rewritten]
        pairs: list[tuple[Change, Pair]] = []
        fresh: list[tuple[Change, CrateSource]] = []
        for change, sources in _fetched(wanted, registry):
            if isinstance(sources, (Gap, Report)):
                answers[change] = sources
                on_done(change.new.name if change.new else "")
            elif len(sources) == 1:
                fresh.append((change, sources[0]))
            else:
                pairs.append((change, Pair(*sources)))
        steps = comparison.all(pair for _, pair in pairs)
        answers.update(zip((one for one, _ in pairs), steps, strict=True))
        alone = comparison.alone(source for _, source in fresh)
        for (change, source), report in zip(fresh, alone, strict=True):
            answers[change] = report
            on_done(f"{source.ref.name} {report.verdict}")
        gaps = tuple(Gap(GapKind.REGISTRY, one) for one in registry.warnings)
    return judged(old, new, changes, answers, gaps)


def diff_range(found: GitRange, means: Means) -> LockDiff:
    """What a range of commits brings: its own packages, and every lock file that it changes."""
    both = [(Pair(one.old, one.new), one) for one in found.packages if one.old is not None]
    fresh = [one for one in found.packages if one.old is None]
    rows: list[PackageChange] = []
    with Registry(means.settings, means.limits) as registry:
        locked = _locked(*(new for _, new in found.locks))
        comparison = Comparison(means.read, means.contexts, registry, locked, means.on_done)
        steps = comparison.all(pair for pair, _ in both)
        for step, (_, own) in zip(steps, both, strict=True):
            head = (step.new.name, "changed", step.old.version, step.new.version, 0)
            said = (step.verdict, step.summary)
            rows.append(PackageChange(*head, *said, diff=step, file=own.manifest))
        reports = comparison.alone(one.new for one in fresh)
        for report, own in zip(reports, fresh, strict=True):
            head = (report.crate.name, "added", "", report.crate.version, 0)
            said = (report.verdict, report.summary)
            rows.append(PackageChange(*head, *said, report=report, file=own.manifest))
            means.on_done(report.crate.name)
    locks = [diff_locks(old, new, means) for old, new in found.locks]
    rows += [one for each in locks for one in each.packages]
    gaps = (*found.gaps, *(one for each in locks for one in each.gaps if not is_own(one)))
    return LockDiff(found.old, found.new, worst_first(rows), tuple(dict.fromkeys(gaps)))


def changed_packages(old: Lockfile, new: Lockfile) -> int:
    """How many packages `diff_locks` has to read."""
    return sum(one.new is not None and not one.is_rewritten for one in pairing(old, new))


def _locked(*locks: Lockfile) -> dict[str, tuple[str, ...]]:
    table: dict[str, tuple[str, ...]] = {}
    for one in (each for lock in locks for each in lock.packages):
        table[one.name] = (*table.get(one.name, ()), one.version)
    return table


def _fetched(
    wanted: list[Change], registry: Registry
) -> Iterator[tuple[Change, list[CrateSource] | Gap | Report]]:
    """The archives of each change, some fetched ahead; one alone where there is nothing before."""
    rows = [(one, [each for each in (one.old, one.new) if each is not None]) for one in wanted]
    asked = [each for _, several in rows for each in several if readable(each) is None]
    got = registry.fetch_all(
        CrateTarget(one.name, one.version, checksum=one.checksum) for one in asked
    )
    for change, several in rows:
        found: list[CrateSource] = []
        trouble: Gap | Report | None = None
        for each in several:
            unread = readable(each)
            if unread is not None:
                trouble = unread
                continue
            _, entry, answer = next(got)
            if isinstance(answer, ChecksumMismatch) and entry is not None:
                trouble = mismatched(entry, answer, registry.limits)
            elif isinstance(answer, CratescopeError):
                trouble = _unread(each, answer) if trouble is None else trouble
            else:
                found.append(answer)
        yield change, trouble if trouble is not None else found


def _unread(one: LockedPackage, error: CratescopeError) -> Gap:
    reason = f"{one.name} {one.version} was not read: {error}"
    return Gap(GapKind.REGISTRY, reason, remedy=error.remedy)
