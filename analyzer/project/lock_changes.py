"""Two lock files: which packages came, went or changed, and what each step brings.

Pure but for what it is handed: `pairing` says what has to be read, `judged` puts the answers
together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from analyzer.model import Gap, GapKind, LockedPackage, Lockfile, Report, Verdict
from analyzer.project.audit import ORDER, is_from_registry, some, worst
from analyzer.project.changes import CrateDiff
from analyzer.project.decisions.model import Decided
from analyzer.registry.semver import precedence

Name = tuple[str, str]
"""Name and source: what makes two locked packages versions of one."""


@dataclass(frozen=True, slots=True)
class PackageChange:
    """A package that the two files do not hold alike: `change` is added, removed, changed or
    checksum (the same version, other bytes). `source` and `sha256` are those of the new file;
    `file` and `line` say so in the user's repository: the new lock file, or the manifest of an own
    package.
    """

    name: str
    change: str
    old: str
    new: str
    line: int
    verdict: Verdict
    summary: str
    diff: CrateDiff | None = None
    report: Report | None = None
    source: str = ""
    sha256: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class LockDiff:
    """What changed between two lock files, what needs a person first. `decided`: what a policy
    makes of what came and changed.
    """

    old: str
    new: str
    packages: tuple[PackageChange, ...]
    gaps: tuple[Gap, ...]
    decided: Decided | None = None

    @property
    def verdict(self) -> Verdict:
        """The worst of all packages; a blocking gap makes it INCOMPLETE if nothing is blocked."""
        unread = (Verdict.INCOMPLETE for one in self.gaps if one.is_blocking)
        return worst((*(one.verdict for one in self.packages), *unread))

    def count(self, change: str) -> int:
        """How many packages changed in this way."""
        return sum(one.change == change for one in self.packages)


@dataclass(frozen=True, slots=True)
class Change:
    """A package to look at: `old` is None for one that came, `new` for one that went."""

    old: LockedPackage | None
    new: LockedPackage | None

    @property
    def is_rewritten(self) -> bool:
        """The same version of the same source, with another checksum (threat model G1)."""
        if self.old is None or self.new is None:
            return False
        return (self.old.version, self.old.source) == (self.new.version, self.new.source) and bool(
            self.old.checksum and self.new.checksum and self.old.checksum != self.new.checksum
        )

    @property
    def is_unpinned(self) -> bool:
        """The same version of the same source, which had a checksum and has none."""
        if self.old is None or self.new is None:
            return False
        is_same = (self.old.version, self.old.source) == (self.new.version, self.new.source)
        return is_same and bool(self.old.checksum) and not self.new.checksum


def pairing(old: Lockfile, new: Lockfile) -> tuple[Change, ...]:
    """What differs, by name: each version that came against the nearest one before it.

    A version that came beside others is compared with the highest one of the old file that is not
    above it, else with the lowest: what is closest to what was approved.
    """
    before, after = _by_name(old), _by_name(new)
    found: list[Change] = []
    for name in sorted({*before, *after}):
        olds, news = before.get(name, []), after.get(name, [])
        held, kept = ({_identity(one) for one in several} for several in (olds, news))
        used: set[str] = set()
        for one in news:
            if _identity(one) not in held:
                base = _base(olds, one)
                used |= {base.version} if base is not None else set()
                found.append(Change(base, one))
        gone = [one for one in olds if _identity(one) not in kept]
        found += [Change(one, None) for one in gone if one.version not in used]
    return tuple(found)


def _identity(one: LockedPackage) -> tuple[str, str, str]:
    """What makes two locked packages the same bytes; a git source names its commit."""
    return one.version, one.checksum, one.source


def _by_name(lock: Lockfile) -> dict[Name, list[LockedPackage]]:
    """Packages of other sources than paths; without the commit of a git source, which changes."""
    rows: dict[Name, dict[tuple[str, str, str], LockedPackage]] = {}
    for one in lock.packages:
        if one.source:
            name = (one.name, one.source.partition("#")[0])
            rows.setdefault(name, {}).setdefault(_identity(one), one)
    return {name: list(several.values()) for name, several in rows.items()}


def _base(olds: Iterable[LockedPackage], new: LockedPackage) -> LockedPackage | None:
    ranked = sorted(olds, key=lambda one: (precedence(one.version) or (), one.version))
    own = precedence(new.version) or ()
    below = [one for one in ranked if (precedence(one.version) or ()) <= own]
    return below[-1] if below else ranked[0] if ranked else None


def judged(
    old: Lockfile,
    new: Lockfile,
    changes: Iterable[Change],
    answers: Mapping[Change, CrateDiff | Report | Gap],
    gaps: tuple[Gap, ...] = (),
) -> LockDiff:
    """Everything put together, the worst first."""
    rows: list[PackageChange] = []
    missed = [*gaps, *old.gaps, *new.gaps, *_own(new), *_now_by_path(old, new)]
    for one in changes:
        row, gap = _row(one, answers.get(one), new.path)
        known = one.new
        row = replace(row, file=new.path)
        rows.append(
            row if known is None else replace(row, source=known.source, sha256=known.checksum)
        )
        missed += [gap] if gap is not None else []
    return LockDiff(old.path, new.path, worst_first(rows), tuple(dict.fromkeys(missed)))


def worst_first(rows: Iterable[PackageChange]) -> tuple[PackageChange, ...]:
    """Rows in the order they are shown."""
    return tuple(sorted(rows, key=lambda one: (ORDER.index(one.verdict), one.name, one.new)))


def _row(
    one: Change, answer: CrateDiff | Report | Gap | None, path: str
) -> tuple[PackageChange, Gap | None]:
    package = one.new or one.old
    assert package is not None
    line = one.new.line if one.new is not None else 0
    old = one.old.version if one.old is not None else ""
    new = one.new.version if one.new is not None else ""
    change = "added" if one.old is None else "removed" if one.new is None else "changed"
    head = (package.name, change, old, new, line)
    if one.is_rewritten:
        text = "the same version has another checksum than before: one of the two was changed"
        return PackageChange(package.name, "checksum", old, new, line, Verdict.BLOCK, text), None
    if one.is_unpinned:
        text = "its checksum is gone: any bytes would pass for this version"
        return PackageChange(*head, Verdict.REVIEW, text), None
    if one.new is None:
        return PackageChange(*head, Verdict.CLEAR, "no longer locked"), None
    if isinstance(answer, CrateDiff):
        return PackageChange(*head, answer.verdict, answer.summary, diff=answer), None
    if isinstance(answer, Report):
        return PackageChange(*head, answer.verdict, answer.summary, report=answer), None
    reason = answer.reason if answer is not None else "nothing was read"
    gap = Gap(
        GapKind.DEPENDENCY,
        f"{package.name} {new}: {reason}",
        path,
        line,
        is_blocking=True,
        remedy=answer.remedy if answer is not None else "",
    )
    return PackageChange(*head, Verdict.INCOMPLETE, reason), gap


def readable(one: LockedPackage) -> Gap | None:
    """Why a package's archive cannot be had; None if it can."""
    if is_from_registry(one.source):
        return None
    kind = "git" if one.source.startswith("git+") else "another registry"
    reason = f"it comes from {kind} ({one.source})"
    remedy = "read it with `cratescope diff OLD NEW`, from two checkouts or with `--registry`"
    return Gap(GapKind.DEPENDENCY, reason, remedy=remedy)


def _now_by_path(old: Lockfile, new: Lockfile) -> Iterator[Gap]:
    """Packages of a registry or of git that a path takes the place of: a copy that may differ."""
    before = {one.name for one in old.packages if one.source}
    own = {one.name for one in old.packages if not one.source}
    for one in new.packages:
        if not one.source and one.name in before - own:
            reason = f"{one.name} {one.version} {_FROM_PATH}: the copy was not read"
            remedy = "read the copy with `cratescope diff`, against the registry's version"
            yield Gap(GapKind.DEPENDENCY, reason, new.path, one.line, (), True, remedy)


_FROM_PATH = "is now taken from a path"
_BY_PATH = "by path, your own code or a copy"


def is_own(gap: Gap) -> bool:
    """Whether a gap speaks of packages by path, which a range of commits does compare."""
    return gap.reason.startswith(_BY_PATH)


def _own(new: Lockfile) -> Iterator[Gap]:
    """Packages by path are the project's own: a lock file says nothing of their code."""
    own = [one.name for one in new.packages if not one.source]
    if own:
        reason = f"{_BY_PATH}: {some(own, 8)}: not compared"
        remedy = "compare the folders, or two commits with --git BASE..HEAD"
        yield Gap(GapKind.DEPENDENCY, reason, new.path, remedy=remedy)
