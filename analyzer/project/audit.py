"""`audit`: what the lock files below a folder hold, judged by name at once and by content if asked.

By name needs no network: known-bad crates ship with the signatures. What a lock file takes from
elsewhere than a registry is a stated gap, never a silent pass.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from analyzer.errors import TomlError, UsageError
from analyzer.limits import Limits
from analyzer.lockfile import read_lockfile
from analyzer.model import Gap, GapKind, KnownBad, LockedPackage, Lockfile, Report, Verdict
from analyzer.signatures import fold_name

LOCK = "Cargo.lock"
_SKIPPED = frozenset({"target", ".git", ".hg", ".jj", "node_modules"})
_MAX_DEPTH = 32
_REVIEWED_KINDS = frozenset({"affiliated"})


@dataclass(frozen=True, slots=True)
class Row:
    """One locked package that needs a person: why, where, and how it came in.

    `chain` runs from a root of the lock file to the package; `report` is there after `--scan`.
    """

    lockfile: str
    line: int
    package: LockedPackage
    verdict: Verdict
    reason: str
    advisories: tuple[str, ...] = ()
    campaign: str = ""
    chain: tuple[str, ...] = ()
    report: Report | None = None


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found; `packages` counts locked packages, `scanned` the archives that were read."""

    lockfiles: tuple[Lockfile, ...]
    rows: tuple[Row, ...]
    gaps: tuple[Gap, ...]
    scanned: int = 0

    @property
    def packages(self) -> int:
        """Locked packages over all lock files."""
        return sum(len(one.packages) for one in self.lockfiles)

    @property
    def verdict(self) -> Verdict:
        """The worst of all rows; a blocking gap makes it INCOMPLETE if nothing is blocked."""
        found = {one.verdict for one in self.rows}
        if Verdict.BLOCK in found:
            return Verdict.BLOCK
        if Verdict.INCOMPLETE in found or any(one.is_blocking for one in self.gaps):
            return Verdict.INCOMPLETE
        return Verdict.REVIEW if Verdict.REVIEW in found else Verdict.CLEAR


def read_lockfiles(
    paths: Iterable[Path], *, limits: Limits
) -> tuple[tuple[Lockfile, ...], tuple[Gap, ...]]:
    """Every Cargo.lock at or below the paths, and what could not be read of them.

    Raises UsageError for a path that is not there, or when no lock file is found at all.
    """
    found: dict[str, Path] = {}
    gaps: list[Gap] = []
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: no such file or folder")
        for one in _locks(path, gaps):
            found.setdefault(str(one.resolve()), one)
    locks: list[Lockfile] = []
    for one in found.values():
        try:
            locks.append(_read(one, limits))
        except (TomlError, OSError) as error:
            reason = str(error) if isinstance(error, TomlError) else f"{one}: {error.strerror}"
            gaps.append(Gap(GapKind.UNREADABLE, reason, str(one), is_blocking=True))
    if not found:
        names = " ".join(str(one) for one in paths)
        raise UsageError(
            f"no {LOCK} at or below {names}", remedy="run `cargo generate-lockfile` first"
        )
    return tuple(locks), tuple(gaps)


def _read(path: Path, limits: Limits) -> Lockfile:
    if path.stat().st_size > limits.lockfile_size_bytes:
        raise TomlError(f"{path}: larger than {limits.lockfile_size_bytes} bytes")
    return read_lockfile(path.read_bytes(), path=str(path))


def _locks(path: Path, gaps: list[Gap]) -> Iterator[Path]:
    """Lock files below a folder, in name order; links are not followed."""
    if not path.is_dir():
        yield path
        return
    pending = [(path, 0)]
    while pending:
        folder, depth = pending.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda one: one.name, reverse=True)
        except OSError as error:
            reason = f"folder not readable: {error.strerror}"
            gaps.append(Gap(GapKind.UNREADABLE, reason, str(folder), is_blocking=True))
            continue
        names = {one.name for one in entries}
        if LOCK in names:
            yield folder / LOCK
        elif "Cargo.toml" in names and depth == 0:
            gaps.append(Gap(GapKind.DEPENDENCY, f"Cargo.toml without a {LOCK}", str(folder)))
        for one in entries:
            if one.is_dir(follow_symlinks=False) and one.name not in _SKIPPED:
                if depth < _MAX_DEPTH:
                    pending.append((Path(one.path), depth + 1))
                else:
                    gaps.append(Gap(GapKind.TOO_LARGE, "folders nested too deeply", one.path))


def is_from_registry(package: LockedPackage) -> bool:
    """Whether cargo takes a package from a registry."""
    return package.source.startswith(("registry+", "sparse+"))


def by_name(locks: Iterable[Lockfile], known: Mapping[str, KnownBad]) -> Audit:
    """Known-bad names and versions in the locks, offline and at once."""
    rows: list[Row] = []
    gaps: list[Gap] = []
    files = tuple(locks)
    for lock in files:
        gaps += lock.gaps
        for place, package in enumerate(lock.packages):
            bad = known.get(fold_name(package.name))
            if bad is not None and bad.covers(package.version):
                rows.append(_row(lock, place, bad))
            elif package.source.startswith("git+"):
                reason = f"{package.name} {package.version} comes from git and was not read"
                gaps.append(Gap(GapKind.DEPENDENCY, reason, lock.path, package.line))
    return Audit(files, tuple(rows), tuple(gaps))


def _row(lock: Lockfile, place: int, bad: KnownBad) -> Row:
    package = lock.packages[place]
    is_local = not is_from_registry(package)
    is_mild = bad.kind in _REVIEWED_KINDS or is_local
    reason = f"known as {bad.kind}: {bad.summary}"
    if is_local:
        reason = f"a package that is not from a registry bears the name of a {bad.kind}"
    return Row(
        lockfile=lock.path,
        line=package.line,
        package=package,
        verdict=Verdict.REVIEW if is_mild else Verdict.BLOCK,
        reason=reason,
        advisories=bad.advisories,
        campaign=bad.campaign,
        chain=chain(lock, place),
    )


def chain(lock: Lockfile, place: int) -> tuple[str, ...]:
    """The shortest way from a root of the lock file to a package, as `name version` texts."""
    wanted = {one for package in lock.packages for one in package.dependencies}
    roots = [number for number in range(len(lock.packages)) if number not in wanted]
    came_from: dict[int, int] = dict.fromkeys(roots, -1)
    pending = deque(roots)
    while pending and place not in came_from:
        here = pending.popleft()
        for one in lock.packages[here].dependencies:
            if one not in came_from:
                came_from[one] = here
                pending.append(one)
    found: list[str] = []
    step = place
    while step >= 0:
        package = lock.packages[step]
        found.append(f"{package.name} {package.version}")
        step = came_from.get(step, -1)
    return tuple(reversed(found))


def worth_showing(report: Report) -> bool:
    """Whether a scanned package needs a row of its own."""
    return report.verdict is not Verdict.CLEAR


def scanned_row(lock: Lockfile, place: int, report: Report) -> Row:
    """The row of a package whose content was read."""
    package = lock.packages[place]
    return Row(
        lockfile=lock.path,
        line=package.line,
        package=package,
        verdict=report.verdict,
        reason=report.summary,
        chain=chain(lock, place),
        report=report,
    )
