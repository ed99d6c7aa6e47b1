"""Archives in memory, least recently used first to go: what a build farm asks for all day."""

from __future__ import annotations

import threading
from collections import OrderedDict

_PART = 8


class Hot:
    """Bytes by checksum up to a total, none over an eighth of it: one must not push out all."""

    def __init__(self, size_bytes: int) -> None:
        self._most = size_bytes
        self._held: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._size_bytes = 0

    def get(self, sha256: str) -> bytes | None:
        """The archive, if it is here; never waits long."""
        data = self._held.get(sha256)
        if data is not None:
            with self._lock:
                if sha256 in self._held:
                    self._held.move_to_end(sha256)
        return data

    def put(self, sha256: str, data: bytes) -> None:
        """Keep an archive whose checksum was verified."""
        if len(data) > self._most // _PART:
            return
        with self._lock:
            if sha256 not in self._held:
                self._held[sha256] = data
                self._size_bytes += len(data)
            while self._size_bytes > self._most:
                _, gone = self._held.popitem(last=False)
                self._size_bytes -= len(gone)
