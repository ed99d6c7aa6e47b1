"""Finds and reads every Cargo.lock below some folders, and tells what has none.

No link to a folder is followed: a project must not lead its judge elsewhere. What is passed over
for any reason but being build output is a gap.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from analyzer.errors import TomlError, UsageError
from analyzer.limits import Limits
from analyzer.lockfile import read_lockfile, salvaged
from analyzer.manifest import NO_PACKAGE, read_manifest
from analyzer.model import CrateRef, Gap, GapKind, Lockfile, Manifest, SourceFile, SourceTree

LOCK = "Cargo.lock"
MANIFEST = "Cargo.toml"
_SKIPPED = frozenset({".git", ".hg", ".jj", "node_modules"})
_BUILD_OUTPUT = "target"
_CACHE_MARKS = frozenset({"CACHEDIR.TAG", ".rustc_info.json"})
_MAX_DEPTH = 64
_REMEDY = "run `cargo generate-lockfile` there, or name a Cargo.lock"


@dataclass(frozen=True, slots=True)
class Locks:
    """Lock files in the order of their paths, and what could not be read."""

    lockfiles: tuple[Lockfile, ...]
    gaps: tuple[Gap, ...]


def read_locks(paths: Sequence[Path], *, limits: Limits, is_required: bool = True) -> Locks:
    """Every Cargo.lock at or below the paths; for a manifest or member, the one cargo would use.

    Raises UsageError for a path that is not there, or if there is no lock file at all (unless
    none `is_required`: then that is a blocking gap).
    """
    walk = _Walk()
    for path in paths:
        _look(path, walk)
    if (
        is_required
        and not walk.locks
        and not any(one.kind is GapKind.UNREADABLE for one in walk.gaps)
    ):
        names = " ".join(str(one) for one in paths)
        raise UsageError(f"no {LOCK} at or below {names}", remedy=_REMEDY)
    lockfiles: list[Lockfile] = []
    for path in sorted(walk.locks.values()):
        got = read_lock(path, limits)
        if isinstance(got, Gap):
            walk.gaps.append(got)
            got = _part(path, limits)
        if got.packages:
            lockfiles.append(got)
            walk.gaps += got.gaps
    walk.gaps += _unlocked(walk, lockfiles, limits)
    walk.gaps += _links(walk)
    return Locks(tuple(lockfiles), tuple(walk.gaps))


@dataclass(slots=True)
class _Walk:
    """What was seen: lock files by real path, so that each is read once, and manifests."""

    locks: dict[Path, Path] = field(default_factory=dict)
    locked: set[Path] = field(default_factory=set)
    manifests: list[Path] = field(default_factory=list)
    links: list[Path] = field(default_factory=list)
    folders: set[Path] = field(default_factory=set)
    gaps: list[Gap] = field(default_factory=list)

    def add_lock(self, path: Path) -> None:
        """Note a lock file, unless it was seen under another name."""
        self.locks.setdefault(real(path), path)
        self.locked.add(real(path.parent))

    def blocked(self, path: Path, reason: str) -> None:
        """Note something that may hold a lock file and could not be looked at."""
        self.gaps.append(Gap(GapKind.UNREADABLE, reason, shown(path), is_blocking=True))


def real(path: Path | str) -> Path:
    """A path without links; unlike `Path.resolve` it does not raise for links in a circle."""
    return Path(os.path.realpath(path))


def shown(path: Path) -> str:
    """A path as text, whatever bytes it is made of."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


# Finding -----------------------------------------------------------------------------------------


def _look(path: Path, walk: _Walk) -> None:
    try:
        is_folder = path.is_dir()
        path.stat()
    except OSError as error:
        raise UsageError(f"{shown(path)}: {error.strerror}") from None
    if not is_folder and path.name != MANIFEST:
        walk.add_lock(path)
        return
    if is_folder:
        _descend(path, walk)
    else:
        walk.manifests.append(path)
    folder = real(path if is_folder else path.parent)
    if any(one.is_relative_to(folder) for one in walk.locked) and is_folder:
        return
    above = _lock_above(folder)
    if above is not None and (path / MANIFEST in walk.manifests or not is_folder):
        walk.add_lock(above)
    else:
        reason = f"no {LOCK} at or below this path"
        walk.gaps.append(Gap(GapKind.DEPENDENCY, reason, shown(path), 0, (), True, _REMEDY))


def _lock_above(folder: Path) -> Path | None:
    """The nearest lock file from a folder upwards, as cargo looks for a workspace."""
    found = (one / LOCK for one in (folder, *folder.parents))
    return next((one for one in found if _is(stat.S_ISREG, one)), None)


def _descend(root: Path, walk: _Walk) -> None:
    pending = [(root, 0)]
    while pending:
        folder, depth = pending.pop()
        place = real(folder)
        if place in walk.folders:
            continue
        walk.folders.add(place)
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda one: one.name)
        except OSError as error:
            walk.blocked(folder, f"folder not readable: {error.strerror}")
            continue
        below = list(_below(folder, entries, walk))
        if below and depth >= _MAX_DEPTH:
            walk.blocked(folder, f"folders nested more than {_MAX_DEPTH} deep")
        else:
            pending += [(one, depth + 1) for one in reversed(below)]


def _below(folder: Path, entries: list[os.DirEntry[str]], walk: _Walk) -> Iterator[Path]:
    """The folders to look into next; notes lock file and manifest of this one."""
    names = {one.name for one in entries}
    for one in entries:
        path = folder / one.name
        if one.is_dir(follow_symlinks=False):
            if one.name not in _SKIPPED and not _is_build_output(path, names):
                yield path
        elif one.name in (LOCK, MANIFEST) and not _is(stat.S_ISREG, path):
            walk.blocked(path, "a broken link, or no regular file")
        elif one.name == LOCK:
            walk.add_lock(path)
        elif one.name == MANIFEST:
            walk.manifests.append(path)
        elif one.is_symlink() and _is(stat.S_ISDIR, path):
            walk.links.append(path)


def _is(kind: Callable[[int], bool], path: Path) -> bool:
    """Whether a path leads to something of this kind; links in a circle lead nowhere."""
    try:
        return kind(path.stat().st_mode)
    except OSError:
        return False


def _is_build_output(path: Path, beside: set[str]) -> bool:
    """Only cargo's own `target`: a folder of sources may bear the name, too."""
    if path.name != _BUILD_OUTPUT:
        return False
    return MANIFEST in beside or any(_is(stat.S_ISREG, path / one) for one in _CACHE_MARKS)


def _links(walk: _Walk) -> Iterator[Gap]:
    """Links that lead out of what was walked; the others lead to what was looked at anyway."""
    for one in walk.links:
        place = real(one)
        if walk.folders.isdisjoint((place, *place.parents)):
            yield Gap(GapKind.UNREADABLE, "a link to a folder elsewhere, not followed", shown(one))


# Reading -----------------------------------------------------------------------------------------


def read_lock(path: Path, limits: Limits) -> Lockfile | Gap:
    """One lock file, or why it cannot be read."""
    name, most = shown(path), limits.lockfile_size_bytes
    try:
        data = _bytes(path, most)
        if len(data) > most:
            return Gap(GapKind.TOO_LARGE, f"over {most} bytes", name, is_blocking=True)
        found = read_lockfile(data, path=name)
    except OSError as error:
        return Gap(GapKind.UNREADABLE, str(error.strerror), name, is_blocking=True)
    except TomlError as error:
        place, _, reason = str(error).removeprefix(f"{name}:").partition(": ")
        line = int(place) if reason and place.isdigit() else 0
        reason = reason if line else str(error).removeprefix(f"{name}:").strip()
        remedy = "restore it from version control, or let cargo write it again"
        return Gap(GapKind.UNREADABLE, f"not a {LOCK}: {reason}", name, line, (), True, remedy)
    if not found.packages:
        return Gap(GapKind.UNREADABLE, "holds no package", name, 0, (), True, _REMEDY)
    return found


def _part(path: Path, limits: Limits) -> Lockfile:
    """What is left of a lock file that is damaged; the gap beside it says that it is."""
    name = shown(path)
    try:
        data = _bytes(path, limits.lockfile_size_bytes)
    except OSError:
        return Lockfile(name, 0, ())
    is_whole = len(data) <= limits.lockfile_size_bytes
    return salvaged(data, path=name) if is_whole else Lockfile(name, 0, ())


def _bytes(path: Path, most: int) -> bytes:
    """At most one byte more than allowed; opening never waits for a pipe."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(handle, "rb") as file:
        return file.read(most + 1) or b""


# Manifests without a lock file -------------------------------------------------------------------


def _unlocked(walk: _Walk, lockfiles: list[Lockfile], limits: Limits) -> Iterator[Gap]:
    """Packages whose dependencies no lock file that was read pins: nobody knows what they build."""
    held = {real(one.path).parent: {package.name for package in one.packages} for one in lockfiles}
    for path in walk.manifests:
        folder = real(path).parent
        manifest = None if folder in walk.locked else _manifest(path, limits)
        if manifest is None:
            continue
        if any(manifest.name in held.get(one, ()) for one in (folder, *folder.parents)):
            continue
        if manifest.gaps or any(not one.path for one in manifest.dependencies):
            reason = f"{MANIFEST} without a {LOCK}: its dependencies were not checked"
            yield Gap(GapKind.DEPENDENCY, reason, shown(path), 0, (), True, _REMEDY)


def _manifest(path: Path, limits: Limits) -> Manifest | None:
    """The manifest, None for one without a package (a workspace's root has no dependencies)."""
    try:
        data = _bytes(path, limits.manifest_size_bytes)
    except OSError:
        data = b"unreadable"
    files = (SourceFile(MANIFEST, data),)
    manifest = read_manifest(SourceTree(CrateRef("", ""), files), limits=limits)
    return None if any(one.reason == NO_PACKAGE for one in manifest.gaps) else manifest
