"""What of some lock files stands as it did in a commit: `audit --changed-only` leaves that out.

A package counts as unchanged only where its bytes are fixed: by a checksum or a commit in the lock
file, or by files of the repository that are those of the commit, name by name. Where that cannot
be told, it counts as changed. Git objects and refs are read, and no git is run.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from analyzer.errors import TomlError, UsageError
from analyzer.limits import Limits
from analyzer.lockfile import read_lockfile
from analyzer.model import Gap, GapKind, LockedPackage, Lockfile
from analyzer.project.audit import Key, Since, key_of
from analyzer.project.git_objects import LINK, Item, Repository
from analyzer.project.git_range import STEERING
from analyzer.project.locks import LOCK, Locks, real, shown
from analyzer.project.supply import Place, Supply

_SKIPPED = frozenset({".git", ".hg", ".jj"})
_BUILD_OUTPUT = "target"
_Files = dict[str, tuple[str, int, bool]]


def repository_of(path: Path) -> Path:
    """The folder of the repository that a path lies in. Raises UsageError if there is none."""
    here = real(path)
    for one in (here, *here.parents):
        if (one / ".git").exists():
            return one
    raise UsageError(f"{path}: in no git repository", remedy="leave --changed-only out")


def changed_since(
    locks: Locks, base: str, limits: Limits, home: Path, *, is_scanned: bool
) -> tuple[Locks, Since]:
    """The locks, their gaps of unchanged folders told as such, and what need not be judged again.

    `home`: cargo's own folder. Without `is_scanned` names alone are judged, so a package by path is
    unchanged if its entry is. Raises UsageError for a commit that is not there, and for a lock file
    outside of a repository.
    """
    roots = {lock.path: repository_of(Path(lock.path)) for lock in locks.lockfiles}
    with ExitStack() as stack:
        found = _bases(dict.fromkeys(roots.values()), base, limits, stack)
        gaps = tuple(_as_before(one, found) for one in locks.gaps)
        changed: set[Key] = set()
        every: set[Key] = set()
        for lock in locks.lockfiles:
            own = {key_of(one) for one in lock.packages}
            every |= own
            side = found.get(roots[lock.path])
            supply = Supply(lock, limits, home) if is_scanned and side else None
            changed |= set(_changed(lock, side, supply)) if side else own
        steering = tuple(gap for side in found.values() for gap in side.steering_gaps())
        commits = tuple(dict.fromkeys(one.commit for one in found.values()))
        unchanged = () if steering else tuple(sorted(every - changed, key=repr))
        return replace(locks, gaps=(*gaps, *steering)), Since(base, commits, unchanged)


def _bases(roots: Iterable[Path], base: str, limits: Limits, stack: ExitStack) -> dict[Path, _Base]:
    """The repositories that know the commit. Raises UsageError if none does.

    One inside another (a submodule) may not: then all of it counts as changed.
    """
    found: dict[Path, _Base] = {}
    trouble: UsageError | None = None
    for root in roots:
        repository = stack.enter_context(Repository(root, limits))
        try:
            found[root] = _Base(root, repository, base, limits)
        except UsageError as error:
            trouble = trouble or error
    if trouble is not None and not found:
        raise trouble
    return found


class _Base:
    """One repository: its files in the commit, and whether those on disk are the same."""

    def __init__(self, root: Path, repository: Repository, base: str, limits: Limits) -> None:
        self.root = root
        self.commit = repository.commit(base)
        self.items = repository.tree(self.commit)
        self.keys = set(_keys(repository, self.items, limits))
        self._steering: set[str] = set()

    def is_same(self, place: Path, apart: frozenset[Path] = frozenset()) -> bool:
        """Whether a folder holds the files that it held, without the folders `apart`."""
        folder = real(place)
        if not folder.is_relative_to(self.root):
            return False
        start = _inside(self.root, folder)
        left_out = tuple(
            f"{_inside(self.root, one)}/"
            for one in apart
            if one != folder and one.is_relative_to(self.root)
        )
        before = {
            path: (one.blob, one.kind, one.is_executable and not one.kind)
            for path, one in self.items.items()
            if path.startswith(start and f"{start}/")
            and not path.startswith((*left_out, posixpath.join(start, _BUILD_OUTPUT) + "/"))
        }
        try:
            return before == _on_disk(self.root, folder, apart)
        except OSError:
            return False

    def look_above(self, folder: Path) -> None:
        """Note files at and above a folder that steer every build there, and were others."""
        for one in (folder, *folder.parents):
            if not one.is_relative_to(self.root):
                return
            for name in STEERING:
                path = posixpath.join(_inside(self.root, one), name)
                if path not in self._steering and not self._is_same_file(path, one / name):
                    self._steering.add(path)

    def _is_same_file(self, path: str, place: Path) -> bool:
        before = self.items.get(path)
        try:
            now = _file(place) if os.path.lexists(place) else None
        except OSError:
            return False
        return (before and (before.blob, before.kind)) == (now and now[:2])

    def steering_gaps(self) -> Iterator[Gap]:
        """Why all is judged: cargo takes sources and programs from where these files say."""
        for path in sorted(self._steering):
            reason = "changed, and cargo obeys it in every package: all of them are judged"
            where = shown(Path(os.path.relpath(self.root / path)))
            yield Gap(GapKind.MANIFEST, reason, where, remedy="read it by hand")


def _keys(repository: Repository, items: Mapping[str, Item], limits: Limits) -> Iterator[Key]:
    """All that lock files of the commit held; one that cannot be read held nothing."""
    for path, item in items.items():
        if posixpath.basename(path) != LOCK or item.kind:
            continue
        try:
            data = repository.data(item.blob)
            if len(data) <= limits.lockfile_size_bytes:
                yield from map(key_of, read_lockfile(data, path=path).packages)
        except (TomlError, UsageError):
            continue


def _changed(lock: Lockfile, side: _Base, supply: Supply | None) -> Iterator[Key]:
    """Packages of one lock file that must be judged."""
    side.look_above(real(lock.path).parent)
    for package in lock.packages:
        key = key_of(package)
        places = supply.of(package) if supply is not None else ()
        for one in places:
            if one.kind == "path":
                side.look_above(real(one.folder))
        is_same = key in side.keys and _is_fixed(package)
        if not is_same or (supply is not None and not _is_as_before(package, places, side)):
            yield key


def _is_fixed(package: LockedPackage) -> bool:
    """Whether its entry says which bytes it stands for; files of a package by path are compared."""
    return bool(package.checksum) or not package.source or package.source.startswith("git+")


def _is_as_before(package: LockedPackage, places: tuple[Place, ...], side: _Base) -> bool:
    """Files of the repository must be the same; a checkout of cargo's is that of its commit."""
    own = [one for one in places if one.kind != "git"]
    if not own:
        return bool(package.source)
    return all(side.is_same(one.folder, one.apart) for one in own)


def _as_before(gap: Gap, found: Mapping[Path, _Base]) -> Gap:
    """What could not be read, and lies among files that are all as they were, is no change."""
    folder = real(gap.path).parent
    side = next((one for root, one in found.items() if folder.is_relative_to(root)), None)
    if not gap.is_blocking or side is None or not side.is_same(folder):
        return gap
    return replace(gap, reason=f"{gap.reason}; as it was in {side.commit[:12]}", is_blocking=False)


# Files on disk -----------------------------------------------------------------------------------


def _inside(root: Path, path: Path) -> str:
    """A path as git writes it, from the top of the repository."""
    text = os.fsencode(path.relative_to(root)).decode("utf-8", "backslashreplace")
    return "" if text == "." else text.replace(os.sep, "/")


def _on_disk(root: Path, folder: Path, apart: frozenset[Path]) -> _Files:
    """What is read of a folder: not its build output, and nothing of version control."""
    found: _Files = {}
    pending = [folder]
    while pending:
        here = pending.pop()
        with os.scandir(here) as listing:
            for entry in listing:
                path = Path(entry.path)
                is_folder = entry.is_dir(follow_symlinks=False)
                is_output = here == folder and entry.name == _BUILD_OUTPUT and is_folder
                if entry.name in _SKIPPED or is_output or path in apart:
                    continue
                if is_folder:
                    pending.append(path)
                else:
                    found[_inside(root, path)] = _file(path)
    return found


def _file(path: Path) -> tuple[str, int, bool]:
    """A file or link as git knows it. Raises OSError for anything else."""
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        return _blob(os.fsencode(path.readlink())), LINK, False
    if not stat.S_ISREG(status.st_mode):
        raise OSError("no regular file")
    return _blob(path.read_bytes()), 0, bool(status.st_mode & 0o100)


def _blob(data: bytes) -> str:
    """Git's own name for these bytes."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
