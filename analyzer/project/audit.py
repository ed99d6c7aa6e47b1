"""`audit`: what lock files hold, judged by name at once; `scan_lock` adds what the contents say.

By name needs no network: known-bad crates ship with the signatures. What a lock file takes from
elsewhere than the registry is a stated gap, never a silent pass.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from analyzer.config import is_default_source
from analyzer.model import (
    Evidence,
    Gap,
    GapKind,
    KnownBad,
    LockedPackage,
    Lockfile,
    Report,
    Verdict,
)
from analyzer.project.decisions.model import Decided
from analyzer.project.graph.reach import Reach, roots_of
from analyzer.project.hygiene.model import HygieneResult
from analyzer.project.locks import Locks
from analyzer.signatures import fold_name

ORDER = (Verdict.BLOCK, Verdict.INCOMPLETE, Verdict.REVIEW, Verdict.CLEAR)
KNOWN_MALICIOUS = "known-malicious"
KNOWN_AFFILIATED = "known-affiliated"
TWO_CHECKSUMS = "two-checksums"
FOREIGN_NAME = "foreign-name"
_AFFILIATED = "affiliated"
_NAMED = 8


@dataclass(frozen=True, slots=True)
class Key:
    """What makes two locked packages the same one."""

    name: str
    version: str
    source: str
    checksum: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a package is locked, and the shortest way to it from a root of that lock file.

    `reach`: what is built and run of it there, if contents were read.
    """

    lockfile: str
    line: int
    chain: tuple[str, ...]
    reach: Reach | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a package needs a person. `rule` is one that `cratescope explain` knows, or a check.

    `evidence` of reasons over several packages; files stand below `name-version`.
    """

    rule: str
    verdict: Verdict
    text: str
    kind: str = ""
    advisories: tuple[str, ...] = ()
    campaign: str = ""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One locked package that needs a person, with every place that locks it."""

    package: Key
    reasons: tuple[Reason, ...]
    places: tuple[Place, ...]
    report: Report | None = None

    @property
    def verdict(self) -> Verdict:
        """The worst of the reasons."""
        return worst(one.verdict for one in self.reasons)

    @property
    def is_built(self) -> bool:
        """False if it is known that nobody builds it, wherever it is locked."""
        return any(one.reach is None or one.reach.is_built for one in self.places)


class Standing(StrEnum):
    """Whose a name on the default registry is, by what its index says."""

    FREE = "free"
    OWN = "own"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class NameCheck:
    """One name that a lock file takes from elsewhere; `edges`: manifests with a dependency on it
    that cargo may take from the default registry.
    """

    name: str
    version: str
    standing: Standing
    text: str
    remedy: str
    edges: tuple[str, ...]
    lockfile: str
    line: int


@dataclass(frozen=True, slots=True)
class Since:
    """What `--changed-only` leaves out: `unchanged` packages stand as in `base`, which names the
    `commits` (one for each repository).
    """

    base: str
    commits: tuple[str, ...]
    unchanged: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class AuditResult:
    """What was found; `known_bad` is the digest of the list that names were compared with.

    `reports` are those of contents that were read: none without `--scan`; those that are CLEAR hold
    no facts, indicators and files. `reaches` by path of the lock file, a Reach for each package.
    `is_chosen`: features or targets were chosen. `hygiene` and `decided` (what a policy makes of
    it) never touch the verdict. `folders`: by checksum, where the files of packages that were read
    here lie; they stand in no public form. `since`: only what changed was judged. `names`: as
    the registry has them, if it was asked.
    """

    lockfiles: tuple[Lockfile, ...]
    rows: tuple[Row, ...]
    gaps: tuple[Gap, ...]
    known_bad: str
    is_scanned: bool = False
    reports: tuple[Report, ...] = ()
    reaches: tuple[tuple[str, tuple[Reach, ...]], ...] = ()
    is_chosen: bool = False
    hygiene: HygieneResult | None = None
    decided: Decided | None = None
    folders: tuple[tuple[str, Path], ...] = ()
    since: Since | None = None
    names: tuple[NameCheck, ...] | None = None

    @property
    def packages(self) -> int:
        """Distinct locked packages over all lock files."""
        return len(places_of(self.lockfiles))

    @property
    def unchanged(self) -> int:
        """Packages that were left out, since they stand as before."""
        return len(self.since.unchanged) if self.since is not None else 0

    @property
    def verdict(self) -> Verdict:
        """The worst of all rows; a blocking gap makes it INCOMPLETE if nothing is blocked.

        Where features or targets were chosen, what nobody builds with them only counts as BLOCK.
        """
        unread = (Verdict.INCOMPLETE for one in self.gaps if one.is_blocking)
        return worst((*(one.verdict for one in self.rows if self.counts(one)), *unread))

    def counts(self, row: Row) -> bool:
        """Whether a row has a say in the verdict."""
        return row.is_built or row.verdict is Verdict.BLOCK or not self.is_chosen


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """BLOCK before INCOMPLETE before REVIEW before CLEAR."""
    return min(verdicts, key=ORDER.index, default=Verdict.CLEAR)


def key_of(package: LockedPackage) -> Key:
    """What a locked package is compared by."""
    return Key(package.name, package.version, package.source, package.checksum)


def is_from_registry(source: str) -> bool:
    """Whether the default registry, whose index and archives we read, has the package."""
    return source.startswith(("registry+", "sparse+")) and is_default_source(source)


def audit_names(
    locks: Locks,
    known: Mapping[str, KnownBad],
    digest: str,
    *,
    is_scanned: bool,
    since: Since | None = None,
) -> AuditResult:
    """Known-bad names and versions in the locks, and all that is not looked at.

    With `is_scanned` what comes from elsewhere is not said here: `scan_lock` reads it or says why
    not. Nothing is said of what is unchanged `since` a commit.
    """
    places = places_of(locks.lockfiles)
    same = frozenset(since.unchanged if since is not None else ())
    reasons = {key: tuple(_known(key, known)) for key in places}
    for key in _contradictions(places):
        text = "lock files name different checksums for this version: one of them was changed"
        reasons[key] += (Reason(TWO_CHECKSUMS, Verdict.REVIEW, text),)
    gaps = [*locks.gaps]
    for lock in locks.lockfiles:
        judged = [one for one in lock.packages if key_of(one) not in same]
        gaps += _unpinned(lock.path, judged)
        gaps += () if is_scanned else _elsewhere(lock, judged)
    rows = rows_of(locks.lockfiles, {k: v for k, v in reasons.items() if k not in same}, {})
    return AuditResult(locks.lockfiles, rows, ordered(gaps), digest, is_scanned, since=since)


def ordered(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    """Gaps in the order they are shown, each once."""
    key = {one: (not one.is_blocking, one.path, one.line, one.reason) for one in gaps}
    return tuple(sorted(key, key=key.__getitem__))


def _known(key: Key, known: Mapping[str, KnownBad]) -> Iterator[Reason]:
    bad = known.get(fold_name(key.name))
    if bad is None or not (bad.covers(key.version) or bad.covers(key.version.partition("+")[0])):
        return
    is_affiliated = bad.kind == _AFFILIATED
    origin = "" if is_from_registry(key.source) else " (locked from elsewhere than the registry)"
    yield Reason(
        rule=KNOWN_AFFILIATED if is_affiliated else KNOWN_MALICIOUS,
        verdict=Verdict.REVIEW if is_affiliated else Verdict.BLOCK,
        text=f"on record as {bad.kind}{origin}: {bad.summary}",
        kind=bad.kind,
        advisories=bad.advisories,
        campaign=bad.campaign,
    )


def _contradictions(places: Iterable[Key]) -> Iterator[Key]:
    """Packages that lock files give different checksums for."""
    groups: dict[tuple[str, str, str], list[Key]] = {}
    for key in places:
        if key.checksum:
            groups.setdefault((key.name, key.version, key.source), []).append(key)
    for group in groups.values():
        yield from group if len(group) > 1 else ()


def _elsewhere(lock: Lockfile, packages: Sequence[LockedPackage]) -> Iterator[Gap]:
    """Packages that are compared by name only."""
    own = [f"{one.name} {one.version}" for one in packages if not one.source]
    if own:
        yield by_path(lock, own, "read them with --scan")
    for one in packages:
        if one.source and not is_from_registry(one.source):
            kind = "git" if one.source.startswith("git+") else "another registry"
            reason = f"{one.name} {one.version} comes from {kind} ({one.source}): not checked"
            yield Gap(GapKind.DEPENDENCY, reason, lock.path, one.line, remedy="try --scan")


def by_path(lock: Lockfile, names: Sequence[str], remedy: str) -> Gap:
    """One gap for all packages by path that nobody looked at."""
    reason = f"by path, your own code or a copy: {some(names, _NAMED)}: not checked"
    return Gap(GapKind.DEPENDENCY, reason, lock.path, remedy=remedy)


def some(names: Sequence[str], most: int) -> str:
    """The first of some names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def _unpinned(path: str, packages: Sequence[LockedPackage]) -> Iterator[Gap]:
    for one in packages:
        if is_from_registry(one.source) and not one.checksum:
            reason = f"{one.name} {one.version} has no checksum: any bytes would pass"
            remedy = "let cargo write the lock file again"
            yield Gap(GapKind.DEPENDENCY, reason, path, one.line, remedy=remedy)


# Rows --------------------------------------------------------------------------------------------


def places_of(lockfiles: Iterable[Lockfile]) -> dict[Key, list[tuple[Lockfile, int]]]:
    """Every distinct package, by name and version, with its positions."""
    places: dict[Key, list[tuple[Lockfile, int]]] = {}
    for lock in lockfiles:
        for number, package in enumerate(lock.packages):
            places.setdefault(key_of(package), []).append((lock, number))
    return places


def judged_places(result: AuditResult) -> dict[Key, list[tuple[Lockfile, int]]]:
    """The same without those that are unchanged since the commit to compare with."""
    same = frozenset(result.since.unchanged if result.since is not None else ())
    return {key: at for key, at in places_of(result.lockfiles).items() if key not in same}


def rows_of(
    lockfiles: Sequence[Lockfile],
    reasons: Mapping[Key, tuple[Reason, ...]],
    reports: Mapping[Key, Report],
    reaches: Mapping[str, Sequence[Reach]] | None = None,
) -> tuple[Row, ...]:
    """A row for each package that there is a reason for, the worst first; what is built before
    what is not.
    """
    ways: dict[str, list[int]] = {}
    rows: list[Row] = []
    for key, where in places_of(lockfiles).items():
        if not reasons.get(key):
            continue
        places = []
        for lock, number in where:
            if lock.path not in ways:
                ways[lock.path] = _ways(lock)
            chain = _chain(lock, ways[lock.path], number)
            reach = (reaches or {}).get(lock.path)
            told = reach[number] if reach is not None else None
            places.append(Place(lock.path, lock.packages[number].line, chain, told))
        why = sorted(reasons[key], key=lambda one: ORDER.index(one.verdict))
        rows.append(Row(key, tuple(why), tuple(places), reports.get(key)))
    return tuple(sorted(rows, key=_rank))


def _rank(row: Row) -> tuple[int, bool, str]:
    return ORDER.index(row.verdict), not row.is_built, repr(row.package)


_ROOT, _UNREACHED = -1, -2


def _ways(lock: Lockfile) -> list[int]:
    """For each package the one that it is reached from first, breadth first from the roots."""
    packages = lock.packages
    roots = roots_of(packages)
    ways = [_UNREACHED] * len(packages)
    for one in roots:
        ways[one] = _ROOT
    pending = deque(roots)
    while pending:
        here = pending.popleft()
        for one in packages[here].dependencies:
            if ways[one] == _UNREACHED:
                ways[one] = here
                pending.append(one)
    return ways


def _chain(lock: Lockfile, ways: list[int], place: int) -> tuple[str, ...]:
    found: list[str] = []
    step = place
    while step >= 0:
        found.append(f"{lock.packages[step].name} {lock.packages[step].version}")
        step = ways[step]
    return tuple(reversed(found))
