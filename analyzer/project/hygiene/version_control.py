"""Which files git holds and ignores, read from its own files: git itself is never run.

In a hostile checkout the repository's settings name programs that git would start (a status does);
an index and ignore files are only data.
"""

from __future__ import annotations

import hashlib
import io
import os
import struct
from dataclasses import dataclass
from pathlib import Path

from dulwich.ignore import IgnoreFilter, IgnoreFilterManager, read_ignore_patterns
from dulwich.index import UnsupportedIndexFormat, read_index_dict_with_version

from analyzer.project.hygiene.tree import Tree

_MAX_INDEX_BYTES = 256 * 1024 * 1024
_MAX_IGNORE_BYTES = 256 * 1024
_MAX_STARS = 6
_NOT_UNDERSTOOD = (
    UnsupportedIndexFormat,
    ValueError,
    AssertionError,
    IndexError,
    KeyError,
    struct.error,
)


@dataclass(frozen=True, slots=True)
class Tracked:
    """The paths of git's index, relative to the project."""

    paths: frozenset[str]

    def holds(self, path: str) -> bool:
        """Whether a file is under version control."""
        return path in self.paths


def root_above(folder: Path) -> Path | None:
    """The nearest folder from here upwards that holds `.git`."""
    found = (one for one in (folder, *folder.parents) if os.path.lexists(one / ".git"))
    return next(found, None)


def read_tracked(tree: Tree) -> Tracked | None:
    """What the index holds; None, with a gap, where there is none that can be read."""
    folder = _control_folder(tree.root)
    if folder is None:
        tree.gap("no version control here: whether files are committed is not known", ".git")
        return None
    try:
        data = _read(folder / "index", _MAX_INDEX_BYTES)
    except FileNotFoundError:
        return Tracked(frozenset())
    except OSError as error:
        tree.gap(f"not readable: {error.strerror}", ".git/index")
        return None
    try:
        entries, _, extensions = read_index_dict_with_version(io.BytesIO(data))
    except _NOT_UNDERSTOOD:
        tree.gap("not an index that is understood", ".git/index")
        return None
    digest = hashlib.sha1(data[:-20], usedforsecurity=False).digest()
    is_whole = data[-20:] in (digest, bytes(20))  # zeros: git was told to skip the checksum
    if not is_whole or any(one.signature == b"link" for one in extensions):
        tree.gap("an index in several parts, or of another format", ".git/index")
        return None
    return Tracked(frozenset(one.decode("utf-8", "backslashreplace") for one in entries))


def _control_folder(root: Path) -> Path | None:
    """`.git`, or what a file of that name points to (worktrees, submodules)."""
    path = root / ".git"
    if path.is_dir():
        return path
    try:
        text = _read(path, 4096).decode("utf-8", "replace").strip()
    except OSError:
        return None
    target = text.removeprefix("gitdir:").strip()
    return root / target if text.startswith("gitdir:") and target else None


def _read(path: Path, most: int) -> bytes:
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(handle, "rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(27, f"over {most} bytes")
    return data


def is_ignored(tree: Tree, path: str) -> bool:
    """Whether the project's ignore files leave a path out; a gap where they cannot be trusted.

    Their patterns become Python's, which are not linear in time: files with patterns of many stars
    are not read.
    """
    exclude = tree.root / ".git" / "info" / "exclude"
    shared: list[IgnoreFilter] = []
    try:
        data = _read(exclude, _MAX_IGNORE_BYTES)
    except OSError:
        data = b""
    parts = path.split("/")
    places = ["/".join([*parts[:i], ".gitignore"]) for i in range(len(parts))]
    texts = [data, *(tree.read(one) or b"" for one in places)]
    for name, text in zip([".git/info/exclude", *places], texts, strict=True):
        if len(text) > _MAX_IGNORE_BYTES or _is_slow(text):
            tree.gap("an ignore file with patterns too costly to try", name)
            return False
    if data:
        shared.append(IgnoreFilter(read_ignore_patterns(io.BytesIO(data))))
    manager = IgnoreFilterManager(str(tree.root), shared, ignorecase=False)
    try:
        return bool(manager.is_ignored(path))
    except OSError:  # an ignore file that cannot be opened: its gap was noted above
        return False


def _is_slow(text: bytes) -> bool:
    return any(line.count(b"*") > _MAX_STARS for line in text.split(b"\n"))
