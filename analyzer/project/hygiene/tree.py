"""The files of a project as hygiene may read them: below one folder, no link followed, bounded."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from analyzer.model import Gap, GapKind
from analyzer.project.locks import LOCK, MANIFEST, shown

_MAX_SIZE_BYTES = 4 * 1024 * 1024
_MAX_ENTRIES = 300_000
_MAX_DEPTH = 32
_SKIPPED = frozenset({".git", ".hg", ".jj", "node_modules", ".venv"})
_FOREIGN_MARKS = frozenset({".cargo-checksum.json", "CACHEDIR.TAG", ".rustc_info.json"})
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_DOCKERFILE = re.compile(r"(?:.*\.)?(?:docker|container)file(?:[.-].*)?", re.IGNORECASE)
_PIPELINES = (
    (re.compile(r"\.github/workflows/[^/]+\.ya?ml"), "github"),
    (re.compile(r"(?:\.github/(?:actions/)?(?:[^/]+/)*)?action\.ya?ml"), "action"),
    (re.compile(r"\.gitlab-ci\.ya?ml|\.gitlab/(?:[^/]+/)*[^/]+\.ya?ml"), "gitlab"),
    (re.compile(r"azure-pipelines[^/]*\.ya?ml|\.?azure[^/]*/(?:[^/]+/)*[^/]+\.ya?ml"), "azure"),
    (re.compile(r"\.circleci/config\.ya?ml"), "circleci"),
    (re.compile(r"\.woodpecker\.ya?ml|\.woodpecker/[^/]+\.ya?ml|\.drone\.ya?ml"), "woodpecker"),
    (re.compile(r"\.buildkite/(?:[^/]+/)*[^/]+\.ya?ml"), "buildkite"),
    (re.compile(r"(?:[^/]+/)*Jenkinsfile(?:[.-][^/]*)?"), "jenkins"),
)


@dataclass(slots=True)
class Tree:
    """One project: `root` is the folder that holds its version control, `gaps` what was not read.

    Paths are relative to the root, with `/`. What another project wrote (vendored sources, build
    output) is passed over.
    """

    root: Path
    gaps: list[Gap] = field(default_factory=list)
    read_files: set[str] = field(default_factory=set)

    def gap(self, reason: str, path: str, line: int = 0) -> None:
        """Note what could not be read; hygiene never blocks."""
        one = Gap(GapKind.UNREADABLE, reason, path, line)
        if one not in self.gaps:
            self.gaps.append(one)

    def read(self, path: str) -> bytes | None:
        """A regular file below the root; None if it is not there, or (a gap) cannot be read."""
        plain = normal(path)
        if plain is None:
            return None
        try:
            data = _bytes(self.root, plain)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.EISDIR):
                self.gap(f"not readable: {error.strerror}", shown(Path(plain)))
            return None
        if len(data) > _MAX_SIZE_BYTES:
            self.gap(f"over {_MAX_SIZE_BYTES} bytes", plain)
            return None
        self.read_files.add(plain)
        return data

    def text(self, path: str) -> str | None:
        """The same as text; what is not UTF-8 shows as marks."""
        data = self.read(path)
        return None if data is None else data.decode("utf-8", "replace")

    def files(self) -> Iterator[tuple[str, str]]:
        """Path and sort of each file that matters: `lock`, `manifest`, `docker`, or a system."""
        left = _MAX_ENTRIES
        pending = [(self.root, 0)]
        while pending:
            folder, depth = pending.pop()
            entries = self._entries(folder)
            left -= len(entries)
            if left < 0 or depth > _MAX_DEPTH:
                self.gap("too many files, or nested too deeply", self.relative(folder))
                continue
            if depth and _FOREIGN_MARKS & {one.name for one in entries}:
                continue
            for one in entries:
                if one.is_dir(follow_symlinks=False):
                    if one.name not in _SKIPPED:
                        pending.append((folder / one.name, depth + 1))
                else:
                    path = self.relative(folder / one.name)
                    sort = sort_of(path)
                    if sort:
                        yield path, sort

    def _entries(self, folder: Path) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as listing:
                return sorted(listing, key=lambda one: one.name)
        except OSError as error:
            self.gap(f"folder not readable: {error.strerror}", self.relative(folder))
            return []

    def relative(self, path: Path) -> str:
        """A path of this project as it is shown and asked for."""
        return path.relative_to(self.root).as_posix()


def sort_of(path: str) -> str:
    """What a file is to hygiene, by its path; nothing for most."""
    name = path.rpartition("/")[2]
    if name in (LOCK, MANIFEST):
        return "lock" if name == LOCK else "manifest"
    for pattern, system in _PIPELINES:
        if pattern.fullmatch(path):
            return system
    is_source = name.endswith((".rs", ".toml", ".dockerignore", ".md"))
    return "docker" if _DOCKERFILE.fullmatch(name) and not is_source else ""


def normal(path: str) -> str | None:
    """A relative path without `.` and `..`; None if it leads out of the project, or is none."""
    parts: list[str] = []
    for one in PurePosixPath(path.replace("\\", "/")).parts:
        if one == ".." and not parts:
            return None
        if one == "..":
            parts.pop()
        elif one == "/" or "\0" in one:
            return None
        else:
            parts.append(one)
    return "/".join(parts) if parts else None


def _bytes(root: Path, path: str) -> bytes:
    """At most one byte more than allowed. No folder on the way may be a link, either."""
    handle = os.open(root, os.O_RDONLY)
    try:
        for part in path.split("/")[:-1]:
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | _NO_FOLLOW, dir_fd=handle)
            os.close(handle)
            handle = below
        flags = os.O_RDONLY | os.O_NONBLOCK | _NO_FOLLOW
        file = os.open(path.rpartition("/")[2], flags, dir_fd=handle)
    finally:
        os.close(handle)
    with os.fdopen(file, "rb") as opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise OSError(errno.EINVAL, "no regular file")
        return opened.read(_MAX_SIZE_BYTES + 1)
