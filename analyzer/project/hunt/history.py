"""The whole history of a git repository: every lock file and manifest that any commit ever held.

Objects and refs alone are read (threat model H8): no git runs, no setting, hook or filter counts.
Each folder's object is looked at once, each file's once; what holds nothing wanted costs nothing
in the commits that follow. Tips that only the reflog knows are followed, too.
"""

from __future__ import annotations

import heapq
import os
import re
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from dulwich.errors import ApplyDeltaError, ObjectFormatException
from dulwich.object_store import DiskObjectStore
from dulwich.objects import ObjectID, parse_tree

from analyzer.errors import UsageError
from analyzer.limits import DEFAULT_LIMITS
from analyzer.model import Gap, GapKind
from analyzer.project.hunt.matching import Matcher
from analyzer.project.hunt.model import Batch, Counts, Sighting
from analyzer.project.hunt.names import Reader, reader_of
from analyzer.project.hunt.readers import MAX_BYTES, read
from analyzer.project.hunt.refs import Tips, read_tips
from analyzer.project.hunt.times import iso
from analyzer.project.locks import shown
from analyzer.registry.vcs import objects_of

_BROKEN = (
    *(KeyError, ValueError, OSError, AssertionError, IndexError, MemoryError),
    *(ObjectFormatException, ApplyDeltaError, zlib.error),
)
_HEAD = re.compile(rb"tree ([0-9a-f]{40})\n((?:parent [0-9a-f]{40}\n)*)")
_TIME = re.compile(rb"^committer [^\n]*> (-?\d{1,12}) ", re.MULTILINE)
_TAGGED = re.compile(rb"object ([0-9a-f]{40})\n")
_COMMIT, _TREE, _BLOB, _TAG = 1, 2, 3, 4
_MAX_DEPTH = 64
_KEPT_TREES = 300_000
_MAX_GAPS = 20

Held = tuple[tuple[bytes, bytes], ...]
"""Path below a folder and id of each file there that holds something wanted."""


def read_history(folder: str, matcher: Matcher) -> Batch:
    """All of one repository."""
    place = shown(Path(folder))
    try:
        objects = objects_of(Path(folder))
        tips = read_tips(Path(folder), objects)
    except (UsageError, OSError) as error:
        return Batch(gaps=(Gap(GapKind.UNREADABLE, str(error), place, is_blocking=True),))
    store = DiskObjectStore(
        str(objects), loose_object_size_limit=DEFAULT_LIMITS.member_size_bytes, max_tree_depth=64
    )
    try:
        search = _Search(folder, matcher, store, tips)
        search.run()
    finally:
        store.close()
    gaps = [Gap(GapKind.UNREADABLE, one, place, is_blocking=True) for one in tips.problems]
    counts = Counts(repositories=1, commits=search.commits, history_files=len(search.files))
    return Batch(tuple(search.sightings()), (*gaps, *search.gaps), counts)


@dataclass(slots=True)
class _Span:
    """How long a file stood there; times in seconds, `last` is None while it still stands."""

    first: int
    first_commit: str
    last: int | None
    last_commit: str


@dataclass(slots=True)
class _Search:
    folder: str
    matcher: Matcher
    store: DiskObjectStore
    tips: Tips
    commits: int = 0
    gaps: list[Gap] = field(default_factory=list)
    files: dict[bytes, tuple[Sighting, ...]] = field(default_factory=dict)
    _trees: dict[bytes, Held] = field(default_factory=dict)
    _spans: dict[tuple[bytes, bytes], _Span] = field(default_factory=dict)
    _until: dict[bytes, int | None] = field(default_factory=dict)

    def run(self) -> None:
        """Visit every commit once, the newest first."""
        seen: set[bytes] = set()
        queue: list[tuple[int, bytes, bytes, tuple[bytes, ...]]] = []
        for tip in self.tips.every:
            self._push(tip, seen, queue)
        for tip in self.tips.present:
            self._until[tip] = None
        while queue:
            negative, sha, tree, parents = heapq.heappop(queue)
            self.commits += 1
            until = self._until.pop(sha, -negative)
            for path, blob in self._held(tree, 0):
                self._stretch((path, blob), -negative, sha.decode(), until)
            for parent in parents:
                known = self._until.get(parent, -negative)
                if known is not None:
                    self._until[parent] = max(known, -negative)
                self._push(parent, seen, queue)

    def _push(
        self,
        sha: bytes,
        seen: set[bytes],
        queue: list[tuple[int, bytes, bytes, tuple[bytes, ...]]],
    ) -> None:
        key = bytes.fromhex(sha.decode())
        if key in seen:
            return
        seen.add(key)
        kind, data = self._object(sha, "a commit")
        while kind == _TAG and (tagged := _TAGGED.match(data)):
            kind, data = self._object(tagged[1], "what a tag names")
        head = _HEAD.match(data) if kind == _COMMIT else None
        if head is None:
            if kind == _COMMIT:
                self._gap(f"commit {sha.decode()} cannot be understood")
            return
        time = _TIME.search(data)
        parents = () if sha in self.tips.shallow else tuple(head[2].split()[1::2])
        heapq.heappush(queue, (-int(time[1]) if time else 0, sha, head[1], parents))

    def _stretch(self, key: tuple[bytes, bytes], time: int, commit: str, until: int | None) -> None:
        span = self._spans.get(key)
        if span is None:
            self._spans[key] = _Span(time, commit, until, commit)
            return
        if time < span.first:
            span.first, span.first_commit = time, commit
        if span.last is not None and (until is None or until > span.last):
            span.last, span.last_commit = until, commit

    # Trees and files -------------------------------------------------------------------------

    def _held(self, sha: bytes, depth: int) -> Held:
        """What a folder's object holds that is wanted, read once."""
        known = self._trees.get(sha)
        if known is not None:
            return known
        if depth > _MAX_DEPTH:
            self._gap(f"folders nested more than {_MAX_DEPTH} deep")
            return ()
        found: list[tuple[bytes, bytes]] = []
        for name, mode, entry in self._listing(sha):
            if stat.S_ISDIR(mode):
                found += ((name + b"/" + path, blob) for path, blob in self._held(entry, depth + 1))
            elif stat.S_ISREG(mode):
                reader = reader_of(os.fsdecode(name))
                if reader not in (None, Reader.DEP_INFO) and self._file(entry, name, reader):
                    found.append((name, entry))
        if len(self._trees) > _KEPT_TREES:
            self._trees.clear()
        result = self._trees[sha] = tuple(found)
        return result

    def _listing(self, sha: bytes) -> list[tuple[bytes, int, bytes]]:
        kind, data = self._object(sha, "a folder")
        if kind != _TREE:
            return []
        try:
            return list(parse_tree(data, 20))
        except _BROKEN:
            self._gap(f"folder {sha.decode()} cannot be understood")
            return []

    def _file(self, sha: bytes, name: bytes, reader: Reader | None) -> tuple[Sighting, ...]:
        """What one version of a file says."""
        known = self.files.get(sha)
        if known is not None or reader is None:
            return known or ()
        kind, data = self._object(sha, f"a version of {os.fsdecode(name)}")
        found: list[Sighting] = []
        if len(data) > MAX_BYTES:
            self._gap(f"a version of {os.fsdecode(name)} ({sha.decode()}) is too large")
        elif kind == _BLOB:
            for one in read(reader, os.fsdecode(name), data, self.matcher, is_past=True):
                if isinstance(one, Gap):
                    reason = f"version {sha.decode()[:12]} of {one.path}: {one.reason}"
                    self._gap(reason, is_blocking=one.is_blocking)
                else:
                    found.append(one)
        result = self.files[sha] = tuple(found)
        return result

    def _object(self, sha: bytes, what: str) -> tuple[int, bytes]:
        try:
            kind, data = self.store.get_raw(ObjectID(sha))
        except _BROKEN as error:
            self._gap(f"{what} ({sha.decode()}) cannot be read: {type(error).__name__}")
            return 0, b""
        return kind, data

    def _gap(self, reason: str, *, is_blocking: bool = True) -> None:
        if len(self.gaps) < _MAX_GAPS:
            place = shown(Path(self.folder))
            self.gaps.append(Gap(GapKind.UNREADABLE, reason, place, is_blocking=is_blocking))
        elif len(self.gaps) == _MAX_GAPS:
            more = Gap(
                GapKind.UNREADABLE, "and more of this history", self.folder, is_blocking=True
            )
            self.gaps.append(more)

    def sightings(self) -> Iterator[Sighting]:
        """Each wanted thing with the time it stood there."""
        for (path, blob), span in self._spans.items():
            for one in self.files.get(blob, ()):
                yield replace(
                    one,
                    path=f"{self.folder}/{os.fsdecode(path)}",
                    root=self.folder,
                    first=iso(span.first),
                    first_commit=span.first_commit,
                    last=iso(span.last) if span.last is not None else "",
                    last_commit=span.last_commit,
                )
