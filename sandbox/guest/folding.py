"""The tracer's lines, made few before they leave the container.

Dropped are reads of places that hold nothing of anybody's (`quiet`), and what the same process did
before in the same words. Never folded: starting programs, network, and anything outside `quiet`
done by another process than before (S15): numbers and names are compared as they are. These and
the opening of a decoy (`watched`) have room of their own, which a flood of others cannot take.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Iterator

_LINE = re.compile(rb"(\d+) +\d+\.\d+ (open|openat|openat2|creat)\(")
_READ = re.compile(rb"O_RDONLY|O_PATH")
_OPENED = re.compile(rb"\) = \d+<([^>]*)>$")
_MISSING = re.compile(rb'"([^"]*)", [^"]*\) = -1 E(?:NOENT|NOTDIR) ')
_FOLDER = re.compile(rb"\((?:AT_FDCWD|\d+)<([^>]*)>, \"")
_PROTECTED = (
    b"exec",
    b"connect",
    b"send",
    b"bind",
    b"listen",
    b"accept",
    b"clone",
    b"fork",
    b"+++",
)
_SEEN_MAX = 400_000


class Folder:
    """Folds one stage's lines. `lost`: lines of a protected kind that had no room."""

    def __init__(
        self, quiet: Iterable[str], watched: Iterable[str] = (), *, room_bytes: int
    ) -> None:
        self._quiet = tuple(one.encode() for one in quiet)
        self._watched = frozenset(os.fsencode(one) for one in watched)
        self._room = {True: room_bytes, False: room_bytes}
        self._seen: set[bytes] = set()
        self.folded = self.dropped = 0
        self.lost = {True: 0, False: 0}

    def fold(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """The lines worth keeping, each with its line end."""
        for line in lines:
            if self._is_quiet(line):
                self.dropped += 1
                continue
            pid, _, rest = line.partition(b" ")
            _, _, call = rest.lstrip().partition(b" ")
            is_protected = call.startswith(_PROTECTED)
            if not is_protected and self._is_known(pid + b" " + call):
                self.folded += 1
                continue
            is_protected = is_protected or self._is_watched(line)
            if len(line) > self._room[is_protected]:
                self.lost[is_protected] += 1
                continue
            self._room[is_protected] -= len(line)
            yield line

    def _is_known(self, key: bytes) -> bool:
        if key in self._seen:
            return True
        if len(self._seen) < _SEEN_MAX and b"unfinished" not in key and b"resumed" not in key:
            self._seen.add(key)
        return False

    def _is_watched(self, line: bytes) -> bool:
        opened = _OPENED.search(line.rstrip())
        return opened is not None and opened[1] in self._watched

    def _is_quiet(self, line: bytes) -> bool:
        """Whether it only reads, or misses, a file in a quiet place, by its resolved path."""
        if _LINE.match(line) is None or _READ.search(line) is None:
            return False
        opened = _OPENED.search(line.rstrip())
        if opened is not None:
            return opened[1].startswith(self._quiet)
        missing = _MISSING.search(line)
        if missing is None:
            return False
        folder = _FOLDER.search(line)
        path = posixpath.join(folder[1] if folder is not None else b"", missing[1])
        return posixpath.normpath(path).startswith(self._quiet)
