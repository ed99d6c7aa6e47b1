"""Archives by checksum, index files by name, reports by key, shared by any number of processes.

Writes go to a temporary name and are renamed; reads check a digest. So a torn or tampered file is
never believed, whoever was killed when. A cache that cannot be written costs time, nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

_LAYOUT = "v1"
_REPORT_MAX_BYTES = 512 << 20
_STALE_S = 24 * 3600
"""Temporary files older than this were left by a killed process."""


@dataclass(frozen=True, slots=True)
class CachedIndex:
    """An index file with the validators the registry gave (empty if none)."""

    data: bytes
    etag: str = ""
    modified: str = ""
    age_s: float = field(default=0.0, compare=False)


class Cache:
    """Folders below `root`: `archives/` by sha256, `index/` by registry and name, `reports/`.

    `trouble` says why something could not be stored; empty as long as all could.
    """

    def __init__(self, root: Path) -> None:
        self._root = root / _LAYOUT
        self.trouble = ""
        self._is_swept = False

    def archive(self, sha256: str, *, max_size_bytes: int) -> bytes | None:
        """The archive with this checksum, hashed again; None if absent or damaged."""
        path = self._archive_path(sha256)
        data = _read(path, max_size_bytes)
        if data is None or hashlib.sha256(data).hexdigest() == sha256:
            return data
        _remove(path)
        return None

    def keep_archive(self, sha256: str, data: bytes) -> None:
        """Store an archive whose checksum was verified, or say in `trouble` why not."""
        self._write(self._archive_path(sha256), data)

    def index(self, index_url: str, name: str, *, max_size_bytes: int) -> CachedIndex | None:
        """The stored index file of a crate; None if absent or damaged."""
        raw = _read(self._index_path(index_url, name), max_size_bytes + 4096)
        if raw is None:
            return None
        digest, _, rest = raw.partition(b"\n")
        if hashlib.sha256(rest).hexdigest().encode() != digest:
            return None
        etag, _, rest = rest.partition(b"\n")
        modified, _, data = rest.partition(b"\n")
        age_s = _age_s(self._index_path(index_url, name))
        return CachedIndex(data, etag.decode("latin-1"), modified.decode("latin-1"), age_s)

    def touch_index(self, index_url: str, name: str) -> None:
        """Note that the registry was asked now, and had nothing newer."""
        with contextlib.suppress(OSError):
            os.utime(self._index_path(index_url, name))

    def keep_index(self, index_url: str, name: str, entry: CachedIndex) -> None:
        """Store an index file, or say in `trouble` why not."""
        body = b"\n".join([_validator(entry.etag), _validator(entry.modified), entry.data])
        digest = hashlib.sha256(body).hexdigest().encode()
        self._write(self._index_path(index_url, name), digest + b"\n" + body)

    def forget_index(self, index_url: str, name: str) -> None:
        """Drop a crate that the registry no longer has: --offline must not bring it back."""
        _remove(self._index_path(index_url, name))

    def report(self, key: str) -> bytes | None:
        """What was kept under a key made of hexadecimal digits; None if absent or damaged."""
        raw = _read(self._report_path(key), _REPORT_MAX_BYTES)
        digest, _, body = (raw or b"").partition(b"\n")
        return body if hashlib.sha256(body).hexdigest().encode() == digest else None

    def keep_report(self, key: str, data: bytes) -> None:
        """Store under a key, or say in `trouble` why not."""
        digest = hashlib.sha256(data).hexdigest().encode()
        self._write(self._report_path(key), digest + b"\n" + data)

    def _report_path(self, key: str) -> Path:
        return self._root / "reports" / key[:2] / key

    def _archive_path(self, sha256: str) -> Path:
        return self._root / "archives" / sha256[:2] / sha256

    def _index_path(self, index_url: str, name: str) -> Path:
        registry = hashlib.sha256(index_url.encode()).hexdigest()[:16]
        return self._root / "index" / registry / name.lower()[:2] / name.lower()

    def _write(self, path: Path, data: bytes) -> None:
        """Temporary files lie in one folder of the same file system, where they can be swept."""
        temporary = ""
        parts = self._root / "parts"
        try:
            for folder in (path.parent, parts):
                folder.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=parts)
            with os.fdopen(handle, "wb") as file:
                file.write(data)  # not synced: a torn file fails its digest and is fetched again
            self._sweep(Path(temporary))
            Path(temporary).replace(path)
        except OSError as error:
            if temporary:
                _remove(Path(temporary))
            reason = error.strerror or str(error)
            self.trouble = self.trouble or f"{self._root} cannot be written: {reason}"

    def _sweep(self, own: Path) -> None:
        """Remove what killed processes left, by the file system's clock; once a run."""
        if self._is_swept:
            return
        self._is_swept = True
        now = own.stat().st_mtime
        for one in own.parent.iterdir():
            with contextlib.suppress(OSError):
                if now - one.stat().st_mtime > _STALE_S:
                    one.unlink()


def _validator(text: str) -> bytes:
    """One line that comes back the same; a validator that would not is left out."""
    return text.encode("latin-1") if text.isprintable() and text.isascii() else b""


def _read(path: Path, max_size_bytes: int) -> bytes | None:
    """A file of at most this size; None for anything else."""
    try:
        with path.open("rb") as file:
            data = file.read(max_size_bytes + 1)
    except OSError:
        return None
    return data if len(data) <= max_size_bytes else None


def _age_s(path: Path) -> float:
    """Seconds since a file was written, or touched; a time ahead of us is no age to rely on."""
    try:
        age_s = time.time() - path.stat().st_mtime
    except OSError:
        return math.inf
    return age_s if age_s >= 0 else math.inf


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
