"""Walks folders and sorts what is there into pieces of work. Nothing is read but listings.

No link is followed: what it leads to is seen where it lies, or named as a gap if it lies outside.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from analyzer.errors import UsageError
from analyzer.model import Gap, GapKind
from analyzer.project.hunt.matching import Matcher
from analyzer.project.hunt.model import Sighting
from analyzer.project.hunt.names import (
    Reader,
    file_sighting,
    folder_sighting,
    is_archive,
    reader_of,
    unversioned_build,
)
from analyzer.project.hunt.times import iso
from analyzer.project.locks import shown

_BATCH = 48
_MAX_DEPTH = 128
_MAX_LINK_GAPS = 50


class Work(StrEnum):
    """What a piece of work is."""

    FILES = "files"
    HISTORY = "history"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work: paths with their readers, one repository, or one archive."""

    work: Work
    paths: tuple[str, ...]
    root: str = ""
    readers: tuple[Reader, ...] = ()


@dataclass(slots=True)
class Walk:
    """One walk over all paths. What names alone tell is kept here, the rest becomes tasks."""

    matcher: Matcher
    has_history: bool = True
    has_archives: bool = True
    sightings: list[Sighting] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    files: int = 0
    _seen: set[tuple[int, int]] = field(default_factory=set)
    _repositories: set[str] = field(default_factory=set)
    _links: list[str] = field(default_factory=list)
    _files: dict[str, list[tuple[str, Reader]]] = field(default_factory=dict)

    def tasks(self, paths: Sequence[Path]) -> Iterator[Task]:
        """Everything to be read. Raises UsageError for a path that is not there."""
        for path in paths:
            try:
                path.stat()
            except OSError as error:
                raise UsageError(f"{shown(path)}: {error.strerror}") from None
            start = os.path.realpath(path)
            if path.is_dir():
                yield from self._descend(start, self._root_of(start))
            else:
                yield from self._file(start, os.path.dirname(start), is_named=True)  # noqa: PTH120
        for root, files in self._files.items():
            yield _files_task(root, files)
        self._links_told([os.path.realpath(one) for one in paths])

    def _root_of(self, start: str) -> str:
        """The repository around a path, else the path itself."""
        here = Path(start)
        for one in (here, *here.parents):
            if (one / ".git").exists():
                return str(one)
        return start

    def _descend(self, start: str, start_root: str) -> Iterator[Task]:
        pending = [(start, start_root, 0)]
        while pending:
            folder, root, depth = pending.pop()
            entries = self._entries(folder)
            names = {one.name for one in entries}
            if ".git" in names:
                root = folder
                yield from self._repository(folder)
            elif {"HEAD", "objects", "refs"} <= names:
                yield from self._repository(folder)
                continue
            for one in entries:
                if one.is_dir(follow_symlinks=False):
                    self._note(folder_sighting(one.path, self.matcher), one.path, root)
                    self._unversioned(one.path)
                    if one.name == ".git":
                        pending += self._modules(one.path)
                    elif depth >= _MAX_DEPTH:
                        self._gap(one.path, f"folders nested more than {_MAX_DEPTH} deep")
                    else:
                        pending.append((one.path, root, depth + 1))
                else:
                    yield from self._entry(one, root)

    def _modules(self, git: str) -> list[tuple[str, str, int]]:
        """Repositories of submodules lie inside the one that names them."""
        modules = os.path.join(git, "modules")  # noqa: PTH118  # bytes that are no text stay so
        is_there = os.path.isdir(modules) and not os.path.islink(modules)  # noqa: PTH112, PTH114
        return [(modules, modules, 1)] if is_there else []

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda one: one.name)
            stat = os.stat(folder)  # noqa: PTH116
        except OSError as error:
            self._gap(folder, f"folder not readable: {error.strerror}")
            return []
        if (stat.st_dev, stat.st_ino) in self._seen:
            return []
        self._seen.add((stat.st_dev, stat.st_ino))
        return entries

    def _entry(self, one: os.DirEntry[str], root: str) -> Iterator[Task]:
        if one.is_symlink():
            self._links.append(one.path)
        elif one.is_file(follow_symlinks=False):
            yield from self._file(one.path, root)
        elif reader_of(one.name) is not None:
            self._gap(one.path, "no regular file")

    def _file(self, path: str, root: str, *, is_named: bool = False) -> Iterator[Task]:
        self.files += 1
        name = os.path.basename(path)  # noqa: PTH119
        self._note(file_sighting(path, self.matcher), path, root)
        reader = reader_of(name)
        if reader is not None:
            rows = self._files.setdefault(root, [])
            rows.append((path, reader))
            if len(rows) >= _BATCH:
                yield _files_task(root, self._files.pop(root))
        elif is_archive(path) or is_named:
            if self.has_archives:
                yield Task(Work.ARCHIVE, (path,), root)
            else:
                self._gap(path, "an archive, left out as asked", is_blocking=False)

    def _repository(self, folder: str) -> Iterator[Task]:
        if not self.has_history:
            return
        git = os.path.join(folder, ".git")  # noqa: PTH118
        place = os.path.realpath(git if os.path.exists(git) else folder)  # noqa: PTH110
        if place not in self._repositories:
            self._repositories.add(place)
            yield Task(Work.HISTORY, (folder,), folder)

    def _note(self, found: Sighting | None, path: str, root: str) -> None:
        if found is not None:
            from dataclasses import replace

            try:
                time = iso(os.stat(path, follow_symlinks=False).st_mtime)  # noqa: PTH116
            except OSError:
                time = ""
            self.sightings.append(replace(found, root=root, seen_at=time))

    def _unversioned(self, path: str) -> None:
        """A build of a partly bad crate whose version nothing beside it tells."""
        name = unversioned_build(path, self.matcher)
        if not name:
            return
        deps = Path(path).parents[1] / "deps"
        if not any(deps.glob(f"{name.replace('-', '_')}-*.d")):
            reason = f"{name} was built here, in a version that is not told; some versions are bad"
            self._gap(path, reason, is_blocking=False)

    def _gap(self, path: str, reason: str, *, is_blocking: bool = True) -> None:
        where = shown(Path(path))
        self.gaps.append(Gap(GapKind.UNREADABLE, reason, where, is_blocking=is_blocking))

    def _links_told(self, starts: list[str]) -> None:
        """Links that lead out of everything that is walked."""
        count = 0
        for one in self._links:
            place = os.path.realpath(one)
            is_inside = any(place == root or place.startswith(f"{root}/") for root in starts)
            wanted = os.path.isdir(place) or reader_of(os.path.basename(one))  # noqa: PTH112, PTH119
            if is_inside or not wanted:
                continue
            count += 1
            if count <= _MAX_LINK_GAPS:
                self._gap(one, "a link that leads elsewhere, not followed", is_blocking=False)
        if count > _MAX_LINK_GAPS:
            more = count - _MAX_LINK_GAPS
            reason = f"and {more} more links that lead elsewhere"
            self.gaps.append(Gap(GapKind.UNREADABLE, reason))


def _files_task(root: str, files: list[tuple[str, Reader]]) -> Task:
    paths, readers = zip(*files, strict=True)
    return Task(Work.FILES, paths, root, readers)
