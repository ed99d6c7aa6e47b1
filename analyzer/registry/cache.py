"""Archives by checksum and index files by name, shared by any number of processes.

Writes go to a temporary name and are renamed; reads check a digest. So a torn or tampered file is
never believed, whoever was killed when. A cache that cannot be written costs time, nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class CachedIndex:
    """An index file with the validators the registry gave (empty if none)."""

    data: bytes
    etag: str = ""
    modified: str = ""


class Cache:
    """Two folders below `root`: `archives/` by sha256, `index/` by registry and name."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def archive(self, sha256: str) -> bytes | None:
        """The archive with this checksum, hashed again; None if absent or damaged."""
        data = _read(self._archive_path(sha256))
        if data is None or hashlib.sha256(data).hexdigest() != sha256:
            return None
        return data

    def keep_archive(self, sha256: str, data: bytes) -> bool:
        """Store an archive whose checksum was verified; whether that worked."""
        return _write(self._archive_path(sha256), data)

    def index(self, index_url: str, name: str) -> CachedIndex | None:
        """The stored index file of a crate; None if absent or damaged."""
        raw = _read(self._index_path(index_url, name))
        if raw is None:
            return None
        digest, _, rest = raw.partition(b"\n")
        if hashlib.sha256(rest).hexdigest().encode() != digest:
            return None
        etag, _, rest = rest.partition(b"\n")
        modified, _, data = rest.partition(b"\n")
        return CachedIndex(data, etag.decode("latin-1"), modified.decode("latin-1"))

    def keep_index(self, index_url: str, name: str, entry: CachedIndex) -> bool:
        """Store an index file; whether that worked."""
        head = [
            one.replace("\n", " ").encode("latin-1", "replace")
            for one in (entry.etag, entry.modified)
        ]
        body = b"\n".join([*head, entry.data])
        digest = hashlib.sha256(body).hexdigest().encode()
        return _write(self._index_path(index_url, name), digest + b"\n" + body)

    def _archive_path(self, sha256: str) -> Path:
        return self._root / "archives" / sha256[:2] / sha256

    def _index_path(self, index_url: str, name: str) -> Path:
        registry = hashlib.sha256(index_url.encode()).hexdigest()[:16]
        return self._root / "index" / registry / name.lower()[:2] / name.lower()


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _write(path: Path, data: bytes) -> bool:
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".part-")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError:
        if temporary:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
        return False
    return True
