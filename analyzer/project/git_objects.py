"""Commits and files of a git repository, from its objects and refs alone (threat model H8).

No git is run and nothing of the repository's settings, hooks, attributes or filters is read. What
is larger than the limits is told, not taken.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dulwich.errors import ObjectFormatException
from dulwich.object_store import DiskObjectStore
from dulwich.objects import Blob, Commit, ObjectID, ShaFile, Tag, Tree

from analyzer.errors import UsageError
from analyzer.limits import Limits
from analyzer.registry.vcs import objects_of

_SHA = re.compile(r"[0-9a-f]{40}", re.ASCII)
_SHORT = re.compile(r"[0-9a-f]{4,39}", re.ASCII)
_STEPS = re.compile(r"(?:\^|~\d{0,4})*\Z", re.ASCII)
_STEP = re.compile(r"\^|~(\d{0,4})", re.ASCII)
_REF = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_./+@-]*", re.ASCII)
_PLACES = ("{}", "refs/{}", "refs/tags/{}", "refs/heads/{}", "refs/remotes/{}")
_BROKEN = (KeyError, ValueError, OSError, AssertionError, ObjectFormatException, zlib.error)
_MAX_REFS_BYTES = 64 << 20
_MAX_DEPTH = 64
LINK, MODULE, FOLDER = 0o120000, 0o160000, 0o040000
_KIND = 0o170000


@dataclass(frozen=True, slots=True)
class Item:
    """One path of a tree; `kind` is 0 for a file, else LINK or MODULE."""

    blob: str
    kind: int
    is_executable: bool


class Repository:
    """The objects behind a clone, a bare repository or a linked work tree. A context manager.

    Raises UsageError where there is none.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        objects = objects_of(path)
        self._refs = _ref_folders(path, objects)
        self._limits = limits
        self._store = DiskObjectStore(
            str(objects),
            loose_object_size_limit=limits.member_size_bytes,
            max_tree_depth=_MAX_DEPTH,
        )

    def __enter__(self) -> Repository:
        return self

    def __exit__(self, *_: object) -> None:
        self._store.close()

    def commit(self, name: str) -> str:
        """The commit that a sha, a unique beginning of one, a branch, a tag or HEAD names, with
        `~2` or `^` behind it for the first parents. Raises UsageError.
        """
        steps = _STEPS.search(name)
        assert steps is not None
        found = self._commit(self._named(name[: steps.start()], name), name)
        for one in _STEP.finditer(steps[0]):
            for _ in range(int(one[1] or 1) if one[0] != "^" else 1):
                if not found.parents:
                    raise UsageError(f"{name}: no such commit: it has no parent")
                found = self._commit(found.parents[0].decode(), name)
        return found.id.decode()

    def tree(self, commit: str) -> Mapping[str, Item]:
        """Every path of a commit. Raises UsageError for one that cannot be read whole."""
        root = self._commit(commit, commit).tree.decode()
        found: dict[str, Item] = {}
        for path, item in self._items(root, "", 0):
            found[path] = item
            if len(found) > self._limits.member_count:
                raise UsageError(f"{commit}: more than {self._limits.member_count} files")
        return dict(sorted(found.items()))

    def data(self, blob: str) -> bytes:
        """The bytes of a file. Raises UsageError for one that is not there or too large."""
        found = self._object(blob)
        if not isinstance(found, Blob):
            raise UsageError(f"{blob}: no file's object")
        return found.data

    def _items(self, tree: str, at: str, depth: int) -> Iterator[tuple[str, Item]]:
        found = self._object(tree)
        if not isinstance(found, Tree) or depth > _MAX_DEPTH:
            raise UsageError(f"{tree}: folders are nested too deeply, or no folder's object")
        for entry in found.iteritems():
            if entry.path is None or entry.mode is None or entry.sha is None:
                continue
            path = f"{at}{entry.path.decode('utf-8', 'backslashreplace')}"
            kind = entry.mode & _KIND
            if kind == FOLDER:
                yield from self._items(entry.sha.decode(), f"{path}/", depth + 1)
            else:
                known = kind if kind in (LINK, MODULE) else 0
                yield path, Item(entry.sha.decode(), known, bool(entry.mode & 0o111))

    def _commit(self, sha: str, name: str) -> Commit:
        found = self._object(sha)
        while isinstance(found, Tag):
            found = self._object(found.object[1].decode())
        if not isinstance(found, Commit):
            raise UsageError(f"{name}: no commit")
        return found

    def _object(self, sha: str) -> ShaFile:
        try:
            return self._store[ObjectID(sha.encode())]
        except _BROKEN as error:
            raise UsageError(
                f"object {sha} cannot be read: {type(error).__name__}",
                remedy="fetch the repository whole (git fetch --unshallow)",
            ) from None

    # Names ---------------------------------------------------------------------------------

    def _named(self, name: str, whole: str) -> str:
        if _SHA.fullmatch(name):
            return name
        if _REF.fullmatch(name):
            for place in _PLACES:
                found = self._ref(place.format(name))
                if found:
                    return found
        if _SHORT.fullmatch(name):
            shas = {one.decode() for one in self._store.iter_prefix(name.encode())}
            if len(shas) == 1:
                return shas.pop()
        raise UsageError(f"{whole}: no such commit, branch or tag", remedy="write BASE..HEAD")

    def _ref(self, name: str, depth: int = 0) -> str:
        """What a ref says, loose before packed; empty for one that is not there."""
        for folder in self._refs:
            text = _small(folder / name)
            if text.startswith("ref: ") and depth < 5 and _REF.fullmatch(text[5:]):
                return self._ref(text[5:], depth + 1)
            if _SHA.fullmatch(text):
                return text
        for folder in self._refs:
            for line in _small(folder / "packed-refs").splitlines():
                sha, _, packed = line.partition(" ")
                if packed == name and _SHA.fullmatch(sha):
                    return sha
        return ""


def _ref_folders(path: Path, objects: Path) -> tuple[Path, ...]:
    """Where refs lie: of a linked work tree its own HEAD stands apart from the shared ones."""
    shared, git = objects.parent, path / ".git"
    if git.is_file():
        pointer = _small(git).removeprefix("gitdir:").strip()
        return (path / pointer, shared)
    return (shared,)


def _small(path: Path) -> str:
    """A text file, stripped; empty for anything else."""
    try:
        if not path.is_file() or path.stat().st_size > _MAX_REFS_BYTES:
            return ""
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
