"""Decoys watched by the kernel itself: whoever opens one, whatever way, is seen (without a name).

The second witness beside the tracer.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import struct
import time
from collections.abc import Callable, Iterable

_OPEN, _ACCESS = 0x20, 0x1
_EVENT = struct.Struct("iIII")
_EVENTS_MAX = 2_000


class Watch:
    """Watches some files; call `drain` until the stage ends."""

    def __init__(self, paths: Iterable[str], tell: Callable[[str, str, float], None]) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self._tell = tell
        self._left = _EVENTS_MAX
        self._paths: dict[int, str] = {}
        for one in paths:
            number = libc.inotify_add_watch(self._descriptor, os.fsencode(one), _OPEN | _ACCESS)
            if number >= 0:
                self._paths[number] = one

    @property
    def count(self) -> int:
        """How many files are watched."""
        return len(self._paths)

    def drain(self, timeout_s: float) -> None:
        """Tell of what was opened; waits that long for something to come."""
        if not select.select([self._descriptor], [], [], timeout_s)[0]:
            return
        with contextlib.suppress(BlockingIOError):
            data = os.read(self._descriptor, 1 << 16)
            at = 0
            while at + _EVENT.size <= len(data):
                number, mask, _, length = _EVENT.unpack_from(data, at)
                at += _EVENT.size + length
                if number in self._paths and self._left > 0:
                    self._left -= 1
                    word = "open" if mask & _OPEN else "read"
                    self._tell(word, self._paths[number], time.time())

    def close(self) -> None:
        """Stop watching."""
        os.close(self._descriptor)
